// Workers: answers, crashes, and processes that must not be left behind.
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <map>

#include "sim/study/workers.hpp"
#include "tests/support/temporary_folder.hpp"

namespace switchyard {
namespace {

std::map<std::uint64_t, Workers::Ended> run_all(Workers& workers, std::uint64_t tasks) {
  std::map<std::uint64_t, Workers::Ended> ended;
  for (std::uint64_t next = 0; next < tasks || !workers.idle();) {
    while (next < tasks && !workers.full()) workers.start(next++);
    for (Workers::Ended& one : workers.wait(std::chrono::seconds(5))) ended[one.task] = one;
  }
  return ended;
}

}  // namespace

TEST_CASE("Every task's text comes back whole, also when it is longer than a pipe holds") {
  Workers workers(3,
                  [](std::uint64_t task) { return std::string(100'000 * task, 'x') + std::to_string(task); });
  const auto ended = run_all(workers, 7);
  REQUIRE(ended.size() == 7);
  for (const auto& [task, one] : ended)
    CHECK(*one.text == std::string(100'000 * task, 'x') + std::to_string(task));
}

TEST_CASE("A task that dies by a signal is tried again before it is given up") {
  const TemporaryFolder folder;
  Workers workers(2, [&](std::uint64_t task) -> std::string {
    const auto mark = folder.path() / std::to_string(task);
    const bool first = !std::filesystem::exists(mark);
    folder.write(std::to_string(task), "");
    if (task == 0 || (task == 1 && first)) kill(getpid(), SIGKILL);
    return "done";
  });
  const auto ended = run_all(workers, 3);
  CHECK(ended.at(0).failure == "signal 9");
  CHECK_FALSE(ended.at(0).text.has_value());
  CHECK(*ended.at(1).text == "done");
  CHECK(*ended.at(2).text == "done");
}

TEST_CASE("A task that throws is reported with its exit status") {
  Workers workers(1, [](std::uint64_t) -> std::string { throw 1; });
  CHECK(run_all(workers, 1).at(0).failure == "exit status 70");
}

TEST_CASE("What still runs is killed with its workers") {
  const TemporaryFolder folder;
  pid_t process = 0;
  {
    Workers workers(1, [&](std::uint64_t) -> std::string {
      folder.write("process", std::to_string(getpid()) + "\n");
      for (;;) pause();
    });
    workers.start(0);
    while (process == 0) {
      workers.wait(std::chrono::milliseconds(1));
      std::string line;
      if (std::getline(std::ifstream(folder.path() / "process"), line) && !line.empty())
        process = std::stoi(line);
    }
  }
  CHECK(kill(process, 0) != 0);
}

}  // namespace switchyard
