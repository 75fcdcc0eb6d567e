// Energy by hand: counts of work of a model of one kind of layer on a GPU with round numbers.
#include "sim/energy.hpp"

#include <catch2/catch.hpp>

#include "sim/plan/work_meter.hpp"
#include "tests/support/small_scenarios.hpp"

namespace switchyard {
namespace {

// 4 layers: qkv 3072 x 1024, o 1024 x 1024, gate and up 6144 x 1024, down 1024 x 3072; the head 32000 x 1024.
constexpr double kLayer = 1024.0 * (3072 + 1024 + 6144 + 3072), kHead = 32000.0 * 1024;
constexpr double kPeak = 1e15, kBandwidth = 3e12;

WorkMeter meter_of(const Json& json) {
  const Scenario scenario = read(json);
  return {scenario.model, scenario.deployment, scenario.precision, scenario.cluster.gpu};
}

StepWork steps(double passes, double prompt_tokens, double decode_tokens, double sampled) {
  return {passes, prompt_tokens, decode_tokens, sampled, 0.0};
}

}  // namespace

TEST_CASE("A pass reads all weights once, and a token multiplies with each twice") {
  WorkMeter a_pass = meter_of(small_dense());
  a_pass.add(steps(3.0, 0.0, 0.0, 0.0));
  CHECK(a_pass.memory().value() == Approx(3.0 * 2.0 * (4.0 * kLayer + kHead) / kBandwidth).epsilon(1e-12));
  CHECK(a_pass.compute().value() == 0.0);
  WorkMeter tokens = meter_of(small_dense());
  tokens.add(steps(0.0, 5.0, 7.0, 2.0));
  CHECK(tokens.compute().value() == Approx(2.0 * (12.0 * 4.0 * kLayer + 2.0 * kHead) / kPeak).epsilon(1e-12));
}

TEST_CASE("Tensor ranks share the work of a token and the weights") {
  const StepWork work = steps(1.0, 10.0, 10.0, 10.0);
  WorkMeter whole = meter_of(small_dense());
  WorkMeter cut = meter_of(with(small_dense(), "/deployment/tensor_parallel_size", 4));
  whole.add(work);
  cut.add(work);
  CHECK(cut.compute().value() == Approx(whole.compute().value()).epsilon(1e-12));
  whole.add_decodes(100, 200);
  cut.add_decodes(100, 200);
  CHECK(cut.compute().value() == Approx(whole.compute().value()).epsilon(1e-12));
}

TEST_CASE("Decode steps see one more token each, a prompt's token those before it") {
  // 16 heads of width 64: 4 x 1024 operations a pair and layer; keys and values of 2 x 1024 x 2 bytes.
  WorkMeter decodes = meter_of(small_dense());
  decodes.add_decodes(11, 14);  // 11 + 12 + 13 + 14 = 50 pairs
  decodes.add_decodes(21, 20);  // none
  CHECK(decodes.compute().value() == Approx(50.0 * 4.0 * 4096.0 / kPeak).epsilon(1e-12));
  CHECK(decodes.memory().value() == Approx(50.0 * 4.0 * 4096.0 / kBandwidth).epsilon(1e-12));
  WorkMeter prompt = meter_of(small_dense());
  prompt.add_prompt(10);  // 55 pairs
  CHECK(prompt.compute().value() == Approx(55.0 * 4.0 * 4096.0 / kPeak).epsilon(1e-12));
}

TEST_CASE("A window bounds what a token sees, step by step") {
  Json json = small_dense();
  json["model"]["model_type"] = "mistral";
  json["model"]["sliding_window"] = 100;
  for (const auto& [first, last] : {std::pair{1, 50}, {90, 110}, {100, 100}, {101, 140}, {1, 400}}) {
    CAPTURE(first, last);
    WorkMeter together = meter_of(json), one_by_one = meter_of(json), bounded = meter_of(small_dense());
    together.add_decodes(first, last);
    for (int context = first; context <= last; ++context) {
      one_by_one.add_decodes(context, context);
      bounded.add_decodes(std::min(context, 100), std::min(context, 100));
    }
    CHECK(together.compute().value() == Approx(one_by_one.compute().value()).epsilon(1e-12));
    CHECK(together.compute().value() == Approx(bounded.compute().value()).epsilon(1e-12));
  }
}

TEST_CASE("Experts are read by how many are active and multiply by how many a token chooses") {
  // 8 experts of which 2: 3 x 1024 x 3072 weights each.
  Json json = small_scenario(small_moe_model(8, 2));
  WorkMeter read_only = meter_of(json), dense_part = meter_of(json);
  StepWork work = steps(1.0, 0.0, 0.0, 0.0);
  dense_part.add(work);
  work.active_experts = 5.5;
  read_only.add(work);
  constexpr double kExpert = 3.0 * 1024 * 3072;
  CHECK((read_only.memory() - dense_part.memory()).value() ==
        Approx(5.5 * 4.0 * 2.0 * kExpert / kBandwidth).epsilon(1e-9));
  WorkMeter token = meter_of(json);
  token.add(steps(0.0, 1.0, 0.0, 0.0));
  const double attention_and_gate = 1024.0 * (3072 + 1024 + 8);
  CHECK(token.compute().value() ==
        Approx(4.0 * 2.0 * (attention_and_gate + 2.0 * kExpert) / kPeak).epsilon(1e-12));
}

TEST_CASE("A step's energy is its power times its time, by hand") {
  Json json = with(small_dense(), "/engine/profile", "reference");
  json["cluster"]["gpu"]["power"] = {
      {"source", "by hand"}, {"idle", 0.1}, {"active", 0.05}, {"compute", 0.4}, {"memory", 0.3}};
  const System system(read(json), Scope::step);
  const StepQuery query{4, 0, 99};
  const StepAnswer answer = time_step(system, query);
  const double step = answer.breakdown.total().value(), host = answer.breakdown[Part::host].value();
  // 4 sequences that see 100 tokens: 400 pairs.
  const double flops = 4.0 * 2.0 * (4.0 * kLayer + kHead) + 400.0 * 4.0 * 4096.0;
  // Rows in and out: qkv, o, gate and up, down; then the head's.
  const double rows = 4.0 * 2.0 * (4.0 * (1024.0 + 3072 + 1024 + 1024 + 1024 + 6144 + 3072 + 1024) + 33024.0);
  const double attention = 400.0 * 4.0 * 4096.0 + 4.0 * 4.0 * 2.0 * 2048.0;
  const double bytes = 2.0 * (4.0 * kLayer + kHead) + rows + attention;
  const EnergyUse use = energy_of(system, query, answer);
  CHECK(use.idle.value() == Approx(70.0 * step).epsilon(1e-12));
  CHECK(use.active.value() == Approx(35.0 * (step - host)).epsilon(1e-12));
  CHECK(use.compute.value() == Approx(280.0 * flops / kPeak).epsilon(1e-12));
  CHECK(use.memory.value() == Approx(210.0 * bytes / kBandwidth).epsilon(1e-12));
}

}  // namespace switchyard
