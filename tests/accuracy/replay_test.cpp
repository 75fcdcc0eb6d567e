// The Azure LLM inference trace 2023, conversation, served from end to end: no request is lost.
#include <catch2/catch.hpp>
#include <cstdint>
#include <vector>

#include "sim/simulate.hpp"
#include "tests/support/shared_data.hpp"

using namespace switchyard;

namespace {

Json dense_on_one_node() {
  return {{"model", "llama-3.1-70b"}, {"cluster", "hgx-h100"}, {"deployment", {{"tensor_parallel_size", 8}}}};
}

Json experts_on_one_node() {
  return {{"model", "mixtral-8x7b"},
          {"cluster", "hgx-h100"},
          {"deployment", {{"data_parallel_size", 8}, {"enable_expert_parallel", true}}}};
}

}  // namespace

TEST_CASE("A conversation trace of 19366 requests replays with every request accounted for", "[accuracy]") {
  constexpr std::uint64_t kRequests = 19366;
  const auto trace = shared_data("traces/azure2023_conv.csv");
  if (!trace) {
    WARN("skipped: no traces/azure2023_conv.csv");
    return;
  }
  for (Json scenario : {dense_on_one_node(), experts_on_one_node()}) {
    scenario["workload"] = {{"trace", trace->string()}};
    const System system(read_scenario(scenario, "replay", "."), Scope::serving);
    const Simulation simulation = simulate(system);
    INFO(scenario.dump());
    CHECK(simulation.result.submitted == kRequests);
    CHECK_FALSE(simulation.result.interrupted);

    std::vector<bool> seen(kRequests, false);
    std::uint64_t completed = 0, rejected = 0, repeated = 0, generated = 0, wanted = 0;
    simulation.result.log.for_each_request([&](const RequestRow& row) {
      REQUIRE(row.id < kRequests);
      repeated += seen[row.id];
      seen[row.id] = true;
      completed += row.outcome == Outcome::completed;
      rejected += row.outcome == Outcome::rejected;
      if (row.outcome != Outcome::completed) return;
      generated += static_cast<std::uint64_t>(row.generated_tokens);
      wanted += static_cast<std::uint64_t>(row.output_tokens);
    });
    CHECK(repeated == 0);
    CHECK(completed + rejected == kRequests);
    CHECK(rejected < kRequests / 100);  // both models read prompts longer than nearly all of the trace's
    CHECK(generated == wanted);
  }
}
