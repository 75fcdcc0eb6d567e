// Replicas of one layout differ in how many requests they carry together, and in what they cost.
#include "sim/study/plan/table.hpp"

#include <algorithm>
#include <sstream>

#include "sim/base/csv_writer.hpp"
#include "sim/study/plan/prices.hpp"

namespace switchyard {
namespace {

std::int64_t most_replicas(const PlannedLayout& planned) {
  return std::max<std::int64_t>(1, planned.base->most_gpus() / planned.layout.gpus());
}

bool is_best(const PlannedChain& chain, const PlannedLayout& planned, std::int64_t replicas) {
  return chain.best && chain.best->layout == planned.layout && chain.best->load.replicas == replicas;
}

/// A layout that is out is so with any number of replicas; of the others the load decides.
ChainVerdict verdict_of(const PlanStudy& study, const PlannedChain& chain, const PlannedLayout& planned,
                        std::int64_t replicas) {
  if (is_best(chain, planned, replicas)) return {"best", "simulated whole"};
  if (planned.out()) return {planned.verdict, planned.reason};
  if (planned.level < 0 && planned.at_demand)
    return {"not the least energy",
            "simulated at the demand alone: it spends more a token, or misses the SLO"};
  if (planned.level < 0)
    return {"not simulated", "other engine limits stand for it, and their size is no contender"};
  if (!study.minimises())
    return replicas == most_replicas(planned)
               ? ChainVerdict{"meets the SLO", ""}
               : ChainVerdict{"fewer replicas", "the budget has room for more"};
  const double demand = demand_of(study, *planned.base);
  if (planned.carries * static_cast<double>(replicas) < demand)
    return {"too few replicas", "they carry less than the demand, each by itself"};
  return planned.carries * static_cast<double>(replicas - 1) < demand
             ? ChainVerdict{"meets the SLO", ""}
             : ChainVerdict{"more replicas than needed", ""};
}

void write_row(CsvWriter& csv, const PlanStudy& study, const PlannedChain& chain,
               const PlannedLayout& planned, std::int64_t replicas) {
  const PlanBase& base = *planned.base;
  const Deployment& d = planned.layout.deployment;
  const double many = static_cast<double>(replicas);
  const ChainVerdict verdict = verdict_of(study, chain, planned, replicas);
  const auto carried = [&](double rate) { return planned.level < 0 ? std::optional<double>() : rate * many; };
  csv.cell(base.model_name()).cell(base.kind()).cell(base.gpu_name()).cell(base.precision());
  csv.cell(replicas * planned.layout.gpus()).cell(replicas).cell(d.tensor_parallel_size);
  csv.cell(d.pipeline_parallel_size)
      .cell(d.data_parallel_size)
      .cell(d.enable_expert_parallel ? "true" : "false");
  csv.cell(d.all2all_backend).cell(planned.layout.max_num_seqs).cell(planned.layout.max_num_batched_tokens);
  csv.cell(usd_per_hour(base, replicas * planned.layout.gpus()));
  csv.cell(carried(planned.carries)).cell(carried(planned.carries_not));
  csv.cell(verdict.verdict).cell(verdict.reason).end_row();
}

}  // namespace

PlanCounts counts_of(const std::vector<PlannedChain>& chains) {
  PlanCounts counts;
  for (const PlannedChain& chain : chains)
    for (const PlannedLayout& planned : chain.layouts) {
      ++counts.layouts;
      counts.candidates += static_cast<std::size_t>(most_replicas(planned));
      counts.does_not_fit += planned.verdict == "does not fit";
      counts.bound += planned.verdict == "bound";
      counts.simulated_layouts += planned.level >= 0 || planned.at_demand;
    }
  return counts;
}

std::string plan_csv(const PlanStudy& study, const std::vector<PlannedChain>& chains) {
  std::ostringstream out;
  CsvWriter csv(out, {"model", "kind", "gpu", "precision", "gpus", "replicas", "tensor_parallel_size",
                      "pipeline_parallel_size", "data_parallel_size", "enable_expert_parallel",
                      "all2all_backend", "max_num_seqs", "max_num_batched_tokens", "usd_per_hour",
                      "carries_requests_per_s", "misses_requests_per_s", "verdict", "reason"});
  for (const PlannedChain& chain : chains)
    for (const PlannedLayout& planned : chain.layouts)
      for (std::int64_t replicas = 1; replicas <= most_replicas(planned); ++replicas)
        write_row(csv, study, chain, planned, replicas);
  csv.flush();
  return out.str();
}

}  // namespace switchyard
