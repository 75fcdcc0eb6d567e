// Reads engine profiles; the embedded ones are sim/cost/engines/*.json.
#include "sim/cost/engine_profile.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <string>

#include "sim/base/embedded.hpp"
#include "sim/base/menu.hpp"

namespace switchyard {

std::span<const EmbeddedFile> embedded_engines();

namespace {

SmallKernels read_small_kernels(ObjectReader& profile, std::string_view key) {
  profile.known(key);
  if (!profile.has(key)) return {};
  ObjectReader reader = profile.object(key);
  SmallKernels small{reader.number("kernels", {0.0, 1000.0}), reader.number("passes", {0.0, 1000.0}),
                     reader.optional_number("norms", 0.0, {0.0, 1000.0})};
  if (small.norms > small.kernels || 2.0 * small.norms > small.passes)
    reader.fail("norms", "are more than the kernels; each is one of them, with two of the passes");
  reader.finish();
  return small;
}

DecodeReduction read_decode_reduction(ObjectReader& profile) {
  ObjectReader reader = profile.object("decode_reduction");
  DecodeReduction reduction;
  reduction.kernels = reader.number("kernels", {0.0, 1000.0});
  reduction.unsplit_kernels = reader.optional_number("unsplit_kernels", reduction.kernels, {0.0, 1000.0});
  reduction.thread_blocks = reader.maybe_integer("thread_blocks", {1, 1 << 20});
  reduction.most_parts = reader.optional_integer("most_parts", reduction.most_parts, {1, 1024});
  reduction.tokens_of_part = reader.optional_integer("tokens_of_part", 1, {1, 1 << 20});
  reduction.serving_parts = reader.maybe_integer("serving_parts", {1, 1024});
  reduction.token_time = reader.optional_quantity("token_time", Seconds(0.0));
  reduction.slots = reader.optional_boolean("slots", false);
  reader.finish();
  return reduction;
}

ExpertTiling read_expert_tiling(ObjectReader& profile) {
  constexpr IntegerRange kRows{1, 1024};
  ExpertTiling tiling(profile.integer("expert_tile", kRows));
  profile.known("large_expert_tile");
  if (!profile.has("large_expert_tile")) return tiling;
  ObjectReader reader = profile.object("large_expert_tile");
  tiling.large = {reader.integer("beyond", {1, tiling.rows}), reader.integer("rows", kRows)};
  reader.finish();
  return tiling;
}

/// "1, 2, 4, then every 8 to 248 and every 16 to 512" is
/// {"first": [1, 2, 4], "then": [{"step": 8, "max": 248}, {"step": 16, "max": 512}]}.
std::vector<std::int64_t> read_capture_sizes(ObjectReader& profile, const std::string& source) {
  constexpr IntegerRange kSizes{1, 65536};
  ObjectReader reader = profile.object("cudagraph_capture_sizes");
  std::vector<std::int64_t> sizes = reader.optional_integers("first", {}, kSizes);
  std::sort(sizes.begin(), sizes.end());
  const Json& ranges = reader.raw("then");
  if (!ranges.is_array()) reader.fail("then", "is no list; give a list of {\"step\", \"max\"}");
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    ObjectReader range(ranges[i], source, reader.pointer("then") + "/" + std::to_string(i));
    const std::int64_t step = range.integer("step", kSizes);
    const std::int64_t max = range.integer("max", kSizes);
    range.finish();
    const std::int64_t largest = sizes.empty() ? 0 : sizes.back();
    for (std::int64_t size = (largest / step + 1) * step; size <= max; size += step) sizes.push_back(size);
  }
  reader.finish();
  sizes.erase(std::unique(sizes.begin(), sizes.end()), sizes.end());
  return sizes;
}

/// Calls `read` with each member of an optional list and its pointer.
template <class Read>
void each_of(ObjectReader& reader, std::string_view key, Read read) {
  const Json* list = reader.optional_raw(key);
  if (list == nullptr) return;
  if (!list->is_array()) reader.fail(key, "is no list; give a list of objects");
  for (std::size_t i = 0; i < list->size(); ++i)
    read((*list)[i], reader.pointer(key) + "/" + std::to_string(i));
}

constexpr std::array<ModelKind, 3> kKinds = {ModelKind::dense, ModelKind::moe, ModelKind::hybrid};

ModelKind read_kind(ObjectReader& reader) {
  std::vector<std::string> names;
  for (const ModelKind kind : kKinds) names.emplace_back(name_of(kind));
  const std::string wish = reader.choice("kind", names);
  return kKinds[static_cast<std::size_t>(std::find(names.begin(), names.end(), wish) - names.begin())];
}

EngineGeneration::Validation read_validation(const Json& json, const std::string& source,
                                             const std::string& pointer) {
  ObjectReader reader(json, source, pointer);
  EngineGeneration::Validation validation;
  validation.model = reader.text("model");
  validation.gpu = reader.text("gpu");
  validation.kind = read_kind(reader);
  validation.points = reader.integer("points", {1, 1 << 20});
  validation.most_gpus = reader.integer("most_gpus", {1, 1 << 20});
  validation.tpot_error = reader.number("tpot_error", {0.0, 100.0});
  validation.ttft_error = reader.number("ttft_error", {0.0, 100.0});
  validation.throughput_error = reader.number("throughput_error", {0.0, 100.0});
  validation.tpot_bias = reader.number("tpot_bias", {-1.0, 100.0});
  validation.ttft_bias = reader.number("ttft_bias", {-1.0, 100.0});
  reader.finish();
  return validation;
}

EngineGeneration read_generation(const Json& json, const std::string& source, const std::string& pointer) {
  ObjectReader reader(json, source, pointer);
  EngineGeneration generation;
  const Json& gpus = reader.raw("gpus", "a list of names of GPUs");
  if (!gpus.is_array()) reader.fail("gpus", "is no list; give names of GPUs");
  for (const Json& gpu : gpus) {
    if (!gpu.is_string()) reader.fail("gpus", "holds what is no text; give names of GPUs");
    generation.gpus.push_back(gpu.get<std::string>());
  }
  generation.host_time_per_step = reader.maybe_quantity<Seconds>("host_time_per_step");
  generation.host_time_per_sequence = reader.maybe_quantity<Seconds>("host_time_per_sequence");
  generation.request_time = reader.maybe_quantity<Seconds>("request_time");
  reader.known("schedules_ahead");
  if (reader.has("schedules_ahead"))
    generation.schedules_ahead = reader.optional_boolean("schedules_ahead", false);
  generation.efficiency = read_engine_efficiency(reader, "efficiency");
  generation.validation = reader.optional_text("validation", "");
  generation.thin = reader.optional_text("thin", "");
  each_of(reader, "validated", [&](const Json& row, const std::string& place) {
    generation.validated.push_back(read_validation(row, source, place));
  });
  reader.finish();
  return generation;
}

EngineProfile read_profile(const Json& json, const std::string& source) {
  ObjectReader reader(json, source);
  EngineProfile profile;
  profile.name = reader.text("name");
  profile.description = reader.text("description");
  profile.source = reader.text("source");
  profile.host_time_per_step = reader.quantity<Seconds>("host_time_per_step");
  profile.host_time_per_sequence = reader.quantity<Seconds>("host_time_per_sequence");
  profile.host_time_per_exchange = reader.optional_quantity("host_time_per_exchange", Seconds(0.0));
  profile.request_time = reader.optional_quantity<Seconds>("request_time", Seconds(0.0));
  profile.schedules_ahead = reader.optional_boolean("schedules_ahead", false);
  profile.efficiency = read_engine_efficiency(reader, "efficiency");
  each_of(reader, "generations", [&](const Json& generation, const std::string& place) {
    profile.generations.push_back(read_generation(generation, source, place));
  });
  profile.attention = read_small_kernels(reader, "attention");
  profile.ffn = read_small_kernels(reader, "ffn");
  profile.activation = read_small_kernels(reader, "activation");
  profile.moe = read_small_kernels(reader, "moe");
  profile.torch_kernels = reader.optional_boolean("torch_kernels", false);
  profile.decode_reduction = read_decode_reduction(reader);
  profile.moe_routing_time = reader.quantity<Seconds>("moe_routing_time");
  profile.serving_layer = read_small_kernels(reader, "serving_layer");
  profile.serving_moe = read_small_kernels(reader, "serving_moe");
  profile.serving_step = read_small_kernels(reader, "serving_step");
  profile.expert_tiling = read_expert_tiling(reader);
  profile.gathers_logits = reader.optional_boolean("gathers_logits", true);
  profile.pipeline_tensors = reader.optional_number("pipeline_tensors", 1.0, {1.0, 16.0});
  profile.shared_experts_stream_tokens = reader.maybe_integer("shared_experts_stream_tokens", {0, 1 << 24});
  profile.all_reduce = reader.optional_text("all_reduce", "nccl");
  profile.kv_cache = precision_of(reader.text("kv_cache"), source + ": " + reader.pointer("kv_cache"));
  profile.runtime_reserve = reader.quantity<Bytes>("runtime_reserve");
  profile.scheduler = reader.text("scheduler");
  profile.max_num_seqs = reader.integer("max_num_seqs", {1, 1 << 20});
  profile.max_num_batched_tokens = reader.integer("max_num_batched_tokens", {1, 1 << 24});
  profile.cudagraph_capture_sizes = read_capture_sizes(reader, source);
  reader.finish();
  return profile;
}

/// Each is read once: a sweep asks for one with every point.
const EngineProfile& catalogue_profile(const EmbeddedFile& file) {
  static std::map<const EmbeddedFile*, EngineProfile> read;
  const auto known = read.find(&file);
  if (known != read.end()) return known->second;
  const std::string source = "engines/" + std::string(file.name);
  return read.emplace(&file, read_profile(parse_json(file.text, source), source)).first->second;
}

}  // namespace

