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
