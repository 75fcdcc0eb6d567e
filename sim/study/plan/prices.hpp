// What a plan's deployments cost a token, and what other prices of their GPUs would do to that.
#pragma once

#include <string>
#include <vector>

#include "sim/study/plan/search.hpp"

namespace switchyard {

/// Dollars of an hour of so many of its GPUs; none where the price is not known.
std::optional<double> usd_per_hour(const PlanBase& base, std::int64_t gpus);

/// "usd_per_million_input_tokens" or "usd_per_million_output_tokens" at the plan's own price, whatever price
/// the simulation knew; without one in it, all is put on the output. None where the price is not known.
std::optional<double> usd_per_million(const PlannedDeployment& deployment, const std::string& name);

/// All that a million output tokens cost, their prompts' share too. None where the price is not known. By
/// this deployments are ranked: they serve the same mix, and how its cost is shared out depends on how a
/// deployment's time divides (bill.hpp), so that of two that cost as much one's output tokens may be cheaper.
std::optional<double> usd_per_million_with_prompts(const PlannedDeployment& deployment);

/// The document's "prices": which deployment's output tokens cost least with their prompts, and from which
/// price of a GPU type on another's would; of those that are level with the cheapest no such price is named,
/// as any change decides. The deployments stay those that are the best for the objective, so this is
/// arithmetic on their costs. null where no price is known.
Json prices_json(const PlanStudy& study, const std::vector<PlannedChain>& chains);

}  // namespace switchyard
