// Laws of energy and cost: bounds, shares and what more load does.
#include <catch2/catch.hpp>

#include "sim/energy.hpp"
#include "tests/support/small_scenarios.hpp"

using namespace switchyard;

namespace {

double number(const Run& run, const char* key) { return run.summary.at(key).get<double>(); }

Json priced(Json json) { return with(std::move(json), "/prices/usd_per_gpu_hour", 2.0); }

std::vector<Json> some_scenarios() {
  return {small_dense(),
          small_moe(),
          with(small_dense(), "/deployment/replicas", 3),
          with(small_dense(), "/deployment/tensor_parallel_size", 4),
          with(small_dense(), "/deployment/pipeline_parallel_size", 2),
          with(small_moe(), "/workload/num_warmups", 10),
          with(small_dense(), "/engine/num_gpu_blocks_override", 30)};
}

}  // namespace

TEST_CASE("A run draws at least idle power and at most the TDP, on all GPUs all the time", "[laws]") {
  for (const Json& json : some_scenarios())
    for (const double rate : {0.5, 40.0, 4000.0}) {
      CAPTURE(json.value("deployment", Json::object()).dump(), rate);
      const Run one = run(with(json, "/workload/arrivals/rate", rate));
      const GpuPower power = read(json).cluster.gpu.power;
      const double gpu_seconds = number(one, "gpus") * number(one, "duration");
      CHECK(number(one, "energy_j") >= 700.0 * power.idle * gpu_seconds);
      CHECK(number(one, "energy_j") <= 700.0 * gpu_seconds * (1.0 + 1e-12));
      CHECK(number(one, "mean_power_w") * gpu_seconds == Approx(number(one, "energy_j")).epsilon(1e-12));
      double parts = 0.0;
      for (const char* part : {"idle_w", "active_w", "compute_w", "memory_w"})
        parts += one.summary.at("power").at(part).get<double>();
      CHECK(parts == Approx(number(one, "mean_power_w")).epsilon(1e-12));
      CHECK(number(one, "energy_per_output_token_j") * number(one, "total_output_tokens") ==
            Approx(number(one, "energy_j")).epsilon(1e-12));
    }
}

TEST_CASE("More load draws more power and takes less energy a token", "[laws]") {
  for (const Json& json : {small_dense(), small_moe()}) {
    double power = 0.0, a_token = 1e300;
    for (const double rate : {2.0, 10.0, 50.0, 250.0}) {
      CAPTURE(rate);
      const Run one = run(with(json, "/workload/arrivals/rate", rate));
      CHECK(number(one, "mean_power_w") > power);
      CHECK(number(one, "energy_per_output_token_j") < a_token);
      power = number(one, "mean_power_w");
      a_token = number(one, "energy_per_output_token_j");
    }
  }
}

TEST_CASE("Replicas without work burn idle power all the same", "[laws]") {
  const Json few = with(small_dense(), "/workload/arrivals/rate", 1.0);
  const Run one = run(few), three = run(with(few, "/deployment/replicas", 3));
  const double idle = 700.0 * read(few).cluster.gpu.power.idle;
  const double more = number(three, "energy_j") - number(one, "energy_j");
  CHECK(more >= 0.99 * 2.0 * idle * number(one, "duration"));
}

TEST_CASE("Input and output tokens together bear the whole cost, which is GPUs times time", "[laws]") {
  for (const Json& json : some_scenarios()) {
    CAPTURE(json.value("deployment", Json::object()).dump());
    const Run one = run(priced(json));
    const double input =
        number(one, "usd_per_million_input_tokens") * number(one, "total_input_tokens") / 1e6;
    const double output =
        number(one, "usd_per_million_output_tokens") * number(one, "total_output_tokens") / 1e6;
    CHECK(input > 0.0);
    CHECK(output > 0.0);
    CHECK(input + output == Approx(number(one, "cost_usd")).epsilon(1e-12));
    CHECK(number(one, "usd_per_hour") == 2.0 * number(one, "gpus"));
    CHECK(number(one, "cost_usd") ==
          Approx(number(one, "usd_per_hour") * number(one, "duration") / 3600.0).epsilon(1e-12));
  }
}

TEST_CASE("Prompts of one output token bear all of the cost; long outputs nearly none of it", "[laws]") {
  Json json = priced(small_dense());
  json["workload"]["output_tokens"] = {{"distribution", "fixed"}, {"value", 1}};
  CHECK(number(run(json), "usd_per_million_output_tokens") == Approx(0.0).margin(1e-9));
  json["workload"]["output_tokens"] = {{"distribution", "fixed"}, {"value", 2000}};
  json["workload"]["num_requests"] = 5;
  const Run one = run(json);
  CHECK(number(one, "usd_per_million_output_tokens") * number(one, "total_output_tokens") / 1e6 >
        0.9 * number(one, "cost_usd"));
}

TEST_CASE("Without a price costs are null and a note says so; all else is the same", "[laws]") {
  const Run without = run(small_dense()), with_price = run(priced(small_dense()));
  for (const char* key :
       {"cost_usd", "usd_per_hour", "usd_per_million_input_tokens", "usd_per_million_output_tokens"}) {
    CHECK(without.summary.at(key).is_null());
    CHECK_FALSE(with_price.summary.at(key).is_null());
  }
  CHECK(without.summary.at("notes").dump().find("/prices/usd_per_gpu_hour") != std::string::npos);
  CHECK(without.summary.at("energy_j") == with_price.summary.at("energy_j"));
  CHECK(without.requests_csv == with_price.requests_csv);
}

TEST_CASE("A run's energy is that of its steps: one request, step by step", "[laws]") {
  Json json = small_dense();
  json["workload"] = {{"arrivals", {{"process", "all_at_once"}}},
                      {"num_requests", 1},
                      {"prompt_tokens", {{"distribution", "fixed"}, {"value", 100}}},
                      {"output_tokens", {{"distribution", "fixed"}, {"value", 20}}}};
  json["engine"] = {{"profile", "reference"}};
  const System system(read(json), Scope::serving);
  const auto energy = [&](const StepQuery& query) {
    return energy_of(system, query, time_step(system, query));
  };
  EnergyUse sum = energy({0, 100, 0});
  for (std::int64_t context = 100; context < 119; ++context) {
    const EnergyUse step = energy({1, 0, context});
    sum.compute += step.compute;
    sum.memory += step.memory;
  }
  const Simulation simulation = simulate(system);
  const EnergyUse whole = energy_of(system, simulation.result, Seconds(10.0));
  CHECK(whole.compute.value() == Approx(sum.compute.value()).epsilon(1e-9));
  CHECK(whole.memory.value() == Approx(sum.memory.value()).epsilon(1e-9));
}
