// What a report says of its own figures.
#include "sim/trust.hpp"

#include <catch2/catch.hpp>

#include "tests/support/small_scenarios.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace switchyard;
using Catch::Contains;

namespace {

EngineGeneration::Validation row(const std::string& model, const std::string& gpu, ModelKind kind,
                                 std::int64_t points, double error) {
  return {model, gpu, kind, points, 8, error, 2 * error, 3 * error, -error, error};
}

/// Two generations: Dense and MoE on the GPUs a and b of one, Dense on c of the other.
EngineProfile validated_engine() {
  EngineProfile engine;
  engine.name = "made-up";
  engine.generations.resize(2);
  engine.generations[0].gpus = {"a", "b", "untried"};
  engine.generations[0].validated = {row("dense-one", "a", ModelKind::dense, 10, 0.1),
                                     row("dense-two", "a", ModelKind::dense, 30, 0.2),
                                     row("experts", "b", ModelKind::moe, 5, 0.4)};
  engine.generations[1].gpus = {"c"};
  engine.generations[1].thin = "one model";
  engine.generations[1].validated = {row("dense-one", "c", ModelKind::dense, 10, 0.05)};
  return engine;
}

Trust trust_on(const std::string& gpu, const Json& model = small_dense_model()) {
  Scenario scenario = read(small_scenario(model));
  scenario.engine.profile = validated_engine();
  scenario.cluster.gpu.name = gpu;
  return trust_of(scenario);
}

}  // namespace

TEST_CASE("The errors are those of the same GPU and kind of model, by their points") {
  const Trust trust = trust_on("a");
  CHECK(trust.engine == "validated");
  CHECK(*trust.tpot_error == Approx(0.175));
  CHECK(*trust.ttft_error == Approx(0.35));
  CHECK(*trust.throughput_error == Approx(0.525));
  CHECK_THAT(trust.error_text, Contains("dense-one, dense-two on a") && Contains("TPOT 18 % (mean -18 %)") &&
                                   Contains("at most 8 GPUs") && !Contains("not measured"));
}

TEST_CASE(
    "A GPU of the generation stands in before another kind of model, and that before another generation") {
  const Trust untried = trust_on("untried");
  CHECK(*untried.tpot_error == Approx(0.175));
  CHECK_THAT(untried.error_text, Contains("not measured: another GPU"));
  const Trust experts = trust_on("a", small_moe_model(8, 2));
  CHECK(*experts.tpot_error == Approx(0.4));
  CHECK_THAT(experts.error_text, Contains("experts on b"));
  const Trust other_kind = trust_on("c", small_moe_model(8, 2));
  CHECK(*other_kind.tpot_error == Approx(0.05));
  CHECK(other_kind.engine == "thin");
  CHECK_THAT(other_kind.engine_text, Contains("thin") && Contains("one model"));
  CHECK_THAT(other_kind.error_text, Contains("not measured: another kind of model"));
  const Trust elsewhere = trust_on("z");
  CHECK(elsewhere.engine == "not validated");
  CHECK_THAT(elsewhere.error_text, Contains("another generation of GPUs"));
}

TEST_CASE("More GPUs a replica than were measured are named") {
  Scenario scenario = read(with(small_dense(), "/deployment/tensor_parallel_size", 8));
  scenario.engine.profile = validated_engine();
  scenario.engine.profile.generations[0].validated[0].most_gpus = 4;
  scenario.engine.profile.generations[0].validated.resize(1);
  scenario.cluster.gpu.name = "a";
  CHECK_THAT(trust_of(scenario).error_text, Contains("not measured: 8 GPUs a replica"));
}

TEST_CASE("An engine without measurements has no errors and says so") {
  Scenario scenario = read(small_dense());
  scenario.engine.profile.generations.clear();
  const Trust trust = trust_of(scenario);
  CHECK(trust.engine == "not validated");
  CHECK(!trust.tpot_error);
  CHECK_THAT(trust.error_text, Contains("unknown"));
  CHECK(trust_json(trust)["ttft_error"].is_null());
}

TEST_CASE("A profile that was measured names where and when, one that was not says so") {
  Scenario scenario = read(small_dense());
  CHECK(trust_of(scenario).gpu_profile == "stated");
  CHECK_THAT(trust_of(scenario).gpu_profile_text, Contains("round") && Contains("datasheet"));
  scenario.cluster.gpu.profile.measured = true;
  scenario.cluster.gpu.profile.measurement = {"Made-up", "1.2", "2026-11-27", {{"torch", "3"}}};
  CHECK(trust_of(scenario).gpu_profile == "measured");
  CHECK(trust_of(scenario).gpu_profile_text ==
        "GPU profile of round: measured (Made-up, driver 1.2, torch 3, 2026-11-27)");
  const Trust h20 = trust_of(read(with(small_dense(), "/cluster/gpu", "h20")));
  CHECK(h20.gpu_profile == "scaled");
  CHECK_THAT(h20.gpu_profile_text, Contains("GPU profile of h20: scaled from h100_sxm by datasheet (NVIDIA"));
}
