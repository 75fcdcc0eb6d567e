// requests.csv and steps.csv, row by row.
#include <algorithm>
#include <array>
#include <string_view>
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

}  // namespace

void write_requests_csv(std::ostream& out, const RunLog& log) {
  std::vector<RequestRow> rows;
  rows.reserve(log.requests());
  log.for_each_request([&](const RequestRow& row) { rows.push_back(row); });
  std::stable_sort(rows.begin(), rows.end(),
                   [](const RequestRow& a, const RequestRow& b) { return a.id < b.id; });
  CsvWriter csv(out, {"request_id", "arrival_s", "prompt_tokens", "output_tokens", "first_token_s",
                      "finish_s", "ttft_s", "tpot_s", "e2e_s", "replica", "data_parallel_rank", "preemptions",
                      "outcome", "warmup"});
  for (const RequestRow& row : rows) write_row(csv, row);
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
