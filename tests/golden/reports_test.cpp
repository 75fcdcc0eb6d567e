// Whole reports of small runs against reviewed baselines, NAME.txt (console) and NAME.json (summary.json
// without wall times), beside this file; comparison.txt is what compare prints for two of them.
// SWITCHYARD_RENEW_GOLDEN=1 writes them anew: review the difference before committing it.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>

#include "sim/report/tables.hpp"
#include "sim/study/compare/comparison.hpp"
#include "sim/study/compare/probe.hpp"
#include "sim/study/point.hpp"
#include "sim/summarise.hpp"

using namespace switchyard;

namespace {

struct Report {
  std::string console, summary;
};

/// The scenario NAME.scenario.json beside this file, run.
Report report_of(const std::filesystem::path& folder, const std::string& name) {
  const std::string path = (folder / (name + ".scenario.json")).string();
  const System system(read_scenario(read_scenario_json(path, {}), name, folder.string()), Scope::serving);
  const Simulation simulation = simulate(system);
  const Scenario& scenario = system.scenario();
  const Metrics metrics = compute_metrics(simulation.result.log, scenario.slo, scenario.deployment.gpus());
  Summary summary = summarise(system, simulation, metrics);
  summary.wall = summary.bank = Seconds(0.0);  // of the machine, not of the run
  const Json json = without_wall_times(summary_json(summary));
  return {console_table(describe(scenario), summary) + "\n" + rank_lines(scenario), json.dump(2) + "\n"};
}

std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

/// Where two texts first differ, in words; nothing when they are equal.
std::optional<std::string> first_difference(const std::string& expected, const std::string& actual) {
  if (expected == actual) return std::nullopt;
  std::istringstream left(expected), right(actual);
  const auto line_of = [](std::istream& in) {
    std::string line;
    return std::getline(in, line) ? line : std::string("(the end)");
  };
  for (int number = 1;; ++number) {
    const bool over = left.eof() && right.eof();
    const std::string a = line_of(left), b = line_of(right);
    if (a != b || over)
      return "line " + std::to_string(number) + "\n  baseline: " + a + "\n  now:      " + b +
             "\nSWITCHYARD_RENEW_GOLDEN=1 renews the baselines; review what changed.";
  }
}

void compare(const std::filesystem::path& baseline, const std::string& text) {
  if (std::getenv("SWITCHYARD_RENEW_GOLDEN") != nullptr) {
    std::ofstream(baseline, std::ios::binary) << text;
    WARN("renewed " << baseline.filename().string());
    return;
  }
  REQUIRE(std::filesystem::exists(baseline));
  const std::optional<std::string> difference = first_difference(read_file(baseline), text);
  INFO(baseline.filename().string() << ": " << difference.value_or("as before"));
  CHECK_FALSE(difference);
}

}  // namespace

TEST_CASE("Whole reports equal their reviewed baselines", "[golden]") {
  const std::filesystem::path folder = std::filesystem::path(SWITCHYARD_SOURCE_DIR) / "tests/golden";
  const char* name = GENERATE("dense-poisson", "moe-expert-parallel", "closed-loop");
  const Report report = report_of(folder, name);
  compare(folder / (std::string(name) + ".txt"), report.console);
  compare(folder / (std::string(name) + ".json"), report.summary);
}

TEST_CASE("A comparison equals its reviewed baseline", "[golden]") {
  const std::filesystem::path folder = std::filesystem::path(SWITCHYARD_SOURCE_DIR) / "tests/golden";
  const std::vector<std::string> names = {"dense-poisson", "moe-expert-parallel"};
  std::vector<Scenario> scenarios;
  std::vector<PointOutcome> outcomes;
  std::vector<Json> probes;
  for (const std::string& name : names) {
    const std::string path = (folder / (name + ".scenario.json")).string();
    scenarios.push_back(read_scenario(read_scenario_json(path, {}), name, folder.string()));
    outcomes.push_back(
        run_point(scenarios.back(), {}, [&](const System& system, const Simulation&, const Summary& summary) {
          probes.push_back(probe(system, mean_request(summary.metrics).value()));
        }));
  }
  compare(folder / "comparison.txt", comparison_table(compare(names, scenarios, outcomes, probes)));
}

TEST_CASE("The first line that differs is shown with its number", "[golden]") {
  CHECK_FALSE(first_difference("a\nb\n", "a\nb\n"));
  CHECK_THAT(first_difference("a\nb\nc\n", "a\nx\nc\n").value(),
             Catch::StartsWith("line 2\n  baseline: b\n  now:      x\n"));
  CHECK_THAT(first_difference("a\n", "a\nb\n").value(),
             Catch::StartsWith("line 2\n  baseline: (the end)\n  now:      b\n"));
}
