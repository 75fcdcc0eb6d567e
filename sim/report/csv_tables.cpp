// requests.csv and steps.csv, row by row.
#include <array>
#include <functional>
#include <queue>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/base/csv.hpp"
#include "sim/report/tables.hpp"

namespace switchyard {
namespace {

std::string_view name_of(Outcome outcome) {
  static constexpr std::array<std::string_view, 3> kNames = {"completed", "rejected", "unfinished"};
  return kNames[static_cast<std::size_t>(outcome)];
}

std::optional<double> in_seconds(const std::optional<Seconds>& time) {
  return time ? std::optional<double>(time->value()) : std::nullopt;
}

void write_row(CsvWriter& csv, const RequestRow& row) {
  csv.cell(row.id).cell(row.arrival.value()).cell(row.prompt_tokens).cell(row.output_tokens);
  csv.cell(in_seconds(row.first_token)).cell(in_seconds(row.finish));
  csv.cell(in_seconds(row.ttft())).cell(in_seconds(row.tpot())).cell(in_seconds(row.e2el()));
  const bool served = row.outcome != Outcome::rejected;
  csv.cell(served ? std::optional(row.replica) : std::nullopt);
  csv.cell(served ? std::optional(row.data_parallel_rank) : std::nullopt).cell(row.preemptions);
  csv.cell(name_of(row.outcome)).cell(row.warmup ? 1 : 0);
  csv.end_row();
}

/// Hands rows on in the order of their ids, 0, 1, 2 …. What ends before an earlier request waits here, so it
/// holds no more rows than end while one request is served.
class RowsInOrder {
 public:
  explicit RowsInOrder(std::function<void(const RequestRow&)> visit) : visit_(std::move(visit)) {}

  void add(const RequestRow& row) {
    waiting_.push(row);
    while (!waiting_.empty() && waiting_.top().id <= next_) pass();
  }
  void finish() {
    while (!waiting_.empty()) pass();  // a log may lack ids
  }

 private:
  struct Later {
    bool operator()(const RequestRow& a, const RequestRow& b) const { return a.id > b.id; }
  };

  void pass() {
    visit_(waiting_.top());
    next_ = waiting_.top().id + 1;
    waiting_.pop();
  }

  std::function<void(const RequestRow&)> visit_;
  std::priority_queue<RequestRow, std::vector<RequestRow>, Later> waiting_;
  std::uint64_t next_ = 0;
};

}  // namespace

void write_requests_csv(std::ostream& out, const RunLog& log) {
  CsvWriter csv(out, {"request_id", "arrival_s", "prompt_tokens", "output_tokens", "first_token_s",
                      "finish_s", "ttft_s", "tpot_s", "e2e_s", "replica", "data_parallel_rank", "preemptions",
                      "outcome", "warmup"});
  RowsInOrder rows([&](const RequestRow& row) { write_row(csv, row); });
  log.for_each_request([&](const RequestRow& row) { rows.add(row); });
  rows.finish();
}

void write_steps_csv(std::ostream& out, const RunLog& log) {
  CsvWriter csv(out, {"start_s", "end_s", "replica", "count", "prefill_tokens", "decode_sequences", "running",
                      "waiting", "kv_blocks_used"});
  log.for_each_step([&](const StepRow& row) {
    csv.cell(row.start.value())
        .cell(row.end.value())
        .cell(row.replica)
        .cell(row.count)
        .cell(row.prefill_tokens);
    csv.cell(row.decode_sequences).cell(row.running).cell(row.waiting).cell(row.kv_blocks_used).end_row();
  });
}

}  // namespace switchyard
