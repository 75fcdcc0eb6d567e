// The resolved scenario: what scenario.json shows.
#include "sim/scenario_blocks.hpp"

namespace switchyard {
namespace {

Json deployment_json(const Deployment& d) {
  return {{"replicas", d.replicas},
          {"tensor_parallel_size", d.tensor_parallel_size},
          {"pipeline_parallel_size", d.pipeline_parallel_size},
          {"data_parallel_size", d.data_parallel_size},
          {"enable_expert_parallel", d.enable_expert_parallel},
          {"expert_placement", d.expert_placement},
          {"num_redundant_experts", d.num_redundant_experts},
          {"enable_eplb", d.enable_eplb},
          {"enable_dbo", d.enable_dbo},
          {"dbo_decode_token_threshold", d.dbo_decode_token_threshold},
          {"dbo_prefill_token_threshold", d.dbo_prefill_token_threshold},
          {"all2all_backend", d.all2all_backend}};
}

Json engine_json(const EngineOptions& engine) {
  const EngineLimits& limits = engine.limits;
  Json json = {{"profile", engine.wish},
               {"scheduler", engine.scheduler},
               {"dispatcher", engine.dispatcher},
               {"max_num_seqs", limits.max_num_seqs},
               {"max_num_batched_tokens", limits.max_num_batched_tokens},
               {"max_model_len", limits.max_model_len},
               {"block_size", limits.block_size},
               {"gpu_memory_utilization", limits.gpu_memory_utilization}};
  json["num_gpu_blocks_override"] =
      limits.num_gpu_blocks_override ? Json(*limits.num_gpu_blocks_override) : Json();
  json["enable_prefix_caching"] = false;
  json["cudagraph_capture_sizes"] = engine.cudagraph_capture_sizes;
  return json;
}

/// The one name that reads back to all formats; "auto" where only the checkpoint itself says which is which.
std::string weights_text(const Scenario& scenario) {
  const PrecisionByRole& weights = scenario.precision.weights;
  for (const auto role : PrecisionByRole::roles()) {
    if (with_weights(scenario.model.checkpoint, weights.*role) == weights)
      return std::string(name_of(weights.*role));
  }
  return "auto";
}

std::string activations_text(const PrecisionByRole& activations) {
  const bool one = activations == PrecisionByRole::all(activations.attention);
  return one ? std::string(name_of(activations.attention)) : "auto";
}

}  // namespace

Json to_json(const Scenario& scenario, const Json& model, const Json& model_overrides) {
  Json json;
  json["model"] = model;
  if (!model_overrides.is_null()) json["model_overrides"] = model_overrides;
  const ModelPrecision& p = scenario.precision;
  json["precision"] = {{"weights", weights_text(scenario)},
                       {"activations", activations_text(p.activations)},
                       {"kv_cache", name_of(p.kv_cache)}};
  json["cluster"] = to_json(scenario.cluster);
  json["deployment"] = deployment_json(scenario.deployment);
  json["engine"] = engine_json(scenario.engine);
  json["routing"] = {
      {"mode", scenario.routing.mode},
      {"preset", scenario.routing.preset.name},
      {"arithmetic", scenario.routing.preset.arithmetic == ScoreFormat::bf16 ? "bf16" : "fp32"},
      {"gate_bias_zipf", scenario.routing.preset.gate_bias_zipf}};
  if (!scenario.routing.gate_weights.empty()) json["routing"]["gate_weights"] = scenario.routing.gate_weights;
  if (!scenario.routing.trace.empty()) json["routing"]["trace"] = scenario.routing.trace;
  json["network"] = {{"fidelity", scenario.fidelity}};
  if (scenario.workload) json["workload"] = to_json(*scenario.workload);
  Json slo = Json::object();
  for (const Slo::Bound& bound : scenario.slo.bounds)
    slo[bound.figure + "_" + bound.statistic] = to_text(bound.limit);
  json["slo"] = slo;
  json["prices"] = {
      {"usd_per_gpu_hour", scenario.usd_per_gpu_hour ? Json(scenario.usd_per_gpu_hour->value()) : Json()}};
  json["seed"] = scenario.seed;
  return json;
}

}  // namespace switchyard
