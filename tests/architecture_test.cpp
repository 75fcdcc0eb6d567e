// The rules of the source tree itself: who may include whom, what lies where, how long a file gets.
#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;
using Folders = std::set<std::string>;

Folders with(Folders folders, const Folders& more) {
  folders.insert(more.begin(), more.end());
  return folders;
}

// CONTRIBUTING.md explains this table. The rest of sim/ (the study, the scenario, main) may include
// everything.
const std::map<std::string, Folders>& may_include() {
  static const Folders pure = {"sim/base", "topologies",      "workloads",
                               "kernels",  "sim/collectives", "sim/cost"};
  static const std::map<std::string, Folders> table = {
      {"sim/base", {}},
      {"kernels", {}},
      {"topologies", {"sim/base"}},
      {"sim/record", {"sim/base"}},
      {"workloads", {"sim/base", "kernels"}},
      {"sim/collectives", {"sim/base", "topologies"}},
      {"sim/cost", {"sim/base", "topologies", "workloads"}},
      {"sim/plan", pure},
      {"sim/engine", {"sim/base", "topologies", "sim/collectives", "sim/plan"}},
      {"sim/serving", with(pure, {"sim/plan", "sim/engine", "sim/record"})},
      {"sim/report", {"sim/base", "sim/record"}},
  };
  return table;
}

const Folders kProgram = {"kernels", "workloads", "topologies", "sim"};

const Folders kTopLevel = {"switchyard",    "packages.txt",    "CMakeLists.txt", "CMakePresets.json",
                           "README.md",     "CONTRIBUTING.md", "LICENSE",        "NOTICE",
                           ".clang-format", ".clang-tidy",     ".gitignore",     ".ci",
                           "workloads",     "kernels",         "topologies",     "sim",
                           "tests",         "results"};

struct Source {
  std::string path;  // from the root, "sim/base/json.hpp"
  std::vector<std::string> lines;
};

std::vector<std::string> read_lines(const fs::path& file) {
  std::ifstream stream(file);
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

std::vector<Source> sources_in(const Folders& folders, const Folders& extensions) {
  const fs::path root = SWITCHYARD_SOURCE_DIR;
  std::vector<Source> sources;
  for (const std::string& folder : folders) {
    if (!fs::exists(root / folder)) continue;
    for (const auto& entry : fs::recursive_directory_iterator(root / folder)) {
      if (!entry.is_regular_file() || extensions.count(entry.path().extension().string()) == 0) continue;
      sources.push_back({entry.path().lexically_relative(root).generic_string(), read_lines(entry.path())});
    }
  }
  std::sort(sources.begin(), sources.end(), [](const auto& a, const auto& b) { return a.path < b.path; });
  REQUIRE(!sources.empty());
  return sources;
}

std::vector<Source> program_sources() { return sources_in(kProgram, {".hpp", ".cpp"}); }

// "sim/base" of "sim/base/json.hpp", "kernels" of "kernels/simd/gate.cpp", "sim" of "sim/main.cpp".
std::string folder_of(const std::string& path) {
  static const std::regex folder("^(sim/[^/]+(?=/)|[^/]+)");
  std::smatch match;
  return std::regex_search(path, match, folder) ? match.str() : path;
}

std::vector<std::string> matches(const Source& source, const std::regex& pattern) {
  std::vector<std::string> found;
  for (const std::string& line : source.lines) {
    std::smatch match;
    if (std::regex_search(line, match, pattern)) found.push_back(match[1]);
  }
  return found;
}

const std::regex kOurInclude(R"re(^\s*#\s*include\s*["<]((sim|kernels|workloads|topologies)/[^">]+)[">])re");
const std::regex kQuotedInclude(R"re(^\s*#\s*include\s*"([^"]+)")re");
const std::regex kTheirInclude(R"re(^\s*#\s*include\s*<([^>]+)>)re");

// What git tracks; nothing where there is no git or no repository.
std::vector<std::string> tracked_files() {
  const std::string command = "git -C '" SWITCHYARD_SOURCE_DIR "' ls-files 2>/dev/null";
  std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), pclose);
  std::string text;
  std::array<char, 4096> buffer{};
  while (pipe && std::fgets(buffer.data(), buffer.size(), pipe.get()) != nullptr) text += buffer.data();
  std::istringstream stream(text);
  std::vector<std::string> files;
  for (std::string line; std::getline(stream, line);) files.push_back(line);
  return files;
}

}  // namespace

