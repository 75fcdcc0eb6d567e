// Operators alone against those measured on real GPUs (measured/README.md): shapes that no profile holds, and
// uneven loads of experts. Prints the table of errors by class; SWITCHYARD_EVERY_ROW=1 every row, as CSV.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

#include "sim/cost/engine_profile.hpp"
#include "sim/cost/operator_cost.hpp"

using namespace switchyard;

namespace {

/// As the engine has it whose kernels were measured.
ExpertTiling tiling() { return read_engine_profile("reference", "accuracy").expert_tiling; }

/// A row's sizes without its time, in the order of the file's columns.
using Sizes = std::vector<Json>;
using Clock = std::function<Seconds(const OperatorCost&, const Sizes&)>;

std::int64_t integer(const Json& size) { return size.get<std::int64_t>(); }
double real(std::int64_t size) { return static_cast<double>(size); }

Seconds product(const OperatorCost& cost, const Sizes& sizes) {
  const GemmPoint point{integer(sizes[0]), integer(sizes[1]), integer(sizes[2]), Precision::bf16, {}};
  return cost.gemm(work_of(point, cost.gpu()), point.m);
}

Seconds experts(const OperatorCost& cost, const Sizes& sizes) {
  std::int64_t rows = 0, tiled = 0, active = 0;
  for (const Json& load : sizes[0]) rows += integer(load);
  const ExpertTiling tiles = tiling();
  const bool large = tiles.is_large(rows, static_cast<std::int64_t>(sizes[0].size()));
  const std::int64_t tile = large ? tiles.large->rows : tiles.rows;
  for (const Json& load : sizes[0]) {
    tiled += (integer(load) + tile - 1) / tile * tile;
    active += integer(load) > 0 ? 1 : 0;
  }
  const GroupedGemmPoint point{rows, active, integer(sizes[1]), integer(sizes[2]), Precision::bf16, {}};
  return cost.experts(work_of(point, cost.gpu()), real(rows), real(tiled), large ? active : tiled / tile);
}

Seconds prompt(const OperatorCost& cost, const Sizes& sizes) {
  const PrefillAttentionPoint point{integer(sizes[0]),
                                    integer(sizes[1]),
                                    integer(sizes[2]),
                                    integer(sizes[3]),
                                    integer(sizes[4]),
                                    Precision::bf16,
                                    {}};
  const double tokens = real(point.tokens), context = real(point.context);
  return cost.prefill_attention(work_of(point), tokens * context + 0.5 * tokens * (tokens + 1.0),
                                context + tokens, point.tokens);
}

Seconds decode(const OperatorCost& cost, const Sizes& sizes) {
  const DecodeAttentionPoint point{integer(sizes[0]),
                                   integer(sizes[1]),
                                   integer(sizes[2]),
                                   integer(sizes[3]),
                                   integer(sizes[4]),
                                   Precision::bf16,
                                   {}};
  return cost.decode_attention(works_of(point).front(), point.sequences,
                               real(point.sequences * point.context));
}

struct OperatorClass {
  const char* name;  // in the files
  Clock clock;
  double bound;  // of the mean error with the measured profile: a guard against mistakes, no aim
};

const std::vector<OperatorClass>& classes() {
  static const std::vector<OperatorClass> table = {{"gemm", product, 0.15},
                                                   {"grouped_gemm", experts, 0.20},
                                                   {"prefill_attention", prompt, 0.15},
                                                   {"decode_attention", decode, 0.15}};
  return table;
}

/// Relative errors, (simulated - measured) / measured.
struct Errors {
  std::vector<double> magnitudes;
  double sum = 0.0, worst = 0.0;

  void add(double error) {
    magnitudes.push_back(std::abs(error));
    sum += error;
    if (std::abs(error) > std::abs(worst)) worst = error;
  }
  double mean() const {
    double total = 0.0;
    for (const double magnitude : magnitudes) total += magnitude;
    return total / static_cast<double>(magnitudes.size());
  }
  double quantile(double q) const {
    std::vector<double> sorted = magnitudes;
    std::sort(sorted.begin(), sorted.end());
    return sorted[static_cast<std::size_t>(q * static_cast<double>(sorted.size() - 1))];
  }
};

Errors errors_of(const OperatorClass& of, const Json& table, const OperatorCost& cost,
                 const std::string& label) {
  Errors errors;
  for (const Json& row : table.at("rows")) {
    const Sizes sizes(row.begin(), row.end() - 1);
    const double us = of.clock(cost, sizes).value() * 1e6, measured = row.back().get<double>();
    REQUIRE(std::isfinite(us));
    if (std::getenv("SWITCHYARD_EVERY_ROW") != nullptr)
      std::printf("%s,\"%s\",%.3f,%.3f\n", label.c_str(), Json(sizes).dump().c_str(), measured, us);
    errors.add(us / measured - 1.0);
  }
  return errors;
}

Json measured_operators(const std::string& gpu) {
  return read_json_file(std::string(SWITCHYARD_SOURCE_DIR) + "/tests/accuracy/measured/operators_" + gpu +
                        ".json");
}

}  // namespace

TEST_CASE("Operators of shapes that no profile holds are within the stated error", "[accuracy]") {
  const std::string gpu = GENERATE("h100", "h200");
  const std::string profile = GENERATE("", "stated_hopper");
  Json wish = gpu + "_sxm";
  if (!profile.empty()) wish = {{"base", wish}, {"profile", profile}};
  const OperatorCost cost(read_gpu(wish, ".", "accuracy"), tiling());
  const Json measured = measured_operators(gpu);
  std::printf("%-24s %5s %8s %8s %8s %9s  with the %s profile\n", ("operators_" + gpu + ".json").c_str(),
              "rows", "median", "mean", "bias", "worst", profile.empty() ? "measured" : "stated");
  for (const OperatorClass& of : classes()) {
    CAPTURE(gpu, profile, of.name);
    const Errors errors = errors_of(of, measured.at(of.name), cost, gpu + "," + profile + "," + of.name);
    const auto rows = errors.magnitudes.size();
    CHECK(rows >= 50);
    std::printf("%-24s %5zu %6.1f %% %6.1f %% %+6.1f %% %+7.1f %%\n", of.name, rows,
                100.0 * errors.quantile(0.5), 100.0 * errors.mean(),
                100.0 * errors.sum / static_cast<double>(rows), 100.0 * errors.worst);
    if (profile.empty()) CHECK(errors.mean() < of.bound);
  }
}
