// switchyard balance: what becomes of experts while a gate is trained, and what keeps them evenly loaded. A
// study of a small gate, not a simulation of serving: workloads/routing/balance_dynamics.hpp. --format json
// prints
//
//   {"experts", "top_k", "tokens", "steps", "onset", "auxiliary_weight", "z_weight", "bias_rate", "seed",
//    "remedies": [{"name", "description",
//      "windows": [{"step": the last of it, "task_loss", "max_over_mean", "entropy_bits", "idle_experts"}],
//      "capacity": [{"factor", "dropped": share of assignments, in the last window}]}]}
//
// Figures of a window are means over its batches.
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <iostream>
#include <map>

#include "sim/base/csv_writer.hpp"
#include "sim/base/files.hpp"
#include "sim/base/menu.hpp"
#include "sim/base/quote.hpp"
#include "sim/command.hpp"
#include "workloads/routing/balance_dynamics.hpp"

namespace switchyard {
namespace {

namespace po = boost::program_options;

constexpr std::int64_t kWindows = 100;
constexpr std::array<double, 7> kCapacityFactors = {1.0, 1.25, 1.5, 2.0, 3.0, 4.0, 8.0};
constexpr std::size_t kUsualFactor = 1;  // 1.25: Switch Transformers' in training

struct Wish {
  TrainingSetup setup;
  std::int64_t steps = 0;
  std::vector<BalanceRemedyRow> remedies;
};

struct Window {
  std::int64_t step = 0;
  double task_loss = 0.0, max_over_mean = 0.0, entropy_bits = 0.0, idle_experts = 0.0;
  std::array<double, kCapacityFactors.size()> dropped{};
};

po::options_description balance_options() {
  po::options_description options(
      "switchyard balance [REMEDY] [--steps N] [--onset STEP] [--out DIR] [--format json]\n"
      "Trains a small gate and its experts, with each remedy against uneven load, and shows the load");
  const auto text = [](const char* fallback) { return po::value<std::string>()->default_value(fallback); };
  options.add_options()("remedy", po::value<std::string>(),
                        "none, auxiliary_loss, z_loss or selection_bias; else all")(
      "experts", text("32"), "experts of the layer")("top-k", text("1"), "experts of a token")(
      "tokens", text("512"), "tokens of a batch; each step is one batch")(
      "steps", text("2000"), "batches to train on")("onset", text("0"),
                                                    "the step, from 0, that the remedies begin to work in")(
      "auxiliary-weight", text("0.3"), "of the auxiliary loss (Switch Transformers' alpha)")(
      "z-weight", text("0.01"), "of the z-loss")(
      "bias-rate", text("0.002"), "change of the selection bias in a step (DeepSeek-V3's gamma)")(
      "seed", text("1"), "of task and first weights")("out", po::value<std::string>(),
                                                      "folder for dynamics.csv and capacity.csv")(
      "format", text("text"), "text | json")("help", "this text");
  return options;
}

double number_of(const po::variables_map& options, const std::string& name) {
  constexpr double kMost = 1000.0;
  const std::string& text = options[name].as<std::string>();
  double number = 0.0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  if (!whole || !std::isfinite(number) || number < 0.0 || number > kMost)
    throw InputError("--" + name, in_quotes(text) + " is no number from 0 to 1000; give one");
  return number;
}

Wish wish_of(const po::variables_map& options) {
  Wish wish;
  TrainingSetup& setup = wish.setup;
  setup.experts = integer_of(options, "experts", {2, 512});
  setup.top_k = integer_of(options, "top-k", {1, std::min<std::int64_t>(32, setup.experts)});
  setup.tokens = integer_of(options, "tokens", {1, 1 << 16});
  wish.steps = integer_of(options, "steps", {1, 100'000});
  setup.onset = integer_of(options, "onset", {0, wish.steps});
  setup.auxiliary_weight = number_of(options, "auxiliary-weight");
  setup.z_weight = number_of(options, "z-weight");
  setup.bias_rate = number_of(options, "bias-rate");
  setup.seed =
      static_cast<std::uint64_t>(integer_of(options, "seed", {0, std::numeric_limits<std::int64_t>::max()}));
  const auto all = balance_remedies();
  if (options.count("remedy"))
    wish.remedies = {choose(all, options["remedy"].as<std::string>(), "switchyard balance")};
  else wish.remedies.assign(all.begin(), all.end());
  return wish;
}

Window train_window(GateTraining& training, std::int64_t steps) {
  Window window;
  const double each = 1.0 / static_cast<double>(steps);
  for (std::int64_t i = 0; i < steps; ++i) {
    training.step();
    const LoadFigures figures = load_figures(training.counts());
    window.task_loss += each * training.task_loss();
    window.max_over_mean += each * figures.max_over_mean;
    window.entropy_bits += each * figures.entropy_bits;
    window.idle_experts += each * static_cast<double>(figures.idle_experts);
    for (std::size_t f = 0; f < kCapacityFactors.size(); ++f)
      window.dropped[f] += each * dropped_share(training.counts(), kCapacityFactors[f]);
  }
  return window;
}

/// As even as the steps divide; one a step where there are fewer than windows. Throws TrainingDiverged.
std::vector<Window> windows_of(const Wish& wish, BalanceRemedy remedy) {
  GateTraining training(wish.setup, remedy);
  const std::int64_t windows = std::min(kWindows, wish.steps);
  std::vector<Window> result;
  std::int64_t done = 0;
  for (std::int64_t w = 1; w <= windows; ++w) {
    const std::int64_t end = wish.steps * w / windows;
    result.push_back(train_window(training, end - done));
    result.back().step = done = end;
  }
  return result;
}

bool diverges_without_remedy(TrainingSetup setup, std::int64_t steps) {
  GateTraining training(setup, BalanceRemedy::none);
  try {
    for (std::int64_t i = 0; i < steps; ++i) training.step();
  } catch (const TrainingDiverged&) {
    return true;
  }
  return false;
}

/// Names the option to change: the remedy's weight, unless the task diverges without it too.
[[noreturn]] void refuse(const po::variables_map& options, const Wish& wish, BalanceRemedy remedy,
                         std::int64_t step) {
  static const std::map<BalanceRemedy, std::string> weight_options = {
      {BalanceRemedy::auxiliary_loss, "auxiliary-weight"},
      {BalanceRemedy::z_loss, "z-weight"},
      {BalanceRemedy::selection_bias, "bias-rate"}};
  const std::string diverges = "the gate diverges in step " + std::to_string(step);
  const auto weight = weight_options.find(remedy);
  if (weight == weight_options.end() || diverges_without_remedy(wish.setup, wish.steps)) {
    throw InputError("--tokens", in_quotes(options["tokens"].as<std::string>()) + " with " +
                                     std::to_string(wish.setup.top_k) + " of " +
                                     std::to_string(wish.setup.experts) + " experts each: " + diverges +
                                     " without any remedy, as most of a batch falls on the same experts; "
                                     "give more tokens, or --experts beyond --top-k");
  }
  const std::string& given = options[weight->second].as<std::string>();
  throw InputError("--" + weight->second, in_quotes(given) + ": " + diverges + "; give less");
}

std::vector<Window> train(const po::variables_map& options, const Wish& wish, BalanceRemedy remedy) {
  try {
    return windows_of(wish, remedy);
  } catch (const TrainingDiverged& error) {
    refuse(options, wish, remedy, error.step);
  }
}

struct Trained {
  BalanceRemedyRow remedy;
  std::vector<Window> windows;
};

Json to_json(const Trained& trained) {
  Json windows = Json::array(), capacity = Json::array();
  for (const Window& w : trained.windows)
    windows.push_back({{"step", w.step},
                       {"task_loss", w.task_loss},
                       {"max_over_mean", w.max_over_mean},
                       {"entropy_bits", w.entropy_bits},
                       {"idle_experts", w.idle_experts}});
  for (std::size_t f = 0; f < kCapacityFactors.size(); ++f)
    capacity.push_back({{"factor", kCapacityFactors[f]}, {"dropped", trained.windows.back().dropped[f]}});
  return {{"name", trained.remedy.name},
          {"description", trained.remedy.description},
          {"windows", windows},
          {"capacity", capacity}};
}

Json to_json(const Wish& wish, const std::vector<Trained>& all) {
  const TrainingSetup& setup = wish.setup;
  Json json = {{"experts", setup.experts},   {"top_k", setup.top_k},
               {"tokens", setup.tokens},     {"steps", wish.steps},
               {"onset", setup.onset},       {"auxiliary_weight", setup.auxiliary_weight},
               {"z_weight", setup.z_weight}, {"bias_rate", setup.bias_rate},
               {"seed", setup.seed}};
  json["remedies"] = Json::array();
  for (const Trained& trained : all) json["remedies"].push_back(to_json(trained));
  return json;
}

void write_files(const std::string& folder, const std::vector<Trained>& all) {
  write_file_atomically(folder + "/dynamics.csv", [&](std::ostream& out) {
    CsvWriter csv(out, {"remedy", "step", "task_loss", "max_over_mean", "entropy_bits", "idle_experts"});
    for (const Trained& trained : all)
      for (const Window& w : trained.windows) {
        csv.cell(trained.remedy.name).cell(w.step).cell(w.task_loss).cell(w.max_over_mean);
        csv.cell(w.entropy_bits).cell(w.idle_experts).end_row();
      }
  });
  write_file_atomically(folder + "/capacity.csv", [&](std::ostream& out) {
    CsvWriter csv(out, {"remedy", "capacity_factor", "dropped"});
    for (const Trained& trained : all)
      for (std::size_t f = 0; f < kCapacityFactors.size(); ++f) {
        csv.cell(trained.remedy.name).cell(kCapacityFactors[f]);
        csv.cell(trained.windows.back().dropped[f]).end_row();
      }
  });
}

void print_row(const std::string& name, const Window& w) {
  std::printf("  %-16s %8lld %11.3f %10.2f %10.2f %8.1f %12.1f %%\n", name.c_str(),
              static_cast<long long>(w.step), w.task_loss, w.max_over_mean, w.entropy_bits, w.idle_experts,
              100.0 * w.dropped[kUsualFactor]);
}

void print(const Wish& wish, const std::vector<Trained>& all) {
  const TrainingSetup& setup = wish.setup;
  std::printf("%lld experts, top-%lld, %lld tokens a batch; remedies from step %lld on; even: %.2f bits\n",
              static_cast<long long>(setup.experts), static_cast<long long>(setup.top_k),
              static_cast<long long>(setup.tokens), static_cast<long long>(setup.onset),
              std::log2(static_cast<double>(setup.experts)));
  std::printf("  %-16s %8s %11s %10s %10s %8s %14s\n", "remedy", "step", "task loss", "max/mean", "entropy",
              "idle", "dropped at 1.25");
  for (const Trained& trained : all) {
    const std::string name(trained.remedy.name);
    const std::size_t last = trained.windows.size() - 1;
    for (const std::size_t quarter : {last / 4, last / 2, last}) print_row(name, trained.windows[quarter]);
  }
}

}  // namespace

int balance_command(const Arguments& arguments) {
  const po::variables_map options =
      parse_arguments(arguments, balance_options(), "balance", {"remedy", Positional::Need::optional});
  if (options.count("help")) {
    std::cout << balance_options();
    return 0;
  }
  const std::string format = format_of(options, {"text", "json"});
  const Wish wish = wish_of(options);
  if (options.count("out")) make_folder(options["out"].as<std::string>());
  std::vector<Trained> all;
  for (const BalanceRemedyRow& row : wish.remedies) all.push_back({row, train(options, wish, row.remedy)});
  if (options.count("out")) write_files(options["out"].as<std::string>(), all);
  if (format == "json") std::cout << pretty(to_json(wish, all));
  else print(wish, all);
  return 0;
}

}  // namespace switchyard
