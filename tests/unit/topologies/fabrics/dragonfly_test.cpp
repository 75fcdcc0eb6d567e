// Routes of a dragonfly.
#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <set>

#include "tests/support/routes.hpp"

namespace switchyard {
namespace {

bool is_between_groups(const Link& link) { return link.name.find('#') != std::string::npos; }

}  // namespace

TEST_CASE("With a hash a dragonfly's route has one link between groups and at most one inside each") {
  const LinkGraph graph =
      graph_of(20, R"("kind": "dragonfly", "routers_per_group": 4, "global_links": 2, "routing": "ecmp")");
  std::set<std::string> used;
  for (GpuId from = 0; from < graph.gpus(); from += 3) {
    for (GpuId to = 0; to < graph.gpus(); to += 5) {
      std::string text;
      for (const LinkId id : graph.route(from, to)) {
        const Link& link = graph.links()[id];
        if (link.kind == LinkKind::uplink) text += is_between_groups(link) ? 'g' : 'l';
        if (link.kind == LinkKind::uplink && is_between_groups(link)) used.insert(link.name);
      }
      CAPTURE(from, to, text);
      const bool same_group = from / 32 == to / 32;
      CHECK(std::set<std::string>{"", "l", "g", "lg", "gl", "lgl"}.count(text) == 1);
      CHECK(std::count(text.begin(), text.end(), 'g') == (same_group ? 0 : 1));
    }
  }
  CHECK(used.size() == 2 * 10 * 2);  // both of the links between each two of five groups, each way
}

TEST_CASE("With packets spread, a dragonfly's group is a hub to the others and a mesh inside") {
  const LinkGraph graph = graph_of(8, R"("kind": "dragonfly", "routers_per_group": 4, "global_links": 2,
      "nodes_per_router": 1, "hop_latency": "300 ns")");
  CHECK(switches_between(graph, 0, 1).empty());
  CHECK(switches_between(graph, 0, 8) == Names{"group0/router0", "group0/router1"});
  CHECK(switches_between(graph, 0, 8 * 5) ==
        Names{"group0/router0", "group0/hub", "group1/hub", "group1/router1"});
  CHECK(graph.latency(graph.route(0, 8)).value() == Approx(2e-6 + 300e-9));
  CHECK(graph.latency(graph.route(0, 8 * 5)).value() == Approx(2e-6 + 3 * 300e-9));
  const auto route = graph.route(0, 8 * 5);
  CHECK(graph.links()[route[2]].bandwidth.value() == Approx(3 * 50e9 / 0.75));  // 3 links, 3 of 4 pass on
  CHECK(graph.links()[route[3]].bandwidth.value() == Approx(4 * 2 * 50e9));
}

}  // namespace switchyard
