// `switchyard plan` as a user runs it: the same bytes however it was run, and what it says when nothing will
// do.
#include <catch2/catch.hpp>
#include <csignal>
#include <sstream>
#include <string>
#include <vector>

#include "tests/contract/program.hpp"

namespace switchyard {
namespace {

/// Few layouts of two small models on one node.
Json study() {
  return parse_json(R"({
    "models": ["llama-3.1-8b", "olmoe-1b-7b"], "gpus": ["h100_sxm"], "budget": {"gpus": 4},
    "workload": {"arrivals": {"process": "poisson", "rate": 30},
      "prompt_tokens": {"distribution": "uniform", "min": 50, "max": 350},
      "output_tokens": {"distribution": "uniform", "min": 10, "max": 60}},
    "slo": {"ttft_p99": "500 ms", "tpot_p99": "20 ms"}, "objective": "minimise_gpus",
    "layouts": {"tensor_parallel_size": [1, 2], "pipeline_parallel_size": [1], "data_parallel_size": [1, 2],
                "max_num_seqs": [256], "max_num_batched_tokens": [8192]}})",
                    "study");
}

Json with(const std::string& key, const Json& value) {
  Json json = study();
  json[key] = value;
  return json;
}

/// For tests that plan it several times.
Json small_study() {
  Json json = with("models", {"olmoe-1b-7b"});
  json["budget"] = {{"gpus", 2}};
  json["layouts"]["data_parallel_size"] = {1};
  return json;
}

struct Bench : ProgramFolder {
  explicit Bench(const Json& json = study()) { folder.write("plan.json", json.dump()); }
  std::size_t journal_lines(const std::string& results) const {
    return lines_of(path(results + "/journal.jsonl"));
  }
};

void check_same(const Bench& bench, const std::string& a, const std::string& b) {
  for (const char* file : {"/plan.json", "/plan.csv"}) CHECK(bench.text(a + file) == bench.text(b + file));
}

}  // namespace

TEST_CASE("A plan writes the same bytes for any number of jobs, and again from its journal") {
  const Bench bench(small_study());
  REQUIRE(bench.run("plan plan.json --out one --jobs 1") == 0);
  REQUIRE(bench.run("plan plan.json --out two --jobs 2") == 0);
  check_same(bench, "one", "two");
  const std::size_t lines = bench.journal_lines("one");
  CHECK(lines > 10);
  bench.folder.write("before.json", bench.text("one/plan.json"));
  REQUIRE(bench.run("plan plan.json --out one --jobs 2") == 0);
  CHECK(bench.journal_lines("one") == lines);
  CHECK(bench.text("one/plan.json") == bench.text("before.json"));
}

