// A gate in training: without a remedy its experts collapse, and what cures that.
#include "workloads/routing/balance_dynamics.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <numeric>
#include <stdexcept>
#include <string>

using namespace switchyard;

namespace {

struct Outcome {
  LoadFigures load;  // means over the last 20 batches
  double idle = 0.0;
  double task_loss = 0.0;
};

Outcome trained(const TrainingSetup& setup, BalanceRemedy remedy, int steps) {
  constexpr int kLast = 20;
  GateTraining training(setup, remedy);
  Outcome outcome;
  outcome.load.max_over_mean = 0.0;
  for (int step = 0; step < steps; ++step) {
    training.step();
    if (step < steps - kLast) continue;
    const LoadFigures figures = load_figures(training.counts());
    outcome.load.max_over_mean += figures.max_over_mean / kLast;
    outcome.load.entropy_bits += figures.entropy_bits / kLast;
    outcome.idle += static_cast<double>(figures.idle_experts) / kLast;
    outcome.task_loss += training.task_loss() / kLast;
  }
  return outcome;
}

}  // namespace

TEST_CASE("Figures of a load: max over mean, entropy in bits, experts without a token") {
  const std::vector<std::uint32_t> counts = {4, 2, 2, 0};
  const LoadFigures figures = load_figures(counts);
  CHECK(figures.max_over_mean == 2.0);
  CHECK(figures.entropy_bits == Approx(1.5));
  CHECK(figures.idle_experts == 1);
}

TEST_CASE("What falls beyond the capacity is dropped") {
  const std::vector<std::uint32_t> counts = {4, 2, 2, 0};  // a capacity of 2 at a factor of 1
  CHECK(dropped_share(counts, 1.0) == 0.25);
  CHECK(dropped_share(counts, 1.25) == 0.125);  // ceil(2.5)
  CHECK(dropped_share(counts, 2.0) == 0.0);
}

TEST_CASE("Every batch's assignments are conserved") {
  TrainingSetup setup;
  setup.top_k = 3;
  for (const BalanceRemedyRow& row : balance_remedies()) {
    GateTraining training(setup, row.remedy);
    for (int step = 0; step < 5; ++step) {
      training.step();
      const auto counts = training.counts();
      CHECK(std::accumulate(counts.begin(), counts.end(), 0u) == 3u * 512u);
    }
  }
}

TEST_CASE("Trained without a remedy most experts end idle; a loss on load or a selection bias cures that") {
  TrainingSetup setup;
  setup.onset = 500;
  for (const std::uint64_t seed : {1u, 2u}) {
    INFO("seed " << seed);
    setup.seed = seed;
    const Outcome none = trained(setup, BalanceRemedy::none, 2000);
    CHECK(none.idle > 16.0);
    CHECK(none.load.max_over_mean > 4.0);
    for (const BalanceRemedy remedy : {BalanceRemedy::auxiliary_loss, BalanceRemedy::selection_bias}) {
      const Outcome before = trained(setup, remedy, 500);
      CHECK(before.idle > 16.0);
      const Outcome cured = trained(setup, remedy, 2000);
      CHECK(cured.idle < 4.0);
      CHECK(cured.load.max_over_mean < 0.6 * none.load.max_over_mean);
      CHECK(cured.load.entropy_bits > none.load.entropy_bits + 1.0);
      CHECK(cured.task_loss < none.task_loss);
    }
  }
}

TEST_CASE("The same seed trains the same gate, another seed another one") {
  TrainingSetup setup;
  const auto counts_after = [&](std::uint64_t seed) {
    setup.seed = seed;
    GateTraining training(setup, BalanceRemedy::selection_bias);
    for (int step = 0; step < 30; ++step) training.step();
    return std::vector<std::uint32_t>(training.counts().begin(), training.counts().end());
  };
  CHECK(counts_after(1) == counts_after(1));
  CHECK(counts_after(1) != counts_after(2));
}

TEST_CASE("Sizes that a gate cannot have are refused") {
  const auto refused = [](auto change) {
    TrainingSetup setup;
    change(setup);
    CHECK_THROWS_AS(GateTraining(setup, BalanceRemedy::none), std::invalid_argument);
  };
  refused([](TrainingSetup& s) { s.experts = 1; });
  refused([](TrainingSetup& s) { s.experts = 513; });
  refused([](TrainingSetup& s) { s.top_k = 0; });
  refused([](TrainingSetup& s) { s.top_k = 33; });
  refused([](TrainingSetup& s) { s.tokens = 0; });
}
