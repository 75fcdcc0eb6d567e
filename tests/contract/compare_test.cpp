// `switchyard compare` as a user runs it.
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <csignal>
#include <set>
#include <thread>

#include "sim/base/csv_reader.hpp"
#include "sim/study/point.hpp"
#include "tests/contract/program.hpp"

namespace switchyard {
namespace {

using Catch::Contains;

/// A folder with a dense scenario, an MoE one, and one that does not fit.
struct Bench : ProgramFolder {
  Bench() {
    const std::string workload =
        R"(, "workload": {"arrivals": {"process": "poisson", "rate": 20}, "num_requests": 20,
        "prompt_tokens": {"distribution": "fixed", "value": 100}, "output_tokens": {"distribution": "fixed", "value": 5}}})";
    folder.write("dense.json", R"({"model": "llama-3.1-8b")" + workload);
    folder.write("moe.json", R"({"model": "mixtral-8x7b", "deployment": {"data_parallel_size": 4,
        "enable_expert_parallel": true})" +
                                 workload);
    folder.write("big.json", R"({"model": "llama-3.1-70b")" + workload);
  }
};

const Json& row_named(const Json& rows, const std::string& name) {
  for (const Json& row : rows)
    if (row.at("name") == name) return row;
  FAIL("no row " << name);
  return rows;
}

}  // namespace

TEST_CASE("Scenarios stand side by side, with the files that each leaves alone") {
  const Bench bench;
  REQUIRE(bench.run("compare dense.json moe.json --out out") == 0);
  for (const char* part : {"dense: llama-3.1-8b", "moe: mixtral-8x7b", "/deployment/data_parallel_size",
                           "model.active_parameters", "breakdown.bottleneck", "the same: ", "completed 20"})
    CHECK_THAT(bench.text(".out"), Contains(part));
  CHECK(bench.files("out") ==
        std::set<std::string>{"compare.csv", "compare.json", "dense", "moe", "report.html"});
  for (const std::string name : {"dense", "moe"}) {
    REQUIRE(bench.run("run " + name + ".json --out alone") == 0);
    CHECK(bench.files("out/" + name) == bench.files("alone"));
    for (const std::string file : {"/requests.csv", "/steps.csv", "/scenario.json"})
      CHECK(bench.text("out/" + name + file) == bench.text("alone" + file));
    CHECK(without_wall_times(bench.json("out/" + name + "/summary.json")) ==
          without_wall_times(bench.json("alone/summary.json")));
  }
}

TEST_CASE("Rows are figures of the summaries and facts of the models, what differs most first") {
  const Bench bench;
  REQUIRE(bench.run("compare dense.json moe.json --format json --out out") == 0);
  const Json comparison = bench.json(".out"), figures = comparison.at("figures");
  double last = 2.0;
  bool equal = false;
  for (const Json& row : figures) {
    const Json& values = row.at("values");
    CHECK((!equal || values[0] == values[1]));
    equal = values[0] == values[1];
    if (equal || !row.at("spread").is_number()) continue;
    CHECK(row.at("spread").get<double>() <= last);
    last = row.at("spread").get<double>();
  }
  CHECK((equal && last < 1.0));
  const Json dense = bench.json("out/dense/summary.json"), moe = bench.json("out/moe/summary.json");
  for (const std::string figure : {"mean_ttft_ms", "output_throughput", "gpus", "completed"})
    CHECK(row_named(figures, figure).at("values") == Json({dense.at(figure), moe.at(figure)}));
  CHECK(row_named(figures, "memory.weight_bytes").at("values")[1] == moe.at("memory").at("weight_bytes"));
  CHECK(row_named(figures, "model.total_parameters").at("values") == Json({8030261248, 46702792704}));
  CHECK(row_named(comparison.at("inputs"), "/model").at("values") == Json({"llama-3.1-8b", "mixtral-8x7b"}));

  CsvReader csv(bench.path("out/compare.csv"));
  CHECK(csv.columns() == std::vector<std::string>{"name", "unit", "dense", "moe", "spread"});
  CsvReader::Row row;
  while (csv.next(row) && row[csv.column("name")] != "mean_ttft_ms") continue;
  CHECK(row[csv.column("unit")] == "ms");
  CHECK(csv.number(row, csv.column("moe")) == moe.at("mean_ttft_ms").get<double>());
}

