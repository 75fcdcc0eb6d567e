// Each kind of change: links and lengths by halves and doubles, prices by fifths, routing even and skewed.
#include "sim/study/plan/changes.hpp"

#include <algorithm>

#include "workloads/requests/lengths.hpp"

namespace switchyard {
namespace {

void add_routing(std::vector<PlanChange>& changes, const PlanStudy& study,
                 const std::vector<PlannedChain>& chains) {
  if (std::all_of(chains.begin(), chains.end(),
                  [](const PlannedChain& chain) { return chain.base->kind() == "dense"; }))
    return;
  const Json routing = study.scenario.value("routing", Json::object());
  PlanChange even{"experts chosen evenly", "routing"},
      skewed{"experts more skewed (gate_bias_zipf 0.5)", "routing"};
  even.routing = skewed.routing = routing;
  even.routing["mode"] = "balanced";
  skewed.routing["gate_bias_zipf"] = 0.5;
  changes.push_back(std::move(even));
  if (!routing.contains("gate_bias_zipf")) changes.push_back(std::move(skewed));
}

void add_network(std::vector<PlanChange>& changes) {
  for (const auto& [factor, text] :
       {std::pair(0.5, "half the network bandwidth"), std::pair(2.0, "twice the network bandwidth")}) {
    PlanChange change{text, "network"};
    change.network = factor;
    changes.push_back(std::move(change));
  }
}

/// The same requests with other lengths, whether drawn, a preset's or a trace's.
void add_lengths(std::vector<PlanChange>& changes, const Json& workload, double scale, const char* key,
                 const char* name) {
  for (const auto& [factor, text] : {std::pair(0.5, " half as long"), std::pair(2.0, " twice as long")}) {
    const double wanted = scale * factor;
    if (wanted < kLengthScales.min || wanted > kLengthScales.max) continue;
    PlanChange change{std::string(name) + text, name};
    change.workload = workload.is_string() ? Json{{"preset", workload}} : workload;
    if (!change.workload[key].is_object()) change.workload[key] = Json::object();
    change.workload[key]["scale"] = wanted;
    changes.push_back(std::move(change));
  }
}

void add_prices(std::vector<PlanChange>& changes, const std::vector<PlannedChain>& chains) {
  std::vector<std::string> done;
  for (const PlannedChain& chain : chains) {
    const std::string& gpu = chain.base->gpu_name();
    if (!chain.base->usd_per_gpu_hour() || std::find(done.begin(), done.end(), gpu) != done.end()) continue;
    done.push_back(gpu);
    for (const auto& [factor, text] : {std::pair(0.8, " 20 % cheaper"), std::pair(1.2, " 20 % dearer")}) {
      PlanChange change{gpu + text, "price"};
      change.dearer = gpu;
      change.price = factor;
      changes.push_back(std::move(change));
    }
  }
}

}  // namespace

std::vector<PlanChange> changes_of(const PlanStudy& study, const std::vector<PlannedChain>& chains) {
  std::vector<PlanChange> changes;
  add_routing(changes, study, chains);
  add_network(changes);
  const Json& workload = study.scenario["workload"];
  const Workload& wish = *chains.front().base->scenario().workload;
  add_lengths(changes, workload, wish.prompt_tokens.scale, "prompt_tokens", "prompts");
  add_lengths(changes, workload, wish.output_tokens.scale, "output_tokens", "outputs");
  if (study.objective == "minimise_cost" || study.budget.usd_per_hour) add_prices(changes, chains);
  return changes;
}

}  // namespace switchyard
