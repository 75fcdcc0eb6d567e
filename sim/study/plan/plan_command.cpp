// switchyard plan: a study from its file to the cheapest deployments.
#include <algorithm>
#include <iostream>

#include "sim/base/files.hpp"
#include "sim/base/menu.hpp"
#include "sim/command.hpp"
#include "sim/report/plan_page.hpp"
#include "sim/study/plan/plan.hpp"
#include "sim/study/plan/table.hpp"
#include "sim/study/plan/text.hpp"
#include "sim/study/progress_line.hpp"

namespace switchyard {
namespace {

namespace po = boost::program_options;

constexpr int kNothingMeets = 1;

po::options_description plan_options() {
  po::options_description options(
      "switchyard plan STUDY.json --out DIR\n"
      "Searches deployments of several models on several GPU types under an SLO and a budget. Finished "
      "simulations are kept in\n"
      "DIR/journal.jsonl: the same command goes on where it was stopped. Exit status 0, 1 when no candidate "
      "meets the SLO, 70 when\n"
      "simulations failed");
  options.add_options()("study", po::value<std::string>(), "the study's file")(
      "out", po::value<std::string>(),
      "folder for plan.json, plan.csv, report.html, study.json, journal.jsonl")(
      "jobs", po::value<std::string>(), "simulations at once; else as many as there are cores")(
      "minimise", po::value<std::string>(), "gpus | cost | energy, whatever the study says")(
      "maximise", po::value<std::string>(), "goodput, whatever the study says")("help", "this text");
  return options;
}

/// "minimise_cost"; empty: as the study says.
std::string objective_of(const po::variables_map& options) {
  if (options.count("minimise") && options.count("maximise"))
    throw InputError("--maximise", "and --minimise are both given; give one");
  for (const std::string verb : {"minimise", "maximise"}) {
    if (!options.count(verb)) continue;
    std::vector<std::string> known;
    for (const std::string& name : names(objectives()))
      if (name.starts_with(verb)) known.push_back(name.substr(verb.size() + 1));
    const std::string what = options[verb].as<std::string>();
    if (std::find(known.begin(), known.end(), what) == known.end())
      throw InputError("--" + verb, "unknown objective " + in_quotes(what) + "; " + choices(what, known));
    return verb + "_" + what;
  }
  return "";
}

/// Shows how far it is until it is done.
PlanFindings make_shown_plan(const PlanStudy& study, const std::deque<PlanBase>& bases, Journal& journal,
                             std::size_t jobs, Interruption& interruption) {
  ProgressLine line;
  Prober prober(journal, jobs, interruption, study.base_folder,
                [&](const PlanProgress& progress) { line.show(progress.phase, words_of(progress)); });
  return make_plan(study, bases, prober);
}

}  // namespace

int plan_command(const Arguments& arguments) {
  const po::variables_map options = parse_arguments(arguments, plan_options(), "plan", {"study"});
  if (options.count("help")) {
    std::cout << plan_options();
    return 0;
  }
  if (!options.count("out")) throw InputError("--out", "is missing; give a folder for the results");
  const std::size_t jobs = jobs_or_cores(options);
  const std::string folder = options["out"].as<std::string>();

  Interruption interruption;
  const PlanStudy study = read_plan_study(options["study"].as<std::string>(), objective_of(options));
  const std::deque<PlanBase> bases = read_bases(study);
  make_folder(folder);
  Journal journal(folder + "/journal.jsonl");
  write_file_atomically(folder + "/study.json", pretty(to_json(study)));
  try {
    const PlanFindings findings = make_shown_plan(study, bases, journal, jobs, interruption);
    write_file_atomically(folder + "/plan.csv", plan_csv(study, findings.chains));
    const Json document = plan_document(findings);
    write_file_atomically(folder + "/plan.json", pretty(document));
    write_file_atomically(folder + "/report.html", plan_page(document));
    std::cout << plan_text(document) << "  See " << folder << "/report.html, plan.json and plan.csv\n";
    if (findings.winners.empty()) return kNothingMeets;
    return findings.failures > 0 ? kSomeFailed : 0;
  } catch (const PlanInterrupted&) {
    std::cerr << "interrupted: finished simulations are in " << folder
              << "/journal.jsonl; run the same command again to go on\n";
    return kInterrupted;
  }
}

}  // namespace switchyard
