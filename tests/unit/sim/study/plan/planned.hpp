// A small plan's study for tests, with what they want different.
#pragma once

#include "sim/study/plan/bases.hpp"
#include "tests/support/temporary_folder.hpp"

namespace switchyard {

/// Of one model on H100 and H200; `members` are laid over it.
inline PlanStudy planned_study(const Json& members = Json::object()) {
  Json json = parse_json(R"({
    "models": ["llama-3.1-8b"], "gpus": ["h100_sxm", "h200_sxm"], "budget": {"gpus": 8},
    "workload": {"preset": "azure-conv-2023", "arrivals": {"process": "poisson", "rate": 4}},
    "slo": {"ttft_p99": "2 s", "tpot_p99": "50 ms"}, "objective": "minimise_gpus"})",
                         "planned");
  json.update(members);
  const TemporaryFolder folder;
  return read_plan_study(folder.write("plan.json", json.dump()).string(), "");
}

}  // namespace switchyard
