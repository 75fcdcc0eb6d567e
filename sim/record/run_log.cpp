// The log's three tables, each row taken apart into columns and put together again.
#include "sim/record/run_log.hpp"

#include <limits>
#include <vector>

#include "sim/record/column_store.hpp"

namespace switchyard {
namespace {

// What an optional or a flag of a RequestRow becomes in its one-byte column.
constexpr std::uint8_t kHasFirstToken = 1, kHasFinish = 2, kWarmup = 4;

std::uint8_t flags_of(const RequestRow& row) {
  return static_cast<std::uint8_t>((row.first_token ? kHasFirstToken : 0) | (row.finish ? kHasFinish : 0) |
                                   (row.warmup ? kWarmup : 0));
}

}  // namespace

struct RunLog::State {
  // Columns in the order of the rows' members.
  using Requests = ColumnStore<std::uint64_t, Seconds, std::int64_t, std::int64_t, std::int64_t, Seconds,
                               Seconds, std::uint32_t, std::uint32_t, std::uint32_t, Outcome, std::uint8_t>;
  using Steps = ColumnStore<Seconds, Seconds, std::uint32_t, std::uint32_t, std::uint32_t, std::uint32_t,
                            std::uint32_t, std::uint32_t, std::uint64_t>;
  using Intervals = ColumnStore<Seconds, std::uint32_t>;

  explicit State(Bytes memory_limit) : space(memory_limit), requests(space), steps(space), intervals(space) {}

  ChunkSpace space;
  Requests requests;
  Steps steps;
  Intervals intervals;
  std::vector<Breakdown> breakdowns;  // by replica
};

RunLog::RunLog(Bytes memory_limit) : state_(std::make_unique<State>(memory_limit)) {}
RunLog::~RunLog() = default;
RunLog::RunLog(RunLog&&) noexcept = default;
RunLog& RunLog::operator=(RunLog&&) noexcept = default;

void RunLog::append(const RequestRow& row) {
  state_->requests.append(row.id, row.arrival, row.prompt_tokens, row.output_tokens, row.generated_tokens,
                          row.first_token.value_or(Seconds()), row.finish.value_or(Seconds()), row.replica,
                          row.data_parallel_rank, row.preemptions, row.outcome, flags_of(row));
}

void RunLog::append(const StepRow& row) {
  state_->steps.append(row.start, row.end, row.replica, row.count, row.prefill_tokens, row.decode_sequences,
                       row.running, row.waiting, row.kv_blocks_used);
}

void RunLog::append(const IntervalRow& row) {
  State::Intervals& intervals = state_->intervals;
  if (intervals.has_open_row() && intervals.last<0>() == row.interval) {
    std::uint32_t& weight = intervals.last<1>();
    if (row.weight <= std::numeric_limits<std::uint32_t>::max() - weight) {
      weight += row.weight;
      return;
    }
  }
  intervals.append(row.interval, row.weight);
}

void RunLog::spend(std::uint32_t replica, const Breakdown& breakdown) {
  if (replica >= state_->breakdowns.size()) state_->breakdowns.resize(replica + 1);
  state_->breakdowns[replica] += breakdown;
}

void RunLog::for_each_request(const std::function<void(const RequestRow&)>& visit) const {
  state_->requests.for_each([&](std::uint64_t id, Seconds arrival, std::int64_t prompt, std::int64_t output,
                                std::int64_t generated, Seconds first_token, Seconds finish,
                                std::uint32_t replica, std::uint32_t rank, std::uint32_t preemptions,
                                Outcome outcome, std::uint8_t flags) {
    RequestRow row{id,           arrival, prompt, output,      generated, std::nullopt,
                   std::nullopt, replica, rank,   preemptions, outcome,   (flags & kWarmup) != 0};
    if (flags & kHasFirstToken) row.first_token = first_token;
    if (flags & kHasFinish) row.finish = finish;
    visit(row);
  });
}

void RunLog::for_each_step(const std::function<void(const StepRow&)>& visit) const {
  state_->steps.for_each([&](Seconds start, Seconds end, std::uint32_t replica, std::uint32_t count,
                             std::uint32_t prefill_tokens, std::uint32_t decode_sequences,
                             std::uint32_t running, std::uint32_t waiting, std::uint64_t kv_blocks_used) {
    visit(StepRow{start, end, replica, count, prefill_tokens, decode_sequences, running, waiting,
                  kv_blocks_used});
  });
}

void RunLog::for_each_interval(const std::function<void(const IntervalRow&)>& visit) const {
  state_->intervals.for_each([&](Seconds interval, std::uint32_t weight) {
    visit(IntervalRow{interval, weight});
  });
}

std::uint64_t RunLog::requests() const { return state_->requests.rows(); }

Breakdown RunLog::breakdown() const {
  Breakdown sum;
  for (const Breakdown& own : state_->breakdowns) sum += own;
  return sum;
}

}  // namespace switchyard
