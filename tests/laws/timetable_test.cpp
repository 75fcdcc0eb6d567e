// Laws of one step: its parts and its timetable sum to its time, and no routed token is lost.
#include <catch2/catch.hpp>
#include <numeric>

#include "sim/base/random.hpp"
#include "tests/support/small_scenarios.hpp"

using namespace switchyard;

namespace {

Json of_step(const Json& model, std::int64_t tensor, std::int64_t data, bool expert_parallel) {
  Json json = {{"model", model},
               {"cluster", {{"gpu", round_gpu()}, {"gpus_per_node", 4}, {"nodes", 4}}},
               {"deployment",
                {{"tensor_parallel_size", tensor},
                 {"data_parallel_size", data},
                 {"enable_expert_parallel", expert_parallel}}},
               {"workload", small_dense().at("workload")}};
  return json;
}

/// Layers 0 and 2 dense, 1 and 3 routed to 2 of 8 experts.
Json alternating_model() {
  return parse_json(R"({"model_type": "qwen3_moe", "hidden_size": 1024, "intermediate_size": 6144,
      "moe_intermediate_size": 512, "num_hidden_layers": 4, "num_attention_heads": 16,
      "num_key_value_heads": 8, "head_dim": 64, "num_experts": 8, "num_experts_per_tok": 2,
      "norm_topk_prob": true, "decoder_sparse_step": 2, "vocab_size": 32000,
      "max_position_embeddings": 8192, "tie_word_embeddings": false, "torch_dtype": "bfloat16"})",
                    "alternating model");
}

/// DeepSeek-V2's shape in small: layer 0 dense, 2 of 8 experts and two shared ones in the others.
Json with_shared_experts(Json scenario) {
  scenario["model"] =
      parse_json(R"({"model_type": "deepseek_v2", "hidden_size": 1024, "intermediate_size": 4096,
      "moe_intermediate_size": 512, "num_hidden_layers": 4, "first_k_dense_replace": 1, "moe_layer_freq": 1,
      "num_attention_heads": 16, "num_key_value_heads": 16, "kv_lora_rank": 256, "q_lora_rank": null,
      "qk_nope_head_dim": 64, "qk_rope_head_dim": 32, "v_head_dim": 64, "n_routed_experts": 8,
      "n_shared_experts": 2, "num_experts_per_tok": 2, "topk_method": "greedy", "scoring_func": "softmax",
      "norm_topk_prob": false, "routed_scaling_factor": 1.0, "n_group": 1, "topk_group": 1, "vocab_size": 32000,
      "max_position_embeddings": 8192, "tie_word_embeddings": false, "torch_dtype": "bfloat16"})",
                 "model with shared experts");
  return scenario;
}

/// Batches that differ from rank to rank: decodes, prompts, both, or a dummy.
std::vector<RankBatch> uneven_batches(const System& system, std::uint64_t seed) {
  Random random(seed, "batches");
  std::vector<RankBatch> ranks(static_cast<std::size_t>(system.scenario().deployment.data_parallel_size));
  const auto place = [&](RankBatch& batch, std::int64_t tokens) {
    if (system.bank() == nullptr) return;
    batch.routed.push_back({static_cast<std::uint32_t>(random.integer(0, system.bank()->streams() - 1)),
                            static_cast<std::uint64_t>(random.integer(0, 10000)), tokens});
  };
  for (RankBatch& batch : ranks) {
    const std::int64_t decodes = random.integer(0, 40);
    for (std::int64_t i = 0; i < decodes; ++i) {
      batch.decode_contexts.push_back(random.integer(1, 4000));
      place(batch, 1);
    }
    if (random.uniform() < 0.5) {
      batch.prefills.push_back({random.integer(1, 700), random.integer(0, 900)});
      place(batch, batch.prefills.back().tokens);
    }
    batch.sampled = decodes + static_cast<std::int64_t>(batch.prefills.size());
    if (batch.tokens() == 0) batch.pad_to(1);
  }
  return ranks;
}

