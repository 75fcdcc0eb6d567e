// What is told of the best deployments, and of the nearest where there is none.
#include "sim/study/plan/winners.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/sim/study/plan/planned.hpp"

namespace switchyard {
namespace {

/// What comes nearest where one GPU carries 0.375 of the 4 requests/s.
std::string nearest_text(const Json& precisions) {
  const PlanStudy study =
      planned_study({{"gpus", {"h100_sxm"}}, {"precisions", precisions}, {"budget", {{"gpus", 8}}}});
  const auto bases = read_bases(study);
  PlannedLayout planned;
  planned.base = &bases.back();
  planned.carries = 0.375;
  std::vector<PlannedChain> chains(1);
  chains[0].base = &bases.back();
  chains[0].best_of_size[1] = &planned;
  return nearest_of(study, chains)->text;
}

}  // namespace

TEST_CASE("What comes nearest is named with its precision where a plan has several") {
  const std::string carries = ") carries 3 of the 4 requests/s, 25 % too few";
  CHECK(nearest_text({"bf16"}) == "llama-3.1-8b on 8 h100_sxm (1 GPU" + carries);
  CHECK(nearest_text({"bf16", "fp8"}) == "llama-3.1-8b on 8 h100_sxm (1 GPU, fp8" + carries);
}

}  // namespace switchyard
