// switchyard topology: what a cluster's links are and allow. NAME is a cluster of the catalogue, FILE a
// cluster or a scenario, whose ranks are then shown too, or a graph alone (.graphml or .json). --format json
// prints
//
//   {"name", "source", "gpu", "gpus", "gpus_per_node", "nodes", "node_fabric", "fabric": as in a scenario;
//   null
//    of a free graph,
//    "link_classes": [{"kind", "count", "bytes_per_s", "latency_us", "example"}],
//    "links": [{"name", "kind", "from", "to", "bytes_per_s", "latency_us"}]: one a direction,
//    "routes": [{"from", "to", "gpus": reached alike, "links", "bytes_per_s", "latency_us"}]: of the first
//    GPU, "bisection_bytes_per_s": between the first half of the nodes (of a lone node's GPUs) and the rest,
//    "crossing_latency_us": of the longest route between GPUs at one place of two nodes, as collectives take
//    it; null of a lone node, "all_to_all": {"bytes_per_pair", "time_us", "bytes_per_s_per_gpu",
//    "bottleneck"} of all GPUs, or null, "ranks": [{"rank", "replica", "dp", "pp", "tp", "ep", "node",
//    "gpu"}]: of a scenario only}
//
// Bandwidths are of one direction; bounds are without latency and protocol.
#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <numeric>

#include "sim/command.hpp"
#include "sim/summarise.hpp"
#include "topologies/analysis.hpp"
#include "topologies/drawing.hpp"
#include "topologies/fabrics/fabric.hpp"

