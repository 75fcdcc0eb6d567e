// Routes by breadth-first search over the graph, one search a sender, kept while memory allows.
#include "topologies/link_graph.hpp"

#include <algorithm>
#include <array>
#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/breadth_first_search.hpp>
#include <boost/graph/filtered_graph.hpp>
#include <limits>
#include <map>
#include <stdexcept>

#include "sim/base/ensure.hpp"
#include "sim/base/hash.hpp"
#include "topologies/blueprint.hpp"

namespace switchyard {
namespace {

struct Edge {
  LinkId link = 0;
};
using Graph =
    boost::adjacency_list<boost::vecS, boost::vecS, boost::bidirectionalS, boost::no_property, Edge>;
using EdgeId = Graph::edge_descriptor;

using Hops = std::vector<std::uint16_t>;  // from a sender to every device
constexpr std::uint16_t kUnreached = std::numeric_limits<std::uint16_t>::max();
constexpr std::size_t kMostHopsKept = 32'000'000;  // 64 MB

/// Which links traffic of `sender` may take: GPUs (and their slots) forward nobody else's, and what left
/// through a NIC does not come back into the node.
struct MayCarry {
  const Graph* graph = nullptr;
  const Blueprint* blueprint = nullptr;
  GpuId sender = 0;

  bool operator()(const EdgeId& edge) const {
    const Link& link = blueprint->links[(*graph)[edge].link];
    const Device& from = blueprint->devices[link.from];
    const Device& to = blueprint->devices[link.to];
    if (from.owner && *from.owner != sender)
      return from.kind == DeviceKind::pcie_slot && to.kind == DeviceKind::gpu;
    return from.kind != DeviceKind::nic || to.node != blueprint->devices[sender].node;
  }
};

std::uint64_t flow_hash(GpuId from, GpuId to) {
  return mixed((std::uint64_t{from} << 32 | to) + 0x9e3779b97f4a7c15);
}

}  // namespace

struct LinkGraph::State {
  Blueprint blueprint;
  Graph graph;
  GpuId gpus = 0;
  std::map<GpuId, Hops> hops_of;

  const Hops& hops_from(GpuId sender);
  LinkId last_link(GpuId sender, GpuId receiver, DeviceId device, const Hops& hops) const;
};

std::string_view name_of(DeviceKind kind) {
  static constexpr std::array<std::string_view, 8> kNames = {
      "gpu", "nvswitch", "pcie_slot", "pcie_switch", "host_bridge", "nic", "leaf", "spine"};
  return kNames.at(static_cast<std::size_t>(kind));
}

std::string_view name_of(LinkKind kind) {
  static constexpr std::array<std::string_view, 6> kNames = {"nvlink", "xgmi", "pcie",
                                                             "socket", "nic",  "uplink"};
  return kNames.at(static_cast<std::size_t>(kind));
}

LinkGraph::LinkGraph(const Cluster& cluster) : state_(std::make_unique<State>()) {
  state_->blueprint = draw(cluster);
  state_->gpus = static_cast<GpuId>(cluster.gpus());
  state_->graph = Graph(state_->blueprint.devices.size());
  LinkId id = 0;
  for (const Link& link : state_->blueprint.links)
    boost::add_edge(link.from, link.to, Edge{id++}, state_->graph);
}
LinkGraph::~LinkGraph() = default;
LinkGraph::LinkGraph(LinkGraph&&) noexcept = default;
LinkGraph& LinkGraph::operator=(LinkGraph&&) noexcept = default;

std::span<const Link> LinkGraph::links() const { return state_->blueprint.links; }

std::span<const Device> LinkGraph::devices() const { return state_->blueprint.devices; }

GpuId LinkGraph::gpus() const { return state_->gpus; }

std::uint32_t LinkGraph::node_of(GpuId gpu) const {
  if (gpu >= state_->gpus) throw std::out_of_range("no GPU " + std::to_string(gpu));
  return *state_->blueprint.devices[gpu].node;
}

std::vector<LinkId> LinkGraph::route(GpuId from, GpuId to) const {
  for (const GpuId gpu : {from, to}) {
    if (gpu >= state_->gpus) throw std::out_of_range("no GPU " + std::to_string(gpu));
  }
  const Hops& hops = state_->hops_from(from);
  ensure(hops[to] != kUnreached, "every GPU reaches every other");
  std::vector<LinkId> route(hops[to]);
  DeviceId at = to;
  for (std::size_t hop = route.size(); hop-- > 0;) {
    route[hop] = state_->last_link(from, to, at, hops);
    at = state_->blueprint.links[route[hop]].from;
  }
  return route;
}

const Hops& LinkGraph::State::hops_from(GpuId sender) {
  const auto kept = hops_of.find(sender);
  if (kept != hops_of.end()) return kept->second;
  if (hops_of.size() * blueprint.devices.size() > kMostHopsKept) hops_of.clear();
  Hops hops(blueprint.devices.size(), kUnreached);
  hops[sender] = 0;
  const boost::filtered_graph view(graph, MayCarry{&graph, &blueprint, sender});
  const auto visitor = boost::make_bfs_visitor(boost::record_distances(hops.data(), boost::on_tree_edge()));
  boost::breadth_first_search(view, boost::vertex(sender, graph), boost::visitor(visitor));
  return hops_of.emplace(sender, std::move(hops)).first->second;
}

/// The last link of a shortest path to `device`; among several (spines) the pair's hash picks.
LinkId LinkGraph::State::last_link(GpuId sender, GpuId receiver, DeviceId device, const Hops& hops) const {
  const MayCarry may_carry{&graph, &blueprint, sender};
  std::uint64_t nearer = 0;
  LinkId last = 0;
  const auto walk = [&](std::uint64_t stop_at) {  // at the link after so many; else all are counted
    nearer = 0;
    for (auto [edge, end] = boost::in_edges(device, graph); edge != end; ++edge) {
      const LinkId id = graph[*edge].link;
      const Hops::value_type before = hops[blueprint.links[id].from];
      if (before == kUnreached || before + 1 != hops[device] || !may_carry(*edge)) continue;
      last = id;
      if (nearer++ == stop_at) return;
    }
  };
  walk(std::numeric_limits<std::uint64_t>::max());
  ensure(nearer > 0, "a reached device has a link from a nearer one");
  if (nearer > 1) walk(flow_hash(sender, receiver) % nearer);
  return last;
}

Seconds LinkGraph::latency(std::span<const LinkId> route) const {
  Seconds sum;
  for (const LinkId link : route) sum += state_->blueprint.links.at(link).latency;
  return sum;
}

}  // namespace switchyard
