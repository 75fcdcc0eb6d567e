// Where routers stand in the figure of the network, by their names: those of a torus as a grid, those of
// groups on a circle of groups, all others on one circle.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace switchyard {

/// Neighbours are about 1 apart; x to the right, y down. Routers of the same name are drawn as one.
struct RouterSpot {
  std::string name;
  double x = 0.0, y = 0.0;
};

/// One a router, in their order. "router1.0.3" is a place in a grid where all names have such ends, and
/// "group0/router1" is of group0, in whose middle "group0/hub" stands. Where routers are more than `most`, at
/// least 2, those alike in the first places ("router1.*") or of one group stand as one, and what is still
/// left over.
std::vector<RouterSpot> router_spots(std::span<const std::string> names, std::size_t most);

}  // namespace switchyard
