// From the link graph and the bytes on its links to the figure of the network.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "sim/report/page.hpp"
#include "topologies/link_graph.hpp"

namespace switchyard {

/// How long a link was busy: its bytes, over efficiency, by its bandwidth; in `duration`.
double utilisation(const Link& link, Bytes busy, Seconds duration);

/// The busiest links that were busy at all, the busiest first; of equals the first of the graph.
std::vector<NetworkMap::Busy> busiest_links(const LinkGraph& graph, std::span<const Bytes> busy,
                                            Seconds duration, std::size_t most);

/// The nodes with the busiest links, NICs and switches one by one, further ones as one of each kind; the two
/// directions of a cable as one link. `busy`: one a link of the graph. None without links.
std::optional<NetworkMap> network_map(const LinkGraph& graph, std::span<const Bytes> busy, Seconds duration);

}  // namespace switchyard
