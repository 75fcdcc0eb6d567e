// What the gates of a scenario did, as `switchyard routing` tells it. A function of the model, the routing
// block, the seed and the expert-parallel ranks alone.
#pragma once

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "sim/expert_assignments.hpp"
#include "workloads/routing/statistics.hpp"

namespace switchyard {

struct LayerRouting {
  std::int64_t layer = 0;      // index in the model
  std::int64_t moe_layer = 0;  // among those that route
  std::string router;
  std::int64_t experts = 0;
  std::int64_t top_k = 0;
  LayerRoutingStatistics statistics;
  std::vector<double> expert_load;  // [experts], of all tokens in the bank, relative to the mean
  std::vector<double> rank_load;    // [expert-parallel ranks], under the scenario's placement, likewise

  double rank_imbalance() const;  // the largest of rank_load
};

struct RoutingAnswer {
  std::vector<LayerRouting> layers;                              // those that route; none of a dense model
  std::array<double, kDecodeBatches.size()> distinct_experts{};  // of decode batches, mean over layers
  double domain_load_cosine = 1.0;
  std::vector<std::string> domain_names;
  std::int64_t tokens = 0;   // in the bank
  std::int64_t streams = 0;  // sequences that they make
  std::vector<std::string> bank_notes;
};

/// `bank`: build_bank() of the scenario, in the mode `exact` of that with the mode `bank`; null without MoE
/// layers.
RoutingAnswer routing_answer(const Scenario& scenario, const RoutingBank* bank);

/// Names are the interface contract's. Loads of experts and ranks have four digits.
Json to_json(const RoutingAnswer& answer, const Scenario& scenario);
/// Tables of at most 100 columns, facts and notes of any length; ends with a newline.
std::string routing_table(const RoutingAnswer& answer, const Scenario& scenario);

/// "mixtral-8x7b: 32 of 32 layers route", and what it was asked of, name and text.
std::string routing_title(const RoutingAnswer& answer, const Scenario& scenario);
std::vector<std::pair<std::string, std::string>> routing_facts(const RoutingAnswer& answer,
                                                               const Scenario& scenario);

/// routing.json, scenario.json (resolved) and report.html in a folder that exists. Throws InputError when one
/// cannot be written.
void write_routing(const std::string& folder, const Scenario& scenario, const RoutingBank* bank,
                   const RoutingAnswer& answer);

/// What a reader of the figures must know.
std::vector<std::string> routing_notes(const RoutingAnswer& answer, const Scenario& scenario);

}  // namespace switchyard
