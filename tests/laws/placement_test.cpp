// Laws of where experts are: no assignment is lost or made on the way to the ranks, whoever counts, and
// balancing by load balances.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>

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
                  sent += load.sent(layer, source)[static_cast<std::size_t>(rank)];
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

TEST_CASE("Assignments beyond an expert's capacity are dropped and counted, whoever counts", "[laws]") {
  const Bank of(small_moe_model(8, 2));
  const auto layers = static_cast<std::size_t>(of.bank.moe_layers());
  for (const ExpertPlacement& placement : expert_placements())
    for (const double factor : {0.5, 1.0, 1.25, 8.0}) {
      INFO(placement.name << " with a capacity factor of " << factor);
      const std::int64_t redundant = placement.balances ? 4 : 0;
      RoutedLoad load(of.bank, RoutingMode::bank, of.slots(placement, RoutingMode::bank, redundant), kTile,
                      CapacityFactors(layers, factor));
      for (std::uint64_t seed = 0; seed < 10; ++seed) {
        const auto ranks = uneven_batches(of.bank, seed);
        const std::int64_t wanted = 2 * tokens_of(ranks) * of.bank.moe_layers();
        const auto capacity =
            static_cast<std::uint32_t>(std::ceil(factor * static_cast<double>(2 * tokens_of(ranks)) / 8.0));
        load.route(ranks);
        const std::int64_t dropped = load.dropped();
        std::int64_t rows = 0, sent = 0;
        for (std::int64_t layer = 0; layer < of.bank.moe_layers(); ++layer) {
          rows += rows_on_ranks(load, layer);
          const auto counts = load.counts().layer(layer);
          CHECK(*std::max_element(counts.begin(), counts.end()) <= capacity);
        }
        CHECK(rows + dropped == wanted);
        CHECK((factor > 1.0 || dropped > 0));
        CHECK((factor < 8.0 || dropped == 0));
        load.route_by_source(ranks);
        CHECK(load.dropped() == dropped);
        for (std::int64_t layer = 0; layer < of.bank.moe_layers(); ++layer)
          for (std::int64_t rank = 0; rank < kRanks; ++rank)
            for (std::int64_t source = 0; source < kRanks; ++source)
              sent += load.sent(layer, source)[static_cast<std::size_t>(rank)];
        CHECK(sent == rows);
      }
    }
}

TEST_CASE("The first ranks' tokens are the last to be dropped", "[laws]") {
  const Bank of(small_moe_model(8, 2));
  const auto slots = of.slots(expert_placements()[0], RoutingMode::bank, 0);
  RoutedLoad all(of.bank, RoutingMode::bank, slots, 1);
  RoutedLoad few(of.bank, RoutingMode::bank, slots, 1,
                 CapacityFactors(static_cast<std::size_t>(of.bank.moe_layers()), 0.25));
  std::vector<RankBatch> ranks(kRanks);
  for (RankBatch& batch : ranks) batch.routed.push_back({0, 0, 64});
  all.route_by_source(ranks);
  few.route_by_source(ranks);  // a capacity of one rank's even share: 4 x 64 x 2 / 8 / 4 = 16
  std::int64_t first = 0, last = 0;
  for (std::size_t rank = 0; rank < kRanks; ++rank) {
    CHECK(few.sent(0, 0)[rank] <= all.sent(0, 0)[rank]);
    first += few.sent(0, 0)[rank];
    last += few.sent(0, kRanks - 1)[rank];
  }
  CHECK(first > last);
}

TEST_CASE("A run counts what it drops; a capacity that holds everything changes nothing but that", "[laws]") {
  const auto routing = [](const Json& json) { return run(json).summary.at("routing"); };
  const Json plain = small_moe();
  CHECK_FALSE(routing(plain).contains("dropped"));
  const Json ample = with(plain, "/model/capacity_factor", 8.0);
  CHECK(routing(ample).at("dropped") == 0);
  CHECK(run(ample).requests_csv == run(plain).requests_csv);
  std::int64_t last = 0;
  for (const double factor : {2.0, 1.25, 1.0, 0.5}) {
    const std::int64_t dropped = routing(with(plain, "/model/capacity_factor", factor)).at("dropped");
    CHECK(dropped > last);
    last = dropped;
  }
}

TEST_CASE("The dropped share is that of all assignments, and the console shows it unless it is zero",
          "[laws]") {
  const Json halved = with(with(small_moe(), "/model/capacity_factor", 0.5), "/routing/mode", "balanced");
  const System system(read(halved), Scope::serving);
  const Simulation simulation = simulate(system);
  const auto table = [](const System& of, const Simulation& done) {
    const Metrics metrics = compute_metrics(done.result.log, {}, 1);
    return console_table(describe(of.scenario()), summarise(of, done, metrics));
  };
  const Json routing = run(halved).summary.at("routing");
  // An even deal fills half of every place; rounding up leaves small steps a little more.
  CHECK(routing.at("dropped_share").get<double>() > 0.25);
  CHECK(routing.at("dropped_share").get<double>() <= 0.5);
  CHECK_THAT(table(system, simulation),
             Catch::Contains("\n  dropped     ") &&
                 Catch::Contains("% of assignments, beyond the experts' capacity"));
  const System ample(read(with(small_moe(), "/model/capacity_factor", 8.0)), Scope::serving);
  CHECK_THAT(table(ample, simulate(ample)), !Catch::Contains("dropped"));
}

TEST_CASE("Micro-batches drop by their own capacity, and the run counts those", "[laws]") {
  Json json = with(small_moe(), "/deployment", Json{{"pipeline_parallel_size", 2}});
  json = with(json, "/model/capacity_factor", 0.25);
  const System system(read(json), Scope::serving);
  const auto timer = system.timer(0);
  const auto dropped_by = [&](const std::vector<std::uint32_t>& streams) {
    std::vector<RankBatch> ranks(1);
    for (const std::uint32_t stream : streams) {
      ranks[0].prefills.push_back({64, 0});
      ranks[0].routed.push_back({stream, 0, 64});
      ranks[0].sampled += 1;
    }
    timer->time(ranks);
    return timer->routed()->dropped();
  };
  const std::int64_t first = dropped_by({0}), second = dropped_by({1});
  CHECK(first > 0);
  CHECK(dropped_by({0, 1}) == first + second);  // one micro-batch each
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
