// DeepEP's normal kernels.
#include <catch2/catch.hpp>
#include <numeric>

#include "sim/base/menu.hpp"
#include "sim/collectives/uniform_exchange.hpp"
#include "tests/support/clusters.hpp"

using namespace switchyard;

namespace {

struct Notified {
  Seconds dispatch, combine;
};

Notified notified(std::int64_t nodes) {
  const Cluster cluster = round_cluster(nodes, 8);
  const LinkGraph graph(cluster);
  std::vector<GpuId> group(graph.gpus());
  std::iota(group.begin(), group.end(), GpuId{0});
  const ExchangeShape shape{256, 8, fp8_row(7168), bf16_row(7168)};
  const ExchangeBackend& backend = choose(exchange_backends(), "deepep_normal", "test");
  const auto exchange =
      backend.make(graph, group, collective_parameters(cluster, graph, graph.gpus()), shape);
  std::vector<Bytes> loads(graph.links().size());
  const auto traffic = uniform_traffic(graph, group, backend.copies, shape, 64.0, shape.combine_row);
  return {exchange->dispatch(traffic, loads).notify, exchange->combine(traffic, loads).notify};
}

}  // namespace

TEST_CASE("A kernel before a combine between nodes tells the peers what comes", "[collectives]") {
  CHECK(notified(2).combine > Seconds(20e-6));
  CHECK(notified(2).dispatch == Seconds());  // an engine's host time of an exchange holds it
  CHECK(notified(1).combine == Seconds());
}
