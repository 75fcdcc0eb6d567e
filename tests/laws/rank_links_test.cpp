// The link-load matrix of a run: what each rank's links were busy with, as the summary has it.
#include <catch2/catch.hpp>

#include "tests/support/small_scenarios.hpp"

using namespace switchyard;

namespace {

Json on_two_nodes(std::int64_t replicas) {
  Json json = small_moe();
  json["cluster"]["gpus_per_node"] = 2;
  json["cluster"]["nodes"] = 2 * replicas;
  json["deployment"]["replicas"] = replicas;
  return json;
}

double most(const Json& shares) {
  double most = 0.0;
  for (const Json& share : shares) most = std::max(most, share.get<double>());
  return most;
}

}  // namespace

TEST_CASE("The busiest link of a run is the busiest of its ranks' links", "[laws]") {
  const Json network = run(on_two_nodes(1)).summary.at("network");
  const Json& ranks = network.at("rank_link_utilisation");
  double of_ranks = 0.0;
  for (const char* kind : {"in_node_out", "in_node_in", "fabric_out", "fabric_in"}) {
    CAPTURE(kind);
    CHECK(ranks.at(kind).size() == 4);
    CHECK(most(ranks.at(kind)) > 0.0);
    of_ranks = std::max(of_ranks, most(ranks.at(kind)));
  }
  const double busiest = network.at("busiest_links")[0].at("utilisation").get<double>();
  CHECK(of_ranks == Approx(busiest).epsilon(1e-3));
}

TEST_CASE("Every replica's ranks are in the matrix; a fabric that no group crosses is not", "[laws]") {
  const Json two = run(on_two_nodes(2)).summary.at("network").at("rank_link_utilisation");
  CHECK(two.at("in_node_out").size() == 8);
  CHECK(two.at("fabric_in").size() == 8);
  const Json node = run(small_moe()).summary.at("network").at("rank_link_utilisation");
  CHECK(node.at("in_node_in").size() == 4);
  CHECK(node.at("fabric_out").is_null());
  CHECK(node.at("fabric_in").is_null());
}

TEST_CASE("Without expert parallelism there is no matrix, and a sweep's point leaves it out", "[laws]") {
  CHECK_FALSE(run(small_dense()).summary.at("network").contains("rank_link_utilisation"));
  const PointOutcome point = run_point(read(small_moe()));
  REQUIRE(point.verdict == "ok");
  CHECK(point.summary.at("network").contains("busiest_links"));
  CHECK_FALSE(point.summary.at("network").contains("rank_link_utilisation"));
}
