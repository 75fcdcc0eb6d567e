// Reading scenarios: defaults, what is refused and how, and overrides.
#include "sim/scenario.hpp"

#include <catch2/catch.hpp>

#include "sim/system.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tests/unit/sim/base/message_of.hpp"

using namespace switchyard;

namespace {

Json parsed(std::string_view text) { return parse_json(text, "s.json"); }
Scenario read(const Json& json) { return read_scenario(json, "s.json", "."); }
Scenario read(const char* text) { return read(parsed(text)); }
std::string refusal(const char* text) {
  return message_of<InputError>([&] { read(text); });
}

Json with(Json json, const std::string& pointer, const std::string& value) {
  apply_override(json, {pointer, value}, "s.json");
  return json;
}

const Json kFull = parsed(R"({"model": "mixtral-8x7b", "cluster": "hgx-h200x2",
    "precision": {"weights": "fp8"},
    "deployment": {"data_parallel_size": 8, "enable_expert_parallel": true},
    "engine": {"profile": "reference", "num_gpu_blocks_override": 100},
    "routing": {"mode": "uniform"}, "network": {"fidelity": "analytic"},
    "workload": {"arrivals": {"process": "gamma", "rate": 3, "cv": 2}, "num_requests": 10,
                 "prompt_tokens": {"distribution": "lognormal", "mean": 600, "cv": 0.9, "max": 2048},
                 "output_tokens": {"distribution": "fixed", "value": 128}},
    "slo": {"ttft_p99": "2 s", "tpot_mean": "50 ms"}, "seed": 7})");

}  // namespace

TEST_CASE("A model alone is a scenario: everything else has a default", "[scenario]") {
  const Scenario s = read(R"({"model": "llama-3.1-8b"})");
  CHECK(s.cluster.name == "hgx-h100");
  CHECK(s.deployment.gpus() == 1);
  CHECK(s.engine.profile.name == "vllm");
  CHECK(s.engine.scheduler == "chunked_prefill");
  CHECK(s.engine.dispatcher == "least_requests");
  CHECK(s.engine.limits.max_num_seqs == 256);
  CHECK(s.engine.limits.max_num_batched_tokens == 8192);
  CHECK(s.engine.limits.block_size == 16);
  CHECK(s.engine.limits.gpu_memory_utilization == 0.9);
  CHECK(s.engine.limits.max_model_len == 131072);
  CHECK_FALSE(s.engine.limits.num_gpu_blocks_override);
  CHECK(s.engine.cudagraph_capture_sizes == s.engine.profile.cudagraph_capture_sizes);
  CHECK(s.routing.mode == "bank");
  CHECK(s.fidelity == "auto");
  CHECK(s.seed == 1);
  CHECK_FALSE(s.workload);
  CHECK(s.slo.bounds.empty());
  CHECK(s.notes.empty());
}

TEST_CASE("Engine limits default to the profile's, null means the default", "[scenario]") {
  const Scenario s = read(R"({"model": "llama-3.1-8b", "engine": {"profile": "reference",
      "max_num_seqs": null, "scheduler": null, "max_model_len": null}})");
  CHECK(s.engine.limits.max_num_seqs == 128);
  CHECK(s.engine.scheduler == "prefill_first");
  CHECK(s.engine.limits.max_model_len == 131072);
}

TEST_CASE("Gates are fp32 unless the scenario asks for bf16", "[scenario]") {
  const Scenario usual = read(R"({"model": "llama-3.1-8b"})");
  const Scenario asked = read(R"({"model": "llama-3.1-8b", "routing": {"arithmetic": "bf16"}})");
  CHECK(usual.routing.preset.arithmetic == ScoreFormat::fp32);
  CHECK(usual.json.at("routing").at("arithmetic") == "fp32");
  CHECK(asked.routing.preset.arithmetic == ScoreFormat::bf16);
  CHECK(asked.json.at("routing").at("arithmetic") == "bf16");
}

