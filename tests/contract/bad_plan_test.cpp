// Wrong values in a plan's study: every key, answered with its place in the study and what would be right.
#include <catch2/catch.hpp>

#include "sim/base/json.hpp"
#include "tests/contract/bad_input.hpp"

namespace switchyard {
namespace {

/// `switchyard plan` of a good study with members changed: JSON that is laid over it, null to leave one out.
class Plans {
 public:
  void with(const std::string& what, const std::string& members, const std::string& says) {
    Json json =
        parse_json(R"({"models": ["llama-3.1-8b", "olmoe-1b-7b"], "gpus": ["h100_sxm"], "budget": {"gpus": 8},
      "workload": {"arrivals": {"process": "poisson", "rate": 4},
        "prompt_tokens": {"distribution": "fixed", "value": 500},
        "output_tokens": {"distribution": "fixed", "value": 100}},
      "slo": {"ttft_p99": "2 s", "tpot_p99": "50 ms"}, "objective": "minimise_gpus"})",
                   "good");
    json.update(parse_json(members, what));
    const std::string name = "plan" + std::to_string(rows_.size()) + ".json";
    bench_.folder().write(name, json.dump());
    rows_.push_back({what, {"plan", name, "--out", "out"}, name + ": " + says});
  }
  void check() { bench_.check(rows_); }

 private:
  BadInputBench bench_;
  std::vector<BadInput> rows_;
};

}  // namespace

TEST_CASE("A plan's models and GPU types are refused at their place in its lists") {
  Plans plans;
  plans.with("no models", R"({"models": null})", "/models: is missing|give a list of models");
  plans.with("one model that is no list", R"({"models": "llama-3.1-8b"})", "/models: |is text; give a list");
  plans.with("an empty list of models", R"({"models": []})", "/models: [] is empty|at least one");
  plans.with("a model that is a number", R"({"models": ["llama-3.1-8b", 3]})",
             "/models/1: 3 is a number|a name, a path, or an object");
  plans.with("an unknown model", R"({"models": ["llama-3.1-8b", "qwen3-30b"]})",
             "/models/1: unknown model \"qwen3-30b\"|\"qwen3-30b-a3b\"?|choose one of");
  plans.with("a model's file that is not there", R"({"models": ["none.json"]})",
             "/models/0: |none.json|cannot be read");
  plans.with("a model twice", R"({"models": ["llama-3.1-8b", "llama-3.1-8b"]})",
             "/models/1: \"llama-3.1-8b\" is given twice");
  plans.with("an unknown key beside a model", R"({"models": [{"model": "llama-3.1-8b", "layers": 2}]})",
             "/models/0/layers: unknown key|model_overrides");
  plans.with("an unknown override", R"({"models": [{"model": "llama-3.1-8b", "model_overrides": {"n": 3}}]})",
             "/models/0/model_overrides/n: unknown key|num_hidden_layers");
  plans.with("no GPU types", R"({"gpus": null})", "/gpus: is missing|give a list of GPU types");
  plans.with("one GPU type that is no list", R"({"gpus": "h100_sxm"})", "/gpus: |is text; give a list");
  plans.with("an empty list of GPU types", R"({"gpus": []})", "/gpus: [] is empty|at least one");
  plans.with("a GPU type that is a number", R"({"gpus": [8]})",
             "/gpus/0: 8 is a number|a name, a path, or an object");
  plans.with("a GPU type that is nothing", R"({"gpus": ["h100_sxm", null]})", "/gpus/1: null is no value");
  plans.with("an unknown GPU type", R"({"gpus": ["h100_sxm", "h200"]})",
             "/gpus/1: unknown GPU \"h200\"|\"h200_sxm\"?|choose one of a100_sxm");
  plans.with("an unknown base of a GPU type", R"({"gpus": [{"base": "h10"}]})",
             "/gpus/0/base: unknown GPU \"h10\"|\"h100_sxm\"?");
  plans.with("a GPU type twice", R"({"gpus": ["h100_sxm", "h100_sxm"]})", "/gpus/1: |is given twice");
  plans.check();
}

