// One engine step against steps timed on real GPUs (measured/README.md). Prints the table of errors by model
// and kind; the bounds are wide on purpose: this finds mistakes, it does not fit the model row by row.
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <optional>
#include <tuple>
#include <utility>

#include "sim/base/csv.hpp"
#include "sim/simulate.hpp"
#include "tests/support/measured_models.hpp"

using namespace switchyard;

namespace {

struct MeasuredGpu {
  const char* file;
  const char* cluster;
  const char* gpu;
  int tensor_parallel;  // rows of experts in parallel are left out: see measured/README.md
  std::size_t rows;
};
constexpr MeasuredGpu kGpus[] = {{"steps_h100.csv", "hgx-h100", "h100_sxm", 1, 126},
                                 {"steps_h200.csv", "hgx-h200", "h200_sxm", 1, 133},
                                 {"other_steps_h100.csv", "hgx-h100", "h100_sxm", 1, 201},
                                 {"other_steps_h200.csv", "hgx-h200", "h200_sxm", 1, 217},
                                 {"two_gpu_steps_h100.csv", "hgx-h100", "h100_sxm", 2, 55}};

struct MeasuredStep {
  std::string kind, model;
  std::int64_t layers = 0;
  std::int64_t tokens = 0;   // of the prompt, or sequences that decode
  std::int64_t context = 0;  // decode: cached tokens of every sequence
  double zipf = 0.0;
  double ms = 0.0;
};

std::vector<MeasuredStep> measured_steps(const MeasuredGpu& gpu) {
  CsvReader csv(std::string(SWITCHYARD_SOURCE_DIR) + "/tests/accuracy/measured/" + gpu.file);
  const auto column = [&](const char* name) { return csv.column(name); };
  const std::size_t kind = column("kind"), model = column("model"), layers = column("layers"),
                    tokens = column("tokens_or_batch"), context = column("context"), ms = column("ms");
  const std::optional<std::size_t> parallel = csv.find_column("parallel"), zipf = csv.find_column("zipf");
  std::vector<MeasuredStep> steps;
  for (CsvReader::Row row; csv.next(row);) {
    if (parallel && row[*parallel] != "tp") continue;
    MeasuredStep step{std::string(row[kind]),
                      std::string(row[model]),
                      csv.integer(row, layers),
                      csv.integer(row, tokens),
                      0,
                      0.0,
                      csv.number(row, ms)};
    if (!row[context].empty()) step.context = csv.integer(row, context);
    if (zipf && !row[*zipf].empty()) step.zipf = csv.number(row, *zipf);
    steps.push_back(step);
  }
  return steps;
}

/// The GPU with stated figures, or as the catalogue has it: with those that topologies/profiler measured.
Json cluster_of(const MeasuredGpu& gpu, bool measured) {
  Json cluster = {{"base", gpu.cluster}};
  if (!measured) cluster["gpu"] = {{"base", gpu.gpu}, {"profile", "stated_hopper"}};
  return cluster;
}

Scenario scenario_of(const Json& cluster, int tensor_parallel, const MeasuredStep& step) {
  const Json scenario = {{"model", measured_model(step.model)},
                         {"model_overrides", {{"num_hidden_layers", step.layers}}},
                         {"cluster", cluster},
                         {"deployment", {{"tensor_parallel_size", tensor_parallel}}},
                         {"engine", {{"profile", "reference"}}},
                         {"routing", {{"preset", "random"}, {"gate_bias_zipf", step.zipf}}}};
  return read_scenario(scenario, step.model, ".");
}

/// Times steps; a model's system is built once for each skew of its routing.
class StepClock {
 public:
  StepClock(const MeasuredGpu& gpu, bool measured)
      : cluster_(cluster_of(gpu, measured)), tensor_parallel_(gpu.tensor_parallel) {}

  double device_ms(const MeasuredStep& step) {
    std::unique_ptr<System>& system = systems_[{step.model, step.layers, step.zipf}];
    if (!system)
      system = std::make_unique<System>(scenario_of(cluster_, tensor_parallel_, step), Scope::step);
    const bool decode = step.kind != "prefill";
    const StepAnswer answer = time_step(
        *system, {decode ? step.tokens : 0, decode ? 0 : step.tokens, decode ? step.context - 1 : 0});
    return (answer.breakdown.total() - answer.breakdown[Part::host]).value() * 1e3;
  }

 private:
  Json cluster_;
  int tensor_parallel_;
  std::map<std::tuple<std::string, std::int64_t, double>, std::unique_ptr<System>> systems_;
};

/// Relative errors of a group of rows: (simulated - measured) / measured.
struct Errors {
  int rows = 0;
  double sum = 0.0, sum_of_magnitudes = 0.0, worst = 0.0;
  MeasuredStep worst_step;

