// Laws of where experts are: no assignment is lost or made on the way to the ranks, whoever counts, and
// balancing by load balances.
#include <algorithm>
#include <catch2/catch.hpp>

#include "sim/base/random.hpp"
#include "sim/plan/routed_load.hpp"
#include "tests/support/small_scenarios.hpp"

using namespace switchyard;

namespace {

constexpr std::int64_t kRanks = 4;
constexpr std::int64_t kTile = 64;

std::vector<RankBatch> uneven_batches(const RoutingBank& bank, std::uint64_t seed) {
  Random random(seed, "batches");
  std::vector<RankBatch> ranks(kRanks);
  for (RankBatch& batch : ranks)
    for (std::int64_t run = random.integer(0, 30); run > 0; --run)
      batch.routed.push_back({static_cast<std::uint32_t>(random.integer(0, bank.streams() - 1)),
                              static_cast<std::uint64_t>(random.integer(0, 10000)),
                              run == 1 ? random.integer(1, 700) : 1});
  return ranks;
}

std::int64_t tokens_of(const std::vector<RankBatch>& ranks) {
  std::int64_t tokens = 0;
  for (const RankBatch& batch : ranks)
    for (const TokenRun& run : batch.routed) tokens += run.tokens;
  return tokens;
}

struct Bank {
  Scenario scenario;
  RoutingBank bank;
  explicit Bank(const Json& model, Choice choice = Choice::gates)
      : scenario(read(small_scenario(model))), bank(scenario.model, scenario.routing.preset, 1, choice) {}

  std::shared_ptr<const ExpertSlots> slots(const ExpertPlacement& placement, RoutingMode mode,
                                           std::int64_t redundant) const {
    return std::make_shared<ExpertSlots>(
        place_experts(bank, expected_loads(bank, mode), placement, {kRanks, 2, redundant}));
  }
};

/// Rows of a layer that the ranks say they have.
std::int64_t rows_on_ranks(const RoutedLoad& load, std::int64_t layer) {
  std::int64_t rows = 0;
  for (std::int64_t rank = 0; rank < kRanks; ++rank) rows += load.load(layer, rank).rows;
  return rows;
}

Json eplb_deployment(std::int64_t redundant) {
  return {{"data_parallel_size", kRanks},
          {"enable_expert_parallel", true},
          {"enable_eplb", true},
          {"num_redundant_experts", redundant}};
}

}  // namespace

TEST_CASE("Every token's assignments are conserved on their way to the expert ranks", "[laws]") {
  for (const Choice choice : {Choice::gates, Choice::uniform}) {
    const Bank of(small_moe_model(8, 2), choice);
    for (const ExpertPlacement& placement : expert_placements())
      for (const RoutingMode mode : {RoutingMode::bank, RoutingMode::balanced})
        for (const std::int64_t redundant : {0, 4, 12}) {
          if (redundant > 0 && !placement.balances) continue;
          INFO(placement.name << " with " << redundant << " replicas");
          RoutedLoad load(of.bank, mode, of.slots(placement, mode, redundant), kTile);
          for (std::uint64_t seed = 0; seed < 10; ++seed) {
            const auto ranks = uneven_batches(of.bank, seed);
            load.route_by_source(ranks);
            for (std::int64_t layer = 0; layer < of.bank.moe_layers(); ++layer) {
              CHECK(rows_on_ranks(load, layer) == 2 * tokens_of(ranks));
              for (std::int64_t rank = 0; rank < kRanks; ++rank) {
                std::int64_t sent = 0;
                for (std::int64_t source = 0; source < kRanks; ++source)
                  sent += load.sent(layer, source, rank);
                CHECK(sent == load.load(layer, rank).rows);
              }
            }
            load.route(ranks);
            for (std::int64_t layer = 0; layer < of.bank.moe_layers(); ++layer)
              CHECK(rows_on_ranks(load, layer) == 2 * tokens_of(ranks));
          }
        }
  }
}

TEST_CASE("The replicas of an expert get the same number of its tokens, to one", "[laws]") {
  const Bank of(small_moe_model(8, 2));
  std::vector<std::uint16_t> two_each;
  for (std::uint16_t slot = 0; slot < 16; ++slot) two_each.push_back(static_cast<std::uint16_t>(slot % 8));
  const auto slots = std::make_shared<ExpertSlots>(2);  // rank 0 and rank 1 hold every expert
  for (std::int64_t layer = 0; layer < of.bank.moe_layers(); ++layer) slots->add_layer(two_each);
  RoutedLoad load(of.bank, RoutingMode::bank, slots, 1);
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    load.route(uneven_batches(of.bank, seed));
    for (std::int64_t layer = 0; layer < of.bank.moe_layers(); ++layer) {
      const std::int64_t difference = load.load(layer, 0).rows - load.load(layer, 1).rows;
      CHECK(std::abs(difference) <= 8);  // one an expert at most
    }
  }
}

TEST_CASE("Balancing by load never leaves the ranks less even in the long run than linear placement does",
          "[laws]") {
  for (const std::int64_t experts : {8, 16, 64}) {
    const Bank of(small_moe_model(experts, 2));
    const ExpertCounts loads = long_run_loads(of.bank);
    const double linear = rank_imbalance(*of.slots(expert_placements()[0], RoutingMode::bank, 0), loads);
    CHECK(linear > 1.0);
    double last = linear;
    for (const std::int64_t redundant : {std::int64_t{0}, experts / 2, experts, 3 * experts}) {
      for (const ExpertPlacement& placement : expert_placements()) {
        if (!placement.balances) continue;
        const double balanced = rank_imbalance(*of.slots(placement, RoutingMode::bank, redundant), loads);
        CHECK(balanced >= 1.0 - 1e-12);
        CHECK(balanced <= linear);
        last = balanced;
      }
    }
    CHECK(last <
          1.0 + 0.5 * (linear - 1.0));  // with four slots an expert hardly anything is left to even out
  }
}

TEST_CASE("Experts balanced over one rank cost the time of experts that are not", "[laws]") {
  const Json plain =
      with(small_scenario(small_moe_model(8, 2)), "/deployment", Json{{"enable_expert_parallel", true}});
  const Json balanced = with(plain, "/deployment/enable_eplb", true);
  CHECK(run(plain).requests_csv == run(balanced).requests_csv);
}

TEST_CASE("A run with EPLB says what it did and has more even ranks", "[laws]") {
  const Json linear = small_moe();
  const Json eplb = with(linear, "/deployment", eplb_deployment(8));
  const Json before = run(linear).summary.at("routing"), after = run(eplb).summary.at("routing");
  CHECK_FALSE(before.contains("eplb"));
  const Json& what = after.at("eplb");
  CHECK(what.at("policy") == "hierarchical");
  CHECK(what.at("num_redundant_experts") == 8);
  CHECK(what.at("rank_imbalance_after") < what.at("rank_imbalance_before"));
  CHECK(after.at("mean_rank_imbalance") < before.at("mean_rank_imbalance"));
}

TEST_CASE("EPLB serves the same requests whether decode steps are advanced together or not", "[laws]") {
  for (const char* backend : {"allgather_reducescatter", "pairwise"}) {
    const Json json =
        with(with(small_moe(), "/deployment", eplb_deployment(4)), "/deployment/all2all_backend", backend);
    SimulateOptions singly;
    singly.advance_together = false;
    CHECK(run(json).requests_csv == run(json, singly).requests_csv);
    CHECK(run(json).summary.at("routing") == run(json, singly).summary.at("routing"));
  }
}
