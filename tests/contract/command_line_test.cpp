// The program as a user runs it: what it writes, prints and exits with, and what it says to wrong input.
// Names and exit codes are the interface contract's.
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <csignal>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <sstream>

#include "sim/base/csv_reader.hpp"
#include "tests/contract/program.hpp"

namespace switchyard {
namespace {

using Catch::Contains;

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream in(text);
  for (std::string part; std::getline(in, part, separator);) parts.push_back(part);
  return parts;
}

/// A folder in which the program runs, with a scenario and a trace.
struct Bench : ProgramFolder {
  Bench() {
    folder.write("trace.csv", "arrival_s,prompt_tokens,output_tokens\n0,100,5\n0.01,40,9\n0.5,70,1\n");
    folder.write("chat.json", R"({  // 40 requests to one GPU, under a bound that none can meet
      "model": "llama-3.1-8b", "cluster": "hgx-h100", "slo": {"ttft_p99": "1 us"},
      "workload": {"arrivals": {"process": "poisson", "rate": 50}, "num_requests": 40,
        "prompt_tokens": {"distribution": "uniform", "min": 50, "max": 150},
        "output_tokens": {"distribution": "uniform", "min": 2, "max": 12}}})");
  }

  double sum(const std::string& column) const {
    CsvReader csv(path("out/requests.csv"));
    double sum = 0.0;
    for (CsvReader::Row row; csv.next(row);) sum += csv.number(row, csv.column(column));
    return sum;
  }
};

}  // namespace

TEST_CASE("A run prints a table and leaves its five files where --out says, even when a bound is missed") {
  const Bench bench;
  CHECK(bench.run("run chat.json") == 0);
  const std::string printed = bench.text(".out");
  CHECK(bench.files() == std::set<std::string>{".err", ".out", "chat.json", "trace.csv"});
  for (const char* part : {"llama-3.1-8b", "hgx-h100", "40 completed", "TTFT", "TPOT", "ITL", "MISSED"})
    CHECK_THAT(printed, Contains(part));
  CHECK(bench.run("run chat.json --out new/out") == 0);
  CHECK(bench.text(".out") == printed);
  CHECK(bench.files("new/out") ==
        std::set<std::string>{"report.html", "requests.csv", "scenario.json", "steps.csv", "summary.json"});
}

TEST_CASE("The summary has every figure of the contract, and the table of requests agrees with it") {
  const Bench bench;
  REQUIRE(bench.run("run chat.json --out out") == 0);
  const Json summary = bench.json("out/summary.json");
  std::string numbers =
      "completed rejected duration total_input_tokens total_output_tokens request_throughput gpus "
      "output_throughput total_token_throughput request_goodput tokens_per_s_per_gpu tokens_per_s_per_user "
      "steps wall_s bank_s events";
  for (const std::string figure : {"ttft_ms", "tpot_ms", "itl_ms", "e2el_ms"})
    for (const std::string statistic : {" mean_", " median_", " std_", " p90_", " p99_"})
      numbers += statistic + figure;
  for (const std::string& key : split(numbers, ' ')) CHECK(summary.at(key).is_number());
  for (const char* key : {"memory", "breakdown", "routing", "network", "trust"})
    CHECK(summary.at(key).is_object());
  for (const char* key : {"energy_j", "cost_usd"}) CHECK(summary.contains(key));  // null where not computed
  CHECK(summary.at("measured_profile").is_boolean());
  const std::vector<std::string> rows = split(bench.text("out/requests.csv"), '\n');
  CHECK_THAT(rows.at(0), Catch::StartsWith("request_id,arrival_s,prompt_tokens,output_tokens,first_token_s,"
                                           "finish_s,ttft_s,tpot_s,e2e_s"));
  CHECK((rows.size() == 1 + 40 && summary.at("completed") == 40));
  CHECK(summary.at("request_goodput") == 0.0);
  CHECK(summary.at("total_input_tokens") == bench.sum("prompt_tokens"));
  CHECK(summary.at("total_output_tokens") == bench.sum("output_tokens"));
  CHECK(summary.at("mean_ttft_ms").get<double>() == Approx(bench.sum("ttft_s") / 0.040).epsilon(1e-9));
}

TEST_CASE("The resolved scenario runs again, from another folder, to the same bytes") {
  const std::string sets =
      GENERATE(as<std::string>(), "", R"( --set '/workload={"trace": "trace.csv"}')",
               " --set /model=mixtral-8x7b --set /model_overrides/num_hidden_layers=3"
               R"( --set '/deployment={"data_parallel_size": 4, "enable_expert_parallel": true}')");
  const Bench bench;
  REQUIRE(bench.run("run chat.json --out out" + sets) == 0);
  REQUIRE(bench.run("run out/scenario.json --out again") == 0);
  for (const std::string name : {"requests.csv", "steps.csv", "scenario.json"})
    CHECK(bench.text("again/" + name) == bench.text("out/" + name));
}

