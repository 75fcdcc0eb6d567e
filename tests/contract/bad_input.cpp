// Running a row, and judging what came of it.
#include "tests/contract/bad_input.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <set>

#include "sim/base/files.hpp"

namespace switchyard {
namespace {

#ifdef SWITCHYARD_SANITIZED
constexpr rlim_t kSlower = 10;
#else
constexpr rlim_t kSlower = 1;
#endif
constexpr rlim_t kSeconds = 2 * kSlower;                   // of processor time
constexpr long kKibibytes = 200 * 1024 * long{kSlower};    // at most resident
constexpr unsigned kLongestWait = 60 * unsigned{kSlower};  // for one that hangs

std::vector<std::string> split(const std::string& text, const std::string& separator) {
  std::vector<std::string> parts;
  std::size_t begin = 0;
  for (std::size_t end; (end = text.find(separator, begin)) != text.npos; begin = end + separator.size())
    parts.push_back(text.substr(begin, end - begin));
  parts.push_back(text.substr(begin));
  return parts;
}

std::set<std::string> files_in(const std::filesystem::path& folder) {
  std::set<std::string> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder))
    files.insert(entry.path().string());
  return files;
}

struct Ended {
  int status = 0;  // of wait()
  long kibibytes = 0;
  std::string printed, said;
};

[[noreturn]] void become_program(const std::filesystem::path& folder, std::vector<std::string> arguments) {
  const rlimit time{kSeconds, kSeconds};
  const bool ready = chdir(folder.c_str()) == 0 && setrlimit(RLIMIT_CPU, &time) == 0;
  alarm(kLongestWait);
  const int in = open("/dev/null", O_RDONLY);
  const int out = open(".out", O_WRONLY | O_CREAT | O_TRUNC, 0600);
  const int err = open(".err", O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (!ready || dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(err, 2) < 0) _exit(126);
  std::string name = "switchyard";
  std::vector<char*> words = {name.data()};
  for (std::string& argument : arguments) words.push_back(argument.data());
  words.push_back(nullptr);
  execv(SWITCHYARD_BINARY, words.data());
  _exit(127);
}

Ended run(const std::filesystem::path& folder, const std::vector<std::string>& arguments) {
  const pid_t process = fork();
  if (process == 0) become_program(folder, arguments);
  Ended ended;
  rusage used{};
  REQUIRE(wait4(process, &ended.status, 0, &used) == process);
  ended.kibibytes = used.ru_maxrss;
  ended.printed = read_text_file((folder / ".out").string());
  ended.said = read_text_file((folder / ".err").string());
  return ended;
}

bool is_one_printable_line(const std::string& text) {
  const auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  return !text.empty() && text.back() == '\n' && std::none_of(text.begin(), text.end() - 1, control);
}

}  // namespace

BadInput with_values(std::string what, const std::string& values, std::string says, int status) {
  BadInput row{std::move(what), {"run", "chat.json"}, std::move(says), status};
  for (const std::string& value : split(values, " & "))
    row.arguments.insert(row.arguments.end(), {"--set", value});
  return row;
}

BadInputBench::BadInputBench() {
  folder_.write("trace.csv", "arrival_s,prompt_tokens,output_tokens\n0,100,5\n0.01,40,9\n0.5,70,1\n");
  const std::string scenario = R"({"model": "llama-3.1-8b", "cluster": "hgx-h100",
      "workload": {"arrivals": {"process": "poisson", "rate": 50}, "num_requests": 40,
        "prompt_tokens": {"distribution": "uniform", "min": 50, "max": 150},
        "output_tokens": {"distribution": "uniform", "min": 2, "max": 12}}})";
  folder_.write("chat.json", scenario);
  folder_.write("study.json", R"({"scenario": "chat.json", "sweep": {"/seed": [1, 2]}})");
  folder_.write(".out", "");
  folder_.write(".err", "");
}

void BadInputBench::check(const std::vector<BadInput>& rows) {
  const std::set<std::string> files = files_in(folder_.path());
  for (const BadInput& row : rows) {
    const Ended ended = run(folder_.path(), row.arguments);
    INFO(row.what << ": " << ended.said.substr(0, 2000));
    CHECK((WIFEXITED(ended.status) && WEXITSTATUS(ended.status) == row.status));
    CHECK(ended.kibibytes < kKibibytes);
    CHECK(ended.printed.empty());
    if (row.status == 2) CHECK(is_one_printable_line(ended.said));
    for (const std::string& part : split(row.says, "|")) CHECK_THAT(ended.said, Catch::Contains(part));
  }
  CHECK(files_in(folder_.path()) == files);
}

}  // namespace switchyard
