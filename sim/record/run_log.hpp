// What happened, as it happened: append-only columns of requests, steps and inter-token intervals. Kept in
// memory up to 64 MiB, then spilled to a temporary file; read back as a stream, in the order written.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "sim/base/breakdown.hpp"
#include "sim/base/units.hpp"

namespace switchyard {

enum class Outcome : std::uint8_t { completed, rejected, unfinished };

struct RequestRow {
  std::uint64_t id = 0;
  Seconds arrival;  // closed loop: submission
  std::int64_t prompt_tokens = 0;
  std::int64_t output_tokens = 0;     // wanted
  std::int64_t generated_tokens = 0;  // reached; = output_tokens when completed
  std::optional<Seconds> first_token;
  std::optional<Seconds> finish;
  std::uint32_t replica = 0;
  std::uint32_t data_parallel_rank = 0;
  std::uint32_t preemptions = 0;
  Outcome outcome = Outcome::unfinished;
  bool warmup = false;

  std::optional<Seconds> ttft() const { return since_arrival(first_token); }
  std::optional<Seconds> e2el() const { return since_arrival(finish); }
  /// (e2el - ttft) / (output - 1); none for a single token.
  std::optional<Seconds> tpot() const {
    if (!first_token || !finish || generated_tokens < 2) return std::nullopt;
    return (*e2el() - *ttft()) / static_cast<double>(generated_tokens - 1);
  }

 private:
  std::optional<Seconds> since_arrival(const std::optional<Seconds>& date) const {
    return date ? std::optional(*date - arrival) : std::nullopt;
  }
};

/// `count` >= 1 consecutive steps of one replica with the same batch (but for contexts growing).
struct StepRow {
  Seconds start;
  Seconds end;  // of the last of them
  std::uint32_t replica = 0;
  std::uint32_t count = 1;
  std::uint32_t prefill_tokens = 0;  // per step, all ranks together
  std::uint32_t decode_sequences = 0;
  std::uint32_t running = 0;
  std::uint32_t waiting = 0;
  std::uint64_t kv_blocks_used =
      0;  // at the end of the last step, all ranks together, before what is done lets go
};

/// Inter-token latencies, weighted: `weight` tokens waited `interval` since the one before. Tokens of warm-up
/// requests are not appended. The log merges neighbours of the same interval.
struct IntervalRow {
  Seconds interval;
  std::uint32_t weight = 1;
};

/// Appending costs some nanoseconds a row. Throws std::system_error when the temporary file cannot be written
/// or read.
class RunLog {
 public:
  /// Beyond `memory_limit` further rows go to the file; some 2 MiB of open chunks come on top.
  explicit RunLog(Bytes memory_limit = Bytes(64.0 * 1048576));
  ~RunLog();
  RunLog(RunLog&&) noexcept;
  RunLog& operator=(RunLog&&) noexcept;

  void append(const RequestRow& row);  // once a request, when it ends
  void append(const StepRow& row);
  void append(const IntervalRow& row);
  /// Adds to the totals of one replica, a small number. Sums are kept apart, so that the order in which
  /// replicas come by does not show in the last digits.
  void spend(std::uint32_t replica, const Breakdown& breakdown);

  void for_each_request(const std::function<void(const RequestRow&)>& visit) const;
  void for_each_step(const std::function<void(const StepRow&)>& visit) const;
  void for_each_interval(const std::function<void(const IntervalRow&)>& visit) const;
  std::uint64_t requests() const;
  Breakdown breakdown() const;  // of all replicas

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace switchyard