TEST_CASE("A resolved scenario reads back to itself", "[scenario]") {
  const std::vector<Json> scenarios = {
      kFull,
      parsed(R"({"model": "llama-3.1-8b"})"),
      parsed(R"({"model": "gpt-oss-120b", "deployment": {"tensor_parallel_size": 8}})"),
      parsed(R"({"model": "deepseek-v3", "cluster": "hgx-h100x4",
                 "deployment": {"tensor_parallel_size": 8, "replicas": 2}, "engine": {"max_model_len": 4096}})"),
      parsed(R"({"model": "llama-3.1-8b", "deployment": {"data_parallel_size": 4}})"),
      parsed(R"({"model": "mixtral-8x7b", "cluster": "hgx-h200", "routing": {"arithmetic": "bf16"}})"),
      parsed(R"({"model": "llama-3.1-8b", "model_overrides": {"num_hidden_layers": 3},
                 "cluster": {"base": "hgx-h100", "gpu": {"base": "h100_sxm", "memory": "40 GB"}}})"),
      parsed(R"({"model": "mixtral-8x7b", "precision": {"weights": "mxfp4"}})"),
      parsed(R"({"model": "gpt-oss-120b", "precision": {"activations": "fp8"}})"),
      parsed(R"({"model": "gpt-oss-120b", "precision": {"weights": "fp8"}})"),
      parsed(R"({"model": "mixtral-8x7b", "precision": {"weights": "int4", "activations": "fp8"}})")};
  for (const Json& json : scenarios) {
    INFO(json.dump());
    const Scenario once = read(json);
    const Scenario again = read(once.json);
    CHECK(once.json.dump(1) == again.json.dump(1));
    CHECK(once.model.layers == again.model.layers);
    CHECK(once.cluster.gpu == again.cluster.gpu);
    CHECK(once.precision.weights == again.precision.weights);
    CHECK(once.precision.activations == again.precision.activations);
    CHECK(once.deployment.gpus() == again.deployment.gpus());
    CHECK(once.engine.limits.max_model_len == again.engine.limits.max_model_len);
  }
}

TEST_CASE("Unknown keys are refused with their path and the near miss", "[scenario]") {
  CHECK_THAT(refusal(R"({"model": "llama-3.1-8b", "sead": 1})"),
             Catch::StartsWith("s.json: /sead: ") && Catch::Contains("seed"));
  CHECK_THAT(refusal(R"({"model": "llama-3.1-8b", "deployment": {"tensor_paralel_size": 2}})"),
             Catch::StartsWith("s.json: /deployment/tensor_paralel_size: ") &&
                 Catch::Contains("tensor_parallel_size"));
  CHECK_THAT(refusal(R"({"model": "llama-3.1-8b", "engine": {"max_num_seq": 2}})"),
             Catch::StartsWith("s.json: /engine/max_num_seq: ") && Catch::Contains("max_num_seqs"));
  CHECK_THAT(refusal(R"({"model": "llama-3.1-8b", "network": {"fidelty": "step"}})"),
             Catch::StartsWith("s.json: /network/fidelty: ") && Catch::Contains("fidelity"));
}

TEST_CASE("Unknown names are refused with the choices", "[scenario]") {
  CHECK_THAT(refusal(R"({"model": "mixtral-8x7"})"), Catch::Contains("mixtral-8x7b"));
  CHECK_THAT(refusal(R"({"model": "llama-3.1-8b", "engine": {"scheduler": "fcf"}})"),
             Catch::StartsWith("s.json: /engine/scheduler: ") && Catch::Contains("fcfs"));
  CHECK_THAT(refusal(R"({"model": "llama-3.1-8b", "cluster": "hgx-h10"})"),
             Catch::StartsWith("s.json: /cluster: ") && Catch::Contains("hgx-h100"));
  CHECK_THAT(refusal(R"({"model": "llama-3.1-8b", "precision": {"weights": "fp9"}})"),
             Catch::StartsWith("s.json: /precision/weights: ") && Catch::Contains("fp8"));
  CHECK_THAT(refusal(R"({"cluster": "hgx-h100"})"), Catch::Contains("model"));
}