std::vector<Json> deployments() {
  const Json pairwise =
      with(of_step(small_moe_model(8, 2), 2, 4, true), "/deployment/all2all_backend", "pairwise");
  const Json balanced =
      with(with(pairwise, "/deployment/enable_eplb", true), "/deployment/num_redundant_experts", 8);
  const Json shared = with_shared_experts(of_step(alternating_model(), 1, 8, true));
  const auto exchanged = [&](const Json& json, const char* backend) {
    return with(json, "/deployment/all2all_backend", backend);
  };
  const auto in_turns = [&](const Json& json) {
    return with(with(with(json, "/deployment/enable_dbo", true), "/deployment/dbo_decode_token_threshold", 2),
                "/deployment/dbo_prefill_token_threshold", 2);
  };
  return {exchanged(of_step(small_moe_model(8, 2), 2, 4, true), "deepep_low_latency"),
          exchanged(of_step(small_moe_model(8, 2), 2, 4, true), "deepep_normal"),
          exchanged(of_step(small_moe_model(8, 2), 2, 4, true), "hierarchical"),
          exchanged(balanced, "deepep_normal"),
          shared,
          exchanged(shared, "deepep_low_latency"),
          exchanged(shared, "deepep_normal"),
          in_turns(exchanged(shared, "deepep_low_latency")),
          in_turns(exchanged(shared, "deepep_normal")),
          of_step(small_dense_model(), 1, 1, false),
          of_step(small_dense_model(), 8, 1, false),
          of_step(small_moe_model(8, 2), 1, 1, false),
          of_step(small_moe_model(8, 2), 4, 1, true),
          of_step(small_moe_model(8, 2), 1, 8, true),
          of_step(small_moe_model(8, 2), 2, 4, true),
          of_step(small_moe_model(8, 2), 2, 4, false),
          of_step(alternating_model(), 1, 8, true),
          pairwise,
          balanced,
          with(balanced, "/model/capacity_factor", 1.0)};
}

}  // namespace

TEST_CASE("A step's timetable sums to its time, part by part", "[laws]") {
  for (const Json& json : deployments())
    for (Scope scope : {Scope::step, Scope::serving}) {
      INFO(json.at("model").at("model_type") << " " << json.at("deployment").dump());
      const System system(read(json), scope);
      const auto timer = system.timer(0);
      for (std::uint64_t seed = 0; seed < 20; ++seed) {
        const auto ranks = uneven_batches(system, seed);
        const Breakdown time = timer->time(ranks);
        Breakdown written;
        for (const TimetableEntry& entry : timer->timetable(ranks)) written[entry.part] += entry.time;
        for (std::size_t part = 0; part < kPartNames.size(); ++part) {
          INFO(kPartNames[part]);
          CHECK(written.parts[part].value() == Approx(time.parts[part].value()).epsilon(1e-12));
        }
      }
    }
}

namespace {

/// Adds up the phases of a step.
struct SumOfPhases : PhaseSink {
  Seconds time;
  std::int64_t collectives = 0;

  void add(const Phase& phase) override {
    time += phase.alone() * static_cast<double>(phase.repeats);
    if (!phase.loads.empty()) collectives += phase.repeats;
    CHECK(phase.compute >= Seconds(0.0));
    CHECK(phase.transfer >= Seconds(0.0));
  }
};

}  // namespace

TEST_CASE("A step's phases sum to its time", "[laws]") {
  for (const Json& json : deployments())
    for (const std::int64_t stages : {1, 2}) {
      INFO(json.at("model").at("model_type") << " " << json.at("deployment").dump());
      const System system(read(with(json, "/deployment/pipeline_parallel_size", stages)), Scope::serving);
      const auto timer = system.timer(0);
      for (std::uint64_t seed = 0; seed < 20; ++seed) {
        const auto ranks = uneven_batches(system, seed);
        SumOfPhases sum;
        CHECK(timer->time(ranks, sum).total() == timer->time(ranks).total());
        CHECK(sum.time.value() == Approx(timer->time(ranks).total().value()).epsilon(1e-12));
      }
    }
}