TEST_CASE("A plan's budget is one of GPUs and dollars, and prices that it needs must be known") {
  Plans plans;
  const std::string both = R"(give {"gpus": 64} or {"usd_per_hour": 200})";
  plans.with("no budget", R"({"budget": null})", "/budget: is missing|{\"gpus\": 64}");
  plans.with("a budget of neither", R"({"budget": {}})", "/budget: is empty; " + both);
  plans.with("a budget of both", R"({"budget": {"gpus": 8, "usd_per_hour": 20}})",
             "/budget: has both gpus and usd_per_hour; " + both);
  plans.with("a budget that is a number", R"({"budget": 64})", "/budget: 64 is a number; give an object");
  plans.with("a budget of no GPUs", R"({"budget": {"gpus": 0}})",
             "/budget/gpus: 0 is out of range|from 1 to");
  plans.with("a budget of half a GPU", R"({"budget": {"gpus": 0.5}})", "/budget/gpus: 0.5 is not an integer");
  plans.with("a budget in words", R"({"budget": {"usd_per_hour": "200 $/h"}})",
             "/budget/usd_per_hour: |is text; give a number above 0");
  plans.with("a budget of nothing", R"({"budget": {"usd_per_hour": 0}})",
             "/budget/usd_per_hour: 0 is out of range|above 0");
  plans.with("a misspelt budget", R"({"budget": {"usd": 20}})", "/budget/usd: unknown key|\"usd_per_hour\"?");
  const std::string unpriced = R"("gpus": [{"base": "h100_sxm", "name": "mine", "price": null}])";
  plans.with("an objective of prices that are not known",
             "{" + unpriced + R"(, "objective": "minimise_cost"})",
             "/prices: has none for mine, which minimise_cost needs|{\"mine\": 2.5}");
  plans.with("a budget of prices that are not known", "{" + unpriced + R"(, "budget": {"usd_per_hour": 20}})",
             "/prices: has none for mine, which a budget in $/h needs|{\"mine\": 2.5}");
  plans.with("prices that are no object", R"({"prices": [2.5]})", "/prices: |is a list; give an object");
  plans.with("a price of a GPU type that is not asked for", R"({"prices": {"h200_sxm": 2.5}})",
             "/prices: unknown GPU \"h200_sxm\"|choose one of h100_sxm");
  plans.with("a price in words", R"({"prices": {"h100_sxm": "2 $/h"}})", "/prices/h100_sxm: |is text");
  plans.with("a GPU for nothing", R"({"prices": {"h100_sxm": 0}})", "/prices/h100_sxm: 0 is out of range");
  plans.with("a GPU for a fortune", R"({"prices": {"h100_sxm": 1e7}})",
             "/prices/h100_sxm: |is out of range; give a number above 0 and at most 1e+06");
  plans.check();
}

