// Laws of what expert ranks send each other: what is counted from sums is what counting token by token gives,
// and group-limited gates keep to their nodes.
#include <catch2/catch.hpp>
#include <map>
#include <set>

#include "kernels/expert_placement.hpp"
#include "sim/base/menu.hpp"
#include "sim/base/random.hpp"
#include "sim/plan/exchange_traffic.hpp"
#include "tests/support/clusters.hpp"
#include "tests/support/routed_model.hpp"

using namespace switchyard;

namespace {

/// Two groups of eight a token, as DeepSeek-V3 has it with four: a node holds one group.
Architecture limited_model() {
  GateShape gate;
  gate.num_experts = 32;
  gate.num_experts_per_tok = 4;
  gate.n_group = 4;
  gate.topk_group = 2;
  return routed_model(3, gate, 256, "noaux_tc");
}

struct Setup {
  Cluster cluster = round_cluster(4, 4);
  LinkGraph graph{cluster};
  RoutingBank bank;
  std::shared_ptr<const ExpertSlots> slots;
  RoutedLoad routed;

  Setup(const Architecture& model, std::string_view placement, std::int64_t redundant,
        RoutingMode mode = RoutingMode::bank, CapacityFactors capacity = {})
      : bank(model, RoutingPreset{}, 1),
        slots(std::make_shared<ExpertSlots>(place_experts(bank, long_run_loads(bank),
                                                          choose(expert_placements(), placement, "placement"),
                                                          {16, 4, redundant}))),
        routed(bank, mode, slots, 16, std::move(capacity)) {}

  ExchangeTraffic traffic(std::int64_t tensor, Copies per) {
    ExchangeTraffic result(graph, first_gpus(16), tensor, per);
    const std::span<const std::uint16_t> nodes = result.node_of();
    routed.place_ranks(RankNodes(std::vector<std::vector<std::uint16_t>>(
        static_cast<std::size_t>(bank.moe_layers()), {nodes.begin(), nodes.end()})));
    return result;
  }
};

std::vector<RankBatch> uneven_batches(const RoutingBank& bank, std::size_t ranks, std::uint64_t seed) {
  Random random(seed, "batches");
  std::vector<RankBatch> batches(ranks);
  for (RankBatch& batch : batches)
    for (std::int64_t run = random.integer(0, 12); run > 0; --run) {
      batch.routed.push_back(bank.draw_place(random));
      batch.routed.back().tokens = run == 1 ? random.integer(1, 3 * bank.tokens() / bank.domains()) : 1;
    }
  return batches;
}

/// Sets of ranks and nodes, token by token.
struct Reference {
  std::vector<std::int64_t> on_ranks, on_nodes;
  std::size_t most_nodes = 0;

  Reference(Setup& s, const RankBatch& batch, std::int64_t layer) : on_ranks(16), on_nodes(4) {
    for (const TokenRun& run : batch.routed)
      for (std::int64_t t = 0; t < run.tokens; ++t) {
        std::set<std::size_t> ranks, nodes;
        for (const std::uint16_t expert :
             s.bank.experts_of(run.stream, run.position + static_cast<std::uint64_t>(t), layer)) {
          for (std::size_t rank = 0; rank < 16; ++rank)
            for (const ExpertSlot& slot : s.slots->on(layer, static_cast<std::int64_t>(rank)))
              if (slot.expert == expert) ranks.insert(rank), nodes.insert(rank / 4);
        }
        for (const std::size_t rank : ranks) ++on_ranks[rank];
        for (const std::size_t node : nodes) ++on_nodes[node];
        most_nodes = std::max(most_nodes, nodes.size());
      }
  }
};

void check_conserved(std::span<const RankCopies> layer) {
  RankCopies sum;
  for (const RankCopies& rank : layer) {
    sum.send_in_node += rank.send_in_node;
    sum.send_to_fabric += rank.send_to_fabric;
    sum.receive_in_node += rank.receive_in_node;
    sum.receive_from_fabric += rank.receive_from_fabric;
  }
  CHECK(sum.send_in_node == Approx(sum.receive_in_node).epsilon(1e-12));
  CHECK(sum.send_to_fabric == Approx(sum.receive_from_fabric).epsilon(1e-12));
}

double fabric_copies(const ExchangeTraffic& traffic, std::int64_t layer) {
  double sum = 0.0;
  for (const RankCopies& rank : traffic.of(layer)) sum += rank.send_to_fabric;
  return sum;
}

}  // namespace

