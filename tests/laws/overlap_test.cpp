// Laws of what runs beside an exchange of tokens: shared experts, and the other half of a batch.
#include <catch2/catch.hpp>

#include "tests/support/small_scenarios.hpp"

using namespace switchyard;

namespace {

/// DeepSeek-V3 as SGLang served it on 72 H100 with 32 replicas of experts (LMSYS, 5 May 2025).
Json nine_nodes() {
  return parse_json(R"({"model": "deepseek-v3", "cluster": "hgx-h100x9",
      "deployment": {"data_parallel_size": 72, "enable_expert_parallel": true, "enable_eplb": true,
                     "num_redundant_experts": 32, "all2all_backend": "deepep_low_latency",
                     "dbo_decode_token_threshold": 2},
      "engine": {"max_model_len": 8192}})",
                    "nine nodes");
}

StepAnswer decode(const Json& scenario, std::int64_t tokens) {
  return time_step(System(read(scenario), Scope::step), {tokens, 0, 2000});
}

/// How much faster two halves in turns are than one batch.
double gain(const Json& scenario, std::int64_t tokens) {
  const Seconds one = decode(scenario, tokens).breakdown.total();
  const Seconds two = decode(with(scenario, "/deployment/enable_dbo", true), tokens).breakdown.total();
  return one / two - 1.0;
}

}  // namespace

TEST_CASE("What shared experts hide of an exchange is what the step gets shorter by", "[laws]") {
  const Json hiding = nine_nodes();
  const Json waiting = with(hiding, "/engine/profile", "reference");
  const StepAnswer hidden = decode(hiding, 64);
  REQUIRE(hidden.experts);
  CHECK(hidden.experts->hidden > Seconds(0.0));
  CHECK(decode(waiting, 64).experts->hidden == Seconds(0.0));
  const Seconds all = decode(waiting, 64).experts->exposed;  // but for other collectives: the exchanges' time
  CHECK((hidden.experts->hidden + hidden.experts->exposed).value() == Approx(all.value()).epsilon(1e-9));
}

TEST_CASE("Halves in turns lose at 32 tokens a rank, win from between 64 and 128 on, as published",
          "[laws]") {
  // LMSYS, 5 May 2025: -27 % at 32 tokens a device, a threshold between 64 and 128, +25.5 % at 256.
  CHECK(gain(nine_nodes(), 32) == Approx(-0.27).margin(0.05));
  CHECK(gain(nine_nodes(), 64) < 0.0);
  CHECK(gain(nine_nodes(), 128) > 0.0);
  CHECK(gain(nine_nodes(), 256) > 0.2);
}

TEST_CASE("A batch below the threshold is not split, on whatever rank", "[laws]") {
  const Json split = with(nine_nodes(), "/deployment/enable_dbo", true);
  const auto time = [](const Json& scenario) { return decode(scenario, 24).breakdown.total(); };
  CHECK(time(with(split, "/deployment/dbo_decode_token_threshold", 25)) == time(nine_nodes()));
  CHECK(time(with(split, "/deployment/dbo_decode_token_threshold", 24)) > time(nine_nodes()));
}

TEST_CASE("Halves in turns last no less than their work, and no less than their exchanges", "[laws]") {
  for (const char* backend : {"deepep_low_latency", "deepep_normal"}) {
    const Json split =
        with(with(nine_nodes(), "/deployment/enable_dbo", true), "/deployment/all2all_backend", backend);
    const StepAnswer answer = decode(split, 128);
    REQUIRE(answer.experts);
    const Seconds total = answer.breakdown.total();
    CHECK(total >= answer.experts->hidden + answer.experts->exposed);
    CHECK(answer.experts->exposed >= Seconds(0.0));
    CHECK(answer.experts->hidden > Seconds(0.0));
    CHECK(total > decode(nine_nodes(), 64).breakdown.total());
  }
}
