// switchyard topology as a user runs it: what each format holds, of names, files and scenarios.
#include <catch2/catch.hpp>

#include "tests/contract/program.hpp"

namespace switchyard {
namespace {

using Catch::Contains;

Answer topology(const std::string& arguments, const std::string& folder = ".") {
  return ask("topology " + arguments, folder);
}

Json json_of(const std::string& arguments, const std::string& folder = ".") {
  const Answer answer = topology(arguments + " --format json", folder);
  REQUIRE(answer.status == 0);
  return parse_json(answer.text, "topology");
}

}  // namespace

TEST_CASE("A topology as JSON has links, routes, the bisection and the all-to-all bound") {
  const Json hgx = json_of("hgx-h100x4");
  CHECK(hgx.at("gpus") == 32);
  CHECK(hgx.at("node_fabric").at("kind") == "nvswitch");
  CHECK(hgx.at("fabric").at("kind") == "rail_optimised");
  CHECK(hgx.at("links").size() == 2 * (3 * 32 + 8));
  std::int64_t links = 0, reached = 0;
  for (const Json& row : hgx.at("link_classes")) links += row.at("count").get<std::int64_t>();
  for (const Json& row : hgx.at("routes")) reached += row.at("gpus").get<std::int64_t>();
  CHECK(links == static_cast<std::int64_t>(hgx.at("links").size()));
  CHECK(reached == 31);
  CHECK(hgx.at("routes").size() == 3);  // a node, a rail, the rest
  CHECK(hgx.at("routes")[0].at("bytes_per_s").get<double>() == Approx(450e9));
  CHECK(hgx.at("routes")[1].at("latency_us").get<double>() == Approx(2.0));
  CHECK(hgx.at("bisection_bytes_per_s").get<double>() == Approx(16 * 50e9));
  const Json& bound = hgx.at("all_to_all");
  CHECK(bound.at("time_us").get<double>() == Approx(24 * 1e6 / 50e9 * 1e6));  // 24 GPUs on other nodes
  CHECK(bound.at("bytes_per_s_per_gpu").get<double>() == Approx(31.0 / 24.0 * 50e9));
  CHECK_THAT(bound.at("bottleneck").get<std::string>(), Contains("nic"));
  CHECK_FALSE(hgx.contains("ranks"));
  CHECK(json_of("mi300x-8").at("bisection_bytes_per_s").get<double>() == Approx(1024e9));
}

TEST_CASE("A scenario's topology comes with its rank table, a cluster's file is one as well") {
  const TemporaryFolder folder;
  folder.write("cluster.json", R"({"gpu": "l40s", "gpus_per_node": 4, "nodes": 2})");
  folder.write("scenario.json", R"({"model": "mixtral-8x7b", "cluster": "./cluster.json", "deployment":
      {"tensor_parallel_size": 2, "data_parallel_size": 2, "enable_expert_parallel": true}})");
  const std::string here = folder.path().string();
  const Json scenario = json_of("./scenario.json", here);
  CHECK(scenario.at("gpus") == 8);  // the deployment takes the first four
  REQUIRE(scenario.at("ranks").size() == 4);
  CHECK(
      scenario.at("ranks")[3] ==
      Json{{"rank", 3}, {"replica", 0}, {"dp", 1}, {"pp", 0}, {"tp", 1}, {"ep", 3}, {"node", 0}, {"gpu", 3}});
  Json cluster = json_of("cluster.json", here);
  CHECK(cluster.at("links") == scenario.at("links"));
  CHECK_THAT(topology("scenario.json", here).text,
             Contains("ranks       0-1: replica 0, dp 0, pp 0, tp 0-1"));
}

TEST_CASE("A graph's file alone is a topology, in GraphML as in JSON") {
  const TemporaryFolder folder;
  const std::string here = folder.path().string();
  folder.write("x.graphml", topology("mi300x-8 --format graphml").text);
  folder.write("x.json", R"({"devices": [{"name": "a", "kind": "gpu"}, {"name": "b", "kind": "gpu"}],
      "links": [{"from": "a", "to": "b", "kind": "xgmi", "bandwidth": "64 GB/s"}]})");
  const Json mesh = json_of("x.graphml", here), known = json_of("mi300x-8");
  CHECK(mesh.at("gpus") == 8);
  CHECK(mesh.at("links").size() == known.at("links").size());
  CHECK(mesh.at("bisection_bytes_per_s").get<double>() ==
        Approx(known.at("bisection_bytes_per_s").get<double>()));
  const Json pair = json_of("x.json", here);
  CHECK(pair.at("gpus") == 2);
  CHECK(pair.at("links").size() == 2);
  CHECK_THAT(topology("x.graphml", here).text, Contains("nodes       of a free graph"));
  const Answer missing = topology("y.graphml", here);
  CHECK(missing.status == 2);
  CHECK_THAT(missing.text, Contains("y.graphml"));
}

TEST_CASE("The text shows the links by kind, the routes by kind, and both bounds") {
  const Answer answer = topology("l40s-pcie");
  CHECK(answer.status == 0);
  for (const char* part :
       {"l40s-pcie: 1 node x 8 l40s", "pcie_tree", "socket", "32 GB/s", "to 3 GPUs", "to 4 GPUs",
        "bisection   32 GB/s", "all-to-all  at most 14 GB/s a GPU", "node0/pcie_switch0>host0"})
    CHECK_THAT(answer.text, Contains(part));
}

TEST_CASE("DOT and GraphML go to the standard output") {
  CHECK_THAT(topology("hgx-h100 --format dot").text, Catch::StartsWith("digraph") && Contains("node0/gpu7"));
  CHECK_THAT(topology("hgx-h100 --format graphml").text,
             Catch::StartsWith("<?xml") && Contains("<graphml") && Contains("node0/gpu7"));
}

TEST_CASE("A thousand GPUs have their bounds, many more all but the walk of every pair") {
  const Json thousand = json_of("hgx-h100x128");
  CHECK(thousand.at("bisection_bytes_per_s").get<double>() == Approx(512 * 50e9));
  CHECK(thousand.at("all_to_all").at("time_us").get<double>() == Approx(1016 * 1e6 / 50e9 * 1e6));
  const Json many = json_of("hgx-h100x512");
  CHECK(many.at("bisection_bytes_per_s").get<double>() == Approx(2048 * 50e9));
  CHECK(many.at("all_to_all").is_null());
}

TEST_CASE("A wrong cluster, file or format is answered with the choices") {
  const TemporaryFolder folder;
  folder.write("bad.json", R"({"gpu": "l40s", "gpus_per_node": 4, "nodes": 1000000000})");
  const std::string here = folder.path().string();
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"hgx-h10",
       "switchyard topology: unknown cluster \"hgx-h10\"; did you mean \"hgx-h100\"?; choose one of"},
      {"bad.json", "bad.json: /nodes: 1000000000 is out of range"},
      {"none.json", "none.json: "},
      {"hgx-h100 --format doc",
       "--format: unknown format \"doc\"; did you mean \"dot\"?; choose one of text, json"},
      {"", "no cluster given"}};
  for (const auto& [arguments, message] : cases) {
    CAPTURE(arguments);
    const Answer answer = topology(arguments, here);
    CHECK(answer.status == 2);
    CHECK_THAT(answer.text, Contains(message));
  }
}

}  // namespace switchyard
