// Ranks, groups and stages of deployments.
#include <catch2/catch.hpp>
#include <set>

#include "sim/base/error.hpp"
#include "sim/plan/deployment.hpp"
#include "tests/support/clusters.hpp"
#include "tests/unit/sim/base/message_of.hpp"
#include "workloads/catalogue.hpp"

using namespace switchyard;

namespace {

Deployment sizes(std::int64_t replicas, std::int64_t tp, std::int64_t pp, std::int64_t dp) {
  Deployment d;
  d.replicas = replicas;
  d.tensor_parallel_size = tp;
  d.pipeline_parallel_size = pp;
  d.data_parallel_size = dp;
  return d;
}

Architecture model(const std::string& name) { return read_model(Json(name), Json(), ".", "test"); }

std::string refusal(const Deployment& d, const std::string& name, std::int64_t nodes = 4) {
  return message_of<InputError>([&] { check(d, model(name), round_cluster(nodes, 8), "s.json"); });
}

}  // namespace

TEST_CASE("The rank table counts tp fastest, then pp, dp and replicas", "[plan]") {
  Deployment d = sizes(2, 2, 2, 2);
  d.enable_expert_parallel = true;
  const auto rows = rank_table(d, round_cluster(2, 8));
  REQUIRE(rows.size() == 16);
  std::set<std::pair<std::int64_t, std::int64_t>> places;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const RankRow& row = rows[i];
    CHECK(row.rank == static_cast<std::int64_t>(i));
    CHECK(row.rank == ((row.replica * 2 + row.data_parallel) * 2 + row.pipeline) * 2 + row.tensor);
    CHECK(row.expert == row.data_parallel * 2 + row.tensor);
    CHECK(row.rank == row.node * 8 + row.gpu);
    places.insert({row.node, row.gpu});
  }
  CHECK(places.size() == 16);
  CHECK(rows[6].data_parallel == 1);  // rank 6 = replica 0, dp 1, pp 1, tp 0
  CHECK(rows[6].pipeline == 1);
  CHECK(rows[6].tensor == 0);
}

TEST_CASE("Groups are the ranks that differ in one size alone", "[plan]") {
  const Deployment d = sizes(2, 2, 2, 2);
  CHECK(tensor_group(d, 1, 0, 1) == std::vector<GpuId>{10, 11});
  CHECK(expert_group(d, 0, 0) == std::vector<GpuId>{0, 1, 4, 5});
  CHECK(expert_group(d, 1, 1) == std::vector<GpuId>{10, 11, 14, 15});
}

TEST_CASE("Stages share the layers as evenly as they can, the last but one take the remainder", "[plan]") {
  const Architecture mixtral = model("mixtral-8x7b");  // 32 layers
  const std::vector<std::pair<std::int64_t, std::int64_t>> thirds = {{0, 11}, {11, 22}, {22, 32}};
  for (std::int64_t stage = 0; stage < 3; ++stage) {
    const LayerRange range = stage_layers(mixtral, 3, stage);
    CHECK(std::pair(range.first, range.last) == thirds[static_cast<std::size_t>(stage)]);
  }
  const Architecture deepseek = model("deepseek-v3");  // 61 layers
  const std::vector<std::pair<std::int64_t, std::int64_t>> quarters = {{0, 15}, {15, 30}, {30, 46}, {46, 61}};
  for (std::int64_t stage = 0; stage < 4; ++stage) {
    const LayerRange range = stage_layers(deepseek, 4, stage);
    CHECK(std::pair(range.first, range.last) == quarters[static_cast<std::size_t>(stage)]);
  }
}

TEST_CASE("Data parallelism of a dense model is replicas by another name", "[plan]") {
  Deployment d = sizes(2, 4, 1, 3);
  d.enable_expert_parallel = true;
  const Deployment dense = normalised(d, model("llama-3.1-8b"));
  CHECK(dense.replicas == 6);
  CHECK(dense.data_parallel_size == 1);
  CHECK_FALSE(dense.enable_expert_parallel);
  CHECK(dense.gpus() == d.gpus());
  CHECK(normalised(d, model("mixtral-8x7b")).data_parallel_size == 3);
}

TEST_CASE("Expert parallelism keeps experts whole, else they are cut over all ranks", "[plan]") {
  Deployment d = sizes(1, 2, 1, 4);
  CHECK(d.sharding().expert_tensor == 8);
  CHECK(d.sharding().expert_ranks == 1);
  d.enable_expert_parallel = true;
  CHECK(d.sharding().expert_tensor == 1);
  CHECK(d.sharding().expert_ranks == 8);
  CHECK(d.sharding().tensor == 2);
}

TEST_CASE("EPLB places by load: with the placement named, if that goes by load, else its own", "[plan]") {
  Deployment d = sizes(1, 1, 1, 4);
  d.enable_expert_parallel = true;
  CHECK(d.placement().name == "linear");
  d.enable_eplb = true;
  CHECK(d.placement().name == "eplb");
  d.expert_placement = "eplb_global";
  CHECK(d.placement().name == "eplb_global");
  const Deployment dense = normalised(d, model("llama-3.1-8b"));
  CHECK_FALSE(dense.enable_eplb);
  CHECK_FALSE(dense.placement().balances);
}

