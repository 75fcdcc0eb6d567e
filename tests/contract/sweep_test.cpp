// `switchyard sweep` as a user runs it: the same bytes however it was run, and stopping it loses nothing.
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <string>
#include <vector>

#include "sim/base/files.hpp"
#include "sim/study/journal.hpp"
#include "tests/contract/program.hpp"
#include "tests/support/temporary_folder.hpp"

namespace switchyard {
namespace {

/// Six points: an MoE model with expert parallelism, a dense one, and one that does not fit, each at two
/// rates.
const std::string kStudy = R"({
  "title": "Three deployments",
  "scenario": {"cluster": "hgx-h200",
    "workload": {"arrivals": {"process": "poisson", "rate": 1}, "num_requests": 20,
      "prompt_tokens": {"distribution": "fixed", "value": 100}, "output_tokens": {"distribution": "fixed", "value": 10}}},
  "zip": {
    "/model": ["mixtral-8x7b", "llama-3.1-8b", "mixtral-8x7b"],
    "/deployment": [{"data_parallel_size": 8, "enable_expert_parallel": true}, {"tensor_parallel_size": 1}, {}],
    "/engine": [{}, {}, {"gpu_memory_utilization": 0.1}]},
  "sweep": {"/workload/arrivals/rate": [5, 20]}})";

pid_t start(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {SWITCHYARD_BINARY, "sweep"});
  std::vector<char*> pointers;
  for (std::string& argument : arguments) pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  const pid_t process = fork();
  if (process == 0) {
    setpgid(0, 0);  // as a shell does
    if (freopen("/dev/null", "w", stdout) == nullptr || freopen("/dev/null", "w", stderr) == nullptr)
      _exit(127);
    execv(pointers[0], pointers.data());
    _exit(127);
  }
  return process;
}

/// The exit status, or 128 + the signal.
int end_of(pid_t process) {
  int status = 0;
  REQUIRE(waitpid(process, &status, 0) == process);
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int run(const std::vector<std::string>& arguments) { return end_of(start(arguments)); }

/// A study's file, and folders for its results.
struct Bench {
  TemporaryFolder folder;
  std::string study = folder.write("study.json", kStudy).string();

  std::string path(const std::string& name) const { return (folder.path() / name).string(); }
  std::string file(const std::string& name) const { return read_text_file(path(name)); }
  std::size_t journal_lines(const std::string& results) const {
    return lines_of(path(results + "/journal.jsonl"));
  }
};

}  // namespace

TEST_CASE("A sweep has one row a point in grid order, and what does not fit is a row with its verdict") {
  const Bench bench;
  REQUIRE(run({bench.study, "--out", bench.path("out")}) == 0);
  const auto rows = rows_of(bench.path("out/sweep.csv"));
  REQUIRE(rows.size() == 6);
  for (std::size_t i = 0; i < 6; ++i) {
    INFO("row " << i);
    CHECK(rows[i].at("/workload/arrivals/rate") == (i % 2 == 0 ? "5" : "20"));
    CHECK(rows[i].at("/model") == (i / 2 == 1 ? "llama-3.1-8b" : "mixtral-8x7b"));
    CHECK(rows[i].at("verdict") == (i < 4 ? "ok" : "infeasible"));
    CHECK(rows[i].at("completed") == (i < 4 ? "20" : ""));
    CHECK(rows[i].at("reason").empty() == (i < 4));
  }
}

TEST_CASE(
    "A point whose sizes do not go together is infeasible too, with the reason; a typing error is refused") {
  const Bench bench;
  const std::string grid = R"({"scenario": {"model": "llama-3.1-8b",
      "workload": {"arrivals": {"process": "all_at_once"}, "num_requests": 2,
        "prompt_tokens": {"distribution": "fixed", "value": 10}, "output_tokens": {"distribution": "fixed", "value": 2}}},
      "sweep": {"/deployment/tensor_parallel_size": [1, 3, 8], "/deployment/replicas": [1, 2]}})";
  const std::string study = bench.folder.write("grid.json", grid).string();
  REQUIRE(run({study, "--out", bench.path("out")}) == 0);
  const auto rows = rows_of(bench.path("out/sweep.csv"));
  const std::vector<std::string> verdicts = {"ok", "ok", "infeasible", "infeasible", "ok", "infeasible"};
  REQUIRE(rows.size() == verdicts.size());
  for (std::size_t i = 0; i < rows.size(); ++i) CHECK(rows[i].at("verdict") == verdicts[i]);
  CHECK_THAT(rows[2].at("reason"), Catch::Contains("attention heads"));
  CHECK_THAT(rows[5].at("reason"), Catch::Contains("16 GPUs"));
  CHECK(bench.journal_lines("out") == 3);
  CHECK(run({study, "--out", bench.path("new"), "--set", "/deployment/replicas=1"}) == 2);
  CHECK(run({study, "--out", bench.path("new"), "--set", "/deployment/replica=1"}) == 2);
  CHECK_FALSE(std::filesystem::exists(bench.path("new")));
}