TEST_CASE("Folders include only what the table of dependencies allows") {
  for (const Source& source : program_sources()) {
    const std::string from = folder_of(source.path);
    const auto row = may_include().find(from);
    for (const std::string& included : matches(source, kOurInclude)) {
      INFO(source.path << " includes " << included);
      if (row == may_include().end() || folder_of(included) == from) continue;
      CHECK(row->second.count(folder_of(included)) == 1);
    }
    for (const std::string& included : matches(source, kQuotedInclude)) {
      INFO(source.path << " includes " << included);
      CHECK(fs::exists(fs::path(SWITCHYARD_SOURCE_DIR) / included));
    }
  }
}

TEST_CASE("Every folder of the program has its row in the table or may include everything") {
  const Folders unrestricted = {"sim", "sim/study"};
  for (const Source& source : program_sources()) {
    const std::string folder = folder_of(source.path);
    INFO(source.path);
    CHECK(may_include().count(folder) + unrestricted.count(folder) == 1);
  }
}

TEST_CASE(
    "Only sim/engine includes SimGrid, only sim/study/sweep/mpi MPI, and nobody the standard random "
    "numbers") {
  for (const Source& source : program_sources()) {
    for (const std::string& included : matches(source, kTheirInclude)) {
      INFO(source.path << " includes " << included);
      const bool simgrid = included.rfind("simgrid/", 0) == 0 || included.rfind("xbt/", 0) == 0;
      CHECK((!simgrid || folder_of(source.path) == "sim/engine"));
      CHECK((included != "mpi.h" || source.path.starts_with("sim/study/sweep/mpi/")));
      CHECK(included != "random");
    }
  }
}

// Sweeps run in processes, and the engine must not be forked with threads about. Those of on_threads are
// joined before it returns, and the thread sanitizer watches them (tests/gates).
TEST_CASE("Only on_threads starts threads") {
  const std::regex thread(
      R"re((std::jthread|std::async|std::thread(?!::hardware_concurrency)|pthread_create|#\s*pragma omp))re");
  for (const Source& source : sources_in(with(kProgram, {"tests"}), {".hpp", ".cpp"})) {
    if (source.path == "tests/architecture_test.cpp" || source.path == "kernels/on_threads.cpp") continue;
    INFO(source.path);
    CHECK(matches(source, thread).empty());
  }
}

TEST_CASE("The top level holds nothing but what it is meant to") {
  const std::vector<std::string> files = tracked_files();
  if (files.empty()) {
    WARN("skipped: this is not a git checkout");
    return;
  }
  for (const std::string& file : files) {
    INFO(file);
    CHECK(kTopLevel.count(file.substr(0, file.find('/'))) == 1);
  }
}

TEST_CASE("No source is longer than 400 lines") {
  for (const Source& source : sources_in(with(kProgram, {"tests"}),
                                         {".hpp", ".cpp", ".py", ".js", ".mjs", ".css", ".html", ".cmake"})) {
    INFO(source.path);
    CHECK(source.lines.size() <= 400);
  }
}

TEST_CASE("Every source opens with a comment on what it is for") {
  const std::regex comment(R"re(^(//|/\*|<!--|"""|#[! ]).*)re");
  for (const Source& source :
       sources_in(with(kProgram, {"tests"}), {".hpp", ".cpp", ".py", ".js", ".mjs", ".css", ".cmake"})) {
    INFO(source.path);
    REQUIRE(!source.lines.empty());
    CHECK(std::regex_match(source.lines.front(), comment));
  }
}

TEST_CASE("Headers are guarded by #pragma once") {
  for (const Source& source : sources_in(kProgram, {".hpp"})) {
    INFO(source.path);
    CHECK(std::count(source.lines.begin(), source.lines.end(), "#pragma once") == 1);
  }
}

TEST_CASE("No type is named a manager, a helper, a utility or an implementation") {
  const std::regex vague(R"re(\b(?:class|struct)\s+(\w*(?:Manager|Helper|Utils?|Utility|Impl))\b)re");
  for (const Source& source : program_sources()) {
    INFO(source.path);
    CHECK(matches(source, vague).empty());
  }
}

TEST_CASE("No text names a path of one machine") {
  const std::regex machine_path(R"re((?:^|[\s"'`(=])(/(?:home|root|Users|work|mnt|workspace)/\w))re");
  for (const Source& source :
       sources_in(with(kProgram, {"tests", "results"}),
                  {".hpp", ".cpp", ".py", ".js", ".mjs", ".json", ".md", ".txt", ".csv"})) {
    INFO(source.path);
    CHECK(matches(source, machine_path).empty());
  }
}