TEST_CASE("What this version lacks is refused, its neutral value accepted", "[scenario]") {
  for (const char* pointer : {"/engine/enable_prefix_caching"}) {
    CHECK_THAT(message_of<InputError>([&] { read(with(kFull, pointer, "true")); }),
               Catch::StartsWith("s.json: " + std::string(pointer) + ": "));
    CHECK_NOTHROW(read(with(kFull, pointer, "false")));
  }
}

TEST_CASE("What the mode of routing passes over is said", "[scenario]") {
  const auto notes = [](const std::string& mode) {
    const Json routing = {
        {"mode", mode}, {"trace", "t.npz"}, {"gate_weights", "w.safetensors"}, {"arithmetic", "bf16"}};
    return Json(read(Json{{"model", "mixtral-8x7b"}, {"routing", routing}}).notes).dump();
  };
  for (const std::string mode : {"uniform", "balanced", "trace"})
    CHECK_THAT(notes(mode), Catch::Contains("passes over routing.gate_weights: routing.mode is " + mode) &&
                                Catch::Contains("passes over routing.arithmetic: routing.mode is " + mode));
  for (const std::string mode : {"bank", "exact"})
    CHECK_THAT(notes(mode), Catch::Contains("routing.trace is not read") && !Catch::Contains("passes over"));
}

TEST_CASE("Naming a placement that goes by load enables EPLB, and the resolved scenario says so",
          "[scenario]") {
  const std::string moe = R"({"model": "mixtral-8x7b", "deployment": {"data_parallel_size": 4,
      "enable_expert_parallel": true, "num_redundant_experts": 4, "expert_placement": ")";
  const Scenario named = read((moe + "eplb_global\"}}").c_str());
  CHECK(named.deployment.enable_eplb);
  CHECK(named.json.at("deployment").at("enable_eplb") == true);
  CHECK(named.json.at("deployment").at("num_redundant_experts") == 4);
  CHECK_THAT(refusal((moe + "linear\"}}").c_str()), Catch::Contains("/deployment/enable_eplb: is false"));
  // A dense model has no experts to place, as it has none to spread.
  CHECK_FALSE(
      read(R"({"model": "llama-3.1-8b", "deployment": {"enable_eplb": true}})").deployment.enable_eplb);
}

TEST_CASE("Automatic precision follows the checkpoint, the GPU and the engine", "[scenario]") {
  const ModelPrecision plain = read(R"({"model": "llama-3.1-8b"})").precision;
  CHECK(plain.weights.attention == Precision::bf16);
  CHECK(plain.activations.attention == Precision::bf16);
  CHECK(plain.kv_cache == Precision::bf16);

  const ModelPrecision fp8 = read(R"({"model": "llama-3.1-8b", "precision": {"weights": "fp8"}})").precision;
  CHECK(fp8.weights.attention == Precision::fp8);
  CHECK(fp8.activations.attention == Precision::fp8);

  const ModelPrecision ampere = read(R"({"model": "llama-3.1-8b", "precision": {"weights": "fp8"},
      "cluster": {"gpu": "a100_sxm", "gpus_per_node": 8}})")
                                    .precision;
  CHECK(ampere.activations.attention == Precision::bf16);  // no fp8 tensor cores

  const ModelPrecision fp4 = read(R"({"model": "llama-3.1-8b", "precision": {"weights": "fp4"}})").precision;
  CHECK(fp4.activations.attention == Precision::bf16);  // Hopper computes no fp4

  const ModelPrecision checkpoint = read(R"({"model": "deepseek-v3", "cluster": "hgx-h200x2",
      "deployment": {"tensor_parallel_size": 16}})")
                                        .precision;
  CHECK(checkpoint.weights.routed_experts == Precision::fp8_block);
  CHECK(checkpoint.activations.routed_experts == Precision::fp8);
}

