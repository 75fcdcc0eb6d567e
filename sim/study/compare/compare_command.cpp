// switchyard compare: scenarios run as `run` does, their figures side by side.
#include <algorithm>
#include <array>
#include <filesystem>
#include <iostream>
#include <thread>

#include "sim/base/files.hpp"
#include "sim/base/menu.hpp"
#include "sim/command.hpp"
#include "sim/progress.hpp"
#include "sim/report/page.hpp"
#include "sim/run_files.hpp"
#include "sim/study/compare/comparison.hpp"
#include "sim/study/compare/probe.hpp"
#include "sim/study/figures.hpp"
#include "sim/study/progress_line.hpp"
#include "sim/study/workers.hpp"

namespace switchyard {
namespace {

namespace po = boost::program_options;

constexpr int kAllInfeasible = 1;
constexpr std::chrono::milliseconds kGlance{200};

struct Form {
  std::string_view name;
  std::string_view description;
  std::string (*text)(const Comparison&);
};

constexpr std::array<Form, 2> kForms = {{
    {"text", "a table", comparison_table},
    {"json", "every value in full", [](const Comparison& c) { return pretty(comparison_json(c)); }},
}};

po::options_description compare_options() {
  po::options_description options(
      "switchyard compare A.json B.json [C.json ...]\n"
      "Runs each scenario, probes it with single steps, and shows side by side what Dense, MoE and hybrid\n"
      "models need and give, what decides between them, and all figures, those that differ most first.\n"
      "Exit status 0, 1 when none is feasible");
  options.add_options()("scenario", po::value<std::vector<std::string>>(),
                        "the scenarios' files, at least two")(
      "set", po::value<std::vector<std::string>>()->composing(),
      "/json/pointer=VALUE: replace one value of every scenario")(
      "out", po::value<std::string>(),
      "folder for compare.csv, compare.json, report.html and a folder for each scenario with the files of "
      "run "
      "--out")("format", po::value<std::string>()->default_value("text"), "text | json")("help", "this text");
  return options;
}

/// What has been given, or is wrong with it: found before anything runs.
struct Wish {
  std::vector<std::string> names;
  std::vector<Scenario> scenarios;
  const Form* form;
  std::optional<std::string> folder;
};

/// The files' names, without extension; files of one name are told apart by their folders, then by numbers.
std::vector<std::string> names_of(const std::vector<std::string>& paths) {
  namespace fs = std::filesystem;
  const auto stem = [](const std::string& path) { return fs::path(path).stem().string(); };
  std::vector<std::string> names;
  for (const std::string& path : paths) {
    const auto same = [&](const std::string& other) { return stem(other) == stem(path); };
    const std::string parent = fs::absolute(path).lexically_normal().parent_path().filename().string();
    const bool alone = std::count_if(paths.begin(), paths.end(), same) == 1;
    const std::string wanted = alone || parent.empty() ? stem(path) : parent + "-" + stem(path);
    std::string name = wanted;
    for (int number = 2; std::find(names.begin(), names.end(), name) != names.end(); ++number)
      name = wanted + "-" + std::to_string(number);
    names.push_back(name);
  }
  return names;
}

Wish wish_of(const po::variables_map& options) {
  const auto& paths = options["scenario"].as<std::vector<std::string>>();
  if (paths.size() < 2)
    throw InputError("switchyard compare", "only " + paths.front() + " given; give at least two scenarios");
  Wish wish;
  wish.names = names_of(paths);
  wish.form = &choose(std::span<const Form>(kForms), options["format"].as<std::string>(), "--format");
  for (const std::string& path : paths) {
    wish.scenarios.push_back(scenario_at(path, overrides_of(options)));
    check_workload(wish.scenarios.back());
  }
  if (options.count("out")) wish.folder = options["out"].as<std::string>();
  if (wish.folder) make_folder(*wish.folder);
  return wish;
}

/// The probes travel in the summary, under this key.
constexpr const char* kProbes = "probes";

PointOutcome run(const Wish& wish, std::size_t index) {
  Json probes;
  PointOutcome outcome =
      run_point(wish.scenarios[index], {},
                [&](const System& system, const Simulation& simulation, const Summary& summary) {
                  if (const auto request = mean_request(summary.metrics)) probes = probe(system, *request);
                  if (!wish.folder) return;
                  const std::string folder = *wish.folder + "/" + wish.names[index];
                  make_folder(folder);
                  write_run(folder, system, simulation, summary);
                });
  if (outcome.summary.is_object()) outcome.summary[kProbes] = std::move(probes);
  return outcome;
}

std::vector<Json> take_probes(std::vector<PointOutcome>& outcomes) {
  std::vector<Json> probes;
  for (PointOutcome& outcome : outcomes) {
    probes.push_back(figure_at(outcome.summary, "/probes"));
    if (outcome.summary.is_object()) outcome.summary.erase(kProbes);
  }
  return probes;
}

/// One process a scenario. Those that Ctrl-C stops are "interrupted".
std::vector<PointOutcome> run_all(const Wish& wish, Interruption& interruption) {
  const std::size_t count = wish.scenarios.size();
  Workers workers(std::max(1u, std::thread::hardware_concurrency()),
                  [&](std::uint64_t task) { return answer_of([&] { return run(wish, task); }); });
  std::vector<PointOutcome> outcomes(count, {"interrupted", "stopped before its end", nullptr});
  std::size_t next = 0, done = 0;
  ProgressLine progress;
  while (done < count) {
    interruption.poll();
    if (interruption.token().stop_requested()) break;
    while (next < count && !workers.full()) workers.start(next++);
    progress.show("", std::to_string(done) + " of " + std::to_string(count) + " scenarios done");
    for (const Crew::Ended& ended : workers.wait(kGlance)) {
      outcomes[ended.task] = outcome_of(ended, wish.names[ended.task]);
      ++done;
    }
  }
  return outcomes;
}

ComparisonPage page_of(const Comparison& comparison) {
  ComparisonPage page;
  DistinctNotes notes;
  for (const Comparison::Column& column : comparison.columns) {
    page.title += (page.title.empty() ? "" : ", ") + column.name;
    page.facts.emplace_back(column.name, column.description.model + "; " + column.description.deployment +
                                             ", " + column.description.cluster);
    page.summaries.push_back(column.outcome.summary);
    if (column.outcome.summary.is_object()) notes.add(column.outcome.summary["notes"]);
  }
  page.comparison = comparison_json(comparison);
  page.notes = notes.take();
  return page;
}

int status_of(const std::vector<PointOutcome>& outcomes) {
  const auto count = [&](const auto& test) { return std::count_if(outcomes.begin(), outcomes.end(), test); };
  if (count([](const PointOutcome& o) { return o.verdict == "interrupted"; }) > 0) return kInterrupted;
  if (count([](const PointOutcome& o) { return o.failed(); }) > 0) return kSomeFailed;
  return count([](const PointOutcome& o) { return o.verdict == "ok"; }) == 0 ? kAllInfeasible : 0;
}

}  // namespace

int compare_command(const Arguments& arguments) {
  const po::variables_map options =
      parse_arguments(arguments, compare_options(), "compare", {"scenario", Positional::Need::several});
  if (options.count("help")) {
    std::cout << compare_options();
    return 0;
  }
  Interruption interruption;
  const Wish wish = wish_of(options);
  std::vector<PointOutcome> outcomes = run_all(wish, interruption);
  const std::vector<Json> probes = take_probes(outcomes);
  const Comparison comparison = compare(wish.names, wish.scenarios, outcomes, probes);
  std::cout << wish.form->text(comparison);
  if (wish.folder) {
    write_file_atomically(*wish.folder + "/compare.csv", comparison_csv(comparison));
    write_file_atomically(*wish.folder + "/compare.json", pretty(comparison_json(comparison)));
    write_file_atomically(*wish.folder + "/report.html", comparison_page(page_of(comparison)));
  }
  return status_of(outcomes);
}

}  // namespace switchyard
