// What the verdict says of a plan's findings.
#include "sim/study/plan/document.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/sim/study/plan/planned.hpp"

namespace switchyard {
namespace {

Json change_of(const std::string& change, const Json& winner, bool changes) {
  return {{"change", change},
          {"factor", "prompts"},
          {"winner", winner},
          {"winner_changes", changes},
          {"text", "Of " + change + "."}};
}

}  // namespace

TEST_CASE("The verdict does not say of a change that leaves no winner that the best stays the best") {
  const PlanStudy study = planned_study();
  const auto bases = read_bases(study);
  PlanFindings findings;
  findings.study = &study;
  findings.winners.push_back(winner_of({&bases[0], {}, {1, 4.0, 100}, {}, 5.0, 1.0}));
  findings.sensitivity = {change_of("prompts as long", "llama-3.1-8b", false),
                          change_of("no prompts", nullptr, false), change_of("long prompts", nullptr, true)};
  const std::vector<std::string> lines = verdict_lines(findings);
  REQUIRE(lines.size() == 4);  // after the best
  CHECK(lines[1] == "Of no prompts.");
  CHECK(lines[2] == "Of long prompts.");
  CHECK(lines[3] == "llama-3.1-8b stays the best with prompts as long.");
}

TEST_CASE("A model's deployments on other GPU types are ties where they cannot be told from the best") {
  const PlanStudy study = planned_study({{"gpus", {"h100_sxm", "h200_sxm", "b200_sxm"}}});
  const auto bases = read_bases(study);
  PlanFindings findings;
  findings.study = &study;
  for (std::size_t i = 0; i < bases.size(); ++i) {
    PlannedChain chain;
    chain.base = &bases[i];
    const double gpus[] = {4.0, 4.04, 9.0};
    chain.best = PlannedDeployment{&bases[i], {}, {4, 4.0, 100}, {}, 5.0, gpus[i]};
    chain.best->reading.figures = {{"slo", Json::array()}};
    findings.chains.push_back(std::move(chain));
  }
  const auto ties = [&] {
    findings.winners = winners_of(study, findings.chains);
    findings.ties = ties_of(findings.winners, findings.chains);
    const Json document = plan_document(findings);
    std::vector<bool> tied;
    for (const Json& row : document["by_gpu"]) tied.push_back(row["ties_with_best"].get<bool>());
    CHECK(document["winners"][0]["ties_with_best"] == tied[0]);  // the same deployment
    return tied;
  };
  CHECK(ties() == std::vector<bool>{true, true, false});
  CHECK(verdict_lines(findings)[1] == "Ties with it too, on other GPU types: llama-3.1-8b on 4 h200_sxm.");
  findings.chains[1].best->objective = 9.0;
  CHECK(ties() == std::vector<bool>{false, false, false});
  CHECK(verdict_lines(findings).size() == 1);
}

TEST_CASE("A plan's traffic is told without a number of requests, which is each run's own") {
  const PlanStudy study = planned_study();
  const auto bases = read_bases(study);
  PlanFindings findings;
  findings.study = &study;
  findings.chains.resize(1);
  findings.chains[0].base = &bases[0];
  CHECK_THAT(plan_document(findings)["workload"].get<std::string>(),
             Catch::StartsWith("azure-conv-2023: poisson 4 /s, prompts "));
}

}  // namespace switchyard
