// How the work spreads over the experts of each MoE layer: of a whole routing bank, or of what a run served.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/record/run_log.hpp"
#include "sim/scenario.hpp"
#include "workloads/routing/bank.hpp"

namespace switchyard {

/// [MoE layer, expert of the layer]; a row is as long as its layer has experts.
using Assignments = std::vector<std::vector<std::uint64_t>>;
using RelativeLoads = std::vector<std::vector<double>>;

/// The domains that have streams.
std::int64_t domains_in_use(const RoutingBank& bank);

/// Of every token in the bank, and of those of one domain.
Assignments assignments_in_bank(const RoutingBank& bank);
Assignments assignments_in_domain(const RoutingBank& bank, std::int64_t domain);

/// Of every token computed for the requests of a run: prompts, and generated tokens but each last one, which
/// no step computes. Left out: warm-ups, rejected requests, those interrupted before their first token, what
/// was computed again after a preemption, and padding. In the mode "balanced" all experts of a layer get the
/// same; in the mode "exact" those of the bank's streams stand for what the kernels chose.
Assignments assignments_served(const Scenario& scenario, const RoutingBank& bank, const RunLog& log);

/// Every row divided by its mean; a row of nothing stays 0.
RelativeLoads relative_to_mean(const Assignments& assignments);

/// Of each MoE layer of the bank, its index among all layers of the model (of an encoder-decoder: of the
/// encoder's and then the decoder's).
std::vector<std::int64_t> moe_layer_indices(const Architecture& model);

}  // namespace switchyard
