// Reads gpus/*.json, which are compiled in.
#include "sim/collectives/parameters.hpp"

#include <algorithm>

#include "sim/base/embedded.hpp"
#include "sim/base/menu.hpp"
#include "topologies/analysis.hpp"
#include "topologies/blueprint.hpp"

namespace switchyard {

std::span<const EmbeddedFile> embedded_collectives();

namespace {

constexpr NumberRange kShare{0.0, 1.0, NumberRange::Ends::open_below};
constexpr NumberRange kFactor{1.0, 10.0};

NcclProtocol read_protocol(ObjectReader& rings, std::string_view key) {
  ObjectReader reader = rings.object(key);
  NcclProtocol protocol{reader.quantity<Seconds>("base"), reader.quantity<Seconds>("step"),
                        reader.quantity<Seconds>("fabric_step"), reader.quantity<Seconds>("tree_step")};
  reader.finish();
  return protocol;
}

NcclRings read_rings(ObjectReader& nccl) {
  ObjectReader reader = nccl.object("rings");
  NcclRings rings;
  rings.ll = read_protocol(reader, "ll");
  rings.ll128 = read_protocol(reader, "ll128");
  rings.simple = read_protocol(reader, "simple");
  rings.ll_rate = reader.quantity<BytesPerSecond>("ll_rate");
  rings.ll128_share = reader.number("ll128_share", kShare);
  rings.all_reduce_share = reader.number("all_reduce_share", kShare);
  rings.all_gather_share = reader.number("all_gather_share", kShare);
  rings.reduce_scatter_share = reader.number("reduce_scatter_share", kShare);
  rings.all_reduce_loss = reader.number("all_reduce_loss", {0.0, 1.9});
  rings.gather_loss = reader.number("gather_loss", {0.0, 1.9});
  rings.all_reduce_simple_from = reader.quantity<Bytes>("all_reduce_simple_from");
  rings.gather_simple_from = reader.quantity<Bytes>("gather_simple_from");
  rings.fabric_share = reader.number("fabric_share", kShare);
  reader.finish();
  return rings;
}

NcclPairs read_pairs(ObjectReader& nccl) {
  ObjectReader reader = nccl.object("pairs");
  NcclPairs pairs;
  pairs.ll_base = reader.quantity<Seconds>("ll_base");
  pairs.simple_base = reader.quantity<Seconds>("simple_base");
  pairs.round = reader.quantity<Seconds>("round");
  pairs.ll_rate = reader.quantity<BytesPerSecond>("ll_rate");
  pairs.share = reader.number("share", kShare);
  pairs.small_group_loss = reader.number("small_group_loss", {0.0, 1.9});
  reader.finish();
  return pairs;
}

NcclParameters read_nccl(ObjectReader& file) {
  ObjectReader reader = file.object("nccl");
  NcclParameters nccl{read_rings(reader), read_pairs(reader), std::nullopt};
  reader.known("nvls");
  if (reader.has("nvls")) {
    ObjectReader nvls = reader.object("nvls");
    nccl.nvls = Nvls{nvls.quantity<Seconds>("base"), nvls.number("share", kShare),
                     nvls.quantity<Seconds>("tree_step"), nvls.number("tree_share", kShare)};
    nvls.finish();
  }
  reader.finish();
  return nccl;
}

CustomAllReduce read_custom(ObjectReader& file, std::string_view key) {
  ObjectReader reader = file.object(key);
  CustomAllReduce custom;
  custom.one_shot_base = reader.quantity<Seconds>("one_shot_base");
  custom.two_shot_base = reader.quantity<Seconds>("two_shot_base");
  custom.one_shot_share = reader.number("one_shot_share", kShare);
  custom.two_shot_share = reader.number("two_shot_share", kShare);
  const Json& ranges = reader.raw("ranges");
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    ObjectReader range(ranges[i], reader.source(), reader.pointer("ranges") + "/" + std::to_string(i));
    custom.ranges.push_back({static_cast<std::size_t>(range.integer("gpus", {2, 1024})),
                             range.quantity<Bytes>("two_shot_from"), range.quantity<Bytes>("largest")});
    range.finish();
  }
  reader.finish();
  return custom;
}

LowLatencyKernel read_low_latency(ObjectReader& deepep, std::string_view key) {
  ObjectReader reader = deepep.object(key);
  LowLatencyKernel kernel;
  kernel.base = reader.quantity<Seconds>("base");
  kernel.per_expert = reader.quantity<Seconds>("per_expert");
  kernel.per_row_byte = reader.quantity<Seconds>("per_row_byte");
  kernel.between_nodes = reader.quantity<Seconds>("between_nodes");
  kernel.nvlink_share = reader.number("nvlink_share", kShare);
  kernel.fabric_share = reader.number("fabric_share", kShare);
  kernel.per_sent_byte = reader.optional_quantity("per_sent_byte", Seconds());
  reader.finish();
  return kernel;
}

NormalKernelInNode read_in_node(ObjectReader& deepep, std::string_view key) {
  ObjectReader reader = deepep.object(key);
  NormalKernelInNode kernel;
  kernel.base = reader.quantity<Seconds>("base");
  kernel.per_row_byte = reader.quantity<Seconds>("per_row_byte");
  kernel.nvlink_share = reader.number("nvlink_share", kShare);
  kernel.work_per_token = reader.quantity<Seconds>("work_per_token");
  kernel.work_per_copy = reader.quantity<Seconds>("work_per_copy");
  kernel.work_per_byte = reader.quantity<Seconds>("work_per_byte");
  kernel.filling = reader.number("filling", kFactor);
  kernel.longest_filling = reader.quantity<Seconds>("longest_filling");
  reader.finish();
  return kernel;
}

NormalKernelAcrossNodes read_across(ObjectReader& deepep, std::string_view key) {
  ObjectReader reader = deepep.object(key);
  NormalKernelAcrossNodes kernel;
  kernel.base = reader.quantity<Seconds>("base");
  kernel.fabric_share = reader.number("fabric_share", kShare);
  kernel.work_per_byte = reader.quantity<Seconds>("work_per_byte");
  kernel.filling = reader.number("filling", kFactor);
  kernel.longest_filling = reader.quantity<Seconds>("longest_filling");
  kernel.notify = reader.optional_quantity("notify", Seconds());
  reader.finish();
  return kernel;
}

DeepEpParameters read_deepep(ObjectReader& file) {
  ObjectReader reader = file.object("deepep");
  DeepEpParameters deepep;
  deepep.multiprocessors = reader.number("multiprocessors", {1.0, 1000.0});
  deepep.normal_sms = reader.number("normal_sms", {1.0, 1000.0});
  deepep.lent_in_node = reader.optional_text("lent_in_node", "");
  deepep.lent_between_nodes = reader.optional_text("lent_between_nodes", "");
  deepep.low_latency_dispatch = read_low_latency(reader, "low_latency_dispatch");
  deepep.low_latency_combine = read_low_latency(reader, "low_latency_combine");
  deepep.normal_dispatch_in_node = read_in_node(reader, "normal_dispatch_in_node");
  deepep.normal_combine_in_node = read_in_node(reader, "normal_combine_in_node");
  deepep.normal_dispatch_across = read_across(reader, "normal_dispatch_across");
  deepep.normal_combine_across = read_across(reader, "normal_combine_across");
  reader.finish();
  return deepep;
}

CollectiveParameters read_file(const EmbeddedFile& file) {
  const std::string source = "collectives/" + std::string(file.name);
  const Json json = parse_json(file.text, source);
  ObjectReader reader(json, source);
  CollectiveParameters parameters;
  parameters.gpu = std::string(file.name);
  parameters.source = reader.text("source");
  parameters.nccl = read_nccl(reader);
  parameters.tensorrt_llm = read_custom(reader, "tensorrt_llm_all_reduce");
  parameters.vllm = read_custom(reader, "vllm_all_reduce");
  parameters.deepep = read_deepep(reader);
  reader.finish();
  return parameters;
}

/// The measured GPU of the same generation, told by the formats that it computes in: no rate decides, so a
/// faster GPU is never slower.
std::string_view same_generation(const Gpu& gpu) {
  if (gpu.peak.contains(Precision::fp4)) return "b200_sxm";
  return gpu.peak.contains(Precision::fp8) ? "h100_sxm" : "a100_sxm";
}

/// The file of the GPU's name, else of its generation.
const EmbeddedFile& file_for(const Gpu& gpu) {
  const auto files = embedded_collectives();
  const auto named = [&](std::string_view name) {
    return std::find_if(files.begin(), files.end(), [&](const EmbeddedFile& f) { return f.name == name; });
  };
  const auto own = named(gpu.name);
  return own != files.end() ? *own : *named(same_generation(gpu));
}

/// NVLink SHARP is the switches': a mesh or a PCIe tree has none.
bool has_nvswitches(const Cluster& cluster) {
  if (!cluster.graph) return cluster.node_fabric.kind == "nvswitch";
  const std::vector<Device>& devices = cluster.graph->devices;
  return std::any_of(devices.begin(), devices.end(),
                     [](const Device& device) { return device.kind == DeviceKind::nvswitch; });
}

}  // namespace

CollectiveParameters collective_parameters(const Cluster& cluster, const LinkGraph& graph, GpuId gpus) {
  CollectiveParameters parameters = read_file(file_for(cluster.gpu));
  if (parameters.gpu != cluster.gpu.name)
    parameters.source = "none of " + cluster.gpu.name + "; of " + parameters.gpu + ": " + parameters.source;
  parameters.nvlink_latency = cluster.nvlink_latency;
  parameters.fabric_latency = cluster.graph ? cluster.fabric_latency : crossing_latency(graph, gpus);
  if (!has_nvswitches(cluster)) parameters.nccl.nvls.reset();
  return parameters;
}

std::vector<std::string> measured_collective_gpus() { return names(embedded_collectives()); }

}  // namespace switchyard