TEST_CASE("Every all-reduce, dispatch and combine of a step is a phase", "[laws]") {
  const auto collectives = [](std::int64_t tensor, std::int64_t data, bool experts) {
    const System system(read(of_step(small_moe_model(8, 2), tensor, data, experts)), Scope::step);
    SumOfPhases sum;
    system.timer(0)->time(uneven_batches(system, 1), sum);
    const auto layers = static_cast<std::int64_t>(system.scenario().model.layers.size());
    return std::pair(sum.collectives, layers);
  };
  const auto [of_tensor, layers] = collectives(4, 1, true);
  CHECK(of_tensor == 2 * layers + 1);  // the last gathers logits
  CHECK(collectives(1, 8, true).first == 2 * layers);
  // Attention's all-reduce, dispatch, combine and a gather after it.
  CHECK(collectives(2, 4, true).first == 4 * layers + 1);
}

TEST_CASE("A timetable lists a layer's operators in the order in which they run", "[laws]") {
  const System system(read(of_step(small_moe_model(8, 2), 2, 4, true)), Scope::serving);
  RankBatch batch;
  batch.decode_contexts = {100};
  batch.prefills = {{50, 0}};
  batch.routed = {{0, 0, 1}, {1, 0, 50}};
  batch.sampled = 2;
  const std::vector<RankBatch> ranks(4, batch);
  std::vector<std::string> names;
  for (const TimetableEntry& entry : system.timer(0)->timetable(ranks))
    if (entry.layer == 1) names.emplace_back(entry.name);
  CHECK(names == std::vector<std::string>{
                     "attention_elementwise", "qkv", "kv_cache_write", "decode_attention", "decode_reduction",
                     "prefill_attention", "o_proj", "all_reduce", "ffn_elementwise", "gate", "routing",
                     "dispatch", "permutation", "grouped_gemm", "expert_activation", "combine"});
}

TEST_CASE("No link is busy for longer than the step, also where groups of a replica meet on it", "[laws]") {
  Json narrow = of_step(small_dense_model(), 1, 1, false);
  narrow["cluster"] = {{"gpu", round_gpu()}, {"gpus_per_node", 3}, {"nodes", 16}};
  narrow["cluster"]["fabric"] = {{"nics_per_node", 1}, {"nic", "10 Gbps"}};
  Json moe = with(narrow, "/model", small_moe_model(8, 2));
  std::vector<Json> crowded;
  for (std::int64_t data : {2, 4})
    crowded.push_back(with(moe, "/deployment", {{"tensor_parallel_size", 4}, {"data_parallel_size", data}}));
  for (std::int64_t stages : {2, 4}) {
    crowded.push_back(
        with(narrow, "/deployment", {{"tensor_parallel_size", 4}, {"pipeline_parallel_size", stages}}));
    crowded.push_back(with(moe, "/deployment",
                           {{"tensor_parallel_size", 2},
                            {"data_parallel_size", 2},
                            {"pipeline_parallel_size", stages},
                            {"enable_expert_parallel", true}}));
  }
  for (const Json& json : crowded) {
    INFO(json.at("model").at("model_type") << " " << json.at("deployment").dump());
    const System system(read(json), Scope::serving);
    const auto timer = system.timer(0);
    for (std::uint64_t seed = 0; seed < 10; ++seed) {
      const auto ranks = uneven_batches(system, seed);
      std::vector<Bytes> loads(system.graph().links().size());
      StepLoads sum_of_step(loads);
      const Seconds time = timer->time(ranks, sum_of_step).total();
      CHECK(timer->time(ranks).total() == time);
      for (std::size_t link = 0; link < loads.size(); ++link)
        CHECK(loads[link] / system.graph().links()[link].bandwidth <= time * (1.0 + 1e-12));
    }
    Json two = json;
    two["deployment"]["replicas"] = 2;
    CHECK(run(two).metrics.completed == 80);
  }
}