TEST_CASE("A format covers what the checkpoint quantises: routed experts alone, or all matrices",
          "[scenario]") {
  const ModelPrecision own = read(R"({"model": "gpt-oss-120b"})").precision;
  CHECK(own.weights.routed_experts == Precision::mxfp4);
  CHECK(own.weights.attention == Precision::bf16);
  CHECK(own.activations.routed_experts == Precision::bf16);
  const ModelPrecision other =
      read(R"({"model": "gpt-oss-120b", "precision": {"weights": "fp8"}})").precision;
  CHECK(other.weights.routed_experts == Precision::fp8);
  CHECK(other.weights.attention == Precision::bf16);
  const ModelPrecision all = read(R"({"model": "mixtral-8x7b", "precision": {"weights": "int4"}})").precision;
  CHECK(all.weights.routed_experts == Precision::int4);
  CHECK(all.weights.attention == Precision::int4);
}

TEST_CASE("A scheduler that an engine profile names must exist", "[scenario]") {
  const TemporaryFolder folder;
  Json profile = parsed(R"({"name": "mine", "description": "d", "source": "s", "host_time_per_step": "1 ms",
      "host_time_per_sequence": "1 us", "decode_reduction": {"kernels": 1}, "moe_routing_time": "1 us",
      "expert_tile": 16, "kv_cache": "bf16", "runtime_reserve": "1 GiB", "scheduler": "chunked",
      "max_num_seqs": 8, "max_num_batched_tokens": 64,
      "cudagraph_capture_sizes": {"then": [{"step": 8, "max": 64}]}})");
  folder.write("mine.json", profile.dump());
  const Json wish = {{"model", "llama-3.1-8b"},
                     {"engine", {{"profile", (folder.path() / "mine.json").string()}}}};
  CHECK_THAT(refusal(wish.dump().c_str()),
             Catch::Contains("mine.json: /scheduler: ") && Catch::Contains("chunked_prefill"));
}

TEST_CASE("Bounds of an slo name a figure and a statistic", "[scenario]") {
  const Slo slo = read(kFull).slo;
  REQUIRE(slo.bounds.size() == 2);
  CHECK(slo.bounds[0].figure == "ttft");
  CHECK(slo.bounds[0].statistic == "p99");
  CHECK(slo.bounds[1].limit == Seconds(0.05));
  for (const char* key : {"ttft", "ttft_p98", "tbot_p99", "ttft_p99_"}) {
    INFO(key);
    Json json = kFull;
    json["slo"] = {{key, "1 s"}};
    CHECK_THAT(message_of<InputError>([&] { read(json); }),
               Catch::StartsWith("s.json: /slo/" + std::string(key) + ": "));
  }
  CHECK_THAT(message_of<InputError>([&] { read(with(kFull, "/slo/ttft_p99", "2")); }),
             Catch::StartsWith("s.json: /slo/ttft_p99: "));
}

TEST_CASE("Deployments that do not fit model or cluster name the field", "[scenario]") {
  CHECK_THAT(refusal(R"({"model": "llama-3.1-8b", "deployment": {"tensor_parallel_size": 5}})"),
             Catch::StartsWith("s.json: /deployment/tensor_parallel_size: 5 "));
  CHECK_THAT(refusal(R"({"model": "mixtral-8x7b",
                         "deployment": {"data_parallel_size": 6, "enable_expert_parallel": true}})"),
             Catch::StartsWith("s.json: /deployment/enable_expert_parallel: "));
  CHECK_THAT(refusal(R"({"model": "llama-3.1-8b", "deployment": {"replicas": 9}})"),
             Catch::Contains("9 GPUs") && Catch::Contains("has 8"));
  CHECK_THAT(refusal(R"({"model": "mixtral-8x7b",
                         "deployment": {"data_parallel_size": 2, "all2all_backend": "pairwise"}})"),
             Catch::StartsWith("s.json: /deployment/all2all_backend: "));
}

TEST_CASE("Data-parallel ranks of a dense model become replicas", "[scenario]") {
  const Scenario s = read(R"({"model": "llama-3.1-8b", "deployment": {"data_parallel_size": 4}})");
  CHECK(s.deployment.replicas == 4);
  CHECK(s.deployment.data_parallel_size == 1);
}