TEST_CASE("A plan that is interrupted goes on to the same bytes") {
  const Bench bench(small_study());
  REQUIRE(bench.run("plan plan.json --out whole") == 0);
  const int status = bench.run("plan plan.json --out cut --jobs 1", [&](pid_t process) {
    while (bench.journal_lines("cut") < 5 && kill(process, 0) == 0) usleep(10'000);
    kill(process, SIGINT);
  });
  CHECK(status == 130);
  const std::size_t kept = bench.journal_lines("cut");
  CHECK(kept >= 5);
  CHECK(kept < bench.journal_lines("whole"));
  CHECK_FALSE(std::filesystem::exists(bench.path("cut/plan.json")));
  REQUIRE(bench.run("plan plan.json --out cut") == 0);
  check_same(bench, "cut", "whole");
}

TEST_CASE("Every candidate has its verdict, and a winner's scenario runs to what the plan says") {
  const Bench bench;
  REQUIRE(bench.run("plan plan.json --out out") == 0);
  const Json plan = bench.json("out/plan.json");
  const auto rows = rows_of(bench.path("out/plan.csv"));
  CHECK(rows.size() == plan["counts"]["candidates"].get<std::size_t>());
  std::size_t best = 0;
  for (const auto& row : rows) {
    CHECK_FALSE(row.at("verdict").empty());
    best += row.at("verdict") == "best";
  }
  REQUIRE(plan["winners"].size() == 2);
  CHECK(best == 2);
  for (const Json& winner : plan["winners"]) {
    CHECK(winner["goodput_requests_per_s"].get<double>() >= 30.0);
    bench.folder.write("winner.json", winner["scenario"].dump());
    REQUIRE(bench.run("run winner.json --out run") == 0);
    const Json summary = bench.json("run/summary.json");
    CHECK(summary["slo_met"] == true);
    CHECK(summary["gpus"] == winner["gpus"]);
    CHECK(summary["p99_ttft_ms"] == winner["p99_ttft_ms"]);
  }
}

TEST_CASE("A plan tells how many runs it simulated, and how many the bound spared it") {
  const Bench bench;
  REQUIRE(bench.run("plan plan.json --out out") == 0);
  const Json counts = bench.json("out/plan.json")["counts"];
  CHECK(counts["simulations"] == bench.journal_lines("out"));
  CHECK(counts["simulations_spared"] > 0);
  CHECK_THAT(bench.text(".out"),
             Catch::Contains(" simulated in " + counts["simulations"].dump() + " runs; the bound spared " +
                             counts["simulations_spared"].dump() + " more"));
}

TEST_CASE("A plan that no terminal watches names its phases, a line each as it begins") {
  const Bench bench(small_study());
  REQUIRE(bench.run("plan plan.json --out out") == 0);
  std::istringstream said(bench.text(".err"));
  std::vector<std::string> phases;
  for (std::string line; std::getline(said, line);) {
    CHECK_THAT(line, Catch::Contains(" simulation"));
    const std::string phase = line.substr(0, line.find(':'));
    if (phases.empty() || phases.back() != phase) phases.push_back(phase);
  }
  CHECK(phases == std::vector<std::string>{"screening", "refining", "finals", "confirming", "curves",
                                           "frontier", "sensitivity"});
}

TEST_CASE("A plan that no candidate meets exits 1 and says what comes nearest") {
  const Bench slow(with("slo", {{"tpot_p99", "1 ms"}, {"ttft_p99", "1 s"}}));
  CHECK(slow.run("plan plan.json --out out") == 1);
  CHECK(slow.json("out/plan.json")["winners"].empty());
  CHECK(slow.text(".err") == "screening: 0 simulations so far\n");  // no phase in which nothing is asked
  Json demanding = study();
  demanding["workload"]["arrivals"]["rate"] = 100000;
  const Bench small(demanding);
  CHECK(small.run("plan plan.json --out out") == 1);
  CHECK_THAT(small.text(".out"), Catch::Contains("No candidate"));
}

TEST_CASE("A model with no layout within the budget is told what its smallest takes") {
  Json dear = with("budget", {{"usd_per_hour", 2}});
  dear["prices"] = {{"h100_sxm", 3}};
  const Bench none(dear);
  CHECK(none.run("plan plan.json --out out") == 1);
  CHECK_THAT(none.text(".out"),
             Catch::Contains("llama-3.1-8b on h100_sxm: beyond the budget, one replica has "
                             "1 GPU, the budget has room for 0"));
  const Bench large(with("models", {"deepseek-v3"}));
  CHECK(large.run("plan plan.json --out out") == 1);
  CHECK_THAT(large.text(".out"), Catch::Contains("deepseek-v3 on h100_sxm: does not fit, deepseek-v3 on"));
}

TEST_CASE("Precisions that are part of the choice are told where a deployment is, and where there is none") {
  Json json = small_study();
  json["models"] = {"llama-3.1-8b"};
  json["precisions"] = {"bf16", "fp8"};
  json["gpus"] = {"h100_sxm", "rtx_4090"};
  json["workload"]["arrivals"]["rate"] = 60;
  const Bench bench(json);
  REQUIRE(bench.run("plan plan.json --out out") == 0);
  const Json plan = bench.json("out/plan.json");
  const std::string precision = plan["winners"][0]["precision"].get<std::string>();
  CHECK_THAT(plan["winners"][0]["layout"].get<std::string>(), !Catch::Contains(precision));
  CHECK_THAT(bench.text(".out"),
             Catch::Contains("  precision  ") && Catch::Contains("  " + precision + "  "));
  CHECK_THAT(plan["verdict"][0].get<std::string>(), Catch::Contains(", " + precision + ")"));
  for (const char* none : {"bf16", "fp8"})
    CHECK_THAT(bench.text(".out"),
               Catch::Contains("  llama-3.1-8b on rtx_4090, " + std::string(none) + ": "));
}

TEST_CASE("The command line's objective replaces the study's") {
  const Bench bench;
  REQUIRE(bench.run("plan plan.json --out out --maximise goodput") == 0);
  const Json plan = bench.json("out/plan.json");
  CHECK(plan["objective"] == "maximise_goodput");
  CHECK(plan["demand_requests_per_s"].is_null());
  for (const Json& winner : plan["winners"]) CHECK(winner["gpus"] == 4);
}

TEST_CASE("What is wrong with a plan's study or options is refused before anything is written") {
  const Bench bench(with("budgets", 3));
  CHECK(bench.run("plan plan.json --out out") == 2);
  CHECK_THAT(bench.text(".err"), Catch::Contains("/budgets") && Catch::Contains("budget"));
  const Bench good;
  CHECK(good.run("plan plan.json") == 2);
  CHECK(good.run("plan plan.json --out out --minimise goodput") == 2);
  CHECK_THAT(good.text(".err"), Catch::Contains("gpus, cost, energy"));
  CHECK(good.run("plan plan.json --out out --minimise gpus --maximise goodput") == 2);
  CHECK_FALSE(std::filesystem::exists(good.path("out")));
}

}  // namespace switchyard