  void add(double error, const MeasuredStep& step) {
    ++rows;
    sum += error;
    sum_of_magnitudes += std::abs(error);
    if (std::abs(error) < std::abs(worst)) return;
    worst = error;
    worst_step = step;
  }
  double mean_magnitude() const { return sum_of_magnitudes / rows; }
};

void print(const std::string& label, const Errors& errors) {
  const MeasuredStep& step = errors.worst_step;
  std::printf("%-28s %4d %7.1f %% %+7.1f %% %+8.1f %%  (%lld x %lld, zipf %.1f: %.2f ms measured)\n",
              label.c_str(), errors.rows, 100.0 * errors.mean_magnitude(), 100.0 * errors.sum / errors.rows,
              100.0 * errors.worst, static_cast<long long>(step.tokens), static_cast<long long>(step.context),
              step.zipf, step.ms);
}

}  // namespace

TEST_CASE("Steps of every measured model and kind are within the stated error", "[accuracy]") {
  // Neither profile is fitted to steps: the bounds only guard against mistakes.
  constexpr double kStatedBoundOfAll = 0.15, kStatedBoundOfGroup = 0.35;
  constexpr double kMeasuredBoundOfAll = 0.06, kMeasuredBoundOfGroup = 0.12;
  const MeasuredGpu& gpu = GENERATE(from_range(std::begin(kGpus), std::end(kGpus)));
  const bool measured = GENERATE(false, true);
  const std::vector<MeasuredStep> steps = measured_steps(gpu);
  REQUIRE(steps.size() == gpu.rows);
  const bool every_row = std::getenv("SWITCHYARD_EVERY_ROW") != nullptr;
  if (every_row) std::printf("kind,model,tokens_or_batch,context,zipf,measured_ms,simulated_ms\n");
  StepClock clock(gpu, measured);
  std::map<std::pair<std::string, std::string>, Errors> groups;
  Errors all;
  for (const MeasuredStep& step : steps) {
    const double ms = clock.device_ms(step);
    INFO(step.kind << " " << step.model << " " << step.tokens << " x " << step.context);
    REQUIRE(std::isfinite(ms));
    CHECK(ms > 0.0);
    const double error = ms / step.ms - 1.0;
    if (every_row) {
      std::printf("%s,%s,%lld,%lld,%.1f,%.4f,%.4f\n", step.kind.c_str(), step.model.c_str(),
                  static_cast<long long>(step.tokens), static_cast<long long>(step.context), step.zipf,
                  step.ms, ms);
    }
    groups[{step.model, step.kind}].add(error, step);
    all.add(error, step);
  }
  std::printf("%-28s %4s %9s %9s %10s  with the %s profile\n", gpu.file, "rows", "|error|", "bias", "worst",
              measured ? "measured" : "stated");
  for (const auto& group : groups) {
    print(group.first.first + " " + group.first.second, group.second);
    CHECK(group.second.mean_magnitude() < (measured ? kMeasuredBoundOfGroup : kStatedBoundOfGroup));
  }
  print("all", all);
  CHECK(all.mean_magnitude() < (measured ? kMeasuredBoundOfAll : kStatedBoundOfAll));
}

TEST_CASE("Skewed routing shortens a decode step where it does on the GPU", "[accuracy]") {
  const MeasuredGpu& gpu = GENERATE(from_range(std::begin(kGpus), std::end(kGpus)));
  StepClock clock(gpu, false);
  std::map<std::tuple<std::string, std::int64_t, std::int64_t>, MeasuredStep> unskewed;
  for (const MeasuredStep& step : measured_steps(gpu))
    if (step.kind == "decode") unskewed[{step.model, step.tokens, step.context}] = step;
  int compared = 0;
  for (const MeasuredStep& step : measured_steps(gpu)) {
    if (step.kind != "decode-skew") continue;
    const MeasuredStep& even = unskewed.at({step.model, step.tokens, step.context});
    if (step.ms > 0.9 * even.ms) continue;  // nearer than that, one draw of routing may decide
    INFO(step.model << ", batch " << step.tokens << ", zipf " << step.zipf);
    CHECK(clock.device_ms(step) < clock.device_ms(even));
    ++compared;
  }
  CHECK((compared >= 4 || gpu.tensor_parallel > 1));  // no skewed rows there
}

TEST_CASE("A decode step grows with batch and context, as on the GPU", "[accuracy]") {
  const MeasuredGpu& gpu = GENERATE(from_range(std::begin(kGpus), std::end(kGpus)));
  StepClock clock(gpu, false);
  std::vector<std::pair<MeasuredStep, double>> decodes;
  for (const MeasuredStep& step : measured_steps(gpu))
    if (step.kind == "decode") decodes.emplace_back(step, clock.device_ms(step));
  for (const auto& [a, a_ms] : decodes)
    for (const auto& [b, b_ms] : decodes) {
      if (a.model != b.model || a.tokens > b.tokens || a.context > b.context || b.ms < 1.5 * a.ms) continue;
      INFO(a.model << ": " << a.tokens << " x " << a.context << " and " << b.tokens << " x " << b.context);
      CHECK(a_ms < b_ms);
    }
}
