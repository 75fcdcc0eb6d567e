// The levels of fidelity agree where nothing shares a link, and keep their order where something does.
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "tests/support/in_child.hpp"
#include "tests/support/small_scenarios.hpp"

using namespace switchyard;

namespace {

/// 8 requests at once on 8 or 16 GPUs of two nodes, with decode steps of unchanging batches.
Json few_requests(const Json& model, const Json& deployment) {
  Json json = small_scenario(model);
  json["cluster"]["gpus_per_node"] = 4;
  json["cluster"]["nodes"] = 4;
  json["cluster"]["fabric"] = {{"nic", "10 GB/s"}};
  json["deployment"] = deployment;
  json["workload"]["arrivals"] = {{"process", "all_at_once"}};
  json["workload"]["num_requests"] = 8;
  json["workload"]["output_tokens"] = {{"distribution", "fixed"}, {"value", 5}};
  return json;
}

std::vector<Json> deployments() {
  const Json experts = small_moe_model(8, 2);
  return {few_requests(small_dense_model(), {{"tensor_parallel_size", 8}}),
          few_requests(small_dense_model(), {{"tensor_parallel_size", 2}, {"pipeline_parallel_size", 2}}),
          few_requests(experts, {{"data_parallel_size", 8}, {"enable_expert_parallel", true}}),
          few_requests(
              experts,
              {{"data_parallel_size", 8}, {"enable_expert_parallel", true}, {"all2all_backend", "pairwise"}}),
          few_requests(
              experts,
              {{"tensor_parallel_size", 2}, {"data_parallel_size", 4}, {"enable_expert_parallel", true}})};
}

/// When every request has had its last token.
std::vector<double> finishes(const Json& json, const std::string& fidelity) {
  std::vector<double> times;
  for (const auto& request : run(with(json, "/network/fidelity", fidelity)).requests)
    times.push_back(request.finish->value());
  return times;
}

double last(const std::vector<double>& times) { return *std::max_element(times.begin(), times.end()); }

}  // namespace

TEST_CASE("Analytic, step and collective agree where nothing shares a link", "[laws]") {
  for (const Json& json : deployments()) {
    INFO(json.at("deployment").dump());
    REQUIRE(!System(read(json), Scope::serving).replicas_share_links());
    const std::vector<double> analytic = finishes(json, "analytic");
    CHECK(finishes(json, "step") == analytic);
    const std::vector<double> collective = finishes(json, "collective");
    REQUIRE(collective.size() == analytic.size());
    for (std::size_t i = 0; i < analytic.size(); ++i)
      CHECK(collective[i] == Approx(analytic[i]).epsilon(1e-12));
  }
}

TEST_CASE("Flow by flow a step takes what the busiest link needs, where leaves have room", "[laws]") {
  std::vector<std::vector<double>> flows;
  for (const Json& json : deployments()) flows.push_back(in_child([&] { return finishes(json, "flow"); }));
  for (const Json& json : deployments()) {
    INFO(json.at("deployment").dump());
    const std::vector<double> flow = flows.front();
    flows.erase(flows.begin());
    const std::vector<double> analytic = finishes(json, "analytic");
    REQUIRE(flow.size() == analytic.size());
    for (std::size_t i = 0; i < flow.size(); ++i) {
      CHECK(flow[i] >= analytic[i] * (1.0 - 1e-9));
      CHECK(flow[i] == Approx(analytic[i]).epsilon(1e-3));
    }
  }
}

TEST_CASE("A run says what its fidelity leaves out where replicas share links, and nothing elsewhere",
          "[laws]") {
  Json sharing = few_requests(small_dense_model(), {{"replicas", 2}, {"tensor_parallel_size", 8}});
  sharing["cluster"]["gpus_per_node"] = 6;  // the middle node of three is shared, with its one NIC
  sharing["cluster"]["nodes"] = 3;
  sharing["cluster"]["fabric"] = {{"nics_per_node", 1}, {"nic", "1 GB/s"}};
  REQUIRE(System(read(sharing), Scope::serving).replicas_share_links());
  const auto notes_at = [](const Json& json, const char* fidelity) {
    return run(with(json, "/network/fidelity", fidelity)).summary.at("notes").dump();
  };
  for (const char* fidelity : {"analytic", "step"}) {
    const std::string notes = notes_at(sharing, fidelity);
    CHECK_THAT(notes, Catch::Contains("Replicas share links"));
    CHECK_THAT(notes, Catch::Contains("at the fidelity " + std::string(fidelity)));
  }
  CHECK_THAT(notes_at(sharing, "collective"), !Catch::Contains("Replicas share links"));
  CHECK_THAT(notes_at(sharing, "auto"), !Catch::Contains("Replicas share links"));
  const Json alone = with(sharing, "/deployment/replicas", 1);
  CHECK_THAT(notes_at(alone, "analytic"), !Catch::Contains("Replicas share links"));
}

TEST_CASE("A run flow by flow says over whom it spreads an exchange", "[laws]") {
  const std::vector<double> nothing = {0.0, 0.0}, evened = {1.0, 0.0}, both = {1.0, 1.0};
  const auto told = [](const char* backend, const char* fidelity) {
    const Json json = few_requests(
        small_moe_model(8, 2),
        {{"data_parallel_size", 8}, {"enable_expert_parallel", true}, {"all2all_backend", backend}});
    return in_child([&] {
      const std::string notes = run(with(json, "/network/fidelity", fidelity)).summary.at("notes").dump();
      const auto has = [&](const char* words) { return notes.find(words) == notes.npos ? 0.0 : 1.0; };
      return std::vector<double>{has("hot pairs are evened out"), has("the rank at the sender's own place")};
    });
  };
  CHECK(told("pairwise", "flow") == evened);
  CHECK(told("hierarchical", "flow") == both);
  CHECK(told("allgather_reducescatter", "flow") == nothing);
  CHECK(told("pairwise", "collective") == nothing);
}

TEST_CASE("Two replicas on the same leaves are slower the more finely their bytes meet", "[laws]") {
  Json json = few_requests(small_moe_model(8, 2), {{"replicas", 2},
                                                   {"data_parallel_size", 8},
                                                   {"enable_expert_parallel", true},
                                                   {"all2all_backend", "pairwise"}});
  // Nodes of 6: the middle one of three is shared, with its one NIC.
  json["cluster"]["gpus_per_node"] = 6;
  json["cluster"]["nodes"] = 3;
  json["cluster"]["fabric"] = {{"nics_per_node", 1}, {"nic", "1 GB/s"}};
  json["engine"] = {{"dispatcher", "round_robin"}};
  json["workload"]["num_requests"] = 16;
  const double flow = last(in_child([&] { return finishes(json, "flow"); }));
  REQUIRE(System(read(json), Scope::serving).replicas_share_links());
  CHECK(System(read(json), Scope::serving).fidelity().name == "collective");
  const double analytic = last(finishes(json, "analytic"));
  const double step = last(finishes(json, "step"));
  const double collective = last(finishes(json, "collective"));
  CHECK(step >= analytic);
  CHECK(collective > 1.02 * analytic);
  CHECK(flow > 1.02 * analytic);
  CHECK(collective == Approx(flow).epsilon(0.1));
  // A later engine of a process reads a clock that has gone on, so it rounds otherwise.
  CHECK(last(finishes(json, "auto")) == Approx(collective).epsilon(1e-12));
}
