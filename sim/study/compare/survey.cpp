// The rows, in the order in which they stand.
#include "sim/study/compare/survey.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "sim/study/compare/probe.hpp"
#include "sim/study/figures.hpp"
#include "sim/study/readable.hpp"
#include "workloads/parameters.hpp"

namespace switchyard {
namespace {

using Cell = Survey::Cell;

struct Question {
  const char* group;
  const char* key;
  const char* name;
  const char* unit;
  Cell (*answer)(const Subject&);
};

Cell number(const Json& value, const std::string& unit) {
  if (!value.is_number()) return {};
  return {unit == "B" ? in_bytes(value.get<double>()) : with_unit(value.get<double>(), unit), value};
}

Cell number(const Json& value, const std::string& unit, const std::string& more) {
  Cell cell = number(value, unit);
  if (!cell.value.is_null()) cell.text += more;
  return cell;
}

/// A figure of the run with the share that it may be off by.
Cell figure(const Subject& subject, const char* pointer, const std::string& unit, const char* error) {
  const Json& value = figure_at(subject.summary, pointer);
  const Json& share = figure_at(subject.summary, error);
  return number(value, unit, share.is_number() && value != 0.0 ? " ± " + percent(share.get<double>()) : "");
}

std::string billions(std::int64_t count) {
  std::string text = readable(static_cast<double>(count));
  if (text.back() == 'G') text.back() = 'B';
  return text;
}

// Kinds and parameters.

Cell kind(const Subject& subject) {
  const Architecture& model = subject.scenario.model;
  const std::string_view name = name_of(kind_of(model));
  const std::string word = name == "moe" ? "MoE" : name == "dense" ? "Dense" : "hybrid";
  std::int64_t experts = 0, top_k = 0;
  for (const Layer& layer : model.layers) {
    if (!layer.moe || layer.moe->gate.num_experts <= experts) continue;
    experts = layer.moe->gate.num_experts;
    top_k = layer.moe->gate.num_experts_per_tok;
  }
  if (experts == 0) return {word, name};
  return {word + ", " + std::to_string(top_k) + " of " + std::to_string(experts) + " experts", name};
}

Cell total_parameters(const Subject& subject) {
  const std::int64_t total = count_parameters(subject.scenario.model).total;
  return {billions(total), total};
}

Cell active_parameters(const Subject& subject) {
  const ParameterCount count = count_parameters(subject.scenario.model);
  if (count.active == count.total) return {"all " + billions(count.total), count.active};
  const double share = static_cast<double>(count.active) / static_cast<double>(count.total);
  return {billions(count.active) + " of " + billions(count.total) + " (" + percent(share) + ")",
          count.active};
}

// Memory and computation.

Bytes weights_of(const Scenario& scenario) {
  return weight_bytes(scenario.model, scenario.precision.weights);
}

Cell weights(const Subject& subject) {
  const PrecisionByRole& formats = subject.scenario.precision.weights;
  const bool routes = subject.scenario.model.moe_layers() > 0;
  const Precision largest = routes ? formats.routed_experts : formats.dense_ffn;
  return number(weights_of(subject.scenario).value(), "B", " in " + std::string(name_of(largest)));
}

Cell weights_of_gpu(const Subject& subject) {
  const Json& own = figure_at(subject.summary, "/memory/weight_bytes");
  const Json& all = figure_at(subject.summary, "/memory/gpu_bytes");
  if (!own.is_number() || !all.is_number()) return {};
  return number(own, "B", " (" + percent(own.get<double>() / all.get<double>()) + ")");
}

Cell kv_of_token(const Subject& subject) {
  return number(kv_bytes_per_token(subject.scenario.model, subject.scenario.precision.kv_cache).value(), "B");
}

Cell most_users(const Subject& subject) { return number(figure_at(subject.probes, "/most_users"), ""); }

Cell flops(const Subject& subject) {
  const Json& context = figure_at(subject.probes, "/context");
  const std::int64_t tokens = context.is_number() ? context.get<std::int64_t>() : 0;
  return number(flops_per_token(subject.scenario.model, tokens).value(), "FLOP",
                context.is_number() ? ", context " + std::to_string(tokens) : "");
}

/// The step of so many users that was probed; null: they do not fit.
const Json& decode_at(const Subject& subject, std::int64_t users) {
  static const Json none;
  for (const Json& step : figure_at(subject.probes, "/decode"))
    if (step.at("users") == users) return step;
  return none;
}

Cell bytes_of_token(const Subject& subject) {
  return number(figure_at(decode_at(subject, 64), "/bytes_per_token"), "B");
}

// Latency and throughput.

Cell prefill(const Subject& subject) {
  const Json& tokens = figure_at(subject.probes, "/prompt_tokens");
  return number(figure_at(subject.probes, "/prefill/ms"), "ms",
                tokens.is_number() ? ", " + std::to_string(tokens.get<std::int64_t>()) + " tokens" : "");
}

template <std::int64_t users>
Cell decode_step(const Subject& subject) {
  return number(figure_at(decode_at(subject, users), "/step_ms"), "ms");
}

Cell ttft(const Subject& subject) { return figure(subject, "/median_ttft_ms", "ms", "/trust/ttft_error"); }
Cell tpot(const Subject& subject) { return figure(subject, "/mean_tpot_ms", "ms", "/trust/tpot_error"); }
Cell per_gpu(const Subject& subject) {
  return figure(subject, "/tokens_per_s_per_gpu", "", "/trust/throughput_error");
}
Cell per_user(const Subject& subject) {
  return figure(subject, "/tokens_per_s_per_user", "", "/trust/tpot_error");
}
Cell requests(const Subject& subject) {
  return figure(subject, "/request_throughput", "/s", "/trust/throughput_error");
}
Cell prefill_rate(const Subject& subject) {
  return number(figure_at(subject.probes, "/prefill/tokens_per_s"), "");
}

// Behaviour of batches.

template <std::int64_t users>
Cell decode_rate(const Subject& subject) {
  const Json& rate = figure_at(decode_at(subject, users), "/tokens_per_s");
  if (rate.is_null() && subject.probes.is_object()) return {"do not fit", nullptr};
  return number(rate, "");
}

/// A step that reads all it reads anyhow gives each further user's token for nothing.
Cell gain(const Subject& subject) {
  const Json& one = figure_at(decode_at(subject, 1), "/tokens_per_s");
  const Json& many = figure_at(decode_at(subject, 64), "/tokens_per_s");
  if (!one.is_number() || !many.is_number()) return {};
  const double ratio = many.get<double>() / one.get<double>();
  const char* word = ratio >= 40.0 ? "strong" : ratio >= 20.0 ? "good" : "weak";
  return {std::string(word) + " (" + readable(ratio) + " x)", ratio};
}

template <std::int64_t users>
Cell active_experts(const Subject& subject) {
  const Json& active = figure_at(decode_at(subject, users), "/active_experts");
  if (!active.is_number()) return {};
  return number(active, "", " of " + std::to_string(experts_of(subject.scenario)));
}

// Communication and scaling.

Cell share(const Json& value) {
  if (!value.is_number()) return {};
  const double part = value.get<double>();
  const char* word = part <= 0.0 ? "none" : part < 0.05 ? "low" : part < 0.2 ? "moderate" : "high";
  return {part <= 0.0 ? word : std::string(word) + " (" + percent(part) + ")", value};
}

Cell decode_share(const Subject& subject) {
  return share(figure_at(decode_at(subject, 64), "/communication_share"));
}
Cell prefill_share(const Subject& subject) {
  return share(figure_at(subject.probes, "/prefill/communication_share"));
}
Cell run_share(const Subject& subject) {
  return share(figure_at(subject.summary, "/network/communication_share"));
}
Cell waiting(const Subject& subject) { return share(figure_at(decode_at(subject, 64), "/waiting_share")); }

/// At best twice the GPUs make a step take half the time.
Cell scaled(const Json& fewer, const Json& more, std::int64_t to_gpus) {
  if (!fewer.is_number() || !more.is_number()) return {};
  const double ratio = fewer.get<double>() / more.get<double>();
  const char* word = ratio >= 1.8 ? "near linear" : ratio >= 1.4 ? "good" : ratio >= 1.1 ? "partial" : "none";
  return {std::string(word) + " (" + readable(ratio) + " x on " + std::to_string(to_gpus) + ")", ratio};
}

Cell from_half(const Subject& subject) {
  if (figure_at(subject.probes, "/scaling/half/reason") == "does not fit")
    return {"half does not fit", nullptr};
  return scaled(figure_at(subject.probes, "/scaling/half/step_ms"),
                figure_at(subject.probes, "/scaling/step_ms"),
                subject.scenario.deployment.gpus_per_replica());
}

Cell to_double(const Subject& subject) {
  return scaled(figure_at(subject.probes, "/scaling/step_ms"),
                figure_at(subject.probes, "/scaling/double/step_ms"),
                2 * subject.scenario.deployment.gpus_per_replica());
}

// Energy, cost and what must be there.

Cell energy(const Subject& subject) {
  return number(figure_at(subject.summary, "/energy_per_output_token_j"), "J");
}
Cell power(const Subject& subject) { return number(figure_at(subject.summary, "/mean_power_w"), "W"); }
Cell dollars(const Json& value) {
  Cell cell = number(value, "");
  if (!cell.value.is_null()) cell.text = "$" + cell.text;
  return cell;
}
Cell per_hour(const Subject& subject) { return dollars(figure_at(subject.summary, "/usd_per_hour")); }
Cell input_cost(const Subject& subject) {
  return dollars(figure_at(subject.summary, "/usd_per_million_input_tokens"));
}
Cell output_cost(const Subject& subject) {
  return dollars(figure_at(subject.summary, "/usd_per_million_output_tokens"));
}

Cell gpus(const Subject& subject) {
  const std::int64_t count = subject.scenario.deployment.gpus();
  return {std::to_string(count) + " x " + subject.scenario.cluster.gpu.name, count};
}

Cell least(const Subject& subject) {
  const std::int64_t count = least_gpus(subject.scenario);
  return {std::to_string(count), count};
}

Cell memory(const Subject& subject) {
  const Scenario& scenario = subject.scenario;
  return number(scenario.cluster.gpu.memory.value() * static_cast<double>(scenario.deployment.gpus()), "B");
}

/// Rates of the busiest link of the kinds that are, or are not, a NIC's.
Cell link_rate(const Subject& subject, bool (*wanted)(const std::string&)) {
  const Json* busiest = nullptr;
  for (const Json& link : figure_at(subject.probes, "/links"))
    if (wanted(link.at("kind")) && (busiest == nullptr || link.at("share") > busiest->at("share")))
      busiest = &link;
  if (busiest == nullptr) return subject.probes.is_object() ? Cell{"none", 0} : Cell{};
  return number(busiest->at("bytes_per_s"), "B/s",
                " (" + percent(busiest->at("share").get<double>()) + " of " +
                    busiest->at("kind").get<std::string>() + ")");
}

bool is_fabric(const std::string& kind) { return kind == "nic" || kind == "uplink"; }
Cell node_links(const Subject& subject) {
  return link_rate(subject, [](const std::string& kind) { return !is_fabric(kind); });
}
Cell fabric_links(const Subject& subject) { return link_rate(subject, is_fabric); }

constexpr std::array kQuestions = std::to_array<Question>({
    {"parameters", "kind", "kind", "", kind},
    {"parameters", "total_parameters", "parameters", "", total_parameters},
    {"parameters", "active_parameters", "active a token", "", active_parameters},
    {"memory", "weight_bytes", "weights", "B", weights},
    {"memory", "weight_bytes_per_gpu", "weights a GPU, of its memory", "B", weights_of_gpu},
    {"memory", "kv_bytes_per_token", "KV cache a token", "B", kv_of_token},
    {"memory", "most_users", "most users at once", "", most_users},
    {"compute", "flops_per_token", "operations a token", "FLOP", flops},
    {"compute", "bytes_per_token", "memory read a token, 64 users", "B", bytes_of_token},
    {"latency", "prefill_ms", "a mean prompt alone", "ms", prefill},
    {"latency", "decode_ms_1", "decode step, 1 user", "ms", decode_step<1>},
    {"latency", "decode_ms_64", "decode step, 64 users", "ms", decode_step<64>},
    {"latency", "median_ttft_ms", "TTFT of the run, median", "ms", ttft},
    {"latency", "mean_tpot_ms", "TPOT of the run, mean", "ms", tpot},
    {"throughput", "tokens_per_s_per_gpu", "output tokens/s a GPU", "", per_gpu},
    {"throughput", "tokens_per_s_per_user", "output tokens/s a user", "", per_user},
    {"throughput", "request_throughput", "requests", "/s", requests},
    {"throughput", "prefill_tokens_per_s", "prompt tokens/s, one prompt", "", prefill_rate},
    {"batches", "decode_tokens_per_s_1", "decode tokens/s, 1 user", "", decode_rate<1>},
    {"batches", "decode_tokens_per_s_8", "decode tokens/s, 8 users", "", decode_rate<8>},
    {"batches", "decode_tokens_per_s_64", "decode tokens/s, 64 users", "", decode_rate<64>},
    {"batches", "decode_tokens_per_s_256", "decode tokens/s, 256 users", "", decode_rate<256>},
    {"batches", "batch_gain", "gain from 1 to 64 users", "", gain},
    {"batches", "active_experts_1", "experts in use, 1 user", "", active_experts<1>},
    {"batches", "active_experts_64", "experts in use, 64 users", "", active_experts<64>},
    {"communication", "decode_communication_share", "of a decode step, 64 users", "", decode_share},
    {"communication", "prefill_communication_share", "of a prompt", "", prefill_share},
    {"communication", "communication_share", "of the run", "", run_share},
    {"communication", "waiting_share", "waiting for the busiest rank", "", waiting},
    {"scaling", "scaling_from_half", "same users, from half the GPUs", "", from_half},
    {"scaling", "scaling_to_double", "same users, on twice the GPUs", "", to_double},
    {"energy", "energy_per_output_token_j", "energy an output token", "J", energy},
    {"energy", "mean_power_w", "mean power of a GPU", "W", power},
    {"cost", "usd_per_hour", "an hour", "$", per_hour},
    {"cost", "usd_per_million_input_tokens", "a million input tokens", "$", input_cost},
    {"cost", "usd_per_million_output_tokens", "a million output tokens", "$", output_cost},
    {"provisioning", "gpus", "GPUs", "", gpus},
    {"provisioning", "memory_bytes", "GPU memory", "B", memory},
    {"provisioning", "least_gpus", "fewest GPUs that hold the weights", "", least},
    {"provisioning", "node_bytes_per_s", "a GPU's link in its node, 64 users", "B/s", node_links},
    {"provisioning", "fabric_bytes_per_s", "a NIC or link beyond, 64 users", "B/s", fabric_links},
});

}  // namespace

Survey survey_of(std::span<const Subject> subjects) {
  Survey survey;
  for (const Question& question : kQuestions) {
    Survey::Row row{question.group, question.key, question.name, question.unit, {}};
    for (const Subject& subject : subjects) row.cells.push_back(question.answer(subject));
    survey.rows.push_back(std::move(row));
  }
  return survey;
}

std::int64_t experts_of(const Scenario& scenario) {
  std::int64_t experts = 0;
  for (const Layer& layer : scenario.model.layers)
    if (layer.moe) experts = std::max(experts, layer.moe->gate.num_experts);
  return experts == 0 ? 0 : experts + scenario.deployment.num_redundant_experts;
}

std::int64_t least_gpus(const Scenario& scenario) {
  const Bytes usable = scenario.cluster.gpu.memory * scenario.engine.limits.gpu_memory_utilization -
                       scenario.engine.profile.runtime_reserve;
  return usable > Bytes(0.0) ? static_cast<std::int64_t>(std::ceil(weights_of(scenario) / usable)) : 0;
}

}  // namespace switchyard
