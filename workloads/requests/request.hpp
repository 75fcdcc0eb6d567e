// Requests and where they come from. A stream is read one request at a time, so that a trace of ten million
// rows needs no more memory than a short one.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/json.hpp"
#include "sim/base/units.hpp"

namespace switchyard {

struct Request {
  std::uint64_t id = 0;            // 0, 1, 2 … in the order of the stream
  std::optional<Seconds> arrival;  // absent in the closed loop: sent when an earlier one completes
  std::int64_t prompt_tokens = 0;  // >= 1
  std::int64_t output_tokens = 0;  // >= 1
};

/// Arrivals never go back in time. Lengths are drawn from streams of their own, so changing the arrivals
/// leaves them.
class RequestStream {
 public:
  virtual ~RequestStream() = default;
  /// The next request, or nothing at the end. Throws InputError on a bad trace row, naming file and line.
  virtual std::optional<Request> next() = 0;
  /// Rows of a trace so far that are no requests to serve: those that failed when it was recorded.
  virtual std::uint64_t left_out() const { return 0; }
};

/// The scenario's "workload" block, checked.
struct Workload {
  struct Arrivals {
    std::string process;           // a row of arrival_processes(); empty: as the trace has them
    double rate = 0.0;             // requests per second
    double cv = 1.0;               // gamma: of the gaps between arrivals
    std::int64_t concurrency = 0;  // closed loop: requests in flight
  };
  struct Lengths {
    std::string distribution;  // a row of length_distributions()
    double value = 0.0;        // fixed
    double mean = 0.0;         // lognormal, before clipping
    double cv = 0.0;
    std::int64_t min = 1;
    std::int64_t max = 0;  // lognormal: clipped to [1, max]
    struct Quantile {
      double share = 0.0;  // of all lengths that are at most `tokens`
      std::int64_t tokens = 0;
    };
    std::vector<Quantile> quantiles;   // from share 0 to 1, both growing; linear between them
    std::vector<std::int64_t> values;  // empirical: drawn with replacement
    std::string path;
    std::string column;
    double scale = 1.0;  // of what was drawn, or of what a trace has
  };
  std::string preset;                // a row of workload_presets() or a file; empty: none
  std::optional<std::string> trace;  // a file, then lengths are its own but for their scale, and arrivals
                                     // where it has them
  std::string format;  // a row of trace_formats(), recognised by the header when the user names none
  Arrivals arrivals;
  Lengths prompt_tokens;
  Lengths output_tokens;
  std::int64_t num_requests = 0;  // a trace: 0 = all of it
  std::int64_t num_warmups = 0;   // run first, left out of the metrics

  bool closed_loop() const { return arrivals.process == "concurrency"; }
};

struct WorkloadRow {
  std::string_view name;
  std::string_view description;
};
std::span<const WorkloadRow> arrival_processes();
std::span<const WorkloadRow> length_distributions();
std::span<const WorkloadRow> trace_formats();
std::span<const WorkloadRow> workload_presets();

/// Reads and checks the block, a preset's members under its own; paths are relative to `base_folder`. Throws
/// InputError.
Workload read_workload(ObjectReader reader, const std::string& base_folder);
/// The block with all defaults filled in, as scenario.json shows it.
Json to_json(const Workload& workload);

/// Sentences that a reader of the figures must know.
std::vector<std::string> notes_of(const Workload& workload);

/// Reads every row of a trace that open_requests() would give, and says how many were left out. Throws
/// InputError on a bad one.
std::uint64_t read_through(const Workload& trace);

/// num_warmups + num_requests requests (a trace: its rows; warm-ups are its first rows). Opens the file,
/// checks the header.
std::unique_ptr<RequestStream> open_requests(const Workload& workload, std::uint64_t seed);

}  // namespace switchyard