TEST_CASE("A plan's traffic needs a rate that can be changed, its targets a bound, its objective a name") {
  Plans plans;
  const std::string lengths =
      R"("prompt_tokens": {"distribution": "fixed", "value": 9}, "output_tokens": {"distribution": "fixed", "value": 9}})";
  plans.with("no traffic", R"({"workload": null})",
             "/workload: is missing|azure-conv-2023|arrivals and lengths");
  plans.with("traffic that is a number", R"({"workload": 3})", "/workload: 3 is a number");
  plans.with("an unknown preset", R"({"workload": "azure-conv"})",
             "/workload/preset: unknown name \"azure-conv\"|azure-conv-2023");
  plans.with("a preset without arrivals", R"({"workload": "sharegpt"})",
             "/workload/arrivals: is missing|{\"process\": \"poisson\", \"rate\": 1}");
  plans.with("all requests at once",
             R"({"workload": {"arrivals": {"process": "all_at_once"}, )" + lengths + "}",
             "/workload/arrivals: have no rate that a plan could change|poisson, gamma or uniform");
  plans.with("a closed loop",
             R"({"workload": {"arrivals": {"process": "concurrency", "value": 8}, )" + lengths + "}",
             "/workload/arrivals: have no rate that a plan could change|which is the demand");
  plans.with("a trace that brings its own arrivals", R"({"workload": {"trace": "trace.csv"}})",
             "/workload/trace: has arrivals of its own|\"distribution\": \"empirical\"");
  plans.with("a scale of nothing",
             R"({"workload": {"preset": "azure-conv-2023", "prompt_tokens": {"scale": 0}}})",
             "/workload/prompt_tokens/scale: 0 is out of range|from 0.001 to 1000");
  plans.with("no targets", R"({"slo": null})", "/slo: is missing|{\"ttft_p99\": \"2 s\"}");
  plans.with("targets without a bound", R"({"slo": {}})", "/slo: has no bound|\"tpot_p99\": \"50 ms\"");
  plans.with("a target in words", R"({"slo": "2 s"})", "/slo: \"2 s\" is text; give e.g. {\"ttft_p99\"");
  plans.with("an unknown bound", R"({"slo": {"ttft": "2 s"}})", "/slo/ttft: unknown bound|ttft_p99");
  plans.with("a bound without a unit", R"({"slo": {"ttft_p99": 2}})", "/slo/ttft_p99: 2 has no unit|\"2 s\"");
  plans.with("no objective", R"({"objective": null})",
             "/objective: is missing; choose one of minimise_gpus, minimise_cost, minimise_energy");
  plans.with("an unknown objective", R"({"objective": "minimise_costs"})",
             "/objective: unknown name \"minimise_costs\"|\"minimise_cost\"?");
  plans.with("an objective that is a list", R"({"objective": ["minimise_cost"]})", "/objective: |is a list");
  plans.check();
}

TEST_CASE("A plan's layouts, precisions and clusters are refused key by key") {
  Plans plans;
  plans.with("layouts that are a list", R"({"layouts": [1, 2]})", "/layouts: |is a list; give an object");
  plans.with("a short name of a size", R"({"layouts": {"tp": [1]}})",
             "/layouts/tp: unknown key|tensor_parallel_size");
  for (const char* key : {"tensor_parallel_size", "pipeline_parallel_size", "data_parallel_size",
                          "max_num_seqs", "max_num_batched_tokens"}) {
    const std::string name(key), place = "/layouts/" + name;
    const auto member = [&](const char* value) { return R"({"layouts": {")" + name + "\": " + value + "}}"; };
    plans.with(name + " that is one number", member("2"), place + ": 2 is a number; give a list of integers");
    plans.with(name + " of none", member("[]"), place + ": [] is empty; give at least one value");
    plans.with(name + " of zero", member("[1, 0]"), place + "/1: 0 is out of range; give an integer from 1");
    plans.with(name + " in words", member(R"(["2"])"), place + "/0: \"2\" is text");
  }
  plans.with("expert parallelism that is no list", R"({"layouts": {"enable_expert_parallel": true}})",
             "/layouts/enable_expert_parallel: true is a boolean; give a list");
  plans.with("expert parallelism in words", R"({"layouts": {"enable_expert_parallel": ["yes"]}})",
             "/layouts/enable_expert_parallel: unknown value \"yes\"; choose one of false, true");
  plans.with("an unknown exchange", R"({"layouts": {"all2all_backend": ["deepep"]}})",
             "/layouts/all2all_backend: unknown value \"deepep\"|deepep_normal");
  plans.with("replicas of no GPU", R"({"layouts": {"most_gpus_per_replica": 0}})",
             "/layouts/most_gpus_per_replica: 0 is out of range");
  plans.with(
      "sizes that are all too large",
      R"({"layouts": {"most_gpus_per_replica": 4, "tensor_parallel_size": [8], "data_parallel_size": [2, 4]}})",
      "/layouts/most_gpus_per_replica: 4 is less than the 16 GPUs|smaller sizes");
  plans.with("no precision", R"({"precisions": []})", "/precisions: [] is empty");
  plans.with("a precision that is no list", R"({"precisions": "fp8"})", "/precisions: |is text; give a list");
  plans.with("an unknown precision", R"({"precisions": ["bf16", "fp7"]})",
             "/precisions/1: unknown name \"fp7\"|\"fp8\"?");
  plans.with("an unknown precision in a block", R"({"precisions": [{"weights": "fp7"}]})",
             "/precisions/0/weights: unknown name \"fp7\"");
  plans.with("a precision that is a number", R"({"precisions": [8]})",
             "/precisions/0: 8 is a number|\"fp8\"");
  plans.with("clusters that are a list", R"({"clusters": ["hgx-h100"]})",
             "/clusters: |is a list; give an object");
  plans.with("a cluster of a GPU type that is not asked for", R"({"clusters": {"h200_sxm": "hgx-h200"}})",
             "/clusters: unknown GPU \"h200_sxm\"|choose one of h100_sxm");
  plans.with("a cluster that is a number", R"({"clusters": {"h100_sxm": 3}})",
             "/clusters/h100_sxm: 3 is a number");
  plans.with("an unknown cluster", R"({"clusters": {"h100_sxm": "hgx-h10"}})",
             "/clusters/h100_sxm: unknown cluster \"hgx-h10\"|\"hgx-h100\"?");
  plans.with("a cluster of other GPUs", R"({"clusters": {"h100_sxm": "hgx-h200"}})",
             "/clusters/h100_sxm: has GPUs of type h200_sxm; give a cluster of h100_sxm");
  plans.with("a cluster with a key that is wrong",
             R"({"clusters": {"h100_sxm": {"gpu": "h100_sxm", "gpus_per_node": 0}}})",
             "/clusters/h100_sxm/gpus_per_node: 0 is out of range");
  plans.check();
}