TEST_CASE("Tokens that reach ranks and nodes are those that counting one by one finds", "[laws]") {
  for (const char* placement : {"linear", "round_robin", "eplb", "eplb_global"}) {
    INFO(placement);
    Setup s(limited_model(), placement, 0);
    s.traffic(1, Copies::per_node);
    for (std::uint64_t seed = 0; seed < 5; ++seed) {
      const auto ranks = uneven_batches(s.bank, 16, seed);
      s.routed.route_by_source(ranks);
      for (std::size_t source = 0; source < ranks.size(); ++source) {
        const RoutedLoad::Reached reached = s.routed.reached(ranks, source);
        CHECK(reached.weight == 1.0);
        for (std::int64_t layer = 0; layer < s.bank.moe_layers(); ++layer) {
          const Reference expected(s, ranks[source], layer);
          for (std::size_t rank = 0; rank < 16; ++rank)
            CHECK(reached.counts->on_ranks(layer)[rank] == expected.on_ranks[rank]);
          for (std::size_t node = 0; node < 4; ++node)
            CHECK(reached.counts->on_nodes(layer)[node] == expected.on_nodes[node]);
        }
      }
    }
  }
}

TEST_CASE("A token of group-limited gates reaches no more nodes than groups where a node holds whole groups",
          "[laws]") {
  const std::map<std::string, std::size_t> most = {{"linear", 2}, {"eplb", 2}, {"round_robin", 4}};
  for (const auto& [placement, nodes] : most)
    for (const std::int64_t redundant : {0, 16}) {
      if (redundant > 0 && placement != "eplb") continue;
      INFO(placement << " with " << redundant << " replicas");
      Setup s(limited_model(), placement, redundant);
      RankBatch all;
      for (std::int64_t domain = 0; domain < s.bank.domains(); ++domain)
        all.routed.push_back(
            {s.bank.first_stream(domain), 0, static_cast<std::int64_t>(s.bank.ring_length(domain))});
      std::size_t reached = 0;
      for (std::int64_t layer = 0; layer < s.bank.moe_layers(); ++layer)
        reached = std::max(reached, Reference(s, all, layer).most_nodes);
      CHECK(reached == nodes);
      std::vector<RankBatch> ranks(16);
      ranks[0] = all;
      s.traffic(1, Copies::per_node);
      s.routed.route_by_source(ranks);
      const RoutedLoad::Reached counted = s.routed.reached(ranks, 0);
      for (std::int64_t layer = 0; layer < s.bank.moe_layers(); ++layer) {
        std::int64_t sum = 0;
        for (const std::uint32_t tokens : counted.counts->on_nodes(layer)) sum += tokens;
        CHECK(sum <= static_cast<std::int64_t>(nodes) * s.bank.tokens());
        CHECK(sum >= s.bank.tokens());
      }
    }
}

