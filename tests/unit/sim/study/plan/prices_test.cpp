// What deployments cost a token, and at which prices that turns.
#include "sim/study/plan/prices.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/sim/study/plan/planned.hpp"

namespace switchyard {
namespace {

/// A chain of each GPU type whose deployment has so many output tokens a second of one GPU.
std::vector<PlannedChain> chains_of(const std::deque<PlanBase>& bases, const std::vector<double>& tokens) {
  std::vector<PlannedChain> chains;
  for (std::size_t i = 0; i < bases.size(); ++i) {
    PlannedChain chain;
    chain.base = &bases[i];
    PlannedDeployment deployment{&bases[i], {}, {1, 1.0, 100}, {}, 1.0, 1.0};
    deployment.reading.figures = {{"output_throughput", tokens[i]}};
    chain.best = deployment;
    chains.push_back(std::move(chain));
  }
  return chains;
}

}  // namespace

TEST_CASE("Without a price in its simulation a deployment's output tokens bear the plan's own") {
  const PlanStudy study = planned_study({{"prices", {{"h100_sxm", 3.6}, {"h200_sxm", 7.2}}}});
  const auto bases = read_bases(study);
  const auto chains = chains_of(bases, {1000.0, 1000.0});
  CHECK(*usd_per_million(*chains[0].best, "usd_per_million_output_tokens") == Approx(1.0));
  CHECK(*usd_per_million(*chains[1].best, "usd_per_million_output_tokens") == Approx(2.0));
  CHECK_FALSE(usd_per_million(*chains[0].best, "usd_per_million_input_tokens"));
}

TEST_CASE("Deployments that cost as much for the same tokens are level, however that is shared out") {
  const PlanStudy study = planned_study({{"prices", {{"h100_sxm", 3.6}, {"h200_sxm", 3.6}}}});
  const auto bases = read_bases(study);
  auto chains = chains_of(bases, {1000.0, 1000.0});
  chains[0].best->reading.figures.update({{"usd_per_hour", 3.6}, {"usd_per_million_output_tokens", 0.9}});
  chains[1].best->reading.figures.update({{"usd_per_hour", 3.6}, {"usd_per_million_output_tokens", 0.6}});
  REQUIRE(*usd_per_million(*chains[1].best, "usd_per_million_output_tokens") == Approx(0.6));
  const Json prices = prices_json(study, chains);
  for (const Json& row : prices["rows"]) {
    CHECK(row["usd_per_million_output_tokens_with_prompts"] == 1.0);
    CHECK(row["level_with"].is_string());
  }
}

TEST_CASE("A GPU type's price turns the ranking where its tokens cost as much as the cheapest other's") {
  const PlanStudy study = planned_study({{"prices", {{"h100_sxm", 3.6}, {"h200_sxm", 7.2}}}});
  const auto bases = read_bases(study);
  const Json prices = prices_json(study, chains_of(bases, {1000.0, 1600.0}));  // $1 and $1.25 a million
  REQUIRE(prices["rows"].size() == 2);
  const Json &first = prices["rows"][0], &second = prices["rows"][1];
  CHECK(first["gpu"] == "h100_sxm");
  CHECK(first["turns_at_usd_per_gpu_hour"].get<double>() == Approx(3.6 * 1.25));
  CHECK(second["turns_at_usd_per_gpu_hour"].get<double>() == Approx(7.2 / 1.25));
  for (const Json& row : {first, second})
    CHECK(row["turns_to"].get<std::string>() == second["model"].get<std::string>() + " on h200_sxm");
  CHECK(second["when_20_percent_cheaper"].get<double>() == Approx(1.0));
  CHECK_THAT(prices["text"].get<std::string>(),
             Catch::Contains("until h200_sxm gets 20 % cheaper ($5.76 an hour)"));
}

TEST_CASE("Where tokens cost the same no turning price is named, as any change of a price decides") {
  const PlanStudy study =
      planned_study({{"gpus", {"h100_sxm", "h200_sxm", "b200_sxm"}},
                     {"prices", {{"h100_sxm", 3.6}, {"h200_sxm", 7.2}, {"b200_sxm", 9.0}}}});
  const auto bases = read_bases(study);
  const Json prices =
      prices_json(study, chains_of(bases, {1000.0, 1999.0, 500.0}));  // $1, $1.0005 and $5 a million
  const Json& rows = prices["rows"];
  for (const std::size_t level : {0, 1}) {
    CHECK(rows[level]["turns_at_usd_per_gpu_hour"].is_null());
    CHECK(rows[level]["turns_to"].is_null());
  }
  CHECK(rows[0]["level_with"] == "llama-3.1-8b on h200_sxm");
  CHECK(rows[1]["level_with"] == "llama-3.1-8b on h100_sxm");
  CHECK(rows[2]["level_with"].is_null());
  CHECK(rows[2]["turns_at_usd_per_gpu_hour"].get<double>() == Approx(9.0 / 5.0));
  CHECK(prices["text"] ==
        "Cheapest a token: llama-3.1-8b on h100_sxm and llama-3.1-8b on h200_sxm, $1 a million output "
        "tokens with their prompts; the cheapest cost the same, so that any other price of one decides.");
}

TEST_CASE("Beside GPU types whose tokens cost the same, another's price near enough to turn that is named") {
  const PlanStudy study =
      planned_study({{"gpus", {"h100_sxm", "h200_sxm", "b200_sxm"}},
                     {"prices", {{"h100_sxm", 3.6}, {"h200_sxm", 7.2}, {"b200_sxm", 9.0}}}});
  const auto bases = read_bases(study);
  // $1, $1 and $1.25 a million
  const Json prices = prices_json(study, chains_of(bases, {1000.0, 2000.0, 2000.0}));
  CHECK_THAT(
      prices["text"].get<std::string>(),
      Catch::EndsWith(", until b200_sxm gets 20 % cheaper ($7.2 an hour); the cheapest cost the same, so "
                      "that any other price of one decides."));
}

TEST_CASE("Offers are named with their precision where a plan has several") {
  const PlanStudy study =
      planned_study({{"precisions", {"bf16", "fp8"}}, {"prices", {{"h100_sxm", 3.6}, {"h200_sxm", 7.2}}}});
  const auto bases = read_bases(study);  // of each GPU type in bf16, then in fp8
  const Json prices = prices_json(study, chains_of(bases, {500.0, 1000.0, 1900.0, 1800.0}));
  CHECK(prices["rows"][0]["precision"] == "fp8");
  CHECK(prices["rows"][0]["turns_to"] == "llama-3.1-8b on h200_sxm in bf16");
  CHECK_THAT(prices["text"].get<std::string>(),
             Catch::StartsWith("Cheapest a token: llama-3.1-8b on h100_sxm in fp8, $1 a million") &&
                 Catch::Contains("llama-3.1-8b on h200_sxm in bf16 at $1.0"));
}

TEST_CASE("The only GPU type with a price has none at which the cheapest changes") {
  const PlanStudy study = planned_study({{"gpus", {"h100_sxm"}}, {"prices", {{"h100_sxm", 3.6}}}});
  const auto bases = read_bases(study);
  const Json row = prices_json(study, chains_of(bases, {1000.0}))["rows"][0];
  for (const char* key : {"turns_at_usd_per_gpu_hour", "turns_to", "level_with"}) CHECK(row[key].is_null());
}

TEST_CASE("Prices that would have to move further are not named, and unknown ones give no answer") {
  const PlanStudy study = planned_study({{"prices", {{"h100_sxm", 3.6}, {"h200_sxm", 7.2}}}});
  const auto bases = read_bases(study);
  CHECK_THAT(prices_json(study, chains_of(bases, {1000.0, 500.0}))["text"].get<std::string>(),
             Catch::Contains("no GPU type 20 % cheaper or dearer changes that"));
  CHECK(prices_json(study, {}).is_null());
}

}  // namespace switchyard