TEST_CASE("A plan's other blocks are a scenario's, and a scenario's own keys are none of a plan's") {
  Plans plans;
  plans.with("a title that is a number", R"({"title": 3})", "/title: 3 is a number; give text");
  plans.with("a question that is a list", R"({"question": ["?"]})", "/question: |is a list; give text");
  plans.with("a schema that is a number", R"({"$schema": 3})", "/$schema: 3 is a number; give text");
  plans.with("an engine by its name", R"({"engine": "vllm"})", "/engine: \"vllm\" is text; give an object");
  plans.with("an unknown engine", R"({"engine": {"profile": "vlm"}})", "/engine/profile: |\"vlm\"|\"vllm\"?");
  plans.with("a misspelt limit", R"({"engine": {"max_num_seq": 3}})",
             "/engine/max_num_seq: |\"max_num_seqs\"?");
  plans.with("an unknown mode of routing", R"({"routing": {"mode": "even"}})",
             "/routing/mode: unknown name \"even\"|balanced");
  plans.with("an unknown fidelity", R"({"network": {"fidelity": "packet"}})",
             "/network/fidelity: unknown name \"packet\"|flow");
  plans.with("a seed in words", R"({"seed": "one"})", "/seed: \"one\" is text; give an integer");
  plans.with("a single model", R"({"model": "llama-3.1-8b"})", "/model: unknown key \"model\"|\"models\"?");
  plans.with("a single GPU type", R"({"gpu": "h100_sxm"})", "/gpu: unknown key \"gpu\"|\"gpus\"?");
  plans.with("a cluster", R"({"cluster": "hgx-h100"})", "/cluster: unknown key \"cluster\"|\"clusters\"?");
  plans.with("a deployment", R"({"deployment": {"tensor_parallel_size": 2}})",
             "/deployment: unknown key|choose one of|layouts");
  plans.with("no object", R"({"layouts": 2})", "/layouts: 2 is a number; give an object");
  plans.check();
}

}  // namespace switchyard