TEST_CASE("With replicas or capacities no more tokens reach a rank than rows, and none reach it without rows",
          "[laws]") {
  for (const bool drops : {false, true}) {
    const CapacityFactors capacity = drops ? CapacityFactors(3, 1.0) : CapacityFactors();
    Setup s(limited_model(), "eplb", drops ? 0 : 16, RoutingMode::bank, capacity);
    s.traffic(1, Copies::per_node);
    for (std::uint64_t seed = 0; seed < 5; ++seed) {
      const auto ranks = uneven_batches(s.bank, 16, seed);
      s.routed.route_by_source(ranks);
      for (std::size_t source = 0; source < ranks.size(); ++source) {
        const RoutedLoad::Reached reached = s.routed.reached(ranks, source);
        for (std::int64_t layer = 0; layer < s.bank.moe_layers(); ++layer)
          for (std::int64_t rank = 0; rank < 16; ++rank) {
            const std::int64_t rows =
                s.routed.sent(layer, static_cast<std::int64_t>(source))[static_cast<std::size_t>(rank)];
            const std::int64_t tokens = reached.counts->on_ranks(layer)[static_cast<std::size_t>(rank)];
            CHECK(tokens <= rows);
            CHECK((tokens > 0) == (rows > 0));
          }
      }
    }
  }
}

TEST_CASE("As much is received as is sent, and a copy a node is at most one a chosen expert", "[laws]") {
  for (const RoutingMode mode : {RoutingMode::bank, RoutingMode::balanced})
    for (const std::int64_t tensor : {1, 2}) {
      Setup s(limited_model(), "linear", 0, mode);
      ExchangeTraffic by_expert = s.traffic(tensor, Copies::per_expert);
      ExchangeTraffic by_node = s.traffic(tensor, Copies::per_node);
      for (std::uint64_t seed = 0; seed < 5; ++seed) {
        const auto ranks = uneven_batches(s.bank, 16 / static_cast<std::size_t>(tensor), seed);
        s.routed.route_by_source(ranks);
        for (ExchangeTraffic* traffic : {&by_expert, &by_node})
          traffic->count(s.routed, ranks, 0, s.bank.moe_layers());
        for (std::int64_t layer = 0; layer < s.bank.moe_layers(); ++layer) {
          for (const ExchangeTraffic* traffic : {&by_expert, &by_node}) check_conserved(traffic->of(layer));
          if (mode == RoutingMode::bank)
            CHECK(fabric_copies(by_node, layer) <= fabric_copies(by_expert, layer) + 1e-9);
        }
      }
    }
}

TEST_CASE("A token crosses the fabric once a node, to the rank at its sender's place, and NVLink from there",
          "[laws]") {
  // One token from rank 1 (node 0, place 1), whose experts are wherever they are.
  Setup s(limited_model(), "linear", 0);
  ExchangeTraffic traffic = s.traffic(1, Copies::per_node);
  std::vector<RankBatch> ranks(16);
  ranks[1].routed.push_back({0, 5, 1});
  s.routed.route_by_source(ranks);
  traffic.count(s.routed, ranks, 0, 1);
  std::set<std::size_t> chosen;
  for (const std::uint16_t expert : s.bank.experts_of(0, 5, 0)) chosen.insert(expert / 2u);
  std::vector<RankCopies> expected(16);
  for (std::size_t node = 0; node < 4; ++node) {
    std::set<std::size_t> here;
    for (const std::size_t rank : chosen)
      if (rank / 4 == node) here.insert(rank);
    if (here.empty()) continue;
    const std::size_t hand = 4 * node + 1;
    if (node != 0) {
      ++expected[1].send_to_fabric;
      ++expected[hand].receive_from_fabric;
    }
    for (const std::size_t rank : here)
      if (rank != hand) {
        ++expected[hand].send_in_node;
        ++expected[rank].receive_in_node;
      }
  }
  for (std::size_t rank = 0; rank < 16; ++rank) {
    CHECK(traffic.of(0)[rank].send_in_node == expected[rank].send_in_node);
    CHECK(traffic.of(0)[rank].send_to_fabric == expected[rank].send_to_fabric);
    CHECK(traffic.of(0)[rank].receive_in_node == expected[rank].receive_in_node);
    CHECK(traffic.of(0)[rank].receive_from_fabric == expected[rank].receive_from_fabric);
  }
}
