// A plan's study from text, and what its candidates share.
#include "sim/study/plan/plan_study.hpp"

#include <catch2/catch.hpp>

#include "sim/study/plan/heats.hpp"
#include "sim/study/plan/layouts.hpp"
#include "tests/support/temporary_folder.hpp"

namespace switchyard {
namespace {

const Json& good() {
  static const Json json = parse_json(R"({
    "models": ["llama-3.1-8b", "mixtral-8x7b"], "gpus": ["h100_sxm"], "budget": {"gpus": 8},
    "workload": {"arrivals": {"process": "poisson", "rate": 4},
      "prompt_tokens": {"distribution": "fixed", "value": 500}, "output_tokens": {"distribution": "fixed", "value": 100}},
    "slo": {"ttft_p99": "2 s", "tpot_p99": "50 ms"}, "objective": "minimise_gpus"})",
                                      "good");
  return json;
}

PlanStudy study_of(const Json& json, const std::string& objective = "") {
  const TemporaryFolder folder;
  return read_plan_study(folder.write("plan.json", json.dump()).string(), objective);
}

Json with(const std::string& key, const Json& value) {
  Json json = good();
  json[key] = value;
  return json;
}

std::string refusal_of(const Json& json) {
  try {
    const PlanStudy study = study_of(json);
    read_bases(study);
  } catch (const InputError& error) {
    return error.what();
  }
  return "accepted";
}

}  // namespace

TEST_CASE("A plan's study is read with its defaults, and reads back the same") {
  const PlanStudy study = study_of(good());
  CHECK(study.title == "plan");
  CHECK(study.objective == "minimise_gpus");
  CHECK(study.budget.gpus == 8);
  CHECK(study.precisions == std::vector<Json>{"auto"});
  CHECK(to_json(study_of(to_json(study))).dump() == to_json(study).dump());
  CHECK(study_of(good(), "maximise_goodput").objective == "maximise_goodput");
}

TEST_CASE("What is wrong with a plan's study is named, with what would be right") {
  using Catch::Contains;
  CHECK_THAT(refusal_of(with("model", "x")), Contains("/model: ") && Contains("models"));
  CHECK_THAT(refusal_of(with("models", Json::array())), Contains("/models") && Contains("at least one"));
  CHECK_THAT(refusal_of(with("models", {"llama-3.1-8"})), Contains("did you mean \"llama-3.1-8b\""));
  CHECK_THAT(refusal_of(with("models", {"llama-3.1-8b", "llama-3.1-8b"})), Contains("given twice"));
  CHECK_THAT(refusal_of(with("gpus", {"h100_sxn"})),
             Contains("/gpus") && Contains("did you mean \"h100_sxm\""));
  CHECK_THAT(refusal_of(with("budget", {{"gpu", 8}})), Contains("/budget/gpu") && Contains("gpus"));
  CHECK_THAT(refusal_of(with("budget", {{"gpus", 8}, {"usd_per_hour", 3}})), Contains("both"));
  CHECK_THAT(refusal_of(with("budget", Json::object())), Contains("/budget") && Contains("usd_per_hour"));
  CHECK_THAT(refusal_of(with("budget", {{"gpus", 0}})), Contains("/budget/gpus"));
  CHECK_THAT(refusal_of(with("objective", "minimize_gpus")), Contains("did you mean \"minimise_gpus\""));
  CHECK_THAT(refusal_of(with("slo", Json::object())), Contains("/slo") && Contains("no bound"));
  CHECK_THAT(refusal_of(with("slo", {{"ttft_p99", 2}})), Contains("/slo/ttft_p99"));
  CHECK_THAT(refusal_of(with("precisions", {"fp7"})), Contains("fp7"));
  CHECK_THAT(refusal_of(with("layouts", {{"tensor_parallel", {1}}})),
             Contains("/layouts/tensor_parallel") && Contains("tensor_parallel_size"));
  CHECK_THAT(refusal_of(with("layouts", {{"all2all_backend", {"deepep"}}})), Contains("deepep_normal"));
  CHECK_THAT(refusal_of(with("prices", {{"h100", 2.5}})), Contains("/prices") && Contains("h100_sxm"));
  CHECK_THAT(refusal_of(with("prices", {{"h100_sxm", "2.5 $/h"}})), Contains("/prices/h100_sxm"));
}