TEST_CASE("A sweep writes the same bytes for any number of jobs, and its shards make the same table") {
  const Bench bench;
  REQUIRE(run({bench.study, "--out", bench.path("one"), "--jobs", "1"}) == 0);
  REQUIRE(run({bench.study, "--out", bench.path("two"), "--jobs", "2"}) == 0);
  CHECK(bench.file("one/sweep.csv") == bench.file("two/sweep.csv"));
  CHECK(bench.file("one/report.html") == bench.file("two/report.html"));

  REQUIRE(run({bench.study, "--out", bench.path("part"), "--shard", "1/2"}) == 0);
  CHECK(rows_of(bench.path("part/sweep.csv")).size() == 3);
  REQUIRE(run({bench.study, "--out", bench.path("part"), "--shard", "2/2"}) == 0);
  CHECK(bench.journal_lines("part") == 6);
  REQUIRE(run({bench.study, "--out", bench.path("part")}) == 0);
  CHECK(bench.journal_lines("part") == 6);
  CHECK(bench.file("part/sweep.csv") == bench.file("one/sweep.csv"));
}

TEST_CASE("A sweep that was stopped goes on where it was, to the same bytes") {
  struct Stop {
    int signal;
    bool group;               // all its processes at once, as Ctrl-C and as a job's end do
    std::uintmax_t torn = 0;  // bytes that its journal loses, as a crash of the machine may do
  };
  const Stop stop =
      GENERATE(Stop{SIGKILL, false}, Stop{SIGKILL, true, 9}, Stop{SIGINT, true}, Stop{SIGTERM, false});
  const Bench bench;
  const std::string longer = "/workload/num_requests=400";
  const pid_t process = start({bench.study, "--out", bench.path("out"), "--jobs", "2", "--set", longer});
  for (int i = 0; i < 60'000 && bench.journal_lines("out") == 0; ++i) usleep(1000);
  kill(stop.group ? -process : process, stop.signal);
  CHECK(end_of(process) == 128 + stop.signal);
  const std::size_t finished = bench.journal_lines("out");
  CHECK(finished >= 1);
  CHECK(finished < 6);
  CHECK_FALSE(std::filesystem::exists(bench.path("out/sweep.csv")));
  const std::string journal = bench.path("out/journal.jsonl");
  std::filesystem::resize_file(journal, std::filesystem::file_size(journal) - stop.torn);
  const std::string kept = bench.file("out/journal.jsonl");

  REQUIRE(run({bench.study, "--out", bench.path("out"), "--set", longer}) == 0);
  CHECK(bench.file("out/journal.jsonl").starts_with(kept));
  CHECK(bench.journal_lines("out") == 6 + (stop.torn > 0 ? 1 : 0));
  REQUIRE(run({bench.study, "--out", bench.path("whole"), "--set", longer}) == 0);
  CHECK(bench.file("out/sweep.csv") == bench.file("whole/sweep.csv"));
  CHECK(bench.file("out/report.html") == bench.file("whole/report.html"));
}

TEST_CASE(
    "Shards in folders of their own are merged to the bytes of the whole sweep, or what lacks is named") {
  const Bench bench;
  REQUIRE(run({bench.study, "--out", bench.path("1"), "--shard", "1/2"}) == 0);
  const auto merged = [&](const std::string& other) {
    const std::string line = "sweep study.json --out merged --merge 1 " + other;
    return ask(line, bench.folder.path().string());
  };
  CHECK(merged("2").status == 2);
  CHECK_THAT(merged("2").text, Catch::Contains("2/journal.jsonl"));
  CHECK(merged("1").status == 2);
  CHECK_THAT(merged("1").text, Catch::StartsWith("--merge: ") && Catch::Contains("lack 3 of 6 points") &&
                                   Catch::Contains("point 2 of 6 (/model = \"mixtral-8x7b\""));
  CHECK_FALSE(std::filesystem::exists(bench.path("merged")));

  REQUIRE(run({bench.study, "--out", bench.path("2"), "--shard", "2/2"}) == 0);
  CHECK(merged("2").status == 0);
  CHECK(merged("2").status == 0);
  CHECK(bench.journal_lines("merged") == 6);
  REQUIRE(run({bench.study, "--out", bench.path("whole")}) == 0);
  for (const std::string file : {"sweep.csv", "report.html", "study.json"})
    CHECK(bench.file("merged/" + file) == bench.file("whole/" + file));
}

TEST_CASE("A folder takes one sweep at a time, and a launcher of MPI is not for the program without it") {
  const Bench bench;
  make_folder(bench.path("out"));
  {
    const Journal journal(bench.path("out/journal.jsonl"));
    CHECK(run({bench.study, "--out", bench.path("out")}) == 2);
  }
  CHECK(run({bench.study, "--out", bench.path("out")}) == 0);
  for (const std::string count : {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "SLURM_STEP_NUM_TASKS"}) {
    REQUIRE(setenv(count.c_str(), "2", 1) == 0);
    const Answer answer = ask("sweep study.json --out new", bench.folder.path().string());
    REQUIRE(unsetenv(count.c_str()) == 0);
    CHECK(answer.status == 2);
    CHECK_THAT(answer.text, Catch::Contains("2 processes") && Catch::Contains("MPI"));
  }
  CHECK_FALSE(std::filesystem::exists(bench.path("new")));
}

TEST_CASE("Wrong input in any point is found before anything is simulated or written") {
  const Bench bench;
  CHECK(run({bench.study, "--out", bench.path("out"), "--set", "/workload/num_requests=-1"}) == 2);
  CHECK(run({bench.study, "--out", bench.path("out"), "--shard", "3/2"}) == 2);
  CHECK(run({bench.study, "--out", bench.path("out"), "--jobs", "none"}) == 2);
  CHECK(run({bench.study}) == 2);
  CHECK_FALSE(std::filesystem::exists(bench.path("out")));
}

}  // namespace switchyard
