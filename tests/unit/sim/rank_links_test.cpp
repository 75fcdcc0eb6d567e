// What a rank's links are busy with.
#include "sim/rank_links.hpp"

#include <catch2/catch.hpp>

#include "tests/support/clusters.hpp"
#include "tests/support/routes.hpp"

namespace switchyard {

TEST_CASE("On a mesh a rank is as busy as the busiest of its links to peers") {
  const LinkGraph graph = graph_of(R"("mi300x-8")");
  std::vector<Bytes> loads(graph.links().size());
  const LinkId busy = graph.route(2, 6).front();  // peers 0 and 1 come first
  loads[busy] = Bytes(64e9);
  const auto links = rank_links(graph, first_gpus(8), loads);
  CHECK(links[2].in_node_out.value() == Approx(1.0));
  CHECK(links[6].in_node_in.value() == Approx(1.0));
  CHECK(links[2].in_node_in == Seconds());
  CHECK(links[0].in_node_out == Seconds());
}

}  // namespace switchyard
