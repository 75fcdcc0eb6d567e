// Deployment, engine, precision, routing and slo.
#include "sim/scenario_blocks.hpp"

#include <algorithm>
#include <array>

#include "kernels/expert_placement.hpp"
#include "sim/base/menu.hpp"
#include "sim/base/quote.hpp"
#include "sim/collectives/implementations.hpp"
#include "sim/plan/routed_load.hpp"
#include "sim/serving/dispatcher.hpp"
#include "sim/serving/scheduler.hpp"
#include "workloads/routing/recording.hpp"

namespace switchyard {
namespace {

constexpr std::int64_t kMostRanks = 65536;

constexpr std::array<std::string_view, 4> kSloFigures = {"ttft", "tpot", "itl", "e2el"};
constexpr std::array<std::string_view, 4> kSloStatistics = {"mean", "median", "p90", "p99"};

constexpr std::int64_t kMostRedundant = 4096;  // of a layer
constexpr NumberRange kUsdPerHour{0.0, 1e6, NumberRange::Ends::open_below};

/// Contract keys of features that this version lacks: only their neutral value is accepted.
void refuse_unless_off(ObjectReader& reader, std::string_view key) {
  if (reader.optional_boolean(key, false)) reader.fail(key, "true is not supported; give false");
}

/// Naming a placement that goes by load is asking for EPLB.
void refuse_contradiction(const ObjectReader& reader, const Deployment& d) {
  if (!reader.has("enable_eplb") || d.enable_eplb) return;
  reader.fail("enable_eplb", "is false, yet expert_placement " + in_quotes(d.expert_placement) +
                                 " goes by load, which is EPLB; give true, or another expert_placement");
}

/// As vLLM does.
void check_balancing(const Deployment& d, const ObjectReader& reader) {
  if (d.enable_eplb && !d.enable_expert_parallel)
    reader.fail("enable_eplb", "places whole experts on ranks; set enable_expert_parallel to true too");
  if (d.num_redundant_experts > 0 && !d.enable_eplb) {
    reader.fail("enable_eplb", "is false, so nothing places " + std::to_string(d.num_redundant_experts) +
                                   " redundant experts; give true, or num_redundant_experts 0");
  }
}

std::vector<std::string> precision_choices() {
  std::vector<std::string> choices = names(precisions());
  choices.insert(choices.begin(), "auto");
  return choices;
}

void check_exchange(const Deployment& d, ObjectReader& reader) {
  const bool exchanges = d.data_parallel_size > 1;
  if (exchanges && exchange_backend(d.all2all_backend) != nullptr && !d.enable_expert_parallel) {
    reader.fail("all2all_backend", "\"" + d.all2all_backend +
                                       "\" sends tokens to their experts' ranks; set enable_expert_parallel "
                                       "to true too");
  }
  if (!d.enable_dbo) return;
  if (!exchanges || !is_asynchronous(d.all2all_backend))
    reader.fail("enable_dbo",
                "overlaps exchanges between data-parallel ranks that return before the tokens have arrived; "
                "set data_parallel_size above 1 and all2all_backend to deepep_low_latency or deepep_normal");
  if (d.tensor_parallel_size > 1)
    reader.fail("enable_dbo", "is not supported with tensor parallelism; set tensor_parallel_size to 1");
}

}  // namespace

PrecisionByRole with_weights(const PrecisionByRole& checkpoint, Precision weights) {
  const bool mixed = checkpoint != PrecisionByRole::all(checkpoint.attention);
  PrecisionByRole precision = checkpoint;
  for (const auto role : PrecisionByRole::roles()) {
    const bool plain = bytes_per_element(checkpoint.*role) >= bytes_per_element(Precision::bf16);
    if (!mixed || !plain) precision.*role = weights;
  }
  return precision;
}

Deployment read_deployment(ObjectReader reader, const Architecture& model) {
  Deployment d;
  d.replicas = reader.optional_integer("replicas", 1, {1, kMostRanks});
  d.tensor_parallel_size = reader.optional_integer("tensor_parallel_size", 1, {1, kMostRanks});
  d.pipeline_parallel_size = reader.optional_integer("pipeline_parallel_size", 1, {1, kMostRanks});
  d.data_parallel_size = reader.optional_integer("data_parallel_size", 1, {1, kMostRanks});
  d.enable_expert_parallel = reader.optional_boolean("enable_expert_parallel", false);
  d.expert_placement = reader.optional_choice("expert_placement", "linear", names(expert_placements()));
  d.all2all_backend =
      reader.optional_choice("all2all_backend", "allgather_reducescatter", names(all2all_backends()));
  d.num_redundant_experts = reader.optional_integer("num_redundant_experts", 0, {0, kMostRedundant});
  d.enable_eplb = reader.optional_boolean("enable_eplb", false);
  const bool balances = choose(expert_placements(), d.expert_placement, "").balances;
  if (balances && model.moe_layers() > 0) refuse_contradiction(reader, d);
  d.enable_eplb |= balances;
  if (model.moe_layers() > 0) check_balancing(d, reader);
  d.enable_dbo = reader.optional_boolean("enable_dbo", false);
  d.dbo_decode_token_threshold = reader.optional_integer("dbo_decode_token_threshold", 32, {1, 1 << 24});
  d.dbo_prefill_token_threshold = reader.optional_integer("dbo_prefill_token_threshold", 512, {1, 1 << 24});
  if (model.moe_layers() > 0) check_exchange(d, reader);
  reader.finish();
  return normalised(d, model);
}

EngineOptions read_engine(ObjectReader reader, const std::string& base_folder) {
  EngineOptions engine;
  engine.wish = reader.optional_text("profile", "vllm");
  if (is_path(engine.wish)) engine.wish = absolute_path(base_folder, engine.wish);
  engine.profile = read_engine_profile(engine.wish, reader.source() + ": " + reader.pointer("profile"));
  const EngineProfile& profile = engine.profile;
  choose(schedulers(), profile.scheduler, engine.wish + ": /scheduler");
  choose_implementation("all_reduce", profile.all_reduce, engine.wish + ": /all_reduce");
  engine.scheduler = reader.optional_choice("scheduler", profile.scheduler, names(schedulers()));
  engine.dispatcher = reader.optional_choice("dispatcher", "least_requests", names(dispatchers()));
  EngineLimits& limits = engine.limits;
  limits.max_num_seqs = reader.optional_integer("max_num_seqs", profile.max_num_seqs, {1, 1 << 20});
  limits.max_num_batched_tokens =
      reader.optional_integer("max_num_batched_tokens", profile.max_num_batched_tokens, {1, 1 << 22});
  limits.max_model_len = reader.optional_integer("max_model_len", 0, {1, 1 << 28});
  limits.block_size = reader.optional_integer("block_size", 16, {1, 1 << 16});
  limits.gpu_memory_utilization =
      reader.optional_number("gpu_memory_utilization", 0.9, {0.0, 1.0, NumberRange::Ends::open_below});
  limits.num_gpu_blocks_override = reader.maybe_integer("num_gpu_blocks_override", {1, 1LL << 40});
  refuse_unless_off(reader, "enable_prefix_caching");
  engine.cudagraph_capture_sizes =
      reader.optional_integers("cudagraph_capture_sizes", profile.cudagraph_capture_sizes, {1, 1 << 20});
  std::sort(engine.cudagraph_capture_sizes.begin(), engine.cudagraph_capture_sizes.end());
  reader.finish();
  return engine;
}

void resolve_model_length(Scenario& scenario) {
  std::int64_t& length = scenario.engine.limits.max_model_len;
  const std::int64_t own = scenario.model.max_position_embeddings;
  if (length == 0) length = own;
  if (length > own) {
    scenario.notes.push_back("max_model_len " + std::to_string(length) +
                             " is above the model's own context of " + std::to_string(own));
  }
}

ModelPrecision read_precision(ObjectReader reader, const Scenario& scenario) {
  const std::vector<std::string> choices = precision_choices();
  const auto chosen = [&](std::string_view key) -> std::optional<Precision> {
    const std::string name = reader.optional_choice(key, "auto", choices);
    if (name == "auto") return std::nullopt;
    return precision_of(name, reader.source() + ": " + reader.pointer(key));
  };
  ModelPrecision precision;
  precision.weights = scenario.model.checkpoint;
  if (const auto weights = chosen("weights"))
    precision.weights = with_weights(scenario.model.checkpoint, *weights);
  const auto activations = chosen("activations");
  for (const auto role : PrecisionByRole::roles()) {
    precision.activations.*role =
        activations.value_or(activations_beside(scenario.cluster.gpu, precision.weights.*role));
  }
  precision.kv_cache = chosen("kv_cache").value_or(scenario.engine.profile.kv_cache);
  reader.finish();
  return precision;
}

RoutingOptions read_routing(ObjectReader reader, const Architecture& model, const std::string& base_folder) {
  RoutingOptions routing;
  routing.trace = reader.optional_text("trace", "");
  if (!routing.trace.empty()) {
    check_recording_name(routing.trace, reader.source() + ": " + reader.pointer("trace"));
    routing.trace = absolute_path(base_folder, routing.trace);
  }
  routing.mode = reader.optional_choice("mode", "bank", names(routing_modes()));
  if (routing.mode == "trace" && routing.trace.empty())
    reader.fail("trace", "is missing; give the path of recorded choices, a file .npz or .csv");
  routing.gate_weights = reader.optional_text("gate_weights", "");
  if (!routing.gate_weights.empty()) routing.gate_weights = absolute_path(base_folder, routing.gate_weights);
  std::string preset = reader.optional_text("preset", model.routing_preset);
  const std::string path = reader.source() + ": " + reader.pointer("preset");
  if (is_path(preset)) preset = absolute_path(base_folder, preset);
  routing.preset = read_routing_preset(preset, path);
  const std::vector<std::string> arithmetic = {"fp32", "bf16"};
  if (reader.optional_choice("arithmetic", "fp32", arithmetic) == "bf16")
    routing.preset.arithmetic = ScoreFormat::bf16;
  routing.preset.gate_bias_zipf =
      reader.optional_number("gate_bias_zipf", routing.preset.gate_bias_zipf, {0.0, 10.0});
  reader.finish();
  return routing;
}

std::vector<std::string> slo_bounds() {
  std::vector<std::string> names;
  for (const std::string_view figure : kSloFigures)
    for (const std::string_view statistic : kSloStatistics)
      names.push_back(std::string(figure) + "_" + std::string(statistic));
  return names;
}

Slo read_slo(ObjectReader reader) {
  const std::vector<std::string> known = slo_bounds();
  Slo slo;
  for (const std::string& key : reader.keys()) {
    if (std::find(known.begin(), known.end(), key) == known.end()) {
      reader.fail(key,
                  "unknown bound; write ttft, tpot, itl or e2el, then _mean, _median, _p90 or _p99, e.g. "
                  "\"ttft_p99\": \"2 s\"");
    }
    const std::size_t dash = key.find('_');
    slo.bounds.push_back({key.substr(0, dash), key.substr(dash + 1), reader.quantity<Seconds>(key)});
  }
  for (const Slo::Bound& bound : slo.bounds) {
    if (bound.limit.value() > 0.0) continue;
    reader.fail(bound.figure + "_" + bound.statistic, "0 s cannot be met; give more than 0");
  }
  reader.finish();
  return slo;
}

std::optional<DollarsPerHour> read_prices(ObjectReader reader) {
  std::optional<DollarsPerHour> price;
  if (reader.has("usd_per_gpu_hour")) price = DollarsPerHour(reader.number("usd_per_gpu_hour", kUsdPerHour));
  else reader.known("usd_per_gpu_hour");
  reader.finish();
  return price;
}

}  // namespace switchyard