TEST_CASE("The survey stands first: words with the numbers behind them, and a verdict that names facts") {
  const Bench bench;
  REQUIRE(bench.run("compare dense.json moe.json --out out") == 0);
  const std::string printed = bench.text(".out");
  for (const char* part :
       {"MoE, 2 of 8 experts", "12.9 B of 46.7 B (28 %)", "all 8.03 B", "4 x h100_sxm",
        "Time between a user's tokens: ", "Why ", "To provision: dense 16.1 GB of weights"})
    CHECK_THAT(printed, Contains(part));
  CHECK(printed.find("active a token") < printed.find("what differs in the scenarios"));
  const Json comparison = bench.json("out/compare.json");
  CHECK(comparison.at("verdict").size() >= 6);
  std::set<std::string> groups, keys;
  for (const Json& row : comparison.at("survey")) {
    groups.insert(row.at("group"));
    CHECK((row.at("cells").size() == 2 && keys.insert(row.at("key")).second));
  }
  CHECK(groups == std::set<std::string>{"batches", "communication", "compute", "cost", "energy", "latency",
                                        "memory", "parameters", "provisioning", "scaling", "throughput"});
  CHECK_THAT(bench.text("out/compare.csv"), Contains("survey.active_parameters,,8030261248,12879925248,"));
  CHECK(comparison.at("figures") == [&] {
    REQUIRE(bench.run("compare dense.json moe.json --format json") == 0);
    return bench.json(".out").at("figures");
  }());
}

TEST_CASE("A comparison is the same bytes every time, and --set changes every scenario") {
  const Bench bench;
  REQUIRE(bench.run("compare dense.json moe.json --out out") == 0);
  const std::string printed = bench.text(".out"), csv = bench.text("out/compare.csv");
  REQUIRE(bench.run("compare dense.json moe.json --out again") == 0);
  CHECK((bench.text(".out") == printed && bench.text("again/compare.csv") == csv));
  for (const char* file : {"/compare.json", "/report.html"})
    CHECK(bench.text(std::string("out") + file) == bench.text(std::string("again") + file));
  REQUIRE(bench.run("compare dense.json moe.json --set /workload/num_requests=7") == 0);
  CHECK_THAT(bench.text(".out"), Contains("completed 7"));
}

TEST_CASE("What does not fit is a column with its verdict; only when nothing fits the status is 1") {
  const Bench bench;
  CHECK(bench.run("compare dense.json big.json moe.json --out out") == 0);
  CHECK_THAT(bench.text(".out"),
             Contains("infeasible") && Contains("big is infeasible: ") && Contains("KV pool"));
  CHECK(bench.files("out") ==
        std::set<std::string>{"compare.csv", "compare.json", "dense", "moe", "report.html"});
  CHECK(bench.run("compare big.json big.json") == 1);
  CHECK_THAT(bench.text(".out"), Contains("big-2 is infeasible"));
}

TEST_CASE("Files of one name are told apart by their folders") {
  const Bench bench;
  REQUIRE(bench.run("compare dense.json moe.json --out out") == 0);
  REQUIRE(bench.run("compare out/dense/scenario.json out/moe/scenario.json --out again") == 0);
  CHECK(bench.files("again").count("dense-scenario") == 1);
  CHECK(bench.text("again/moe-scenario/requests.csv") == bench.text("out/moe/requests.csv"));
}

TEST_CASE("A comparison of nothing with something is refused, and so is wrong input of any of them") {
  const Bench bench;
  bench.folder.write("idle.json", R"({"model": "llama-3.1-8b"})");
  const auto [line, message] = GENERATE(table<std::string, std::string>(
      {{"compare", "no scenario given"},
       {"compare dense.json", "only dense.json given; give at least two"},
       {"compare dense.json none.json", "none.json: "},
       {"compare dense.json idle.json", "idle.json: /workload: is missing"},
       {"compare dense.json moe.json --set /seed=-1", "dense.json: /seed: -1"},
       {"compare dense.json moe.json --set /deployment/tensor_parallel_size=3", "32 attention heads"},
       {"compare dense.json moe.json --format csv",
        "--format: unknown name \"csv\"; choose one of text, json"}}));
  INFO(line);
  CHECK(bench.run(line + " --out out") == 2);
  CHECK_THAT(bench.text(".err"), Contains(message));
  CHECK(bench.text(".err").find('\n') == bench.text(".err").size() - 1);
  CHECK((bench.text(".out").empty() && bench.files(".").count("out") == 0));
}

TEST_CASE("Ctrl-C stops a comparison and leaves the scenarios that were finished") {
  const Bench bench;
  Json endless = bench.json("dense.json");
  endless["workload"]["num_requests"] = 1000000000;
  bench.folder.write("endless.json", endless.dump());
  const int status = bench.run("compare dense.json endless.json --out out", [&](pid_t process) {
    const auto finished = [&] { return std::filesystem::exists(bench.path("out/dense/report.html")); };
    while (!finished() && waitpid(process, nullptr, WNOHANG) == 0)
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    std::this_thread::sleep_for(std::chrono::milliseconds(500));  // for the answer to reach the parent
    kill(process, SIGINT);
  });
  CHECK(status == 130);
  CHECK(bench.files("out") == std::set<std::string>{"compare.csv", "compare.json", "dense", "report.html"});
  CHECK(bench.json("out/dense/summary.json").at("completed") == 20);
  CHECK_THAT(bench.text("out/compare.csv"), Contains("verdict,,ok,interrupted"));
}

}  // namespace switchyard
