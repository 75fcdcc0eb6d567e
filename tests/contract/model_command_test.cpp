// switchyard model, and the models that cannot be served: names and figures are the interface contract's.
#include <catch2/catch.hpp>

#include "tests/contract/program.hpp"
#include "workloads/catalogue.hpp"

namespace switchyard {
namespace {

using Catch::Contains;

std::string scenario_of(const TemporaryFolder& folder, const std::string& model) {
  folder.write("scenario.json", Json{{"model", model},
                                     {"deployment", {{"tensor_parallel_size", 8}}},
                                     {"workload",
                                      {{"arrivals", {{"process", "poisson"}, {"rate", 1}}},
                                       {"num_requests", 2},
                                       {"prompt_tokens", {{"distribution", "fixed"}, {"value", 100}}},
                                       {"output_tokens", {{"distribution", "fixed"}, {"value", 10}}}}}}
                                    .dump());
  return (folder.path() / "scenario.json").string();
}

}  // namespace

TEST_CASE("Every model of the catalogue answers with the figures of the contract") {
  for (const std::string& name : model_names()) {
    INFO(name);
    const Answer answer = ask("model " + name + " --format json");
    REQUIRE(answer.status == 0);
    const Json json = parse_json(answer.text, "answer");
    CHECK(json.at("name") == name);
    for (const char* key : {"total_parameters", "active_parameters", "layers", "experts", "top_k",
                            "kv_bytes_per_token", "weight_bytes", "flops_per_token"}) {
      INFO(key);
      CHECK(json.at(key).is_number());
    }
    const std::string kind = json.at("kind");
    CHECK((kind == "dense" || kind == "moe" || kind == "hybrid"));
    CHECK((kind == "dense") == (json.at("experts") == 0));
    CHECK(json.at("active_parameters").get<double>() <= json.at("total_parameters").get<double>());
    CHECK(ask("model " + name).status == 0);
  }
}

TEST_CASE("A model that nobody can describe, or nobody knows, is refused with one line") {
  const Answer unpublished = ask("model gpt-4");
  CHECK(unpublished.status == 2);
  CHECK_THAT(unpublished.text, Contains("no published architecture"));
  const Answer unknown = ask("model mixtral-8x7");
  CHECK(unknown.status == 2);
  CHECK_THAT(unknown.text, Contains("mixtral-8x7b"));
  CHECK(ask("model absent/config.json").status == 2);
  CHECK(ask("model llama-3.1-8b --format xml").status == 2);
  CHECK(ask("model llama-3.1-8b --context -1").status == 2);
}

TEST_CASE("Encoders and encoder-decoders have the time of a prompt, and are not served") {
  const TemporaryFolder folder;
  for (const char* model : {"bert-large", "switch-base-128"}) {
    INFO(model);
    const std::string scenario = scenario_of(folder, model) + " --set /deployment/tensor_parallel_size=1";
    const Answer step = ask("step " + scenario + " --prefill 512 --format json");
    REQUIRE(step.status == 0);
    CHECK(parse_json(step.text, "answer").at("step_ms").get<double>() > 0.0);
    const Answer run = ask("run " + scenario);
    CHECK(run.status == 2);
    CHECK_THAT(run.text, Contains("/model: is " + std::string(model)) && Contains("generates no tokens"));
    const Answer decode = ask("step " + scenario + " --decode 1 --context 10");
    CHECK(decode.status == 2);
    CHECK_THAT(decode.text, Contains("--prefill"));
  }
  const Answer vision = ask("step " + scenario_of(folder, "resnet-50") + " --prefill 1");
  CHECK(vision.status == 2);
  CHECK_THAT(vision.text, Contains("convolutional network"));
}

TEST_CASE("Models whose layers are of many kinds are served") {
  const TemporaryFolder folder;
  // Linear attention, sparse attention, experts beside a dense FFN, experts in numbers that differ by layer.
  for (const char* model : {"qwen3.5-397b-a17b", "glm-5", "snowflake-arctic", "pr-moe-1.3b", "gpt-2-xl"}) {
    INFO(model);
    std::string line =
        "run " + scenario_of(folder, model) +
        " --set /cluster=hgx-h200x2 --set /precision/weights=fp8 --set /engine/max_model_len=1024 "
        "--set /deployment/enable_expert_parallel=true";
    if (std::string(model) == "gpt-2-xl") line += " --set /deployment/tensor_parallel_size=1";
    if (std::string(model) == "snowflake-arctic" || std::string(model) == "glm-5")
      line += " --set /deployment/pipeline_parallel_size=2";
    const Answer run = ask(line);
    INFO(run.text);
    CHECK(run.status == 0);
  }
}

}  // namespace switchyard
