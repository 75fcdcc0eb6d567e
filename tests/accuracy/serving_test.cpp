// Requests served by a real GPU (measured/README.md) against the same requests simulated. Prints the table of
// errors by model and load; the bounds guard against mistakes, they do not fit the model to a load.
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdio>
#include <map>
#include <string>
#include <vector>

#include "sim/base/csv.hpp"
#include "sim/simulate.hpp"
#include "tests/support/measured_models.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace switchyard;

namespace {

struct MeasuredGpu {
  const char* file;
  const char* cluster;
  const char* gpu;
  std::size_t runs;
};
constexpr MeasuredGpu kGpus[] = {{"serving_h100.csv", "hgx-h100", "h100_sxm", 6},
                                 {"serving_h200.csv", "hgx-h200", "h200_sxm", 6},
                                 {"other_serving_h100.csv", "hgx-h100", "h100_sxm", 4},
                                 {"other_serving_h200.csv", "hgx-h200", "h200_sxm", 4}};

struct Served {
  double arrival = 0.0, first_token = 0.0, finish = 0.0;
  std::int64_t prompt = 0, output = 0;
};

/// Requests of one run: a model at a rate of arrivals; rate 0 sends all at once.
struct MeasuredRun {
  std::string model;
  std::int64_t layers = 0, slots = 0;
  double rate = 0.0;
  std::vector<Served> requests;
};

std::vector<MeasuredRun> measured_runs(const char* file) {
  CsvReader csv(std::string(SWITCHYARD_SOURCE_DIR) + "/tests/accuracy/measured/" + file);
  const auto column = [&](const char* name) { return csv.column(name); };
  const std::size_t model = column("model"), slots = column("slots"), layers = column("layers"),
                    rate = column("rate"), arrival = column("arrival_s"), prompt = column("prompt_tokens"),
                    output = column("output_tokens"), first = column("first_token_s"),
                    finish = column("finish_s");
  std::vector<MeasuredRun> runs;
  for (CsvReader::Row row; csv.next(row);) {
    const double at_rate = csv.number(row, rate);
    if (runs.empty() || runs.back().model != row[model] || runs.back().rate != at_rate)
      runs.push_back(
          {std::string(row[model]), csv.integer(row, layers), csv.integer(row, slots), at_rate, {}});
    runs.back().requests.push_back({csv.number(row, arrival), csv.number(row, first), csv.number(row, finish),
                                    csv.integer(row, prompt), csv.integer(row, output)});
  }
  return runs;
}

/// What a run is judged by.
struct Figures {
  double mean_ttft = 0.0, mean_tpot = 0.0, duration = 0.0;
};

Figures figures_of(const std::vector<Served>& requests) {
  Figures figures;
  double pieces = 0.0;
  for (const Served& r : requests) {
    figures.mean_ttft += (r.first_token - r.arrival) / static_cast<double>(requests.size());
    figures.duration = std::max(figures.duration, r.finish);
    if (r.output < 2) continue;
    figures.mean_tpot += (r.finish - r.first_token) / static_cast<double>(r.output - 1);
    pieces += 1.0;
  }
  figures.mean_tpot /= pieces;
  return figures;
}

/// The GPU with stated figures, or as the catalogue has it: with those that topologies/profiler measured.
Json cluster_of(const MeasuredGpu& gpu, bool measured) {
  Json cluster = {{"base", gpu.cluster}};
  if (!measured) cluster["gpu"] = {{"base", gpu.gpu}, {"profile", "stated_hopper"}};
  return cluster;
}

std::vector<Served> simulated(const MeasuredRun& run, const Json& cluster) {
  const TemporaryFolder folder;
  std::string trace = "arrival_s,prompt_tokens,output_tokens\n";
  for (const Served& r : run.requests)
    trace +=
        std::to_string(r.arrival) + "," + std::to_string(r.prompt) + "," + std::to_string(r.output) + "\n";
  const Json scenario = {{"model", measured_model(run.model)},
                         {"model_overrides", {{"num_hidden_layers", run.layers}}},
                         {"cluster", cluster},
                         {"engine", {{"profile", "reference"}, {"max_num_seqs", run.slots}}},
                         {"routing", {{"preset", "random"}}},
                         {"workload", {{"trace", folder.write("trace.csv", trace).string()}}}};
  const System system(read_scenario(scenario, run.model, "."), Scope::serving);
  const Simulation simulation = simulate(system);
  std::vector<Served> served(run.requests.size());
  simulation.result.log.for_each_request([&](const RequestRow& row) {
    REQUIRE(row.outcome == Outcome::completed);
    served[row.id] = {row.arrival.value(), row.first_token->value(), row.finish->value(), row.prompt_tokens,
                      row.output_tokens};
  });
  return served;
}

}  // namespace

TEST_CASE("Requests served by real GPUs are served alike in simulation", "[accuracy]") {
  constexpr double kStatedBound = 0.30, kMeasuredBound = 0.08;
  const MeasuredGpu& gpu = GENERATE(from_range(std::begin(kGpus), std::end(kGpus)));
  const bool measured = GENERATE(false, true);
  const Json cluster = cluster_of(gpu, measured);
  const double bound = measured ? kMeasuredBound : kStatedBound;
  const std::vector<MeasuredRun> runs = measured_runs(gpu.file);
  REQUIRE(runs.size() == gpu.runs);
  std::printf("%-22s %-14s %5s %21s %21s %21s  with the %s profile\n", gpu.file, "model", "rate",
              "mean TTFT, ms", "mean TPOT, ms", "duration, s", measured ? "measured" : "stated");
  for (const MeasuredRun& run : runs) {
    const Figures real = figures_of(run.requests), ours = figures_of(simulated(run, cluster));
    const auto error = [](double simulated, double seen) { return 100.0 * (simulated / seen - 1.0); };
    std::printf("%-22s %-14s %5.0f %7.1f %7.1f %+5.1f%% %7.2f %7.2f %+5.1f%% %7.2f %7.2f %+5.1f%%\n", "",
                run.model.c_str(), run.rate, 1e3 * real.mean_ttft, 1e3 * ours.mean_ttft,
                error(ours.mean_ttft, real.mean_ttft), 1e3 * real.mean_tpot, 1e3 * ours.mean_tpot,
                error(ours.mean_tpot, real.mean_tpot), real.duration, ours.duration,
                error(ours.duration, real.duration));
    INFO(run.model << " at " << run.rate);
    CHECK(std::abs(ours.mean_ttft / real.mean_ttft - 1.0) < bound);
    CHECK(std::abs(ours.mean_tpot / real.mean_tpot - 1.0) < bound);
    CHECK(std::abs(ours.duration / real.duration - 1.0) < bound);
  }
}
