// Steps of batches that the workload's mean request makes.
#include "sim/study/compare/probe.hpp"

#include <algorithm>
#include <map>
#include <memory>

#include "sim/simulate.hpp"
#include "workloads/parameters.hpp"

namespace switchyard {
namespace {

constexpr std::int64_t kReferenceUsers = 64;

std::shared_ptr<const RoutingBank> bank_of(const System& system) {
  return {std::shared_ptr<const void>(), system.bank()};  // the system keeps it
}

double milliseconds(Seconds time) { return time.value() * 1e3; }

double share_of_communication(const Breakdown& breakdown) {
  return breakdown.total() > Seconds() ? breakdown[Part::communication] / breakdown.total() : 0.0;
}

/// In steps as a scheduler that cuts prompts makes them.
Breakdown prefill(const System& system, std::int64_t tokens) {
  const std::int64_t most = system.scenario().engine.limits.max_num_batched_tokens;
  Breakdown sum;
  for (std::int64_t done = 0; done < tokens; done += most)
    sum += time_step(system, {0, std::min(most, tokens - done), done, 1}).breakdown;
  return sum;
}

Json prefill_json(const System& system, std::int64_t tokens) {
  const Breakdown breakdown = prefill(system, tokens);
  const double time = breakdown.total().value();
  return {{"ms", milliseconds(breakdown.total())},
          {"tokens_per_s", static_cast<double>(tokens) / time},
          {"communication_share", share_of_communication(breakdown)}};
}

/// Of the fullest replica.
std::int64_t users_of_replica(const Scenario& scenario, std::int64_t users) {
  return (users + scenario.deployment.replicas - 1) / scenario.deployment.replicas;
}

StepAnswer decode(const System& system, std::int64_t users_of_replica, std::int64_t context) {
  return time_step(system, {1, 0, context, users_of_replica});
}

/// Of each MoE layer: experts that some rank of a replica computes. One that several ranks compute counts as
/// often: each reads it.
std::vector<double> experts_in_use(const Scenario& scenario, const StepAnswer& answer) {
  std::vector<double> active = answer.active_experts_per_layer;
  for (double& layer : active) layer *= static_cast<double>(scenario.deployment.expert_ranks());
  return active;
}

double mean(std::span<const double> values) {
  double sum = 0.0;
  for (const double value : values) sum += value;
  return values.empty() ? 0.0 : sum / static_cast<double>(values.size());
}

Json decode_json(const System& system, std::int64_t users, std::int64_t context) {
  const Scenario& scenario = system.scenario();
  const std::int64_t own = users_of_replica(scenario, users);
  const StepAnswer answer = decode(system, own, context);
  const double time = answer.breakdown.total().value();
  const std::vector<double> active = experts_in_use(scenario, answer);
  const Bytes read =
      weights_read(scenario, active) + static_cast<double>(own) * kv_cache_read(scenario, context);
  const bool in_stages = scenario.deployment.pipeline_parallel_size > 1;
  return {
      {"users", users},
      {"step_ms", milliseconds(answer.breakdown.total())},
      {"tokens_per_s", static_cast<double>(users) / time},
      {"communication_share", share_of_communication(answer.breakdown)},
      {"waiting_share", answer.experts && !in_stages ? Json(answer.experts->waiting.value() / time) : Json()},
      {"active_experts", active.empty() ? Json() : Json(mean(active))},
      {"bytes_per_token", read.value() / static_cast<double>(own)}};
}

/// By max_num_seqs and the KV pools, whole requests.
std::int64_t most_users(const System& system, const MeanRequest& request) {
  const Scenario& scenario = system.scenario();
  const std::int64_t block = system.memory().block_size;
  const std::int64_t blocks = (request.prompt_tokens + request.output_tokens + block - 1) / block;
  const std::int64_t of_rank =
      std::min(scenario.engine.limits.max_num_seqs, system.memory().num_gpu_blocks / blocks);
  return of_rank * scenario.deployment.data_parallel_size * scenario.deployment.replicas;
}

Json links_json(const System& system, std::int64_t users, std::int64_t context) {
  const StepAnswer answer = decode(system, users_of_replica(system.scenario(), users), context);
  const Seconds time = answer.breakdown.total();
  const auto links = system.graph().links();
  std::map<LinkKind, LinkId> busiest;
  const auto busy = [&](LinkId link) { return answer.link_loads[link] / links[link].bandwidth; };
  for (LinkId link = 0; link < links.size(); ++link) {
    if (answer.link_loads[link] <= Bytes(0.0)) continue;
    const auto [found, first] = busiest.try_emplace(links[link].kind, link);
    if (!first && busy(link) > busy(found->second)) found->second = link;
  }
  Json json = Json::array();
  for (const auto& [kind, link] : busiest)
    json.push_back({{"kind", name_of(kind)},
                    {"bytes_per_s", (answer.link_loads[link] / time).value()},
                    {"bandwidth", links[link].bandwidth.value()},
                    {"share", busy(link) / time}});
  return json;
}

enum class Change { half, twice };

/// The scenario with one of its replicas on half or twice the GPUs: by data parallelism where it has some,
/// over further nodes if it must, else by tensor parallelism. Throws what reading it throws.
Scenario resized(const Scenario& scenario, Change change) {
  Json json = scenario.json;
  Deployment d = scenario.deployment;
  const bool by_data = d.data_parallel_size > 1;
  std::int64_t& size = by_data ? d.data_parallel_size : d.tensor_parallel_size;
  if (change == Change::half && size % 2 != 0)
    throw Mismatch(scenario.source, "is cut into an odd number of parts");
  size = change == Change::half ? size / 2 : size * 2;
  Json& deployment = json["deployment"];
  deployment["replicas"] = d.replicas = 1;
  deployment[by_data ? "data_parallel_size" : "tensor_parallel_size"] = size;
  if (by_data && d.gpus() > scenario.cluster.gpus()) {
    const std::int64_t nodes =
        (d.gpus() + scenario.cluster.gpus_per_node - 1) / scenario.cluster.gpus_per_node;
    if (!json["cluster"].is_object()) json["cluster"] = {{"base", json["cluster"]}};
    json["cluster"]["nodes"] = nodes;
  }
  return read_scenario(json, scenario.source, ".");
}

std::string words_of_parallel(const Deployment& d) {
  std::string words = "tp " + std::to_string(d.tensor_parallel_size);
  if (d.data_parallel_size > 1) words = "dp " + std::to_string(d.data_parallel_size) + ", " + words;
  return words;
}

Json resized_json(const System& system, Change change, std::int64_t users, std::int64_t context) {
  try {
    const System other(resized(system.scenario(), change), Scope::serving, {bank_of(system), nullptr});
    return {{"gpus", other.scenario().deployment.gpus()},
            {"parallel", words_of_parallel(other.scenario().deployment)},
            {"step_ms", milliseconds(decode(other, users, context).breakdown.total())}};
  } catch (const Infeasible&) {
    return {{"reason", "does not fit"}};
  } catch (const InputError& error) {
    return {{"reason", error.what()}};
  }
}

Json scaling_json(const System& system, std::int64_t users, std::int64_t context) {
  const std::int64_t own = users_of_replica(system.scenario(), users);
  return {{"step_ms", milliseconds(decode(system, own, context).breakdown.total())},
          {"half", resized_json(system, Change::half, own, context)},
          {"double", resized_json(system, Change::twice, own, context)}};
}

/// Of a sliding window only what is in it, of a sparse attention what it selects.
std::int64_t keys_read(const std::optional<Attention>& attention, std::int64_t context) {
  if (!attention) return context;
  return std::min(
      {context, attention->sliding_window.value_or(context), attention->selected_keys.value_or(context)});
}

}  // namespace

std::optional<MeanRequest> mean_request(const Metrics& metrics) {
  if (metrics.completed == 0) return std::nullopt;
  const auto mean = [&](std::uint64_t tokens) {
    return static_cast<std::int64_t>(std::max<std::uint64_t>(1, tokens / metrics.completed));
  };
  return MeanRequest{mean(metrics.total_input_tokens), mean(metrics.total_output_tokens)};
}

Json probe(const System& system, const MeanRequest& request) {
  const std::int64_t context = request.context();
  const std::int64_t most = most_users(system, request);
  Json json = {{"prompt_tokens", request.prompt_tokens}, {"context", context}, {"most_users", most}};
  json["prefill"] = prefill_json(system, request.prompt_tokens);
  json["decode"] = Json::array();
  for (const std::int64_t users : kUsers)
    if (users <= most) json["decode"].push_back(decode_json(system, users, context));
  const std::int64_t reference =
      std::clamp<std::int64_t>(kReferenceUsers, 1, std::max<std::int64_t>(1, most));
  json["reference_users"] = reference;
  json["links"] = links_json(system, reference, context);
  json["scaling"] = scaling_json(system, reference, context);
  return json;
}

Bytes weights_read(const Scenario& scenario, std::span<const double> active) {
  const Architecture& model = scenario.model;
  const PrecisionByRole& formats = scenario.precision.weights;
  Bytes experts, read;
  std::size_t moe_layer = 0;
  for (const Layer& layer : model.layers) {
    if (!layer.moe) continue;
    const Bytes one = static_cast<double>(parameters_of(layer, model.hidden_size).routed_expert) *
                      bytes_per_element(formats.routed_experts);
    experts += static_cast<double>(layer.moe->gate.num_experts) * one;
    if (moe_layer < active.size()) read += active[moe_layer++] * one;
  }
  const ParameterCount count = count_parameters(model);
  const auto unread = static_cast<double>(model.tie_word_embeddings ? 0 : count.embedding);
  const Bytes others = weight_bytes(model, formats) - experts - unread * bytes_per_element(Precision::bf16);
  return read + static_cast<double>(scenario.deployment.data_parallel_size) * others;
}

Bytes kv_cache_read(const Scenario& scenario, std::int64_t context) {
  Bytes sum;
  for (const Layer& layer : scenario.model.layers)
    sum += static_cast<double>(kv_elements_per_token(layer) * keys_read(layer.attention, context)) *
               bytes_per_element(scenario.precision.kv_cache) +
           static_cast<double>(context) * indexer_bytes_per_token(layer);
  return sum;
}

}  // namespace switchyard
