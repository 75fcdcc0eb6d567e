// Wrong graphs: the message names the line of GraphML or the place in the JSON, and what would be right.
#include <catch2/catch.hpp>

#include "tests/contract/bad_files.hpp"

namespace switchyard {

TEST_CASE("A wrong graph is refused by its line, or its place in the JSON") {
  const std::string cluster = R"(/cluster={"gpu": "h100_sxm", "graph": "FILE"})";
  const auto graphml = [](const std::string& inside) {
    return R"(<?xml version="1.0"?><graphml><key id="k" for="all" attr.name="kind"/>
<key id="b" for="edge" attr.name="bandwidth"/><key id="l" for="edge" attr.name="latency"/>
<key id="t" for="edge" attr.name="turn"/><graph edgedefault="undirected">
<node id="a"><data key="k">gpu</data></node><node id="s"><data key="k">router</data></node>
)" + inside +
           "</graph></graphml>";
  };
  const auto edge = [&](const std::string& data) {
    return graphml(R"(<edge source="a" target="s">)" + data + "</edge>");
  };
  Files files;
  const auto xml = [&](const std::string& what, const std::string& bytes, const std::string& says) {
    files.named(what, bytes, cluster, says, ".graphml");
  };
  xml("no XML", "", "line 1: no element found");
  xml("XML cut short", "<graphml><graph", "line 1: unclosed token");
  xml("no graph", "<graphml/>", "has no graph");
  xml("no direction", "<graphml><graph/></graphml>", "edgedefault: |directed, undirected");
  xml("two graphs", graphml("<graph edgedefault=\"directed\"/>"), "line 5: has a second <graph>");
  xml("a hyperedge", graphml("<hyperedge/>"), "line 5: <hyperedge> is not read");
  xml("a node without an id", graphml("<node/>"), "line 5: <node> has no attribute id");
  xml("an id twice", graphml(R"(<node id="a"><data key="k">gpu</data></node>)"), "line 5: id: \"a\" |two");
  xml("a node without a kind", graphml(R"(<node id="c"/>)"), "node \"c\" has no kind; choose one of gpu");
  xml("an unknown kind", graphml(R"(<node id="c"><data key="k">gpuu</data></node>)"),
      "line 5: kind: unknown kind \"gpuu\"; did you mean \"gpu\"?");
  xml("data of no key", graphml(R"(<node id="c"><data key="x">1</data></node>)"), "key \"x\" that is not");
  xml("an edge to nowhere", graphml(R"(<edge source="a" target="z"><data key="b">1 GB/s</data></edge>)"),
      "line 5: to: no device is named \"z\"");
  xml("an edge without a bandwidth", edge(""), "line 5: an edge has no bandwidth; give bytes_per_s");
  xml("a bandwidth without a unit", edge(R"(<data key="b">400</data>)"), "line 5: bandwidth: |unit");
  xml("no bandwidth at all", edge(R"(<data key="b">0 GB/s</data>)"), "line 5: |more than 0");
  xml("a long latency", edge(R"(<data key="b">1 GB/s</data><data key="l">2 s</data>)"), "from 0 to 1 ms");
  xml("half a turn", edge(R"(<data key="b">1 GB/s</data><data key="t">0.5</data>)"),
      "line 5: turn: |0 to 255");
  xml("a megabyte of a name", edge("<data key=\"b\">" + megabytes(1) + "</data>"), "longer than 1000 bytes");
  xml("a million elements in each other", many(1'000'000, "<a>", "<a>"), "line 1: |");
  const auto json = [&](const std::string& what, const std::string& bytes, const std::string& says) {
    files.named(what, bytes, cluster, says);
  };
  const auto with_link = [](const std::string& link) {
    return R"({"devices": [{"name": "a", "kind": "gpu"}, {"name": "s", "kind": "router"}], "links": [)" +
           link + "]}";
  };
  json("no devices", "{}", "/devices: is missing");
  json("devices by name", R"({"devices": {}, "links": []})", "/devices: {} is an object; give a list");
  json("no GPU", R"({"devices": [{"name": "s", "kind": "router"}], "links": []})",
       "no device of the kind gpu");
  json("an unknown key", R"({"devices": [{"name": "s", "kind": "gpu", "nod": "x"}], "links": []})",
       "/devices/0/nod: unknown key|\"node\"?");
  json("a name twice",
       R"({"devices": [{"name": "s", "kind": "gpu"}, {"name": "s", "kind": "gpu"}], "links": []})",
       "devices/1: \"s\" is the name of two devices");
  json("nodes of unlike sizes",
       R"({"devices": [{"name": "a", "kind": "gpu", "node": "x"}, {"name": "b", "kind": "gpu", "node": "x"},
                       {"name": "c", "kind": "gpu", "node": "y"}], "links": []})",
       "node \"y\" has 1 GPUs, the first node has 2");
  json(
      "a GPU on no node",
      R"({"devices": [{"name": "a", "kind": "gpu", "node": "x"}, {"name": "b", "kind": "gpu"}], "links": []})",
      "devices/1: GPU \"b\" is on no node");
  json("a node of no GPU",
       R"({"devices": [{"name": "a", "kind": "gpu", "node": "x"}, {"name": "n", "kind": "nic", "node": "y"}],
           "links": []})",
       "devices/1: is on node \"y\", which has no GPU");
  json("a link to itself", with_link(R"({"from": "a", "to": "a", "bandwidth": "1 GB/s"})"),
       "links/0: joins \"a\" with itself");
  json("a link as a number", with_link("7"), "/links/0: 7 is a number; give an object");
  json("a bandwidth as a number", with_link(R"({"from": "a", "to": "s", "bandwidth": 1})"),
       "/links/0/bandwidth: 1 has no unit");
  json("a bandwidth beyond all", with_link(R"({"from": "a", "to": "s", "bandwidth": "2 PB/s"})"),
       "at most 1 PB/s");
  json("a link's name twice", with_link(R"({"from": "a", "to": "s", "bandwidth": "1 GB/s", "name": "x"},
                    {"from": "a", "to": "s", "bandwidth": "1 GB/s", "name": "x"})"),
       "links/1: \"x\" is the name of two links");
  json("a length of none", with_link(R"({"from": "a", "to": "s", "bandwidth": "1 GB/s", "length": 0})"),
       "/links/0/length: 0 is out of range|1 to 100");
  files.check();
}

TEST_CASE("A graph in the scenario that does not fit the rest is refused") {
  BadInputBench bench;
  const std::string devices =
      R"("graph": {"devices": [{"name": "a", "kind": "gpu"}, {"name": "b", "kind": "gpu"}], "links": []})";
  bench.check({
      with_values("GPUs that do not meet", R"(/cluster={"gpu": "h100_sxm", )" + devices + "}",
                  "chat.json: /cluster/graph: has no way from \"a\" to \"b\""),
      with_values("nodes beside a graph", R"(/cluster={"gpu": "h100_sxm", "nodes": 2, )" + devices + "}",
                  "chat.json: /cluster/nodes: is said by the graph"),
      with_values("an unknown format", R"(/cluster={"gpu": "h100_sxm", "graph": "x.dot"})",
                  "chat.json: /cluster/graph: \"x.dot\" ends in no known format|.json, .graphml"),
      with_values("a missing graph", R"(/cluster={"gpu": "h100_sxm", "graph": "x.graphml"})",
                  "x.graphml: |No such file"),
      with_values("a number for a graph", R"(/cluster={"gpu": "h100_sxm", "graph": 5})",
                  "chat.json: /cluster/graph: 5 is a number; give a path or"),
  });
}

}  // namespace switchyard
