// What a terminal is told of a plan.
#include "sim/study/plan/text.hpp"

#include <catch2/catch.hpp>

namespace switchyard {
namespace {

Json pair_of(const std::string& precision) {
  return {{"model", "qwen3-235b-a22b"},
          {"gpu", "h200_sxm"},
          {"precision", precision},
          {"deployment", {{"gpus", 32}}}};
}

/// Of one winner whose layout takes all of its column.
Json document_of(const Json& by_gpu) {
  Json winner = pair_of("fp8");
  winner.update({{"gpus", 32}, {"layout", "2 replicas of tp 2, pp 2, dp 4, ep, deepep_low_latency"}});
  for (const char* figure : {"usd_per_hour", "goodput_requests_per_s", "usd_per_million_output_tokens",
                             "energy_per_output_token_j", "p99_ttft_ms", "p99_tpot_ms"})
    winner[figure] = 1.5;
  return {{"counts",
           {{"layouts", 2},
            {"candidates", 4},
            {"does_not_fit", 0},
            {"bound", 0},
            {"simulated_layouts", 2},
            {"simulations", 9},
            {"simulations_spared", 0}}},
          {"winners", {winner}},
          {"by_gpu", by_gpu},
          {"verdict", Json::array()}};
}

}  // namespace

TEST_CASE("A winner's precision has a column of its own where there are several: long layouts are cut") {
  const std::string several = plan_text(document_of({pair_of("bf16"), pair_of("fp8")}));
  CHECK_THAT(several, Catch::Contains("  precision     $/h") && Catch::Contains("…  fp8  "));
  const std::string one = plan_text(document_of(Json::array({pair_of("fp8")})));
  CHECK_THAT(one, !Catch::Contains("precision") && !Catch::Contains("fp8"));
}

}  // namespace switchyard