TEST_CASE("Pipeline stages work on several prompts at a time", "[laws]") {
  Json json = of_step(small_dense_model(), 1, 1, false);
  json["engine"] = {{"max_num_batched_tokens", 1024}};
  const auto prompts_per_second = [&](std::int64_t stages) {
    Json scenario = with(json, "/deployment/pipeline_parallel_size", stages);
    scenario["workload"] = {{"arrivals", {{"process", "all_at_once"}}}, {"num_requests", 64}};
    scenario["workload"]["prompt_tokens"] = {{"distribution", "fixed"}, {"value", 4096}};
    scenario["workload"]["output_tokens"] = {{"distribution", "fixed"}, {"value", 1}};
    return run(scenario).metrics.request_throughput;
  };
  const double one = prompts_per_second(1);
  CHECK(prompts_per_second(2) > 1.6 * one);
  CHECK(prompts_per_second(4) > 2.5 * one);
}

TEST_CASE("The order in which prompts came does not unbalance micro-batches", "[laws]") {
  const Json json = with(of_step(small_dense_model(), 1, 1, false), "/deployment/pipeline_parallel_size", 2);
  const System system(read(json), Scope::serving);
  const auto time_of = [&](const std::vector<std::int64_t>& prompts, std::optional<std::int64_t> most) {
    RankBatch batch;
    for (std::int64_t tokens : prompts) batch.prefills.push_back({tokens, 0});
    batch.sampled = 4;
    batch.most_in_micro_batch = most;
    const Breakdown time = system.timer(0)->time(std::span(&batch, 1));
    return time.total() - time[Part::host];
  };
  const Seconds whole = time_of({4000, 50, 4000, 50}, std::nullopt);
  CHECK(whole == time_of({4000, 4000, 50, 50}, std::nullopt));
  CHECK(time_of({4000, 50, 4000, 50}, 4096) < 1.05 * whole);
  CHECK(time_of({8000, 100}, 4096) < 0.7 * time_of({8000, 100}, std::nullopt));  // whole: it passes alone
}

TEST_CASE("Padding routes its one token in every pipeline stage", "[laws]") {
  const auto expert_time = [](std::int64_t stages) {
    const Json json =
        with(of_step(small_moe_model(8, 2), 1, 4, true), "/deployment/pipeline_parallel_size", stages);
    const System system(read(json), Scope::serving);
    std::vector<RankBatch> ranks(4);
    for (RankBatch& batch : ranks) batch.pad_to(1);
    ranks[0].clear();
    ranks[0].decode_contexts = {100};
    ranks[0].routed = {{0, 0, 1}};
    ranks[0].sampled = 1;
    return system.timer(0)->time(ranks)[Part::expert].value();
  };
  CHECK(expert_time(2) == Approx(expert_time(1)).epsilon(1e-12));
}

TEST_CASE("A step takes the same time whether or not its bytes are asked for", "[laws]") {
  for (const Json& json : deployments()) {
    INFO(json.at("model").at("model_type") << " " << json.at("deployment").dump());
    const System system(read(json), Scope::serving);
    const auto timer = system.timer(0);
    const auto ranks = uneven_batches(system, 1);
    std::vector<Bytes> loads(system.graph().links().size());
    StepLoads sum_of_step(loads);
    CHECK(timer->time(ranks, sum_of_step).total() == timer->time(ranks).total());
    const bool communicates = system.scenario().deployment.gpus() > 1;
    const Bytes sum = std::accumulate(loads.begin(), loads.end(), Bytes());
    CHECK((sum > Bytes()) == communicates);
    // No link is busy for longer than the step lasts.
    for (std::size_t link = 0; link < loads.size(); ++link)
      CHECK(loads[link] / system.graph().links()[link].bandwidth <= timer->time(ranks).total());
  }
}
