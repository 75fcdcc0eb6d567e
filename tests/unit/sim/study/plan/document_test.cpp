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

}  // namespace switchyard