namespace switchyard {
namespace {

namespace po = boost::program_options;

constexpr Bytes kPerPair{1e6};
// Every pair is a route to walk: above this it takes more than seconds.
constexpr GpuId kMostForAllToAll = 2048;

po::options_description topology_options() {
  po::options_description options("switchyard topology NAME|FILE [--format json|dot|graphml]");
  options.add_options()(
      "cluster", po::value<std::string>(),
      "a cluster's name (switchyard list clusters), or the file of a cluster, a scenario or a graph")(
      "format", po::value<std::string>()->default_value("text"), "text | json | dot | graphml")("help",
                                                                                                "this text");
  return options;
}

struct Subject {
  Cluster cluster;
  std::optional<Scenario> scenario;
};

/// A graph alone names no GPU, and nothing shown here depends on which it is.
Subject subject_of_graph(const std::string& path) {
  const Json wish{
      {"gpu", "h100_sxm"}, {"graph", path}, {"name", std::filesystem::path(path).stem().string()}};
  Subject subject{read_cluster(wish, "", path, ""), std::nullopt};
  subject.cluster.gpu.name = "unnamed";
  return subject;
}

Subject subject_of(const std::string& wish) {
  if (wish.ends_with(".graphml")) return subject_of_graph(wish);
  if (is_path(wish)) {
    const Json json = read_json_file(wish);
    if (json.is_object() && json.contains("devices")) return subject_of_graph(wish);
    if (json.is_object() && json.contains("model")) {
      Scenario scenario = read_scenario(json, wish, std::filesystem::path(wish).parent_path().string());
      return {scenario.cluster, std::move(scenario)};
    }
  }
  return {read_cluster(wish, "", "switchyard topology", ""), std::nullopt};
}

std::optional<AllToAllBound> all_to_all_of(const LinkGraph& graph) {
  if (graph.gpus() > kMostForAllToAll) return std::nullopt;
  std::vector<GpuId> group(graph.gpus());
  std::iota(group.begin(), group.end(), GpuId{0});
  return all_to_all_bound(graph, group, kPerPair);
}

/// What each GPU sends on average; of a group with a bottleneck.
BytesPerSecond rate_of(const AllToAllBound& bound, const LinkGraph& graph) {
  return static_cast<double>(graph.gpus() - 1) * kPerPair / bound.time;
}

std::string device(const LinkGraph& graph, DeviceId id) { return graph.devices()[id].name; }

double microseconds(Seconds time) { return time.value() * 1e6; }

Json links_json(const LinkGraph& graph) {
  Json links = Json::array();
  for (const Link& link : graph.links()) {
    links.push_back({{"name", link.name},
                     {"kind", name_of(link.kind)},
                     {"from", device(graph, link.from)},
                     {"to", device(graph, link.to)},
                     {"bytes_per_s", link.bandwidth.value()},
                     {"latency_us", microseconds(link.latency)}});
  }
  return links;
}

Json link_classes_json(const LinkGraph& graph) {
  Json classes = Json::array();
  for (const LinkClass& row : link_classes(graph)) {
    const Link& link = graph.links()[row.first];
    classes.push_back({{"kind", name_of(link.kind)},
                       {"count", row.count},
                       {"bytes_per_s", link.bandwidth.value()},
                       {"latency_us", microseconds(link.latency)},
                       {"example", link.name}});
  }
  return classes;
}

Json routes_json(const LinkGraph& graph) {
  Json routes = Json::array();
  for (const RouteClass& row : route_classes(graph, 0)) {
    Json names = Json::array();
    for (const LinkId link : row.links) names.push_back(graph.links()[link].name);
    routes.push_back({{"from", device(graph, 0)},
                      {"to", device(graph, row.first)},
                      {"gpus", row.count},
                      {"links", names},
                      {"bytes_per_s", narrowest(graph, row.links).value()},
                      {"latency_us", microseconds(graph.latency(row.links))}});
  }
  return routes;
}

Json all_to_all_json(const LinkGraph& graph) {
  const std::optional<AllToAllBound> bound = all_to_all_of(graph);
  if (!bound || !bound->bottleneck) return Json();
  return {{"bytes_per_pair", kPerPair.value()},
          {"time_us", microseconds(bound->time)},
          {"bytes_per_s_per_gpu", rate_of(*bound, graph).value()},
          {"bottleneck", graph.links()[*bound->bottleneck].name}};
}

/// What collectives between nodes take; the parameters of any GPU have the same.
Seconds crossing_of(const Cluster& cluster, const LinkGraph& graph) {
  return cluster.graph ? cluster.fabric_latency : crossing_latency(graph, graph.gpus());
}

Json crossing_json(const Cluster& cluster, const LinkGraph& graph) {
  return cluster.nodes > 1 ? Json(microseconds(crossing_of(cluster, graph))) : Json();
}

Json ranks_json(const Scenario& scenario) {
  Json ranks = Json::array();
  for (const RankRow& row : rank_table(scenario.deployment, scenario.cluster)) {
    ranks.push_back({{"rank", row.rank},
                     {"replica", row.replica},
                     {"dp", row.data_parallel},
                     {"pp", row.pipeline},
                     {"tp", row.tensor},
                     {"ep", row.expert},
                     {"node", row.node},
                     {"gpu", row.gpu}});
  }
  return ranks;
}

Json to_json(const Subject& subject, const LinkGraph& graph) {
  const Cluster& cluster = subject.cluster;
  const Json whole = to_json(cluster);
  Json json{{"name", cluster.name},
            {"source", cluster.source},
            {"gpu", cluster.gpu.name},
            {"gpus", cluster.gpus()},
            {"gpus_per_node", cluster.gpus_per_node},
            {"nodes", cluster.nodes},
            {"node_fabric", whole.value("node_fabric", Json())},
            {"fabric", whole.value("fabric", Json())},
            {"link_classes", link_classes_json(graph)},
            {"links", links_json(graph)},
            {"routes", routes_json(graph)},
            {"bisection_bytes_per_s", bisection_bandwidth(graph).value()},
            {"crossing_latency_us", crossing_json(cluster, graph)},
            {"all_to_all", all_to_all_json(graph)}};
  if (subject.scenario) json["ranks"] = ranks_json(*subject.scenario);
  return json;
}

/// Four digits are as many as a datasheet has.
template <class Q>
std::string rounded(Q quantity) {
  const std::string text = to_text(quantity);
  char* unit = nullptr;
  const double number = std::strtod(text.c_str(), &unit);
  std::array<char, 32> digits{};
  std::snprintf(digits.data(), digits.size(), "%.4g", number);
  return digits.data() + std::string(unit);
}

void print_links(const LinkGraph& graph) {
  std::printf("\n  links           count   each direction    latency   such as\n");
  for (const LinkClass& row : link_classes(graph)) {
    const Link& link = graph.links()[row.first];
    std::printf("  %-12s %8lld %16s %7.2f us   %s\n", std::string(name_of(link.kind)).c_str(),
                static_cast<long long>(row.count), rounded(link.bandwidth).c_str(),
                microseconds(link.latency), link.name.c_str());
  }
}

void print_routes(const LinkGraph& graph) {
  if (graph.gpus() < 2) return;
  std::printf("\n  routes of %s\n", device(graph, 0).c_str());
  for (const RouteClass& row : route_classes(graph, 0)) {
    std::printf("  to %lld GPU%s, %s, %.2f us, such as %s:", static_cast<long long>(row.count),
                row.count == 1 ? "" : "s", rounded(narrowest(graph, row.links)).c_str(),
                microseconds(graph.latency(row.links)), device(graph, row.first).c_str());
    for (const LinkId link : row.links) std::printf(" %s", graph.links()[link].name.c_str());
    std::printf("\n");
  }
}

void print_bounds(const LinkGraph& graph) {
  std::printf("\n  bisection   %s each way between the halves\n",
              rounded(bisection_bandwidth(graph)).c_str());
  const std::optional<AllToAllBound> bound = all_to_all_of(graph);
  if (!bound) {
    std::printf("  all-to-all  not computed above %u GPUs\n", kMostForAllToAll);
  } else if (bound->bottleneck) {
    std::printf("  all-to-all  at most %s a GPU: 1 MB a pair takes at least %s, bound by %s\n",
                rounded(rate_of(*bound, graph)).c_str(), rounded(bound->time).c_str(),
                graph.links()[*bound->bottleneck].name.c_str());
  }
}

/// "torus, nics_per_node 8, nic 50 GB/s, dimensions [2,2], …".
std::string words_of(const Fabric& fabric) {
  const Json json = to_json(fabric);
  std::string text;
  for (const auto& [key, value] : json.items()) {
    const std::string plain = value.is_string() ? value.get<std::string>() : value.dump();
    text += key == "kind" ? plain : ", " + key + " " + plain;
  }
  return text;
}

void print(const Subject& subject, const LinkGraph& graph) {
  const Cluster& cluster = subject.cluster;
  std::printf("  cluster     %s: %lld node%s x %lld %s, %lld GPUs\n", cluster.name.c_str(),
              static_cast<long long>(cluster.nodes), cluster.nodes == 1 ? "" : "s",
              static_cast<long long>(cluster.gpus_per_node), cluster.gpu.name.c_str(),
              static_cast<long long>(cluster.gpus()));
  std::printf("  nodes       %s\n", cluster.graph ? "of a free graph" : cluster.node_fabric.kind.c_str());
  if (cluster.nodes > 1 && !cluster.graph)
    std::printf("  fabric      %s\n", words_of(cluster.fabric).c_str());
  print_links(graph);
  print_routes(graph);
  if (cluster.nodes > 1)
    std::printf("\n  crossing    %.2f us between nodes, the longest: collectives take it\n",
                microseconds(crossing_of(cluster, graph)));
  print_bounds(graph);
  if (subject.scenario) std::printf("\n%s", rank_lines(*subject.scenario).c_str());
}

}  // namespace

int topology_command(const Arguments& arguments) {
  const po::variables_map options = parse_arguments(arguments, topology_options(), "topology", {"cluster"});
  if (options.count("help")) {
    std::cout << topology_options();
    return 0;
  }
  const std::string format = format_of(options, {"text", "json", "dot", "graphml"});
  const Subject subject = subject_of(options["cluster"].as<std::string>());
  const LinkGraph graph(subject.cluster);
  if (format == "json") std::cout << pretty(to_json(subject, graph));
  else if (format == "dot") write_dot(graph, subject.cluster.name, std::cout);
  else if (format == "graphml") write_graphml(graph, std::cout);
  else print(subject, graph);
  return 0;
}

}  // namespace switchyard
