// Counting a run's assignments from its log, against adding up every request's walk through the bank.
#include <catch2/catch.hpp>
#include <numeric>

#include "sim/expert_assignments.hpp"
#include "sim/serving/serve.hpp"
#include "sim/system.hpp"

namespace switchyard {
namespace {

Scenario scenario_of(const char* routing) {
  const std::string text =
      R"({"model": "mixtral-8x7b", "model_overrides": {"num_hidden_layers": 2}, "seed": 3,
    "routing": )" +
      std::string(routing) + "}";
  return read_scenario(parse_json(text, "test"), "test", ".");
}

RequestRow request(std::uint64_t id, std::int64_t prompt, std::int64_t generated) {
  RequestRow row;
  row.id = id;
  row.prompt_tokens = prompt;
  row.output_tokens = row.generated_tokens = generated;
  row.outcome = Outcome::completed;
  return row;
}

std::uint64_t total(const std::vector<std::uint64_t>& row) {
  return std::accumulate(row.begin(), row.end(), std::uint64_t{0});
}

}  // namespace

TEST_CASE("A run's assignments are those of every request's walk through the bank") {
  const Scenario scenario = scenario_of(GENERATE(R"({"mode": "bank"})", R"({"preset": "random"})"));
  const std::shared_ptr<const RoutingBank> bank = build_bank(scenario);
  RunLog log;
  ExpertCounts walked = bank->empty_counts();
  for (std::uint64_t id = 0; id < 300; ++id) {
    // From one token to some turns around a domain's ring.
    const RequestRow row = request(id, 1 + static_cast<std::int64_t>(id * id), 1 + static_cast<int>(id % 7));
    log.append(row);
    TokenRun run = place_in_bank(*bank, scenario.seed, id);
    run.tokens = row.prompt_tokens + row.generated_tokens - 1;
    bank->add(run, walked);
  }
  const Assignments served = assignments_served(scenario, *bank, log);
  REQUIRE(served.size() == 2);
  for (std::size_t layer = 0; layer < 2; ++layer)
    for (std::size_t expert = 0; expert < 8; ++expert)
      CHECK(served[layer][expert] == walked.layer(static_cast<std::int64_t>(layer))[expert]);
}

TEST_CASE("What was not served, or not measured, is not counted") {
  const Scenario scenario = scenario_of("{}");
  const std::shared_ptr<const RoutingBank> bank = build_bank(scenario);
  RunLog log;
  log.append(request(0, 100, 11));
  RequestRow warmup = request(1, 100, 10), rejected = request(2, 100, 0), waiting = request(3, 100, 0);
  warmup.warmup = true;
  rejected.outcome = Outcome::rejected;
  waiting.outcome = Outcome::unfinished;
  for (const RequestRow& row : {warmup, rejected, waiting}) log.append(row);
  for (const auto& row : assignments_served(scenario, *bank, log)) CHECK(total(row) == 110 * 2);
}

TEST_CASE("Domains' assignments sum to the bank's, and a balanced run's are even") {
  const Scenario scenario = scenario_of(R"({"mode": "balanced"})");
  const std::shared_ptr<const RoutingBank> bank = build_bank(scenario);
  Assignments sum = assignments_in_domain(*bank, 0);
  REQUIRE(domains_in_use(*bank) > 1);
  for (std::int64_t domain = 1; domain < domains_in_use(*bank); ++domain) {
    const Assignments more = assignments_in_domain(*bank, domain);
    for (std::size_t i = 0; i < sum.size(); ++i)
      for (std::size_t j = 0; j < sum[i].size(); ++j) sum[i][j] += more[i][j];
  }
  CHECK(sum == assignments_in_bank(*bank));
  CHECK(relative_to_mean(assignments_served(scenario, *bank, RunLog())) ==
        RelativeLoads(2, std::vector<double>(8, 1.0)));
}

TEST_CASE("Loads relative to the mean have the mean 1, and nothing stays nothing") {
  const RelativeLoads loads = relative_to_mean({{1, 2, 3}, {0, 0}});
  CHECK(loads == RelativeLoads{{0.5, 1.0, 1.5}, {0.0, 0.0}});
}

}  // namespace switchyard
