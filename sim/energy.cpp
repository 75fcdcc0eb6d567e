// From logs and answers to counts of work.
#include "sim/energy.hpp"

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

#include "sim/plan/work_meter.hpp"

namespace switchyard {
namespace {

WorkMeter meter_of(const Scenario& scenario) {
  return {prompt_part(scenario.model), scenario.deployment, scenario.precision, scenario.cluster.gpu};
}

/// Of steps of so many tokens: each goes through the layers in at most one batch a stage.
double passes(double steps, double tokens, const Deployment& deployment) {
  return steps * std::clamp(tokens, 1.0, static_cast<double>(deployment.pipeline_parallel_size));
}

/// All steps with prompts, or all of decodes alone.
struct StepGroup {
  double steps = 0.0;
  Seconds time;  // summed over replicas
  StepWork work;
};

struct StepGroups {
  StepGroup prompts, decodes;
  double steps() const { return prompts.steps + decodes.steps; }
};

/// Times of prompts are summed by replica and those of decodes are the rest of the breakdown's total: so
/// neither the order in which replicas come by shows in the last digits, nor whether decode steps were logged
/// together.
StepGroups groups_of(const RunLog& log, const Deployment& deployment) {
  StepGroups groups;
  std::vector<Seconds> prompts(static_cast<std::size_t>(deployment.replicas));
  log.for_each_step([&](const StepRow& row) {
    StepGroup& group = row.prefill_tokens > 0 ? groups.prompts : groups.decodes;
    const double count = row.count, new_prompts = row.prefill_tokens, decodes = row.decode_sequences;
    group.steps += count;
    group.work.passes += passes(count, new_prompts + decodes, deployment);
    group.work.prompt_tokens += count * new_prompts;
    group.work.decode_tokens += count * decodes;
    if (row.prefill_tokens > 0) prompts[row.replica] += row.end - row.start;
  });
  for (const Seconds own : prompts) groups.prompts.time += own;
  groups.decodes.time = std::max(Seconds(), log.breakdown().total() - groups.prompts.time);
  return groups;
}

/// Attention of all requests: what their decode steps saw goes with the decode tokens of each group.
void count_attention(const RunLog& log, const WorkMeter& nothing, const StepGroups& groups,
                     WorkMeter& prompts, WorkMeter& decodes) {
  WorkMeter seen = nothing;
  double sampled = 0.0;
  log.for_each_request([&](const RequestRow& row) {
    if (row.warmup || row.generated_tokens == 0) return;
    sampled += static_cast<double>(row.generated_tokens);
    prompts.add_prompt(row.prompt_tokens);
    seen.add_decodes(row.prompt_tokens + 1, row.prompt_tokens + row.generated_tokens - 1);
  });
  const double beside_prompts = groups.prompts.work.decode_tokens, alone = groups.decodes.work.decode_tokens;
  StepWork rows;
  rows.sampled = std::max(0.0, sampled - alone);
  prompts.add(rows);
  rows.sampled = alone;
  decodes.add(rows);
  if (beside_prompts + alone == 0.0) return;
  prompts.add_attention(seen, beside_prompts / (beside_prompts + alone));
  decodes.add_attention(seen, alone / (beside_prompts + alone));
}

EnergyUse energy_of(const StepGroup& group, Seconds host, const WorkMeter& meter, const Scenario& scenario) {
  const double gpus = static_cast<double>(scenario.deployment.gpus_per_replica());
  const Gpu& gpu = scenario.cluster.gpu;
  return energy_use(
      gpu.power, gpu.tdp,
      {group.time * gpus, std::max(Seconds(), group.time - host) * gpus, meter.compute(), meter.memory()});
}

}  // namespace

EnergyUse energy_of(const System& system, const ServingResult& result, Seconds duration) {
  const Scenario& scenario = system.scenario();
  StepGroups groups = groups_of(result.log, scenario.deployment);
  const WorkMeter nothing = meter_of(scenario);
  WorkMeter prompts = nothing, decodes = nothing;
  count_attention(result.log, nothing, groups, prompts, decodes);
  const Seconds host = result.log.breakdown()[Part::host];
  EnergyUse use;
  Seconds working;
  for (auto [group, meter] : {std::pair(&groups.prompts, &prompts), std::pair(&groups.decodes, &decodes)}) {
    if (group->steps == 0.0) continue;
    const double share = group->steps / groups.steps();
    group->work.active_experts = result.routing.sum.active_experts * share;
    meter->add(group->work);
    use += energy_of(*group, host * share, *meter, scenario);
    working += group->time * static_cast<double>(scenario.deployment.gpus_per_replica());
  }
  const Seconds there = duration * static_cast<double>(scenario.deployment.gpus());
  if (working > there) return use * (there / working);  // steps after the last completion
  const Gpu& gpu = scenario.cluster.gpu;
  use += energy_use(gpu.power, gpu.tdp, {there - working, {}, {}, {}});
  return use;
}

EnergyUse energy_of(const System& system, const StepQuery& query, const StepAnswer& answer) {
  const Scenario& scenario = system.scenario();
  const Deployment& deployment = scenario.deployment;
  WorkMeter meter = meter_of(scenario);
  StepWork work;
  const auto ranks = static_cast<double>(deployment.data_parallel_size);
  const auto of_all = [&](std::int64_t own) {
    return query.together ? static_cast<double>(*query.together) : ranks * static_cast<double>(own);
  };
  const double prompts = query.prefill > 0 ? std::min(of_all(1), ranks) : 0.0;  // one a rank
  work.prompt_tokens = prompts * static_cast<double>(query.prefill);
  work.decode_tokens = query.prefill > 0 ? 0.0 : of_all(query.decode);
  work.sampled = prompts + work.decode_tokens;
  work.passes = passes(1.0, work.prompt_tokens + work.decode_tokens, deployment);
  const std::vector<double>& active = answer.active_experts_per_layer;
  if (!active.empty())
    work.active_experts =
        std::accumulate(active.begin(), active.end(), 0.0) / static_cast<double>(active.size());
  meter.add_prompt(query.prefill, query.context, prompts);
  meter.add_decodes(query.context + 1, query.context + 1, work.decode_tokens);
  meter.add(work);
  return energy_of(StepGroup{1.0, answer.breakdown.total(), work}, answer.breakdown[Part::host], meter,
                   scenario);
}

Price price_of(const Scenario& scenario) {
  if (scenario.usd_per_gpu_hour) return {scenario.usd_per_gpu_hour, "the scenario", ""};
  const std::optional<GpuPrice>& price = scenario.cluster.gpu.price;
  if (!price) return {};
  return {price->per_hour, price->source, price->date};
}

void add_energy_and_cost(const System& system, const ServingResult& result, Summary& summary) {
  const Scenario& scenario = system.scenario();
  const Gpu& gpu = scenario.cluster.gpu;
  if (summary.metrics.completed > 0) summary.energy = energy_of(system, result, summary.metrics.duration);
  summary.power_basis = power_provenance_text(gpu);
  summary.tdp = gpu.tdp;
  summary.price = price_of(scenario);
  summary.bill = bill_of(summary.price, summary.gpus, summary.metrics);
  if (!summary.price.per_gpu_hour)
    summary.notes.push_back("No price of " + gpu.name + " is known: give /prices/usd_per_gpu_hour.");
}

}  // namespace switchyard
