// What a plan is asked again with.
#include "sim/study/plan/changes.hpp"

#include <algorithm>
#include <catch2/catch.hpp>

#include "tests/unit/sim/study/plan/planned.hpp"

namespace switchyard {
namespace {

std::vector<PlanChange> changes(const Json& members) {
  const PlanStudy study = planned_study(members);
  const auto bases = read_bases(study);
  std::vector<PlannedChain> chains(bases.size());
  for (std::size_t i = 0; i < bases.size(); ++i) chains[i].base = &bases[i];
  return changes_of(study, chains);
}

std::size_t count(const std::vector<PlanChange>& changes, const std::string& factor) {
  return static_cast<std::size_t>(std::count_if(
      changes.begin(), changes.end(), [&](const PlanChange& change) { return change.factor == factor; }));
}

/// The workload of a change, as a scenario's reader takes it.
Workload workload_of(const std::vector<PlanChange>& changes, const std::string& text) {
  for (const PlanChange& change : changes)
    if (change.text == text)
      return read_workload(ObjectReader(change.workload, "study.json", "/workload"), "");
  FAIL("no change " << text);
  return {};
}

const Json kArrivals = {{"process", "poisson"}, {"rate", 4}};

}  // namespace

TEST_CASE("Prompts and outputs are asked for half and twice as long, wherever their lengths come from") {
  const TemporaryFolder folder;
  const std::string csv = folder.write("lengths.csv", "tokens\n5\n9\n").string();
  const std::string trace =
      folder.write("lengths.jsonl", "{\"prompt_tokens\": 5, \"output_tokens\": 9}\n").string();
  const Json fixed = {{"distribution", "fixed"}, {"value", 7}};
  const std::vector<Json> workloads = {
      "burstgpt-conversation",
      {{"preset", "azure-code-2023"}, {"arrivals", kArrivals}},
      {{"arrivals", kArrivals},
       {"num_requests", 9},
       {"prompt_tokens", {{"distribution", "empirical"}, {"path", csv}, {"column", "tokens"}}},
       {"output_tokens", fixed}},
      {{"trace", trace}, {"format", "lengths"}, {"arrivals", kArrivals}}};
  for (const Json& workload : workloads) {
    INFO(workload.dump());
    const auto list = changes({{"workload", workload}});
    CHECK((count(list, "prompts") == 2 && count(list, "outputs") == 2));
    const Workload longer = workload_of(list, "prompts twice as long");
    CHECK((longer.prompt_tokens.scale == 2.0 && longer.output_tokens.scale == 1.0));
    CHECK(workload_of(list, "outputs half as long").output_tokens.scale == 0.5);
  }
}

TEST_CASE("A study's own scale is doubled, and halved no further than a scale may go") {
  const auto list = changes({{"workload",
                              {{"preset", "azure-code-2023"},
                               {"arrivals", kArrivals},
                               {"prompt_tokens", {{"scale", 3}}},
                               {"output_tokens", {{"scale", 0.001}}}}}});
  CHECK(workload_of(list, "prompts twice as long").prompt_tokens.scale == 6.0);
  CHECK(count(list, "outputs") == 1);
}

TEST_CASE("Routing is asked about where a model routes, prices where they move the objective or the budget") {
  CHECK(count(changes(Json::object()), "routing") == 0);
  CHECK(count(changes({{"models", {"llama-3.1-8b", "olmoe-1b-7b"}}}), "routing") == 2);
  CHECK(count(changes(Json::object()), "price") == 0);
  CHECK(count(changes({{"objective", "minimise_cost"}}), "price") == 4);
  CHECK(count(changes({{"budget", {{"usd_per_hour", 30}}}}), "price") == 4);
}

}  // namespace switchyard
