// What every row of the menus of implementations and of exchanges keeps to.
#include <algorithm>
#include <catch2/catch.hpp>
#include <set>
#include <string>

#include "sim/collectives/implementations.hpp"
#include "sim/collectives/uniform_exchange.hpp"
#include "tests/support/clusters.hpp"

using namespace switchyard;
using namespace switchyard::literals;

namespace {

ExchangeShape shape_of_deepseek() { return {256, 8, fp8_row(7168), bf16_row(7168)}; }

Seconds link_bound(const LinkGraph& graph, std::span<const Bytes> loads) {
  Seconds longest;
  for (LinkId link = 0; link < loads.size(); ++link)
    longest = std::max(longest, loads[link] / graph.links()[link].bandwidth);
  return longest;
}

std::vector<Cluster> clusters() {
  return {round_cluster(1, 8), round_cluster(4, 4), round_cluster(2, 1), round_mesh(2, 4), round_tree(2, 4)};
}

}  // namespace

TEST_CASE("Every implementation of a collective keeps the contract", "[collectives]") {
  for (const CollectiveImplementation& row : collective_implementations()) {
    for (const Cluster& cluster : clusters()) {
      const LinkGraph graph(cluster);
      for (GpuId n = 1; n <= graph.gpus(); n = n < 4 ? n + 1 : 2 * n) {
        CAPTURE(row.name, row.operation, cluster.node_fabric.kind, cluster.nodes, n);
        const Collective made =
            row.make(graph, first_gpus(n), collective_parameters(cluster, graph, graph.gpus()));
        if (n == 1) {
          CHECK(made.time(1_MiB) == 0_s);
          CHECK(made.piece(1_MiB) == nullptr);
          continue;
        }
        Seconds before;
        const CollectivePiece* piece = nullptr;
        for (double bytes = 1.0; bytes < 1e11; bytes *= 1.7) {
          // More is never faster, unless it changes the algorithm at a size that software has put too late.
          const CollectiveCost& cost = made.at(Bytes(bytes));
          CHECK((cost.time(Bytes(bytes)) >= before || made.piece(Bytes(bytes)) != piece));
          piece = made.piece(Bytes(bytes));
          CHECK(cost.latency > 0_s);
          REQUIRE(cost.bottleneck.has_value());
          for (const LinkLoad& load : cost.loads_per_byte)
            REQUIRE(load.bytes / graph.links()[load.link].bandwidth <=
                    Seconds(cost.seconds_per_byte * (1 + 1e-12)));
          before = cost.time(Bytes(bytes));
        }
      }
    }
  }
}

TEST_CASE("Every exchange keeps the contract", "[collectives]") {
  for (const ExchangeBackend& row : exchange_backends()) {
    CHECK_FALSE(row.description.empty());
    for (const Cluster& cluster : clusters()) {
      CAPTURE(row.name, cluster.node_fabric.kind, cluster.nodes);
      const LinkGraph graph(cluster);
      const auto group = first_gpus(graph.gpus());
      const ExchangeShape shape = shape_of_deepseek();
      const auto made = row.make(graph, group, collective_parameters(cluster, graph, graph.gpus()), shape);
      CHECK(std::is_sorted(made->links().begin(), made->links().end()));
      const std::set<LinkId> links(made->links().begin(), made->links().end());
      Seconds before;
      for (const double tokens : {1.0, 8.0, 100.0, 4096.0, 100000.0}) {
        const auto traffic = uniform_traffic(graph, group, row.copies, shape, tokens, shape.dispatch_row);
        std::vector<Bytes> loads(graph.links().size());
        const ExchangeTime time = made->dispatch(traffic, loads);
        CHECK(time.latency > 0_s);
        CHECK(time.transfer >= link_bound(graph, loads));
        CHECK(time.total() > before);
        before = time.total();
        for (LinkId link = 0; link < loads.size(); ++link)
          if (loads[link] > Bytes()) REQUIRE(links.count(link) == 1);
        std::vector<Bytes> twice = loads;  // loads of several exchanges add up
        CHECK(made->dispatch(traffic, twice).total() == time.total());
        for (LinkId link = 0; link < loads.size(); ++link) REQUIRE(twice[link] == loads[link] * 2.0);
        std::vector<Bytes> of_combine(graph.links().size());
        CHECK(made->combine(traffic, of_combine).transfer >= link_bound(graph, of_combine));
      }
      std::vector<Bytes> loads(graph.links().size());
      CHECK(made->dispatch(std::vector<RankTraffic>(group.size()), loads).total() == 0_s);
    }
  }
}

TEST_CASE("The menu of implementations has one of NCCL's for every operation, and each pair of names once",
          "[collectives]") {
  std::set<std::string> pairs;
  for (const CollectiveImplementation& row : collective_implementations()) {
    CHECK(pairs.insert(std::string(row.operation) + " " + std::string(row.name)).second);
    CHECK_FALSE(row.description.empty());
    CHECK(&choose_implementation(row.operation, row.name, "") == &row);
  }
  for (const char* operation : {"all_reduce", "all_gather", "reduce_scatter", "all_to_all", "send"})
    CHECK(pairs.count(std::string(operation) + " nccl") == 1);
}
