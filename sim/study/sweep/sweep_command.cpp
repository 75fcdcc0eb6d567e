// switchyard sweep: a study from its file to sweep.csv and report.html.
#include <algorithm>
#include <charconv>
#include <iostream>

#include "sim/base/files.hpp"
#include "sim/base/quote.hpp"
#include "sim/command.hpp"
#include "sim/study/sweep/merge.hpp"
#include "sim/study/sweep/ranks.hpp"
#include "sim/study/sweep/sweep.hpp"
#include "sim/study/sweep/table.hpp"

namespace switchyard {
namespace {

namespace po = boost::program_options;

po::options_description sweep_options() {
  po::options_description options(
      "switchyard sweep STUDY.json --out DIR\n"
      "Simulates a scenario for every combination of the values under \"sweep\" (a grid; the first pointer "
      "varies slowest); lists\n"
      "under \"zip\" advance together, as one more axis. Finished points are kept in DIR/journal.jsonl: the "
      "same command goes on\n"
      "where it was stopped. On several machines: shards that --merge joins, or mpirun (CONTRIBUTING.md). "
      "Exit "
      "status 0 when all\n"
      "points have a verdict (\"infeasible\" is one), 70 when some failed");
  options.add_options()("study", po::value<std::string>(), "the study's file")(
      "set", po::value<std::vector<std::string>>()->composing(),
      "/json/pointer=VALUE: replace one value of the scenario")(
      "out", po::value<std::string>(), "folder for sweep.csv, report.html, study.json, journal.jsonl")(
      "jobs", po::value<std::string>(), "points at once; else as many as there are cores")(
      "shard", po::value<std::string>(),
      "I/N: only every N-th point, from the I-th, in a folder of its own; sweep.csv then has only those "
      "rows")(
      "merge", po::value<std::vector<std::string>>()->multitoken(),
      "FOLDER...: simulate nothing; take the points from the journals that the shards left in these folders")(
      "help", "this text");
  return options;
}

std::optional<std::uint64_t> whole_number(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

/// So many processes of this machine.
MakeCrew crew_here(const po::variables_map& options) { return local_crew(jobs_or_cores(options)); }

/// All ranks.
MakeCrew crew_of(const MakeCrew& ranks, const po::variables_map& options) {
  if (!jobs_of(options)) return ranks;
  throw InputError("--jobs",
                   "does not go with mpirun: each rank simulates one point at a time; start as many ranks "
                   "as points are to be simulated at once");
}

Shard shard_of(const po::variables_map& options) {
  if (!options.count("shard")) return {};
  const std::string& text = options["shard"].as<std::string>();
  const std::size_t slash = std::min(text.find('/'), text.size());
  const std::string_view view = text;
  const std::optional<std::uint64_t> index = whole_number(view.substr(0, slash));
  const std::optional<std::uint64_t> count = whole_number(view.substr(std::min(slash + 1, text.size())));
  if (!index || !count || *index < 1 || *index > *count) {
    throw InputError("--shard", in_quotes(text) + " is no I/N; give I from 1 to N, e.g. 2/8");
  }
  return {*index - 1, *count};
}

/// What has been asked for.
struct Wish {
  std::string study, folder;
  std::vector<Override> overrides;
  Shard shard;
  std::vector<std::string> parts;  // that are merged; empty: the sweep is run
};

Wish wish_of(const po::variables_map& options) {
  if (!options.count("out")) throw InputError("--out", "is missing; give a folder for the results");
  Wish wish{options["study"].as<std::string>(),
            options["out"].as<std::string>(),
            overrides_of(options),
            shard_of(options),
            {}};
  if (!options.count("merge")) return wish;
  wish.parts = options["merge"].as<std::vector<std::string>>();
  for (const char* other : {"shard", "jobs"}) {
    if (options.count(other))
      throw InputError(
          "--merge", "simulates nothing, so it does not go with --" + std::string(other) + "; leave one out");
  }
  return wish;
}

Study study_of(const Wish& wish) { return read_study(wish.study, wish.overrides); }

std::string say_what_became(const Sweep& sweep) {
  std::size_t ok = 0, missed = 0, infeasible = 0;
  for (const std::uint64_t point : sweep.points()) {
    const PointOutcome outcome = sweep.outcome(point);
    if (outcome.verdict == "infeasible") ++infeasible;
    if (outcome.verdict != "ok") continue;
    ++ok;
    if (outcome.summary.value("slo_met", Json()) == Json(false)) ++missed;
  }
  std::string text = std::to_string(sweep.points().size()) + " points: " + std::to_string(ok) + " ok";
  if (missed > 0) text += " (" + std::to_string(missed) + " of them miss the SLO)";
  if (infeasible > 0) text += ", " + std::to_string(infeasible) + " infeasible";
  if (sweep.failures() > 0) text += ", " + std::to_string(sweep.failures()) + " failed";
  if (sweep.taken_from_journal() > 0)
    text += " (" + std::to_string(sweep.taken_from_journal()) + " from the journal)";
  return text;
}

void write_results(const Study& study, const Sweep& sweep, const std::string& folder) {
  const SweepResults results{sweep.points(), [&](std::uint64_t point) { return sweep.outcome(point); }};
  write_file_atomically(folder + "/sweep.csv", sweep_csv(study, results));
  write_file_atomically(folder + "/report.html", sweep_page(sweep_page_of(study, results)));
  std::cout << say_what_became(sweep) << "; see " << folder << "/sweep.csv and report.html\n";
}

/// The exit status.
int sweep(const Wish& wish, const MakeCrew& make_crew) {
  const Study study = study_of(wish);
  CheckedPoints checked = check_points(study, wish.shard);
  std::optional<JournalsOfShards> parts;
  if (!wish.parts.empty()) parts.emplace(wish.parts, study, checked);
  Interruption interruption;
  make_folder(wish.folder);
  Journal journal(wish.folder + "/journal.jsonl");
  if (parts) parts->add_to(journal);
  Sweep sweep(study, std::move(checked), journal);
  write_file_atomically(wish.folder + "/study.json", pretty(to_json(study)));
  if (!sweep.run(make_crew, interruption)) {
    std::cerr << "interrupted: " << sweep.finished() << " of " << sweep.points().size() << " points are in "
              << wish.folder << "/journal.jsonl; run the same command again to go on\n";
    return kInterrupted;
  }
  write_results(study, sweep, wish.folder);
  return sweep.failures() > 0 ? kSomeFailed : 0;
}

/// The exit status.
int sweep_or_help(const po::variables_map& options,
                  const std::function<MakeCrew(const po::variables_map&)>& crew) {
  if (options.count("help")) {
    std::cout << sweep_options();
    return 0;
  }
  return sweep(wish_of(options), crew(options));
}

}  // namespace

int sweep_command(const Arguments& arguments) {
  const auto options = [&] { return parse_arguments(arguments, sweep_options(), "sweep", {"study"}); };
  if (started_ranks() == 1) return sweep_or_help(options(), crew_here);
  return lead_or_follow(
      [&](const MakeCrew& ranks) {
        return sweep_or_help(options(),
                             [&](const po::variables_map& given) { return crew_of(ranks, given); });
      },
      [&] { return study_of(wish_of(options())); });
}

}  // namespace switchyard
