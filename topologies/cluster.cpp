// The cluster catalogue, and the one reader of a cluster's JSON.
#include "topologies/cluster.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "sim/base/embedded.hpp"
#include "sim/base/menu.hpp"
#include "topologies/fabrics/fabric.hpp"
#include "topologies/graphs/graph.hpp"
#include "topologies/nodes/node_kind.hpp"
#include "topologies/wish.hpp"

namespace switchyard {

std::span<const EmbeddedFile> embedded_clusters();  // clusters/*.json

namespace {

constexpr IntegerRange kNodes{1, 4096};
constexpr IntegerRange kGpusPerNode{1, 256};
constexpr std::int64_t kMostGpus = 65536;

// Hardware alone, stated rather than measured. NCCL's tuning table (src/graph/tuning.cc, hwLat) gives a step
// of its low-latency ring 0.6 us over NVLink, 1 us over PCIe and 2.7 us over a network; the last includes the
// host's proxy thread, so the crossing of NICs, PCIe and switches alone is put at 2 us. A hop over xGMI is
// put at that over PCIe: it has no NVSwitch's latency published.
constexpr Seconds kNvlinkLatency{0.6e-6};
constexpr Seconds kPcieLatency{1.0e-6};
constexpr Seconds kFabricLatency{2.0e-6};
constexpr Seconds kLongestLatency{1e-3};

constexpr std::array<const char*, 4> kSaidByGraph{"gpus_per_node", "nodes", "node_fabric", "fabric"};

/// Another kind of fabric keeps the base's NICs: the other keys are of the base's kind. Another kind of node
/// keeps nothing. A free graph says all but the GPU itself.
void make_way(Json& base, const Json& over) {
  if (over.contains("graph") && !over["graph"].is_null())
    for (const char* key : kSaidByGraph) base.erase(key);
  for (const char* block : {"fabric", "node_fabric"}) {
    if (!base.contains(block) || !over.contains(block) || !over[block].is_object()) continue;
    Json& below = base[block];
    const auto kind = over[block].find("kind");
    if (kind == over[block].end() || kind->is_null()) continue;
    if (below.contains("kind") && below["kind"] == *kind) continue;
    Json kept = Json::object();
    for (const char* key : {"nics_per_node", "nic"})
      if (below.contains(key)) kept[key] = below[key];
    below = kept;
  }
}

Json unscaled(const Json& wish);

Catalogue cluster_catalogue() { return {"cluster", embedded_clusters(), make_way, unscaled}; }

struct Scaled {
  std::string base;
  std::int64_t nodes = 0;
};

/// "hgx-h100x4" as hgx-h100 and 4; nothing where the text is not of that form.
std::optional<Scaled> scaled(const std::string& text) {
  const std::size_t cross = text.rfind('x');
  if (is_path(text) || cross == text.npos || contains(cluster_catalogue(), text)) return std::nullopt;
  const char* end = text.data() + text.size();
  Scaled result{text.substr(0, cross)};
  const auto [stop, error] = std::from_chars(text.data() + cross + 1, end, result.nodes);
  if (error != std::errc() || stop != end || !contains(cluster_catalogue(), result.base)) return std::nullopt;
  return result;
}

/// "hgx-h100x4", also as a base, as an object over "hgx-h100" with 4 nodes; other wishes as they are.
Json unscaled(const Json& wish) {
  const bool object = wish.is_object();
  const Json name = object ? wish.value("base", Json()) : wish;
  const auto found = name.is_string() ? scaled(name.get<std::string>()) : std::nullopt;
  if (!found) return wish;
  Json result = object ? wish : Json{{"name", name}};
  result["base"] = found->base;
  if (!result.contains("nodes")) result["nodes"] = found->nodes;
  return result;
}

Seconds read_latency(ObjectReader& reader, std::string_view key, Seconds fallback) {
  const auto latency = reader.optional_quantity(key, fallback);
  if (latency > kLongestLatency)
    reader.fail(key, to_text(latency) + " is out of range; give a time from 0 to 1 ms");
  return latency;
}

void check_gpus_per_node(const ObjectReader& reader, const Cluster& cluster) {
  const std::int64_t most =
      choose(node_kinds(), cluster.node_fabric.kind, "node kind").most_gpus(cluster.gpu);
  if (cluster.gpus_per_node <= most) return;
  reader.fail("gpus_per_node", std::to_string(cluster.gpus_per_node) + " " + cluster.gpu.name +
                                   " are too many for one " + cluster.node_fabric.kind + "; give at most " +
                                   std::to_string(most));
}

std::int64_t read_nodes(ObjectReader& reader, std::int64_t gpus_per_node) {
  const std::int64_t nodes = reader.optional_integer("nodes", 1, kNodes);
  if (nodes * gpus_per_node > kMostGpus) {
    reader.fail("nodes", std::to_string(nodes) + " nodes of " + std::to_string(gpus_per_node) +
                             " GPUs are too many; give at most " + std::to_string(kMostGpus) +
                             " GPUs in all");
  }
  return nodes;
}

void read_nodes_and_fabric(ObjectReader& reader, Cluster& cluster) {
  cluster.gpus_per_node = reader.integer("gpus_per_node", kGpusPerNode);
  cluster.nodes = read_nodes(reader, cluster.gpus_per_node);
  cluster.node_fabric = read_node(reader.optional_object("node_fabric"), cluster.gpu, cluster.gpus_per_node);
  check_gpus_per_node(reader, cluster);
  cluster.fabric = read_fabric(reader.optional_object("fabric"), cluster);
  const bool nvlink = cluster.gpu.nvlink.value() > 0.0;
  cluster.nvlink_latency = read_latency(reader, "nvlink_latency", nvlink ? kNvlinkLatency : kPcieLatency);
  cluster.fabric_latency = read_latency(reader, "fabric_latency", kFabricLatency);
}

void check_reach(const LinkGraph& graph, const std::string& where) {
  for (GpuId from = 0; from < graph.gpus(); ++from)
    for (GpuId to = 0; to < graph.gpus(); ++to)
      if (!graph.reaches(from, to))
        throw InputError(where, "has no way from " + in_quotes(graph.devices()[from].name) + " to " +
                                    in_quotes(graph.devices()[to].name) +
                                    "; join them by links over devices that are no GPUs");
}

/// Of the first GPU's longest routes within its node and to other nodes.
std::pair<Seconds, Seconds> latencies_of(const LinkGraph& graph) {
  Seconds near, far;
  for (GpuId to = 0; to < graph.gpus(); ++to) {
    Seconds& longest = graph.node_of(to) == 0 ? near : far;
    longest = std::max(longest, graph.latency(graph.route(0, to)));
  }
  return {near, far};
}

void read_graph_and_latencies(ObjectReader& reader, const Json& wish, Cluster& cluster,
                              const Origin& origin) {
  for (const char* key : kSaidByGraph)
    if (reader.optional_raw(key) != nullptr)
      reader.fail(key, "is said by the graph itself; leave one of the two out");
  cluster.graph =
      std::make_shared<Blueprint>(read_graph(wish, origin.folder, origin.source, reader.pointer("graph")));
  cluster.nodes = 1;
  for (const Device& device : cluster.graph->devices) {
    if (device.kind != DeviceKind::gpu) break;
    ++cluster.gpus_per_node;
    cluster.nodes = *device.node + 1;
  }
  cluster.gpus_per_node /= cluster.nodes;
  const LinkGraph graph(cluster);
  check_reach(graph, one_line(origin.source) + ": " + reader.pointer("graph"));
  const auto [near, far] = latencies_of(graph);
  cluster.nvlink_latency = read_latency(reader, "nvlink_latency", std::min(near, kLongestLatency));
  cluster.fabric_latency = read_latency(reader, "fabric_latency", std::min(far, kLongestLatency));
}

}  // namespace

std::vector<std::string> cluster_names() { return names(cluster_catalogue()); }

Cluster read_cluster(const Json& wish, const std::string& base_folder, const std::string& source,
                     const std::string& pointer) {
  const Resolved resolved = resolve(wish, cluster_catalogue(), {base_folder, source, pointer});
  const Origin& origin = resolved.origin;
  ObjectReader reader(resolved.value, origin.source, origin.pointer);
  Cluster cluster;
  cluster.name = reader.optional_text("name", resolved.name);
  cluster.description = reader.optional_text("description", "");
  cluster.source = reader.optional_text("source", place(origin));
  cluster.gpu = read_gpu(reader.raw("gpu", "a name, a path or an object"), origin.folder, origin.source,
                         reader.pointer("gpu"));
  if (const Json* graph = reader.optional_raw("graph")) {
    read_graph_and_latencies(reader, *graph, cluster, origin);
  } else {
    read_nodes_and_fabric(reader, cluster);
  }
  reader.known("base");
  reader.finish();
  return cluster;
}

std::string words_for_nodes(const Cluster& cluster, std::int64_t nodes) {
  if (cluster.graph) return "a /cluster/graph of " + std::to_string(nodes) + " nodes";
  const std::string name = cluster.name.substr(0, cluster.name.rfind('x'));  // without the xN of scaled()
  for (const std::string& known : {cluster.name, name})
    if (contains(cluster_catalogue(), known)) return "/cluster " + known + "x" + std::to_string(nodes);
  return "/cluster/nodes " + std::to_string(nodes);
}

Json to_json(const Cluster& cluster) {
  Json json{{"name", cluster.name}, {"source", cluster.source}, {"gpu", to_json(cluster.gpu)}};
  if (cluster.graph) {
    json["graph"] = to_json(*cluster.graph);
  } else {
    json["gpus_per_node"] = cluster.gpus_per_node;
    json["nodes"] = cluster.nodes;
    json["node_fabric"] = to_json(cluster.node_fabric);
    json["fabric"] = to_json(cluster.fabric);
  }
  json["nvlink_latency"] = to_text(cluster.nvlink_latency);
  json["fabric_latency"] = to_text(cluster.fabric_latency);
  return json;
}

}  // namespace switchyard
