// Routes by Dijkstra's search over the graph, one search a sender, kept while memory allows.
#include "topologies/link_graph.hpp"

#include <algorithm>
#include <array>
#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/dijkstra_shortest_paths_no_color_map.hpp>
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
  std::uint16_t length = 1;
};
using Graph =
    boost::adjacency_list<boost::vecS, boost::vecS, boost::bidirectionalS, boost::no_property, Edge>;
using EdgeId = Graph::edge_descriptor;

using Lengths = std::vector<std::uint32_t>;  // of the shortest ways from a sender to every device
constexpr std::uint32_t kUnreached = std::numeric_limits<std::uint32_t>::max();
constexpr std::size_t kMostLengthsKept = 32'000'000;  // 128 MB

/// Which links traffic of `sender` may take: GPUs (and their slots) forward nobody else's, what left through
/// a NIC does not come back into the node, and what entered another node does not leave it again.
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
    const std::optional<std::uint32_t> home = blueprint->devices[sender].node;
    const bool inside = from.node && from.node == to.node;
    if (inside && from.kind == DeviceKind::nic) return from.node != home;
    return !inside || to.kind != DeviceKind::nic || from.node == home;
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
  std::map<GpuId, Lengths> lengths_of;
  /// The last links of the shortest ways to a device, from the sender whose number this is.
  struct Ends {
    std::uint64_t sender_number = 0;
    std::vector<LinkId> links;
  };
  std::vector<Ends> ends_at;  // by device; found when a route first passes it
  GpuId sender = 0;           // that was asked for last
  std::uint64_t sender_number = 0;

  const Lengths& lengths_from(GpuId from);
  void begin(GpuId from);
  LinkId last_link(DeviceId device, const Lengths& lengths, std::uint64_t& hash);
  void find_ends(DeviceId device, const Lengths& lengths, std::vector<LinkId>& links) const;
};

std::span<const KindRow> device_kinds() {
  static constexpr std::array<KindRow, 10> kKinds = {{
      {"gpu", "sends and receives, and forwards nobody else's traffic"},
      {"nvswitch", "joins the GPUs of a node"},
      {"pcie_slot", "between a GPU and what its PCIe link ends at"},
      {"pcie_switch", "joins slots of a node"},
      {"host_bridge", "of a CPU"},
      {"nic", "between a node and the fabric"},
      {"leaf", "the switch that NICs end at"},
      {"spine", "joins leaves"},
      {"core", "joins the spines of pods"},
      {"router", "any other switch, as in a torus or dragonfly"},
  }};
  return kKinds;
}

std::span<const KindRow> link_kinds() {
  static constexpr std::array<KindRow, 6> kKinds = {{
      {"nvlink", "between GPUs and NVSwitches"},
      {"xgmi", "Infinity Fabric between GPUs"},
      {"pcie", "inside a node, a GPU's link to its NIC among them"},
      {"socket", "between the CPUs of a node"},
      {"nic", "between a NIC and a switch: what traffic between nodes crosses"},
      {"uplink", "between switches"},
  }};
  return kKinds;
}

std::string_view name_of(DeviceKind kind) { return device_kinds()[static_cast<std::size_t>(kind)].name; }

std::string_view name_of(LinkKind kind) { return link_kinds()[static_cast<std::size_t>(kind)].name; }

LinkGraph::LinkGraph(const Cluster& cluster) : state_(std::make_unique<State>()) {
  state_->blueprint = draw(cluster);
  state_->gpus = static_cast<GpuId>(cluster.gpus());
  state_->graph = Graph(state_->blueprint.devices.size());
  LinkId id = 0;
  for (const Link& link : state_->blueprint.links)
    boost::add_edge(link.from, link.to, Edge{id++, link.way.length}, state_->graph);
  state_->ends_at.resize(state_->blueprint.devices.size());
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
  const Lengths& lengths = state_->lengths_from(from);
  ensure(lengths[to] != kUnreached, "every GPU reaches every other");
  std::uint64_t hash = flow_hash(from, to);
  std::vector<LinkId> route;
  state_->begin(from);
  for (DeviceId at = to; at != from; at = state_->blueprint.links[route.back()].from)
    route.push_back(state_->last_link(at, lengths, hash));
  std::reverse(route.begin(), route.end());
  return route;
}

bool LinkGraph::reaches(GpuId from, GpuId to) const {
  for (const GpuId gpu : {from, to}) {
    if (gpu >= state_->gpus) throw std::out_of_range("no GPU " + std::to_string(gpu));
  }
  return state_->lengths_from(from)[to] != kUnreached;
}

const Lengths& LinkGraph::State::lengths_from(GpuId from) {
  const auto kept = lengths_of.find(from);
  if (kept != lengths_of.end()) return kept->second;
  if (lengths_of.size() * blueprint.devices.size() > kMostLengthsKept) lengths_of.clear();
  Lengths lengths(blueprint.devices.size());
  const boost::filtered_graph view(graph, MayCarry{&graph, &blueprint, from});
  boost::dijkstra_shortest_paths_no_color_map(view, boost::vertex(from, graph),
                                              boost::weight_map(boost::get(&Edge::length, graph))
                                                  .distance_map(lengths.data())
                                                  .distance_inf(kUnreached));
  return lengths_of.emplace(from, std::move(lengths)).first->second;
}

/// Routes from `from` follow: to many receivers, over the same few switches.
void LinkGraph::State::begin(GpuId from) {
  if (sender_number > 0 && sender == from) return;
  sender = from;
  ++sender_number;
}

/// The last link of a shortest way to `device`. Among several of the latest turn the hash picks, and is mixed
/// for the next choice, which would follow this one otherwise.
LinkId LinkGraph::State::last_link(DeviceId device, const Lengths& lengths, std::uint64_t& hash) {
  Ends& ends = ends_at[device];
  if (ends.sender_number != sender_number) {
    find_ends(device, lengths, ends.links);
    ends.sender_number = sender_number;
  }
  if (ends.links.size() == 1) return ends.links.front();
  const LinkId picked = ends.links[hash % ends.links.size()];
  hash = mixed(hash);
  return picked;
}

void LinkGraph::State::find_ends(DeviceId device, const Lengths& lengths, std::vector<LinkId>& links) const {
  const MayCarry may_carry{&graph, &blueprint, sender};
  int turn = -1;
  links.clear();
  for (auto [edge, end] = boost::in_edges(device, graph); edge != end; ++edge) {
    const Link& link = blueprint.links[graph[*edge].link];
    const Lengths::value_type before = lengths[link.from];
    if (before == kUnreached || before + link.way.length != lengths[device] || link.way.turn < turn ||
        !may_carry(*edge))
      continue;
    if (link.way.turn > turn) links.clear();
    turn = link.way.turn;
    links.push_back(graph[*edge].link);
  }
  ensure(!links.empty(), "a reached device has a link from a nearer one");
}

Seconds LinkGraph::latency(std::span<const LinkId> route) const {
  Seconds sum;
  for (const LinkId link : route) sum += state_->blueprint.links.at(link).latency;
  return sum;
}

}  // namespace switchyard