std::vector<std::string> engine_names() { return names(embedded_engines()); }

EngineProfile read_engine_profile(const std::string& wish, const std::string& path) {
  if (is_path(wish)) return read_profile(named_at(path, [&] { return read_json_file(wish); }), wish);
  return catalogue_profile(choose(embedded_engines(), wish, path));
}

EngineProfile on_gpu(EngineProfile profile, const std::string& gpu) {
  for (const EngineGeneration& generation : profile.generations) {
    if (std::find(generation.gpus.begin(), generation.gpus.end(), gpu) == generation.gpus.end()) continue;
    profile.host_time_per_step = generation.host_time_per_step.value_or(profile.host_time_per_step);
    profile.host_time_per_sequence =
        generation.host_time_per_sequence.value_or(profile.host_time_per_sequence);
    profile.request_time = generation.request_time.value_or(profile.request_time);
    profile.schedules_ahead = generation.schedules_ahead.value_or(profile.schedules_ahead);
    profile.efficiency = generation.efficiency;
    break;
  }
  return profile;
}

std::int64_t padded_batch(std::int64_t sequences, const std::vector<std::int64_t>& capture_sizes) {
  const auto size = std::lower_bound(capture_sizes.begin(), capture_sizes.end(), sequences);
  return size == capture_sizes.end() ? sequences : *size;
}

}  // namespace switchyard