TEST_CASE("With EPLB experts and redundant ones together divide among the ranks", "[plan]") {
  Deployment d = sizes(1, 1, 1, 3);
  d.enable_expert_parallel = d.enable_eplb = true;
  CHECK_THAT(refusal(d, "mixtral-8x7b"), Catch::StartsWith("s.json: /deployment/num_redundant_experts: 0 ") &&
                                             Catch::Contains("8 physical experts") &&
                                             Catch::Contains("choose 1, 4"));
  d.num_redundant_experts = 4;
  CHECK(refusal(d, "mixtral-8x7b").empty());
  CHECK(d.sharding().redundant_experts == 4);
}

TEST_CASE("Nodes of an expert group are equal blocks of its ranks, else the group counts as one", "[plan]") {
  const auto nodes = [](Deployment d) {
    d.enable_expert_parallel = true;
    return expert_nodes(d, round_cluster(4, 8));
  };
  CHECK(nodes(sizes(1, 1, 1, 8)) == 1);
  CHECK(nodes(sizes(1, 2, 1, 16)) == 4);
  CHECK(nodes(sizes(1, 1, 1, 12)) == 1);  // eight ranks on one node, four on the next
  CHECK(nodes(sizes(1, 1, 2, 8)) == 2);   // the stages of a rank are neighbours
  CHECK(expert_nodes(sizes(1, 1, 1, 16), round_cluster(4, 8)) == 1);  // no whole experts on ranks
}

TEST_CASE("Sizes that do not divide the model are refused, naming the field", "[plan]") {
  CHECK_THAT(refusal(sizes(1, 3, 1, 1), "llama-3.1-8b"),
             Catch::StartsWith("s.json: /deployment/tensor_parallel_size: 3 ") && Catch::Contains("32"));
  Deployment d = sizes(1, 1, 1, 3);
  d.enable_expert_parallel = true;
  CHECK_THAT(refusal(d, "mixtral-8x7b"), Catch::StartsWith("s.json: /deployment/enable_expert_parallel: ") &&
                                             Catch::Contains("8 experts"));
  CHECK_THAT(
      refusal(sizes(1, 1, 33, 1), "mixtral-8x7b", 8),
      Catch::StartsWith("s.json: /deployment/pipeline_parallel_size: 33 ") && Catch::Contains("32 layers"));
  CHECK_THAT(refusal(sizes(1, 1, 1, 5), "mixtral-8x7b"), Catch::Contains("14336"));
}

TEST_CASE("Kernels that forward between nodes need as many of a replica's ranks on each", "[plan]") {
  const auto deployed = [](std::int64_t replicas, std::int64_t ranks, const std::string& backend) {
    Deployment d = sizes(replicas, 1, 1, ranks);
    d.enable_expert_parallel = true;
    d.enable_eplb = true;
    d.num_redundant_experts = (ranks - 8 % ranks) % ranks;
    d.all2all_backend = backend;
    return d;
  };
  const auto passes = [](const Deployment& d) {
    CHECK_NOTHROW(check(d, model("mixtral-8x7b"), round_cluster(4, 8), "s.json"));
  };
  CHECK_THAT(
      refusal(deployed(1, 12, "deepep_normal"), "mixtral-8x7b"),
      Catch::StartsWith("s.json: /deployment/all2all_backend: ") && Catch::Contains("deepep_low_latency"));
  for (const char* backend : {"deepep_normal", "hierarchical"})
    CHECK_THAT(refusal(deployed(4, 6, backend), "mixtral-8x7b"), Catch::Contains("8 GPUs a node"));
  passes(deployed(1, 12, "deepep_low_latency"));
  passes(deployed(1, 16, "deepep_normal"));
  passes(deployed(4, 4, "deepep_normal"));
}

TEST_CASE(
    "A deployment larger than the cluster is refused with both counts, blaming the size that is too large",
    "[plan]") {
  const auto blames = [](const Deployment& d, const std::string& field) {
    CHECK_THAT(refusal(d, "mixtral-8x7b", 1), Catch::StartsWith("s.json: /deployment/" + field + ": "));
  };
  blames(sizes(1, 16, 1, 1), "tensor_parallel_size");
  blames(sizes(1, 4, 4, 1), "pipeline_parallel_size");
  blames(sizes(1, 4, 2, 2), "data_parallel_size");
  blames(sizes(2, 8, 1, 1), "replicas");
  CHECK_THAT(refusal(sizes(1, 16, 1, 1), "mixtral-8x7b", 1),
             Catch::Contains("need 16 GPUs") && Catch::Contains("has 8; use fewer, or /cluster/nodes 2"));
  CHECK_THAT(refusal(sizes(5, 8, 1, 1), "llama-3.1-8b"), Catch::Contains("40 GPUs") && Catch::Contains("32"));
  CHECK(refusal(sizes(4, 8, 1, 1), "llama-3.1-8b").empty());
}