TEST_CASE("Values given with --set take the place of the file's, and compose") {
  const Bench bench;
  const std::string sets = "--set /workload/num_requests=7 --set /deployment/tensor_parallel_size=2";
  REQUIRE(bench.run("run chat.json --out out " + sets) == 0);
  CHECK(bench.json("out/summary.json").at("completed") == 7);
  CHECK(bench.json("out/summary.json").at("gpus") == 2);
}

TEST_CASE("What does not fit exits 1 with its memory and a change with which it fits") {
  std::string line = "run chat.json --set /model=";  // the last one's weights fit, but not one sequence
  line += GENERATE("llama-3.1-70b", "mixtral-8x7b", "llama-3.1-70b --set /deployment/tensor_parallel_size=2");
  const Bench bench;
  CHECK(bench.run(line) == 1);
  CHECK(bench.text(".out").empty());
  const std::string message = bench.text(".err");
  for (const char* part : {"GPU memory", "weights", "KV pool"}) CHECK_THAT(message, Contains(part));
  std::smatch change;
  REQUIRE(std::regex_search(message, change, std::regex("(/[a-z]+/[a-z_]+)[ =]([0-9]+)")));
  CHECK(bench.run(line + " --set " + change.str(1) + "=" + change.str(2)) == 0);
}

TEST_CASE("Wrong input exits 2 with one line that names the place and the choices, and leaves nothing") {
  const Bench bench;
  bench.folder.write("cut.json", R"({"model": "llama-3.1-8b", )");
  bench.folder.write("twice.json", R"({"model": "llama-3.1-8b", "model": "llama-3.1-8b"})");
  bench.folder.write("bad.csv", "arrival_s,prompt_tokens,output_tokens\n0,100,5\n1,ten,5\n");
  const std::string set = "run chat.json --set ", tensor = "/deployment/tensor_parallel_size";
  const std::string moe = "/model=mixtral-8x7b --set /deployment/enable_expert_parallel=true --set ";
  // The line, and what the message must hold, in parts.
  const std::vector<std::pair<std::string, std::string>> cases = {
      {set + "/workload/num_request=3", "chat.json: /workload/num_request: |\"num_requests\"?|one of |trace"},
      {set + "/workload/num_requests=-1", "chat.json: /workload/num_requests: -1 |from 1 to "},
      {set + "/engine/block_size=0", "chat.json: /engine/block_size: 0 |from 1 to "},
      {set + "'/slo={\"ttft_p99\": \"2 parsec\"}'", "chat.json: /slo/ttft_p99: |2 parsec|ms, s, min"},
      {set + "/model=llama-3.1-8", "chat.json: /model: |\"llama-3.1-8b\"?|one of |mixtral-8x7b"},
      {set + "/cluster=hgx-h10", "chat.json: /cluster: |\"hgx-h100\"?|one of |hgx-h200"},
      {set + "/engine/scheduler=fcsf", "chat.json: /engine/scheduler: |\"fcfs\"?|one of |prefill_first"},
      {set + "/engine/profile=vlm", "chat.json: /engine/profile: |\"vllm\"?|one of |reference"},
      {set + "/routing/preset=rondom", "chat.json: /routing/preset: |\"random\"?|one of |mixtral-8x7b"},
      {set + tensor + "=3", "chat.json: " + tensor + ": |32 attention heads|1, 2, 4, 8"},
      {set + moe + "/deployment/data_parallel_size=3", "chat.json: /deployment/|8 experts|1, 2, 4, 8"},
      {set + R"('/workload={"trace": "bad.csv"}')", "bad.csv: line 3: prompt_tokens: |\"ten\""},
      {set + "workload/num_requests=3", "--set workload/num_requests: |begins with '/'"},
      {"run none.json", "none.json: |No such file"},
      {"run cut.json", "cut.json: line 1, column |unexpected end"},
      {"run twice.json", "twice.json: line 1, column |duplicate key \"model\""},
      {"run chat.json --outt out", "switchyard run: |--outt|--help"},
      {"run", "switchyard run: |no scenario|--help"},
      {"rnu chat.json", "\"rnu\"|did you mean \"run\"?|choose one of run, step, sweep"},
      {"list modles", "\"modles\"|did you mean \"models\"?|choose one of models, gpus, clusters"},
      {"step chat.json --decode 4", "--decode: |--context"}};
  for (const auto& [line, message] : cases) {
    INFO("switchyard " << line);
    CHECK(bench.run(line) == 2);
    CHECK(bench.text(".out").empty());
    const std::string said = bench.text(".err");
    CHECK(said.find('\n') == said.size() - 1);
    for (const std::string& part : split(message, '|')) CHECK_THAT(said, Contains(part));
  }
  CHECK(bench.files().size() == 7);  // those above, and what was printed
}

