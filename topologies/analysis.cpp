// Cuts by Boost's push-relabel maximum flow, and loads by the routes themselves.
#include "topologies/analysis.hpp"

#include <algorithm>
#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/push_relabel_max_flow.hpp>
#include <cmath>
#include <map>
#include <tuple>
#include <vector>

namespace switchyard {
namespace {

using Capacity = long long;  // bytes per second: whole numbers keep the flow exact
using Traits = boost::adjacency_list_traits<boost::vecS, boost::vecS, boost::directedS>;
using FlowGraph = boost::adjacency_list<
    boost::vecS, boost::vecS, boost::directedS, boost::no_property,
    boost::property<boost::edge_capacity_t, Capacity,
                    boost::property<boost::edge_residual_capacity_t, Capacity,
                                    boost::property<boost::edge_reverse_t, Traits::edge_descriptor>>>>;
using Vertex = Traits::vertex_descriptor;

Capacity whole(BytesPerSecond bandwidth) { return std::llround(bandwidth.value()); }

void add_link(FlowGraph& flow, Vertex from, Vertex to, Capacity capacity) {
  const auto forward = boost::add_edge(from, to, flow).first;
  const auto backward = boost::add_edge(to, from, flow).first;
  auto capacities = boost::get(boost::edge_capacity, flow);
  auto reverses = boost::get(boost::edge_reverse, flow);
  capacities[forward] = capacity;
  capacities[backward] = 0;
  reverses[forward] = backward;
  reverses[backward] = forward;
}

/// The number of GPUs in the first half.
GpuId first_half(const LinkGraph& graph) {
  const std::uint32_t nodes = graph.node_of(graph.gpus() - 1) + 1;
  return nodes == 1 ? graph.gpus() / 2 : graph.gpus() / nodes * (nodes / 2);
}

/// Kind, bandwidth, latency.
using LinkTraits = std::tuple<LinkKind, double, double>;

LinkTraits traits_of(const Link& link) { return {link.kind, link.bandwidth.value(), link.latency.value()}; }

}  // namespace

BytesPerSecond bisection_bandwidth(const LinkGraph& graph) {
  if (graph.gpus() < 2) return BytesPerSecond();
  const Vertex source = graph.devices().size();
  const Vertex sink = source + 1;
  FlowGraph flow(sink + 1);
  std::vector<Capacity> sent(graph.gpus(), 0), received(graph.gpus(), 0);
  for (const Link& link : graph.links()) {
    add_link(flow, link.from, link.to, whole(link.bandwidth));
    if (link.from < graph.gpus()) sent[link.from] += whole(link.bandwidth);
    if (link.to < graph.gpus()) received[link.to] += whole(link.bandwidth);
  }
  const GpuId half = first_half(graph);
  for (GpuId gpu = 0; gpu < graph.gpus(); ++gpu) {
    if (gpu < half) {
      add_link(flow, source, gpu, sent[gpu]);
    } else {
      add_link(flow, gpu, sink, received[gpu]);
    }
  }
  return BytesPerSecond(static_cast<double>(boost::push_relabel_max_flow(flow, source, sink)));
}

AllToAllBound all_to_all_bound(const LinkGraph& graph, std::span<const GpuId> group, Bytes per_pair) {
  std::vector<double> flows(graph.links().size(), 0.0);
  for (const GpuId from : group) {
    for (const GpuId to : group) {
      for (const LinkId link : graph.route(from, to)) flows[link] += 1.0;
    }
  }
  AllToAllBound bound;
  for (LinkId link = 0; link < flows.size(); ++link) {
    if (flows[link] == 0.0) continue;
    const Seconds time = flows[link] * per_pair / graph.links()[link].bandwidth;
    if (!bound.bottleneck || time > bound.time) bound = {time, link};
  }
  return bound;
}

std::vector<LinkClass> link_classes(const LinkGraph& graph) {
  std::vector<LinkClass> classes;
  std::map<LinkTraits, std::size_t> known;
  for (LinkId link = 0; link < graph.links().size(); ++link) {
    const auto [place, is_new] = known.emplace(traits_of(graph.links()[link]), classes.size());
    if (is_new) classes.push_back({link, 0});
    ++classes[place->second].count;
  }
  return classes;
}

std::vector<RouteClass> route_classes(const LinkGraph& graph, GpuId sender) {
  std::vector<RouteClass> classes;
  std::map<std::vector<LinkTraits>, std::size_t> known;
  for (GpuId to = 0; to < graph.gpus(); ++to) {
    if (to == sender) continue;
    std::vector<LinkId> route = graph.route(sender, to);
    std::vector<LinkTraits> traits;
    for (const LinkId link : route) traits.push_back(traits_of(graph.links()[link]));
    const auto [place, is_new] = known.emplace(std::move(traits), classes.size());
    if (is_new) classes.push_back({to, 0, std::move(route)});
    ++classes[place->second].count;
  }
  return classes;
}

Seconds crossing_latency(const LinkGraph& graph, GpuId gpus) {
  Seconds longest;
  std::uint32_t last = 0;  // node
  for (GpuId gpu = 0; gpu < gpus; ++gpu) {
    const std::uint32_t node = graph.node_of(gpu);
    if (node == last) continue;
    last = node;
    longest = std::max(longest, graph.latency(graph.route(0, gpu)));
  }
  return longest;
}

BytesPerSecond narrowest(const LinkGraph& graph, std::span<const LinkId> route) {
  const auto narrower = [&](LinkId a, LinkId b) {
    return graph.links()[a].bandwidth < graph.links()[b].bandwidth;
  };
  return graph.links()[*std::min_element(route.begin(), route.end(), narrower)].bandwidth;
}

}  // namespace switchyard
