// summary.json's names, units and nulls.
#include "sim/report/summary.hpp"

#include <catch2/catch.hpp>

namespace {

using namespace switchyard;

RunLog two_requests() {
  RunLog log;
  for (std::uint64_t id = 0; id < 2; ++id) {
    RequestRow row;
    row.id = id;
    row.prompt_tokens = 10;
    row.output_tokens = row.generated_tokens = 5;
    row.first_token = Seconds(1.0 + static_cast<double>(id));
    row.finish = Seconds(5.0);
    row.outcome = Outcome::completed;
    log.append(row);
  }
  Breakdown breakdown;
  breakdown[Part::expert] = Seconds(3.0);
  breakdown[Part::host] = Seconds(1.0);
  log.spend(0, breakdown);
  return log;
}

Summary summary_of(const RunLog& log, const Slo& slo = {}) {
  Summary summary;
  summary.metrics = compute_metrics(log, slo, 2);
  summary.gpus = 2;
  summary.breakdown = log.breakdown();
  return summary;
}

}  // namespace

TEST_CASE("The summary has every contract name") {
  const Json json = summary_json(summary_of(two_requests()));
  for (const char* name : {"completed",
                           "rejected",
                           "duration",
                           "total_input_tokens",
                           "total_output_tokens",
                           "request_throughput",
                           "output_throughput",
                           "total_token_throughput",
                           "request_goodput",
                           "tokens_per_s_per_gpu",
                           "tokens_per_s_per_user",
                           "gpus",
                           "memory",
                           "breakdown",
                           "routing",
                           "network",
                           "energy_j",
                           "energy_per_output_token_j",
                           "mean_power_w",
                           "power",
                           "usd_per_hour",
                           "cost_usd",
                           "usd_per_million_input_tokens",
                           "usd_per_million_output_tokens",
                           "price",
                           "measured_profile",
                           "trust",
                           "steps",
                           "wall_s",
                           "bank_s",
                           "events",
                           "submitted",
                           "unfinished",
                           "preemptions",
                           "notes"}) {
    CHECK(json.contains(name));
  }
  for (const char* figure : {"ttft", "tpot", "itl", "e2el"}) {
    for (const char* statistic : {"mean", "median", "std", "p90", "p99"}) {
      CHECK(json.contains(std::string(statistic) + "_" + figure + "_ms"));
    }
  }
}

TEST_CASE("Latencies are in milliseconds and shares are of the whole") {
  const Json json = summary_json(summary_of(two_requests()));
  CHECK(json["mean_ttft_ms"].get<double>() == Approx(1500.0));
  CHECK(json["std_ttft_ms"].get<double>() == Approx(500.0));
  CHECK(json["mean_tpot_ms"].get<double>() == Approx(875.0));  // 4 s and 3 s over four tokens
  CHECK(json["tokens_per_s_per_gpu"].get<double>() == Approx(1.0));
  CHECK(json["breakdown"]["bottleneck"] == "expert");
  CHECK(json["breakdown"]["ms"]["expert"].get<double>() == Approx(3000.0));
  CHECK(json["breakdown"]["share"]["host"].get<double>() == Approx(0.25));
}

TEST_CASE("Energy and cost are of the whole deployment, powers of one GPU") {
  Summary summary = summary_of(two_requests());  // 5 s on 2 GPUs, 10 output tokens
  summary.energy = EnergyUse{Joules(1000.0), Joules(500.0), Joules(300.0), Joules(200.0)};
  summary.price = {DollarsPerHour(3.6), "by hand", "2026-11-27"};
  summary.bill = Bill{Dollars(0.01), Dollars(2.0), std::nullopt};
  const Json json = summary_json(summary);
  CHECK(json["energy_j"].get<double>() == Approx(2000.0));
  CHECK(json["energy_per_output_token_j"].get<double>() == Approx(200.0));
  CHECK(json["mean_power_w"].get<double>() == Approx(200.0));
  CHECK(json["power"]["idle_w"].get<double>() == Approx(100.0));
  CHECK(json["power"]["memory_w"].get<double>() == Approx(20.0));
  CHECK(json["usd_per_hour"].get<double>() == Approx(7.2));
  CHECK(json["cost_usd"].get<double>() == Approx(0.01));
  CHECK(json["usd_per_million_input_tokens"].get<double>() == Approx(2.0));
  CHECK(json["usd_per_million_output_tokens"].is_null());
  CHECK(json["price"]["date"] == "2026-11-27");
}

TEST_CASE("What has no samples or no model is null, and nothing is NaN") {
  RunLog log;
  RequestRow row;
  row.outcome = Outcome::rejected;
  log.append(row);
  const Json json = summary_json(summary_of(log));
  for (const char* name :
       {"mean_ttft_ms", "std_tpot_ms", "p99_itl_ms", "median_e2el_ms", "tokens_per_s_per_user", "energy_j",
        "mean_power_w", "cost_usd", "usd_per_hour", "slo_met"}) {
    CHECK(json[name].is_null());
  }
  CHECK(json["breakdown"]["bottleneck"].is_null());
  CHECK(json["request_throughput"] == 0.0);
  for (const auto& [key, value] : json.items()) {
    INFO(key);
    CHECK((!value.is_number_float() || value.get<double>() == value.get<double>()));
  }
}

TEST_CASE("A verdict names its bound, its limit and what was reached") {
  const Slo slo = {{{"ttft", "mean", Seconds(1.5)}, {"tpot", "p99", Seconds(0.5)}}};
  const Json json = summary_json(summary_of(two_requests(), slo));
  REQUIRE(json["slo"].size() == 2);
  CHECK(json["slo"][0]["bound"] == "ttft_mean");
  CHECK(json["slo"][0]["limit_ms"].get<double>() == Approx(1500.0));
  CHECK(json["slo"][0]["actual_ms"].get<double>() == Approx(1500.0));
  CHECK(json["slo"][0]["met"] == true);
  CHECK(json["slo"][1]["met"] == false);
  CHECK(json["slo_met"] == false);
}
