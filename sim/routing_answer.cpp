// Statistics of the bank, and its loads by expert, domain and rank.
#include "sim/routing_answer.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "sim/summarise.hpp"
#include "sim/system.hpp"

namespace switchyard {
namespace {

/// Below so many of them a domain, chance alone moves an expert's load by a tenth.
constexpr double kFewAssignments = 100.0;

/// [MoE layer, rank], of all tokens in the bank. They are no batch that a capacity is a share of.
RelativeLoads rank_loads(const Scenario& scenario, const RoutingBank& bank) {
  const std::unique_ptr<RoutedLoad> routed = build_load_without_capacity(scenario, bank);
  std::vector<RankBatch> batches(1);
  for (std::uint32_t stream = 0; stream < bank.streams(); ++stream)
    batches.front().routed.push_back({stream, 0, bank.stream_length(stream)});
  routed->route(batches);
  Assignments assignments;
  for (std::int64_t layer = 0; layer < bank.moe_layers(); ++layer) {
    std::vector<std::uint64_t>& row = assignments.emplace_back();
    for (std::int64_t rank = 0; rank < routed->expert_ranks(); ++rank)
      row.push_back(static_cast<std::uint64_t>(routed->load(layer, rank).rows));
  }
  return relative_to_mean(assignments);
}

std::vector<LayerRouting> layers_that_route(const Architecture& model, const RoutingBank& bank) {
  std::vector<LayerRouting> layers;
  for (const std::int64_t index : moe_layer_indices(model)) {
    LayerRouting& layer = layers.emplace_back();
    layer.layer = index;
    layer.moe_layer = static_cast<std::int64_t>(layers.size()) - 1;
    layer.router = model.layers[static_cast<std::size_t>(index)].moe->router;
    layer.experts = bank.gate(layer.moe_layer).num_experts;
    layer.top_k = bank.gate(layer.moe_layer).num_experts_per_tok;
  }
  return layers;
}

/// Of one domain.
double assignments_per_expert(const RoutingAnswer& answer) {
  const LayerRouting& layer = answer.layers.front();
  return static_cast<double>(answer.tokens * layer.top_k) /
         static_cast<double>(layer.experts * static_cast<std::int64_t>(layer.statistics.domains.size()));
}

double four_digits(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.4g", value);
  return std::strtod(text, nullptr);
}

Json numbers(const std::vector<double>& values) {
  Json json = Json::array();
  for (const double value : values) json.push_back(four_digits(value));
  return json;
}

void append_statistics(const DomainRoutingStatistics& statistics, Json& json) {
  json["max_over_mean"] = statistics.max_over_mean;
  json["entropy_bits"] = statistics.entropy_bits;
  json["previous_token_overlap"] = statistics.previous_token_overlap;
  json["first_choice_repeat"] = statistics.first_choice_repeat;
  json["ep8_imbalance"] = statistics.ep8_imbalance;
}

Json to_json(const LayerRouting& layer) {
  Json json = {{"layer", layer.layer},
               {"moe_layer", layer.moe_layer},
               {"router", layer.router},
               {"experts", layer.experts},
               {"top_k", layer.top_k}};
  append_statistics(layer.statistics, json);
  json["distinct_experts"] = layer.statistics.distinct_experts;
  json["rank_imbalance"] = layer.rank_imbalance();
  json["rank_load"] = numbers(layer.rank_load);
  json["expert_load"] = numbers(layer.expert_load);
  json["domains"] = Json::array();
  for (const DomainRoutingStatistics& domain : layer.statistics.domains)
    append_statistics(domain, json["domains"].emplace_back(Json::object()));
  return json;
}

}  // namespace

double LayerRouting::rank_imbalance() const { return *std::max_element(rank_load.begin(), rank_load.end()); }

RoutingAnswer routing_answer(const Scenario& scenario, const RoutingBank* bank) {
  RoutingAnswer answer;
  if (bank == nullptr || bank->moe_layers() == 0) return answer;
  const RoutingStatistics statistics = routing_statistics(*bank);
  answer.distinct_experts = statistics.distinct_experts;
  answer.domain_load_cosine = statistics.domain_load_cosine;
  for (std::int64_t domain = 0; domain < domains_in_use(*bank); ++domain)
    answer.domain_names.push_back(bank->domain_name(domain));
  answer.tokens = statistics.tokens;
  answer.streams = bank->streams();
  answer.bank_notes = notes_of(scenario, *bank);
  answer.layers = layers_that_route(scenario.model, *bank);
  const RelativeLoads experts = relative_to_mean(assignments_in_bank(*bank));
  const RelativeLoads ranks = rank_loads(scenario, *bank);
  for (std::size_t layer = 0; layer < answer.layers.size(); ++layer) {
    answer.layers[layer].statistics = statistics.layers[layer];
    answer.layers[layer].expert_load = experts[layer];
    answer.layers[layer].rank_load = ranks[layer];
  }
  return answer;
}

std::vector<std::string> routing_notes(const RoutingAnswer& answer, const Scenario& scenario) {
  std::vector<std::string> notes = notes_of(scenario);
  if (answer.layers.empty()) return notes;
  notes.insert(notes.end(), answer.bank_notes.begin(), answer.bank_notes.end());
  if (const double few = assignments_per_expert(answer); few < kFewAssignments) {
    char text[160];
    std::snprintf(
        text, sizeof text,
        "The bank has %.1f assignments an expert and domain: max/mean and entropy partly show chance.", few);
    notes.emplace_back(text);
  }
  if (scenario.routing.mode == "exact")
    notes.emplace_back("Mode exact: a run draws every token anew; the figures are those of the mode bank.");
  if (scenario.routing.mode == "uniform")
    notes.emplace_back("Mode uniform: every token draws its experts uniformly; no gate is computed.");
  if (scenario.routing.mode == "balanced")
    notes.emplace_back(
        "Mode balanced: a run deals the tokens out evenly; the figures are the gates' own choices, "
        "those of the ranks are what a run sees.");
  if (scenario.model.drops_tokens())
    notes.emplace_back(
        "Loads are what tokens ask for, before drops: what exceeds the experts' capacity is a matter of a "
        "step.");
  if (scenario.model.form == ModelForm::encoder_decoder)
    notes.emplace_back("Of an encoder-decoder the layers are those that a prompt passes: the encoder's.");
  return notes;
}

Json to_json(const RoutingAnswer& answer, const Scenario& scenario) {
  const Deployment& d = scenario.deployment;
  const bool routes = !answer.layers.empty();
  const bool has_preset = routes && gates_choose(scenario.routing);
  Json json = {{"model", scenario.model.name},
               {"mode", routes ? Json(scenario.routing.mode) : Json()},
               {"preset", has_preset ? Json(scenario.routing.preset.name) : Json()},
               {"gate_bias_zipf", has_preset ? Json(scenario.routing.preset.gate_bias_zipf) : Json()},
               {"seed", scenario.seed}};
  json["router"] = routes ? Json(answer.layers.front().router) : Json();
  json["tokens"] = answer.tokens;
  json["streams"] = answer.streams;
  json["domains"] = routes ? answer.layers.front().statistics.domains.size() : 0;
  json["domain_names"] = answer.domain_names;
  json["domain_load_cosine"] = routes ? Json(answer.domain_load_cosine) : Json();
  json["decode_batches"] = kDecodeBatches;
  json["distinct_experts"] = routes ? Json(answer.distinct_experts) : Json();
  json["expert_ranks"] = routes ? Json(d.expert_ranks()) : Json();
  json["expert_placement"] = routes ? Json(std::string(d.placement().name)) : Json();
  json["layers"] = Json::array();
  for (const LayerRouting& layer : answer.layers) json["layers"].push_back(to_json(layer));
  json["notes"] = routing_notes(answer, scenario);
  return json;
}

}  // namespace switchyard