TEST_CASE("max_model_len above the model's own context is noted", "[scenario]") {
  const Scenario s = read(R"({"model": "mixtral-8x7b", "engine": {"max_model_len": 40000}})");
  REQUIRE(s.notes.size() == 1);
  CHECK_THAT(s.notes[0], Catch::Contains("40000") && Catch::Contains("32768"));
}

TEST_CASE("A workload may be the name of a preset, which the resolved scenario keeps", "[scenario]") {
  const Scenario s = read(R"({"model": "llama-3.1-8b", "workload": "azure-conv-2023"})");
  const Json& resolved = s.json.at("workload");
  CHECK(resolved.at("preset") == "azure-conv-2023");
  CHECK(resolved.at("num_requests") == 19366);
  CHECK(read(s.json).json == s.json);
  const Scenario faster = read(with(s.json, "/workload/arrivals/rate", "20"));
  CHECK(faster.workload->arrivals.rate == 20.0);
  CHECK_THROWS_WITH(read(R"({"model": "llama-3.1-8b", "workload": "azure-conv-2032"})"),
                    Catch::Contains("/workload/preset: unknown name") && Catch::Contains("azure-conv-2023"));
  CHECK_THROWS_WITH(read(R"({"model": "llama-3.1-8b", "workload": 5})"), Catch::Contains("/workload: "));
}

TEST_CASE("A format that the GPU does not compute in is said to run at the rate of bf16", "[scenario]") {
  const auto notes = [](const std::string& cluster, const std::string& weights) {
    return read(Json{{"model", "llama-3.1-8b"}, {"cluster", cluster}, {"precision", {{"weights", weights}}}})
        .notes;
  };
  REQUIRE(notes("dgx-a100", "fp8").size() == 1);
  CHECK_THAT(notes("dgx-a100", "fp8")[0], Catch::StartsWith("a100_sxm does not compute in fp8: "));
  CHECK_THAT(notes("hgx-h100", "fp4")[0], Catch::StartsWith("h100_sxm does not compute in fp4: "));
  CHECK(notes("hgx-h100", "fp8").empty());
  CHECK(notes("hgx-b200", "fp4").empty());
  CHECK(notes("dgx-a100", "int4").empty());
}

TEST_CASE("A file that is not there is told with the key that names it", "[scenario]") {
  const auto refused = [](const std::string& where, const std::string& key, const std::string& text) {
    Json json = kFull;
    apply_override(json, {key, text}, "s.json");
    CHECK_THROWS_WITH(
        System(read(json), Scope::serving),
        Catch::Contains(": " + where + ": ") && Catch::Contains("cannot be read: No such file or directory"));
  };
  refused("/model", "/model", "none/config.json");
  refused("/cluster", "/cluster", "none.json");
  refused("/cluster/gpu", "/cluster", R"({"gpu": "none.json", "gpus_per_node": 8})");
  refused("/cluster/graph", "/cluster", R"({"gpu": "h100_sxm", "graph": "none.graphml"})");
  refused("/engine/profile", "/engine", R"({"profile": "none.json"})");
  refused("/routing/preset", "/routing", R"({"preset": "none.json"})");
  refused("/routing/trace", "/routing", R"({"mode": "trace", "trace": "none.csv"})");
  refused("/routing/gate_weights", "/routing", R"({"gate_weights": "none"})");
  refused("/workload/trace", "/workload", R"({"trace": "none.csv"})");
  refused("/workload/preset", "/workload", R"({"preset": "none.json"})");
}

TEST_CASE("Failed requests of a trace are left out, and the notes say how many", "[scenario]") {
  const TemporaryFolder folder;
  const auto trace = folder.write("b.csv", "Timestamp,Request tokens,Response tokens\n3,4,5\n4,7,0\n9,7,1\n");
  const Scenario s = read(Json{{"model", "llama-3.1-8b"}, {"workload", {{"trace", trace.string()}}}});
  const std::vector<std::string> notes = System(s, Scope::serving).scenario().notes;
  REQUIRE(notes.size() == 1);
  CHECK(notes[0] == "1 rows of the trace are left out: without tokens, they are requests that failed.");
}

