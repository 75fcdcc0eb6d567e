// The cluster catalogue, and the one reader of a cluster's JSON.
#include "topologies/cluster.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

#include "sim/base/embedded.hpp"
#include "sim/base/menu.hpp"
#include "topologies/fabrics/fabric.hpp"
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

/// Another kind of fabric keeps the base's NICs: the other keys are of the base's kind. Another kind of node
/// keeps nothing.
void make_way(Json& base, const Json& over) {
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

Catalogue cluster_catalogue() { return {"cluster", embedded_clusters(), make_way}; }

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

}  // namespace

std::vector<std::string> cluster_names() { return names(cluster_catalogue()); }

Cluster read_cluster(const Json& wish, const std::string& base_folder, const std::string& source,
                     const std::string& pointer) {
  const Resolved resolved = resolve(unscaled(wish), cluster_catalogue(), {base_folder, source, pointer});
  const Origin& origin = resolved.origin;
  ObjectReader reader(resolved.value, origin.source, origin.pointer);
  Cluster cluster;
  cluster.name = reader.optional_text("name", resolved.name);
  cluster.description = reader.optional_text("description", "");
  cluster.source = reader.optional_text("source", place(origin));
  cluster.gpu = read_gpu(reader.raw("gpu", "a name, a path or an object"), origin.folder, origin.source,
                         reader.pointer("gpu"));
  cluster.gpus_per_node = reader.integer("gpus_per_node", kGpusPerNode);
  cluster.nodes = read_nodes(reader, cluster.gpus_per_node);
  cluster.node_fabric = read_node(reader.optional_object("node_fabric"), cluster.gpu, cluster.gpus_per_node);
  check_gpus_per_node(reader, cluster);
  cluster.fabric = read_fabric(reader.optional_object("fabric"), cluster);
  const bool nvlink = cluster.gpu.nvlink.value() > 0.0;
  cluster.nvlink_latency = read_latency(reader, "nvlink_latency", nvlink ? kNvlinkLatency : kPcieLatency);
  cluster.fabric_latency = read_latency(reader, "fabric_latency", kFabricLatency);
  reader.known("base");
  reader.finish();
  return cluster;
}

std::string words_for_nodes(const Cluster& cluster, std::int64_t nodes) {
  const std::string name = cluster.name.substr(0, cluster.name.rfind('x'));  // without the xN of scaled()
  for (const std::string& known : {cluster.name, name})
    if (contains(cluster_catalogue(), known)) return "/cluster " + known + "x" + std::to_string(nodes);
  return "/cluster/nodes " + std::to_string(nodes);
}

Json to_json(const Cluster& cluster) {
  return {{"name", cluster.name},
          {"source", cluster.source},
          {"gpu", to_json(cluster.gpu)},
          {"gpus_per_node", cluster.gpus_per_node},
          {"nodes", cluster.nodes},
          {"node_fabric", to_json(cluster.node_fabric)},
          {"fabric", to_json(cluster.fabric)},
          {"nvlink_latency", to_text(cluster.nvlink_latency)},
          {"fabric_latency", to_text(cluster.fabric_latency)}};
}

}  // namespace switchyard
