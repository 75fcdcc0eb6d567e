// switchyard collective: names and figures are the interface contract's.
#include <catch2/catch.hpp>

#include "sim/collectives/exchange.hpp"
#include "sim/collectives/implementations.hpp"
#include "tests/contract/bad_input.hpp"
#include "tests/contract/program.hpp"

namespace switchyard {
namespace {

Json answer_to(const std::string& line) {
  const Answer answer = ask("collective " + line + " --format json");
  INFO(line << ": " << answer.text);
  REQUIRE(answer.status == 0);
  return parse_json(answer.text, "answer");
}

double microseconds(const std::string& line) { return answer_to(line).at("time_us").get<double>(); }

void check_parts(const Json& json) {
  const double latency = json.at("latency_us"), bandwidth = json.at("bandwidth_us");
  CHECK(latency > 0.0);
  CHECK(bandwidth > 0.0);
  CHECK(json.at("time_us").get<double>() == Approx(latency + bandwidth));
  CHECK(json.at("bottleneck").is_string());
  CHECK(json.at("measured_on").is_string());
}

}  // namespace

TEST_CASE("Every operation answers, by every implementation of it") {
  for (const CollectiveImplementation& row : collective_implementations()) {
    INFO(row.operation << " " << row.name);
    const std::string line =
        std::string(row.operation) + " --bytes 1048576 --implementation " + std::string(row.name);
    check_parts(answer_to("hgx-h100 " + line + " --gpus 8"));
    check_parts(answer_to("gb200-nvl72 " + line + " --gpus 144"));
    CHECK(microseconds("dgx-a100 " + line + " --gpus 1") == 0.0);
  }
  const std::string shape = " --tokens 128 --hidden 7168 --topk 8 --experts 256";
  std::vector<std::string> names{"nccl", "allgather_reducescatter"};
  for (const ExchangeBackend& row : exchange_backends()) names.emplace_back(row.name);
  for (const std::string& name : names) {
    for (const char* operation : {"moe_dispatch", "moe_combine"}) {
      INFO(operation << " " << name);
      const std::string line = operation + shape + " --implementation " + name;
      check_parts(answer_to("hgx-h100 " + line + " --gpus 8"));
      check_parts(answer_to("hgx-b200x4 " + line + " --gpus 32"));
      CHECK(microseconds("hgx-h100 " + line + " --gpus 1") == 0.0);
    }
  }
  CHECK(ask("collective hgx-h100 all_reduce --gpus 8 --bytes 1MiB").status == 0);
}

TEST_CASE("A group larger than the cluster gets the nodes that it needs") {
  const std::string line = " all_gather --gpus 32 --bytes 1048576";
  CHECK(answer_to("hgx-h100" + line).at("nodes") == 4);
  CHECK(microseconds("hgx-h100" + line) == microseconds("hgx-h100x4" + line));
  CHECK(microseconds("hgx-h100x8" + line) == microseconds("hgx-h100x4" + line));
}

TEST_CASE("More tokens, GPUs and bytes of a token take longer, more multiprocessors do not") {
  const std::string shape = " --hidden 7168 --topk 8 --experts 256";
  for (const std::string kind : {"deepep_normal", "deepep_low_latency"}) {
    const std::string line = "hgx-h100 moe_dispatch --implementation " + kind;
    CHECK(microseconds(line + shape + " --gpus 16 --tokens 64") <
          microseconds(line + shape + " --gpus 16 --tokens 128"));
    CHECK(microseconds(line + shape + " --gpus 16 --tokens 512") <
          microseconds(line + shape + " --gpus 32 --tokens 512"));
    CHECK(microseconds(line + " --hidden 2048 --topk 8 --experts 256 --gpus 16 --tokens 512") <
          microseconds(line + shape + " --gpus 16 --tokens 512"));
  }
  const std::string normal = "hgx-h100 moe_combine" + shape + " --gpus 16 --tokens 4096";
  CHECK(microseconds(normal + " --sms 24") < microseconds(normal));
  CHECK(microseconds(normal + " --sms 20") == microseconds(normal));
}

TEST_CASE("A wrong collective is refused with what there is") {
  const auto line = [](std::string what, std::vector<std::string> arguments, std::string says) {
    arguments.insert(arguments.begin(), "collective");
    return BadInput{std::move(what), std::move(arguments), std::move(says)};
  };
  BadInputBench bench;
  bench.folder().write("pair.json", R"({"gpu": "h100_sxm", "graph": {
      "devices": [{"name": "a", "kind": "gpu"}, {"name": "b", "kind": "gpu"}],
      "links": [{"from": "a", "to": "b", "bandwidth": "100 GB/s"}, {"from": "b", "to": "a", "bandwidth": "100 GB/s"}]}})");
  bench.folder().write("torus.json", R"({"gpu": "h100_sxm", "gpus_per_node": 8, "nodes": 4,
      "fabric": {"kind": "torus", "dimensions": [2, 2]}})");
  bench.check({
      line("more GPUs than a graph has", {"pair.json", "all_reduce", "--gpus", "16", "--bytes", "8"},
           "--gpus: |2 GPUs, not 16"),
      line("more nodes than a torus has", {"torus.json", "all_reduce", "--gpus", "64", "--bytes", "8"},
           "--gpus 64: |dimensions"),
      line("no operation", {"hgx-h100"}, "switchyard collective: |cluster|operation"),
      line("an unknown cluster", {"hgx-h10", "all_reduce", "--gpus", "8", "--bytes", "1"},
           "\"hgx-h10\"|\"hgx-h100\"?"),
      line("an unknown operation", {"hgx-h100", "allreduce", "--gpus", "8", "--bytes", "1"},
           "\"allreduce\"|\"all_reduce\"?"),
      line("no GPUs", {"hgx-h100", "all_reduce", "--bytes", "1"}, "--gpus|missing"),
      line("zero GPUs", {"hgx-h100", "all_reduce", "--gpus", "0", "--bytes", "1"}, "--gpus|\"0\"|1 to 4096"),
      line("no bytes", {"hgx-h100", "all_reduce", "--gpus", "8"}, "--bytes|missing"),
      line("bytes of no unit", {"hgx-h100", "all_reduce", "--gpus", "8", "--bytes", "1 mile"}, "--bytes|MiB"),
      line("tokens of nothing", {"hgx-h100", "moe_dispatch", "--gpus", "8", "--tokens", "1"},
           "--hidden|missing"),
      line("more choices than experts",
           {"hgx-h100", "moe_dispatch", "--gpus", "8", "--tokens", "1", "--hidden", "7168", "--experts", "4",
            "--topk", "8"},
           "--topk|\"8\"|1 to 4"),
      line("an implementation of another operation",
           {"hgx-h100", "all_gather", "--gpus", "8", "--bytes", "1", "--implementation", "custom"},
           "--implementation|\"custom\"|nccl"),
      line("half a node",
           {"hgx-h100", "moe_dispatch", "--gpus", "12", "--tokens", "1", "--hidden", "7168", "--experts",
            "256", "--topk", "8"},
           "--gpus|whole nodes of 8"),
  });
}

}  // namespace switchyard
