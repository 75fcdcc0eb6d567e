// The console's table and the CSV files.
#include "sim/report/tables.hpp"

#include <catch2/catch.hpp>
#include <sstream>

namespace {

using namespace switchyard;
using Catch::Contains;

RequestRow completed(std::uint64_t id, double arrival) {
  RequestRow row;
  row.id = id;
  row.arrival = Seconds(arrival);
  row.prompt_tokens = 100;
  row.output_tokens = row.generated_tokens = 3;
  row.first_token = Seconds(arrival + 0.5);
  row.finish = Seconds(arrival + 1.0);
  row.replica = 1;
  row.data_parallel_rank = 2;
  row.preemptions = 4;
  row.outcome = Outcome::completed;
  return row;
}

RunLog small_log() {
  RunLog log;
  log.append(completed(2, 1.0));
  RequestRow rejected;
  rejected.id = 0;
  rejected.arrival = Seconds(0.25);
  rejected.prompt_tokens = 9000;
  rejected.output_tokens = 7;
  rejected.outcome = Outcome::rejected;
  log.append(rejected);
  RequestRow warmup = completed(1, 0.0);
  warmup.warmup = true;
  log.append(warmup);
  log.append(StepRow{Seconds(0.5), Seconds(1.5), 1, 4, 100, 2, 3, 1, 77});
  return log;
}

Summary summary_of(const RunLog& log, const Slo& slo) {
  Summary summary;
  summary.metrics = compute_metrics(log, slo, 1);
  Breakdown breakdown;
  breakdown[Part::dense_gemm] = Seconds(3.0);
  breakdown[Part::host] = Seconds(1.0);
  summary.breakdown = breakdown;
  return summary;
}

}  // namespace

TEST_CASE("requests.csv lists every request in the order of its id") {
  std::ostringstream out;
  write_requests_csv(out, small_log());
  CHECK(out.str() ==
        "request_id,arrival_s,prompt_tokens,output_tokens,first_token_s,finish_s,ttft_s,tpot_s,e2e_s,replica,"
        "data_parallel_rank,preemptions,outcome,warmup\n"
        "0,0.25,9000,7,,,,,,,,0,rejected,0\n"
        "1,0,100,3,0.5,1,0.5,0.25,1,1,2,4,completed,1\n"
        "2,1,100,3,1.5,2,0.5,0.25,1,1,2,4,completed,0\n");
}

TEST_CASE("steps.csv has a row for each logged run of steps") {
  std::ostringstream out;
  write_steps_csv(out, small_log());
  CHECK(out.str() ==
        "start_s,end_s,replica,count,prefill_tokens,decode_sequences,running,waiting,kv_blocks_used\n"
        "0.5,1.5,1,4,100,2,3,1,77\n");
}

TEST_CASE("The console shows what ran, how fast, where the time went and which bound was missed") {
  const Slo slo = {{{"ttft", "p99", Seconds(0.2)}, {"tpot", "mean", Seconds(0.3)}}};
  const std::string table =
      console_table({"mixtral-8x7b", "hgx-h200", "tp 8", "vllm", "3 requests"}, summary_of(small_log(), slo));
  CHECK_THAT(table, Contains("model       mixtral-8x7b\n"));
  CHECK_THAT(table, Contains("2 submitted, 1 completed, 1 rejected, 4 preemptions"));
  CHECK_THAT(table, Contains("TTFT                 500         500         500         500\n"));
  CHECK_THAT(table, Contains("dense GEMM 75 %, host 25 %"));
  CHECK_THAT(table, Contains("bottleneck  dense GEMM\n"));
  CHECK_THAT(table, Contains("ttft_p99 500 ms, MISSED: above 200 ms\n"));
  CHECK_THAT(table, Contains("tpot_mean 250 ms, within 300 ms\n"));
  CHECK_THAT(table, !Contains("trust"));  // nothing was said
}

TEST_CASE("The console says how far its figures may be relied on") {
  Summary summary = summary_of(small_log(), {});
  summary.trust.gpu_profile_text = "GPU profile of h200_sxm: measured";
  summary.trust.engine_text = "Engine vllm: validated";
  summary.trust.error_text = "Error: small";
  CHECK_THAT(console_table({"m", "c", "d", "", ""}, summary),
             Contains("trust       GPU profile of h200_sxm: measured\n") &&
                 Contains("trust       Engine vllm: validated\n") && Contains("trust       Error: small\n"));
}

TEST_CASE("The console shows a dash for a statistic without samples") {
  const std::string table = console_table({"m", "c", "d", "", ""}, summary_of(RunLog(), {}));
  CHECK_THAT(table, Contains("TTFT                   -           -           -           -\n"));
  CHECK_THAT(table, !Contains("nan"));
  CHECK_THAT(table, !Contains("engine"));
}