TEST_CASE("A step's parts sum to its time, it tells the experts of every MoE layer, and needs no workload") {
  const auto [scenario, layers, experts] = GENERATE(table<std::string, std::size_t, double>(  // of a rank
      {{R"({"model": "llama-3.1-8b"})", 0, 0},
       {R"({"model": "deepseek-v3", "model_overrides": {"num_hidden_layers": 5}})", 2, 256},
       {R"({"model": "mixtral-8x7b", "model_overrides": {"num_hidden_layers": 4}, "deployment":
            {"data_parallel_size": 2, "pipeline_parallel_size": 2, "enable_expert_parallel": true}})",
        4, 4}}));
  const std::string query = GENERATE("--decode 16 --context 100", "--prefill 64", "--prefill 64 --context 9");
  const Bench bench;
  bench.folder.write("step.json", scenario);
  INFO(scenario << " " << query);
  REQUIRE(bench.run("step step.json --format json " + query) == 0);
  const Json step = bench.json(".out"), parts = step.at("breakdown_ms");
  double total = 0.0;
  for (const char* part :
       {"attention", "dense_gemm", "expert", "gate", "communication", "elementwise", "head", "host"})
    total += parts.at(part).get<double>();
  CHECK(step.at("step_ms").get<double>() == Approx(total).epsilon(1e-9));
  CHECK(step.at("device_ms").get<double>() == Approx(total - parts.at("host").get<double>()).epsilon(1e-9));
  CHECK((parts.at("expert").get<double>() > 0.0) == (layers > 0));
  for (const char* key : {"gpu_profile_text", "engine_text", "error_text"})
    CHECK(!step.at("trust").at(key).get<std::string>().empty());
  CHECK((parts.size() == 8 && step.at("active_experts_per_layer").size() == layers));
  for (const double active : step.at("active_experts_per_layer")) CHECK((active > 0.0 && active <= experts));
}

TEST_CASE("The list names everything, whole and menu by menu") {
  const Bench bench;
  CHECK(bench.run("list") == 0);
  const std::string all = bench.text(".out");
  std::string menus;
  for (const std::string& row : split(all, '\n')) {
    const std::string menu = row.substr(0, row.find(' '));
    if (menu.empty()) continue;  // a name of the menu before
    CHECK(bench.run("list " + menu) == 0);
    CHECK_FALSE(bench.text(".out").empty());
    menus += "\n" + bench.text(".out");
  }
  for (const std::string name : {"llama-3.1-8b", "h100_sxm", "hgx-h100", "vllm", "chunked_prefill"}) {
    CHECK_THAT(all, Contains("\n  " + name));
    CHECK_THAT(menus, Contains("\n" + name));
  }
}

TEST_CASE("What cannot be printed whole does not look finished") {
  const Bench bench;
  for (const char* line :
       {"list >/dev/full", "run chat.json >/dev/full", "step chat.json --prefill 9 >/dev/full"}) {
    CHECK(bench.run(line) == 2);
    CHECK_THAT(bench.text(".err"), Contains("standard output: cannot be written"));
  }
}

TEST_CASE("A long run shows progress on a terminal, and Ctrl-C leaves what was finished") {
  const int terminal = posix_openpt(O_RDWR | O_NOCTTY);
  REQUIRE((terminal >= 0 && grantpt(terminal) == 0 && unlockpt(terminal) == 0));
  const std::string line =
      "run chat.json --out out --set /workload/num_requests=100000000 --set /engine/max_model_len=140 "
      R"(--set '/workload/arrivals={"process": "concurrency", "value": 8}' 2>)";
  const Bench bench;
  const int status = bench.run(line + ptsname(terminal), [&](pid_t process) {
    const std::regex progress("[1-9][0-9]* of 100000000 requests");
    std::string shown;
    for (char c = 0; !std::regex_search(shown, progress) && read(terminal, &c, 1) == 1;) shown += c;
    kill(process, SIGINT);
  });
  close(terminal);
  CHECK(status == 130);
  const Json summary = bench.json("out/summary.json");
  const auto count = [&](const char* outcome) { return summary.at(outcome).get<std::size_t>(); };
  CHECK((count("completed") > 0 && count("unfinished") > 0 && count("rejected") > 0));
  CHECK(count("completed") + count("unfinished") + count("rejected") == count("submitted"));
  std::ifstream requests(bench.path("out/requests.csv"));  // of any length
  const auto lines = std::count(std::istreambuf_iterator<char>(requests), {}, '\n');
  CHECK(static_cast<std::size_t>(lines) == 1 + count("submitted"));
}

}  // namespace switchyard