TEST_CASE("A model that does not fit its GPUs is infeasible, not an input error", "[scenario]") {
  const Scenario s = read(R"({"model": "llama-3.1-70b"})");
  CHECK_THROWS_AS(System(s, Scope::step), Infeasible);
}

TEST_CASE("An override replaces text, numbers and whole objects, and makes what is missing", "[scenario]") {
  CHECK(with(kFull, "/model", "llama-3.1-8b").at("model") == "llama-3.1-8b");
  CHECK(with(kFull, "/workload/num_requests", "25").at("workload").at("num_requests") == 25);
  CHECK(with(kFull, "/slo", R"({"tpot_p99": "9 ms"})").at("slo").size() == 1);
  CHECK(with(kFull, "/slo/ttft_p99", "3 s").at("slo").at("ttft_p99") == "3 s");
  CHECK(with(kFull, "/model_overrides/num_hidden_layers", "2").at("model_overrides") ==
        parsed(R"({"num_hidden_layers": 2})"));
  CHECK(with(kFull, "/engine/num_gpu_blocks_override", "null")
            .at("engine")
            .at("num_gpu_blocks_override")
            .is_null());
}

TEST_CASE("Overrides at impossible places are refused", "[scenario]") {
  for (const char* pointer : {"", "model", "/model/x", "/seed/deep/er", "/a~2b"}) {
    INFO(pointer);
    CHECK_THAT(message_of<InputError>([&] { with(kFull, pointer, "1"); }),
               Catch::StartsWith("s.json: --set " + std::string(pointer)));
  }
  CHECK_THAT(message_of<InputError>([] { read(with(kFull, "/workload/num_request", "1")); }),
             Catch::Contains("/workload/num_request") && Catch::Contains("num_requests"));
}

TEST_CASE("A member of a cluster that is a name is answered with the object to write", "[scenario]") {
  const auto said = [](const std::string& pointer, const std::string& value) {
    return message_of<InputError>([&] { with(kFull, pointer, value); });
  };
  CHECK_THAT(said("/cluster/gpu", "h100_sxm"),
             Catch::Contains("/cluster: \"hgx-h200x2\" is text, which has no members") &&
                 Catch::Contains(R"('/cluster={"base":"hgx-h200x2","gpu":"h100_sxm"}')"));
  CHECK_THAT(said("/cluster/fabric/nic", "200 Gb/s"),
             Catch::Contains(R"('/cluster={"base":"hgx-h200x2","fabric":{"nic":"200 Gb/s"}}')"));
  const Json over = with(kFull, "/cluster", R"({"base": "hgx-h200x2", "gpu": "h100_sxm"})");
  CHECK(read(over).cluster.gpus() == 16);
  CHECK(read(over).cluster.gpu.name == "h100_sxm");
}

TEST_CASE("A scenario's file is read with its overrides, and errors name the file", "[scenario]") {
  const TemporaryFolder folder;
  const std::string path = folder.write("a.json", "{\"model\": \"llama-3.1-8b\" // a comment\n}").string();
  CHECK(read_scenario_json(path, {{"/seed", "3"}}).at("seed") == 3);
  CHECK_THAT(message_of<InputError>([&] {
               read_scenario_json(path, {{"seed", "3"}});
             }),
             Catch::StartsWith(path));
  CHECK_THROWS_AS(read_scenario_json(path + "x", {}), InputError);
}

TEST_CASE("Paths in a scenario start at its folder, and the resolved one reads from anywhere", "[scenario]") {
  const TemporaryFolder folder;
  folder.write("model.json", R"({"model_type": "llama", "hidden_size": 1024, "intermediate_size": 3072,
      "num_hidden_layers": 4, "num_attention_heads": 16, "num_key_value_heads": 16, "vocab_size": 32000,
      "max_position_embeddings": 8192, "tie_word_embeddings": false, "torch_dtype": "bfloat16"})");
  const Scenario once = read_scenario(parsed(R"({"model": "model.json"})"), "s.json", folder.path().string());
  CHECK(once.model.layers.size() == 4);
  CHECK(read_scenario(once.json, "s.json", "/").json.dump() == once.json.dump());
}
