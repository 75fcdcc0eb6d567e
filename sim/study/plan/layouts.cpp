// Enumeration, and the checks that need no simulation.
#include "sim/study/plan/layouts.hpp"

#include <algorithm>
#include <sstream>

#include "sim/plan/memory_fit.hpp"

namespace switchyard {
namespace {

constexpr const char* kDefaultBackend = "allgather_reducescatter";

/// Deployments of one replica, equal ones once.
std::vector<Deployment> deployments(const PlanBase& base, const LayoutLists& lists) {
  const bool routes = base.scenario().model.moe_layers() > 0;
  std::vector<Deployment> all;
  const auto add = [&](const Deployment& d) {
    try {
      check(d, base.scenario().model, base.cluster_for(d.gpus()), "");
      all.push_back(d);
    } catch (const Mismatch&) {  // sizes that do not go together are no layout
    }
  };
  for (const std::int64_t tensor : lists.tensor_parallel_size)
    for (const std::int64_t pipeline : lists.pipeline_parallel_size)
      for (const std::int64_t data : lists.data_parallel_size)
        for (const std::string& expert : lists.enable_expert_parallel)
          for (const std::string& backend : lists.all2all_backend) {
            Deployment d;
            d.tensor_parallel_size = tensor;
            d.pipeline_parallel_size = pipeline;
            d.data_parallel_size = data;
            const bool cuts = routes && tensor * data > 1;
            d.enable_expert_parallel = cuts && expert == "true";
            const bool exchanges = data > 1 && d.enable_expert_parallel;
            d.all2all_backend = exchanges ? backend : kDefaultBackend;
            if (d.gpus() > lists.most_gpus_per_replica || (!routes && data > 1)) continue;
            const auto same = [&](const Deployment& o) {
              return o.tensor_parallel_size == tensor && o.pipeline_parallel_size == pipeline &&
                     o.data_parallel_size == data && o.enable_expert_parallel == d.enable_expert_parallel &&
                     o.all2all_backend == d.all2all_backend;
            };
            if (std::none_of(all.begin(), all.end(), same)) add(d);
          }
  std::stable_sort(all.begin(), all.end(),
                   [](const Deployment& a, const Deployment& b) { return a.gpus() < b.gpus(); });
  return all;
}

std::vector<std::int64_t> or_default(const std::vector<std::int64_t>& list, std::int64_t own,
                                     std::int64_t other) {
  if (!list.empty()) return list;
  return own == other ? std::vector{own} : std::vector{own, other};
}

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

std::string without_prefix(const std::string& text, std::string_view prefix) {
  return text.starts_with(prefix) ? text.substr(prefix.size()) : text;
}

MemoryFit memory_of(const PlannedLayout& planned) {
  const Scenario& scenario = planned.base->scenario();
  EngineLimits limits = scenario.engine.limits;
  limits.max_num_seqs = planned.layout.max_num_seqs;
  limits.max_num_batched_tokens = planned.layout.max_num_batched_tokens;
  return fit_memory(scenario.model, scenario.precision, planned.layout.deployment,
                    planned.base->cluster_for(planned.layout.gpus()), scenario.engine.profile, limits);
}

void judge(PlannedLayout& planned) {
  const PlanBase& base = *planned.base;
  if (!base.too_long().empty()) {
    planned.verdict = "requests too long";
    planned.reason = base.too_long();
  } else if (planned.layout.gpus() > base.most_gpus()) {
    planned.verdict = "beyond the budget";
    planned.reason = "one replica has " + std::to_string(planned.layout.gpus()) +
                     (planned.layout.gpus() == 1 ? " GPU" : " GPUs") + ", the budget has room for " +
                     std::to_string(base.most_gpus());
  } else {
    try {
      memory_of(planned);
    } catch (const Infeasible& error) {
      planned.verdict = "does not fit";
      planned.reason = without_prefix(first_line(error.what()), "does not fit: ");
    }
  }
}

}  // namespace

std::optional<MemoryFit> find_memory(const PlannedLayout& planned) {
  try {
    return memory_of(planned);
  } catch (const Infeasible&) {
    return std::nullopt;
  }
}

std::vector<PlannedLayout> layouts_of(const PlanBase& base, const LayoutLists& lists) {
  constexpr std::int64_t kManySequences = 1024;  // vLLM's default on the largest GPUs
  constexpr std::int64_t kShortSteps = 2048;     // its default on smaller ones
  const EngineLimits& own = base.scenario().engine.limits;
  std::vector<PlannedLayout> all;
  for (const Deployment& deployment : deployments(base, lists))
    for (const std::int64_t sequences : or_default(lists.max_num_seqs, own.max_num_seqs, kManySequences))
      for (const std::int64_t tokens :
           or_default(lists.max_num_batched_tokens, own.max_num_batched_tokens, kShortSteps)) {
        PlannedLayout planned;
        planned.base = &base;
        planned.layout = {deployment, sequences, tokens};
        judge(planned);
        all.push_back(std::move(planned));
      }
  return all;
}

}  // namespace switchyard
