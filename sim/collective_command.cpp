// switchyard collective: one collective alone, of the first N GPUs of a cluster, which gets as many nodes as
// they need. --bytes is the buffer as NCCL's tests count it (all_reduce, all_to_all: of one rank; all_gather:
// the result; reduce_scatter: the input). moe_dispatch and moe_combine take --tokens a rank, whose experts
// are drawn uniformly.
// --format json prints
//
//   {"time_us": latency_us + bandwidth_us, "latency_us", "bandwidth_us", "bottleneck": the busiest link,
//    "algorithm": "ring LL128" …, "operation", "implementation", "gpus", "nodes", "measured_on": a GPU,
//    "source"}
#include <algorithm>
#include <cstdio>
#include <iostream>
#include <numeric>

#include "sim/base/menu.hpp"
#include "sim/collectives/implementations.hpp"
#include "sim/collectives/uniform_exchange.hpp"
#include "sim/command.hpp"
#include "sim/rank_links.hpp"

namespace switchyard {
namespace {

namespace po = boost::program_options;

struct Operation {
  std::string_view name;
  std::string_view description;
  std::string_view usual;  // implementation
};

constexpr std::array<Operation, 7> kOperations = {{
    {"all_reduce", "the sum of all buffers, everywhere", "nccl"},
    {"all_gather", "all parts, everywhere", "nccl"},
    {"reduce_scatter", "the sum of all buffers, a part on each", "nccl"},
    {"all_to_all", "a part of each buffer to each", "nccl"},
    {"send", "the whole buffer to the next GPU", "nccl"},
    {"moe_dispatch", "tokens to their experts", "deepep_normal"},
    {"moe_combine", "experts' results back to their tokens", "deepep_normal"},
}};

po::options_description collective_options() {
  po::options_description options(
      "switchyard collective CLUSTER OP --gpus N (--bytes B | --tokens T --hidden H --topk K --experts E) "
      "[--implementation I] [--format json]");
  options.add_options()(
      "arguments", po::value<std::vector<std::string>>(),
      "a cluster's name or file, and all_reduce | all_gather | reduce_scatter | all_to_all | send | "
      "moe_dispatch | moe_combine")("gpus", po::value<std::string>(), "in the group")(
      "bytes", po::value<std::string>(), "the buffer, as NCCL's tests count it: 1048576 or \"1 MiB\"")(
      "tokens", po::value<std::string>(), "of each rank")("hidden", po::value<std::string>(),
                                                          "elements of a token")(
      "topk", po::value<std::string>(), "experts of a token")("experts", po::value<std::string>(),
                                                              "of the model")(
      "implementation", po::value<std::string>(),
      "nccl (the default), custom, custom_vllm, hierarchical; of moe_*: deepep_normal (the default), "
      "deepep_low_latency, pairwise or nccl, hierarchical, allgather_reducescatter")(
      "sms", po::value<std::string>(), "multiprocessors of deepep_normal; DeepEP's default is 20")(
      "format", po::value<std::string>()->default_value("text"), "text | json")("help", "this text");
  return options;
}

struct Subject {
  Cluster cluster;
  Operation operation;
  std::vector<GpuId> group;
  std::string implementation;
};

struct Answer {
  Seconds latency, bandwidth;
  std::string algorithm;
  std::string bottleneck;  // empty: a group of one
};

std::int64_t needed(const po::variables_map& options, const std::string& name, IntegerRange range) {
  if (!options.count(name)) throw InputError("--" + name, "is missing; see `switchyard collective --help`");
  return integer_of(options, name, range);
}

/// The same cluster of as many nodes as `gpus` need.
Cluster grown(const Cluster& cluster, std::int64_t gpus) {
  if (cluster.graph)
    throw InputError("--gpus", "the graph " + cluster.name + " has " + std::to_string(cluster.gpus()) +
                                   " GPUs, not " + std::to_string(gpus));
  Json wish = to_json(cluster);
  wish["nodes"] = (gpus + cluster.gpus_per_node - 1) / cluster.gpus_per_node;
  return read_cluster(wish, "", "--gpus " + std::to_string(gpus), "");
}

Subject subject_of(const po::variables_map& options) {
  const auto arguments = options["arguments"].as<std::vector<std::string>>();
  if (arguments.size() != 2)
    throw InputError("switchyard collective", "takes a cluster and an operation; try hgx-h100 all_reduce");
  Subject subject{read_cluster(arguments[0], "", "switchyard collective", ""),
                  choose(std::span<const Operation>(kOperations), arguments[1], "operation"),
                  {},
                  {}};
  const std::int64_t gpus = needed(options, "gpus", {1, 4096});
  if (gpus > subject.cluster.gpus()) subject.cluster = grown(subject.cluster, gpus);
  subject.group.resize(static_cast<std::size_t>(gpus));
  std::iota(subject.group.begin(), subject.group.end(), GpuId{0});
  subject.implementation = options.count("implementation") ? options["implementation"].as<std::string>()
                                                           : std::string(subject.operation.usual);
  return subject;
}

bool is_exchange(const Operation& operation) { return operation.name.starts_with("moe_"); }

/// A number of bytes, or a quantity with its unit.
Bytes bytes_of(const po::variables_map& options) {
  if (!options.count("bytes")) throw InputError("--bytes", "is missing; give the buffer, such as \"1 MiB\"");
  const std::string& text = options["bytes"].as<std::string>();
  if (text.find_first_not_of("0123456789") == std::string::npos && !text.empty())
    return Bytes(static_cast<double>(integer_of(options, "bytes", {0, std::int64_t{1} << 50})));
  try {
    return parse<Bytes>(text);
  } catch (const std::invalid_argument& error) {
    throw InputError("--bytes", error.what());
  }
}

Answer regular(const Subject& subject, const LinkGraph& graph, const CollectiveParameters& parameters,
               std::string_view operation, std::string_view implementation, Bytes message) {
  const Collective collective = choose_implementation(operation, implementation, "--implementation")
                                    .make(graph, subject.group, parameters);
  const CollectivePiece* piece = collective.piece(message);
  if (piece == nullptr) return {};
  return {piece->cost.latency, Seconds(piece->cost.seconds_per_byte * message.value()),
          std::string(piece->name), graph.links()[piece->cost.bottleneck.value()].name};
}

/// The name of the exchange: NCCL's is the pairwise one.
const ExchangeBackend& backend_of(const Subject& subject) {
  const std::string name = subject.implementation == "nccl" ? "pairwise" : subject.implementation;
  const ExchangeBackend& backend = choose(exchange_backends(), name, "--implementation");
  const auto per_node = static_cast<std::size_t>(subject.cluster.gpus_per_node);
  if (backend.landing == Landing::same_place && subject.group.size() > per_node &&
      subject.group.size() % per_node != 0)
    throw InputError("--gpus", std::to_string(subject.group.size()) + " GPUs leave a node half empty; " +
                                   name + " wants whole nodes of " + std::to_string(per_node));
  return backend;
}

Answer exchange(const Subject& subject, const LinkGraph& graph, const CollectiveParameters& parameters,
                const po::variables_map& options) {
  const auto tokens = static_cast<double>(needed(options, "tokens", {1, 1 << 24}));
  const std::int64_t hidden = needed(options, "hidden", {1, 1 << 20});
  const bool dispatch = subject.operation.name == "moe_dispatch";
  if (subject.implementation == "allgather_reducescatter") {
    const Bytes gathered = tokens * static_cast<double>(subject.group.size()) * bf16_row(hidden);
    return regular(subject, graph, parameters, dispatch ? "all_gather" : "reduce_scatter", "nccl", gathered);
  }
  const ExchangeBackend& backend = backend_of(subject);
  const bool quantised = backend.name.starts_with("deepep");
  ExchangeShape shape;
  shape.experts = needed(options, "experts", {1, 1 << 16});
  shape.top_k = needed(options, "topk", {1, shape.experts});
  shape.dispatch_row = quantised ? fp8_row(hidden) : bf16_row(hidden);
  shape.combine_row = bf16_row(hidden);
  const std::unique_ptr<Exchange> made = backend.make(graph, subject.group, parameters, shape);
  const std::vector<RankTraffic> traffic = uniform_traffic(
      graph, subject.group, backend.copies, shape, tokens, dispatch ? shape.dispatch_row : shape.combine_row);
  std::vector<Bytes> loads(graph.links().size());
  const ExchangeTime time = dispatch ? made->dispatch(traffic, loads) : made->combine(traffic, loads);
  if (time.total() == Seconds()) return {};
  const auto busiest = busiest_link(graph, loads);
  return {time.latency, time.transfer, std::string(backend.name),
          busiest ? graph.links()[busiest->link].name : ""};
}

Answer answer_of(const Subject& subject, const LinkGraph& graph, const CollectiveParameters& parameters,
                 const po::variables_map& options) {
  if (is_exchange(subject.operation)) return exchange(subject, graph, parameters, options);
  return regular(subject, graph, parameters, subject.operation.name, subject.implementation,
                 bytes_of(options));
}

double microseconds(Seconds time) { return time.value() * 1e6; }

Json to_json(const Subject& subject, const CollectiveParameters& parameters, const Answer& answer) {
  return {{"time_us", microseconds(answer.latency + answer.bandwidth)},
          {"latency_us", microseconds(answer.latency)},
          {"bandwidth_us", microseconds(answer.bandwidth)},
          {"bottleneck", answer.bottleneck.empty() ? Json() : Json(answer.bottleneck)},
          {"algorithm", answer.algorithm.empty() ? Json() : Json(answer.algorithm)},
          {"operation", subject.operation.name},
          {"implementation", subject.implementation},
          {"gpus", subject.group.size()},
          {"nodes", (static_cast<std::int64_t>(subject.group.size()) + subject.cluster.gpus_per_node - 1) /
                        subject.cluster.gpus_per_node},
          {"measured_on", parameters.gpu},
          {"source", parameters.source}};
}

void print(const Subject& subject, const CollectiveParameters& parameters, const Answer& answer) {
  std::printf("  %s of %zu GPUs of %s, %s\n", std::string(subject.operation.name).c_str(),
              subject.group.size(), subject.cluster.name.c_str(), subject.implementation.c_str());
  std::printf("  time        %.2f us: latency %.2f us, bandwidth %.2f us\n",
              microseconds(answer.latency + answer.bandwidth), microseconds(answer.latency),
              microseconds(answer.bandwidth));
  if (!answer.bottleneck.empty())
    std::printf("  algorithm   %s\n  bottleneck  %s\n", answer.algorithm.c_str(), answer.bottleneck.c_str());
  std::printf("  measured on %s: %s\n", parameters.gpu.c_str(), parameters.source.c_str());
}

}  // namespace

int collective_command(const Arguments& arguments) {
  const po::variables_map options = parse_arguments(arguments, collective_options(), "collective",
                                                    {"arguments", Positional::Need::several});
  if (options.count("help")) {
    std::cout << collective_options();
    return 0;
  }
  const std::string format = format_of(options, {"text", "json"});
  const Subject subject = subject_of(options);
  const LinkGraph graph(subject.cluster);
  CollectiveParameters parameters =
      collective_parameters(subject.cluster, graph, static_cast<GpuId>(subject.group.size()));
  if (options.count("sms"))
    parameters.deepep.normal_sms = static_cast<double>(integer_of(options, "sms", {1, 1000}));
  const Answer answer = answer_of(subject, graph, parameters, options);
  if (format == "json") std::cout << pretty(to_json(subject, parameters, answer));
  else print(subject, parameters, answer);
  return 0;
}

}  // namespace switchyard
