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

}  // namespace switchyard
