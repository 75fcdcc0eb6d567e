// Which expert router each model names, against its paper or its own modelling code.
#include <catch2/catch.hpp>
#include <map>
#include <string>

#include "kernels/expert_router.hpp"
#include "sim/base/menu.hpp"
#include "workloads/catalogue.hpp"

namespace switchyard {

namespace {

Architecture model(const std::string& name, const Json& overrides = Json()) {
  return read_model(Json(name), overrides, ".", "scenario.json");
}

}  // namespace

TEST_CASE("Every model of the catalogue with experts names its paper's router") {
  // Where two spellings are equal in exact arithmetic, the one of the model's own code.
  const std::map<std::string, std::string> routers = {{"dbrx", "softmax_topk_renorm"},
                                                      {"deepseek-moe-16b", "softmax_topk"},
                                                      {"deepseek-r1", "noaux_tc"},
                                                      {"deepseek-v2", "group_limited_greedy"},
                                                      {"deepseek-v2-lite", "softmax_topk"},
                                                      {"deepseek-v3", "noaux_tc"},
                                                      {"glam-64b-64e", "gshard_top2"},
                                                      {"glm-4.5", "noaux_tc"},
                                                      {"glm-5", "noaux_tc"},
                                                      {"gpt-oss-120b", "topk_softmax"},
                                                      {"gpt-oss-20b", "topk_softmax"},
                                                      {"grok-1", "softmax_topk"},
                                                      {"gshard-600b", "gshard_top2"},
                                                      {"kimi-k2", "noaux_tc"},
                                                      {"kimi-k2.5", "noaux_tc"},
                                                      {"llama-4-maverick", "topk_sigmoid"},
                                                      {"llama-4-scout", "topk_sigmoid"},
                                                      {"minimax-m2.5", "noaux_tc"},
                                                      {"mixtral-8x22b", "softmax_topk_renorm"},
                                                      {"mixtral-8x7b", "softmax_topk_renorm"},
                                                      {"olmoe-1b-7b", "softmax_topk"},
                                                      {"phi-3.5-moe", "sparsemixer"},
                                                      {"pr-moe-1.3b", "switch_top1"},
                                                      {"qwen1.5-moe-a2.7b", "softmax_topk"},
                                                      {"qwen2-57b-a14b", "softmax_topk"},
                                                      {"qwen3-235b-a22b", "softmax_topk_renorm"},
                                                      {"qwen3-30b-a3b", "softmax_topk_renorm"},
                                                      {"qwen3.5-397b-a17b", "softmax_topk_renorm"},
                                                      {"snowflake-arctic", "softmax_topk_renorm"},
                                                      {"switch-base-128", "switch_top1"},
                                                      {"switch-c-2048", "switch_top1"},
                                                      {"v-moe-15b", "softmax_topk"}};
  std::map<std::string, std::string> found;
  for (const std::string& name : model_names()) {
    const Architecture architecture = model(name);
    for (const Layer& layer : architecture.layers) {
      if (!layer.moe) continue;
      found[name] = layer.moe->router;
      const ExpertRouter& router = choose(expert_routers(), layer.moe->router, name);
      const GateShape& gate = layer.moe->gate;
      INFO(name);
      // So that at inference every token has top_k experts, whatever the batch.
      CHECK(router.by == RoutesBy::scores);
      CHECK(router.columns(gate) == gate.num_experts_per_tok);
      CHECK((router.top_k.min <= gate.num_experts_per_tok && gate.num_experts_per_tok <= router.top_k.max));
    }
  }
  CHECK(found == routers);
}

TEST_CASE("sqrtsoftplus scores read as DeepSeek-V4's router, in one group") {
  const Architecture v4 =
      model("deepseek-v3", Json{{"scoring_func", "sqrtsoftplus"}, {"n_group", 1}, {"topk_group", 1}});
  CHECK((v4.layers[3].moe->router == "sqrt_softplus" && v4.layers[3].moe->selection_bias));
  CHECK_THROWS_WITH(model("deepseek-v3", Json{{"scoring_func", "sqrtsoftplus"}}),
                    Catch::Contains("/topk_group: "));
}

TEST_CASE("A model of our own keys takes only routers that give each token its top-k by its scores") {
  for (const char* router : {"expert_choice", "hash", "soft", "topk_plus_one_random"})
    CHECK_THROWS_WITH(model("glam-64b-64e", Json{{"router", router}}), Catch::Contains("/router: "));
  for (const char* router : {"switch_top1", "base"})
    CHECK_THROWS_WITH(model("glam-64b-64e", Json{{"router", router}}),
                      Catch::Contains("/num_experts_per_tok: "));
  CHECK(model("glam-64b-64e", Json{{"router", "sinkhorn"}}).layers[1].moe->router == "sinkhorn");
}

}  // namespace switchyard
