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

BadInput line(std::string what, std::vector<std::string> arguments, std::string says) {
  arguments.insert(arguments.begin(), "collective");
  return BadInput{std::move(what), std::move(arguments), std::move(says)};
}

/// All-reduce of eight H100s with one option more.
BadInput reduced(std::string what, std::string option, std::string value, std::string says) {
  return line(std::move(what), {"hgx-h100", "all_reduce", "--gpus", "8", std::move(option), std::move(value)},
              std::move(says));
}

/// A dispatch to `experts` experts with more options.
BadInput dispatched(std::string what, std::string experts, const std::vector<std::string>& more,
                    std::string says) {
  std::vector<std::string> arguments{"hgx-h100", "moe_dispatch", "--gpus", "8", "--tokens", "1",
                                     "--hidden", "7168",         "--topk", "8", "--experts"};
  arguments.push_back(std::move(experts));
  arguments.insert(arguments.end(), more.begin(), more.end());
  return line(std::move(what), std::move(arguments), std::move(says));
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

TEST_CASE("The text names the cluster that was answered for") {
  const auto first_line = [](const std::string& gpus) {
    const Answer answer = ask("collective hgx-h100 all_reduce --bytes 8 --gpus " + gpus);
    return answer.text.substr(0, answer.text.find('\n'));
  };
  CHECK(first_line("64") == "  all_reduce of 64 GPUs of hgx-h100, enlarged to 8 nodes, nccl");
  CHECK(first_line("8") == "  all_reduce of 8 GPUs of hgx-h100, nccl");
  CHECK(first_line("1") == "  all_reduce of 1 GPU of hgx-h100, nccl");
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

TEST_CASE("An option that a collective would not look at is refused") {
  BadInputBench bench;
  const std::string moe = "give --bytes, or choose one of moe_dispatch, moe_combine";
  const std::string low_latency = "deepep_low_latency";
  bench.check({
      reduced("tokens of an all-reduce", "--tokens", "8", "--tokens: is not of all_reduce; " + moe),
      reduced("the width of an all-reduce", "--hidden", "8", "--hidden: |" + moe),
      reduced("choices of an all-reduce", "--topk", "8", "--topk: |" + moe),
      reduced("experts of an all-reduce", "--experts", "8", "--experts: |" + moe),
      reduced("multiprocessors of an all-reduce", "--sms", "8", "--sms: |" + moe),
      dispatched("bytes of a dispatch", "256", {"--bytes", "8"},
                 "--bytes: is not of moe_dispatch; give --tokens, --hidden, --topk and --experts, or choose "
                 "one of all_reduce, all_gather, reduce_scatter, all_to_all, send"),
      dispatched("multiprocessors of low latency", "256", {"--implementation", low_latency, "--sms", "8"},
                 "--sms: is not of deepep_low_latency; |--implementation deepep_normal"),
  });
}

TEST_CASE("A collective's figures out of range are refused with the range") {
  BadInputBench bench;
  const std::string range = " is no whole number of bytes from 0 to 1125899906842624; give one, or|\"1 MiB\"";
  bench.check({
      reduced("negative bytes", "--bytes", "-8", "--bytes: \"-8\"" + range),
      reduced("half a byte", "--bytes", "1.5", "--bytes: \"1.5\"" + range),
      reduced("bytes with an exponent", "--bytes", "1e6", "--bytes: \"1e6\"" + range),
      reduced("empty bytes", "--bytes", "", "--bytes: \"\"" + range),
      reduced("very many bytes", "--bytes", "99999999999999999999", "--bytes: |" + range),
      reduced("very many tebibytes", "--bytes", "2048 TiB", "--bytes: \"2048 TiB\"" + range),
      dispatched("more multiprocessors than an H100 has", "256", {"--sms", "133"},
                 "--sms: \"133\" is no integer from 1 to 132"),
      dispatched("experts that do not stand evenly", "260", {},
                 "--experts: 260 do not stand evenly on 8 GPUs; give a multiple of 8|--gpus"),
      dispatched("uneven experts of all-gather", "260", {"--implementation", "allgather_reducescatter"},
                 "--experts: 260|multiple of 8"),
      dispatched("an unknown exchange", "256", {"--implementation", "ncl"},
                 "--implementation: unknown name \"ncl\"|\"nccl\"?|allgather_reducescatter, "
                 "deepep_low_latency, deepep_normal, hierarchical, pairwise, nccl"),
      line("a cluster's file that is not there", {"none.json", "all_reduce", "--gpus", "8", "--bytes", "1"},
           "none.json: cannot be read: No such file"),
  });
}

TEST_CASE("A run and a step say whose collectives stand in for those that a GPU has not") {
  const ProgramFolder program;
  const auto notes = [&](const std::string& cluster, int dp) {
    program.folder.write("chat.json", R"({"model": "mixtral-8x7b", "cluster": ")" + cluster +
                                          R"(", "deployment": {"data_parallel_size": )" + std::to_string(dp) +
                                          R"(, "enable_expert_parallel": true,
        "all2all_backend": "deepep_low_latency"}, "workload": {"arrivals": {"process": "poisson", "rate": 50},
        "num_requests": 2, "prompt_tokens": {"distribution": "uniform", "min": 50, "max": 60},
        "output_tokens": {"distribution": "uniform", "min": 2, "max": 3}}})");
    INFO(cluster);
    const int status = program.run("step chat.json --decode 8 --context 64 --format json");
    INFO(program.text(".err"));
    REQUIRE(status == 0);
    const std::string step = program.json(".out").at("notes").dump();
    const int run = program.run("run chat.json --out out");
    INFO(program.text(".err"));
    REQUIRE(run == 0);
    const std::string ran = program.json("out/summary.json").at("notes").dump();
    for (const char* part : {"Collectives were not measured", "DeepEP was not measured"})
      CHECK((step.find(part) == step.npos) == (ran.find(part) == ran.npos));
    return step;
  };
  CHECK_THAT(notes("mi300x-8", 8),
             Catch::Contains("Collectives were not measured on mi300x: those of h100_sxm"));
  CHECK_THAT(notes("dgx-a100", 8),
             Catch::Contains("DeepEP was not measured on a100_sxm: its kernels of h100_sxm"));
  CHECK_THAT(notes("hgx-b200", 8), !Catch::Contains("not measured on"));
  CHECK_THAT(notes("hgx-h100", 8), !Catch::Contains("not measured on"));
}

}  // namespace switchyard