TEST_CASE("The demand must be a rate that can be changed") {
  Json workload = good()["workload"];
  workload["arrivals"] = {{"process", "concurrency"}, {"value", 8}};
  CHECK_THAT(refusal_of(with("workload", workload)), Catch::Contains("/workload/arrivals: have no rate"));
}

TEST_CASE("A model that does not route has no layouts of data or expert parallelism") {
  const PlanStudy study = study_of(good());
  const auto bases = read_bases(study);
  REQUIRE(bases.size() == 2);
  const auto dense = layouts_of(bases[0], study.layouts), moe = layouts_of(bases[1], study.layouts);
  for (const PlannedLayout& planned : dense) {
    CHECK(planned.layout.deployment.data_parallel_size == 1);
    CHECK_FALSE(planned.layout.deployment.enable_expert_parallel);
  }
  CHECK(moe.size() > dense.size());
}

TEST_CASE("Every layout is listed once, with the reason where it is out before it is simulated") {
  Json json = with("layouts", {{"most_gpus_per_replica", 16}});
  const PlanStudy study = study_of(json);
  const auto bases = read_bases(study);
  for (const PlanBase& base : bases) {
    const auto layouts = layouts_of(base, study.layouts);
    for (std::size_t i = 0; i < layouts.size(); ++i) {
      for (std::size_t j = 0; j < i; ++j) CHECK_FALSE(layouts[i].layout == layouts[j].layout);
      CHECK(layouts[i].reason.empty() == !layouts[i].out());
      CHECK((layouts[i].verdict == "beyond the budget") == (layouts[i].layout.gpus() > 8));
    }
  }
  const auto mixtral = layouts_of(bases[1], study.layouts);
  CHECK(mixtral.front().layout.gpus() == 1);
  CHECK(mixtral.front().verdict == "does not fit");
}

TEST_CASE("A candidate's scenario reads back to itself") {
  const PlanStudy study = study_of(good());
  const auto bases = read_bases(study);
  Layout layout;
  layout.deployment.data_parallel_size = 4;
  layout.deployment.enable_expert_parallel = true;
  layout.max_num_seqs = 64;
  layout.max_num_batched_tokens = 2048;
  const Scenario scenario = bases[1].scenario_for(layout, {4, 3.5, 120});
  CHECK(read_scenario(scenario.json, "again", "").json.dump() == scenario.json.dump());
  CHECK(scenario.cluster.nodes == 2);
  CHECK(scenario.engine.limits.max_model_len == 600);
}

TEST_CASE(
    "Runs have no more requests than a trace of lengths, and those of other traffic as many as they want") {
  const TemporaryFolder folder;
  std::string lines;
  for (int i = 0; i < 700; ++i) lines += "{\"prompt_tokens\": 50, \"output_tokens\": 9}\n";
  Json workload = {{"trace", folder.write("lengths.jsonl", lines).string()},
                   {"format", "lengths"},
                   {"arrivals", {{"process", "poisson"}, {"rate", 4}}}};
  const PlanStudy of_trace = study_of(with("workload", workload)), of_any = study_of(good());
  const PlanBase trace(of_trace, 0, 0, 0), any(of_any, 0, 0, 0);
  CHECK(trace.most_requests() == 700);
  CHECK_FALSE(any.most_requests());
  for (const double rate : {1.0, 1e6}) {
    CHECK(requests_for(trace, kFinal, rate) == 700);
    CHECK(requests_for(trace, kScreening, rate) == (rate == 1.0 ? kScreening.fewest : 700));
    CHECK(requests_for(any, kFinal, rate) == (rate == 1.0 ? kFinal.fewest : kFinal.most));
  }
  CHECK_FALSE(lasts(trace, kFinal, 1e6));
}

}  // namespace switchyard
