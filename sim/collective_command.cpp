// switchyard collective: one collective alone, of the first N GPUs of a cluster, which gets as many nodes as
// they need. --bytes is the buffer as NCCL's tests count it (all_reduce, all_to_all: of one rank; all_gather:
// the result; reduce_scatter: the input). moe_dispatch and moe_combine take --tokens a rank, whose experts
// are drawn uniformly.
// --format json prints
//
//   {"time_us": latency_us + bandwidth_us, "latency_us", "bandwidth_us", "bottleneck": the busiest link,
//    "algorithm": "ring LL128" …, "operation", "implementation", "gpus", "nodes", "measured_on": a GPU,
//    "source"}
#include <cstdio>
#include <iostream>

#include "sim/base/menu.hpp"
#include "sim/collective_query.hpp"
#include "sim/collectives/implementations.hpp"
#include "sim/collectives/uniform_exchange.hpp"
#include "sim/command.hpp"
#include "sim/rank_links.hpp"

namespace switchyard {
namespace {

struct Answer {
  Seconds latency, bandwidth;
  std::string algorithm;
  std::string bottleneck;  // empty: a group of one
};

Answer regular(const CollectiveQuery& query, const LinkGraph& graph, const CollectiveParameters& parameters,
               std::string_view operation, std::string_view implementation, Bytes message) {
  const Collective collective = choose_implementation(operation, implementation, "--implementation")
                                    .make(graph, query.group, parameters);
  const CollectivePiece* piece = collective.piece(message);
  if (piece == nullptr) return {};
  return {piece->cost.latency, Seconds(piece->cost.seconds_per_byte * message.value()),
          std::string(piece->name), graph.links()[piece->cost.bottleneck.value()].name};
}

Answer exchange(const CollectiveQuery& query, const LinkGraph& graph,
                const CollectiveParameters& parameters) {
  const TokensOfRank& of_rank = query.of_rank;
  const auto tokens = static_cast<double>(of_rank.tokens);
  const bool dispatch = query.operation.name == "moe_dispatch";
  if (query.implementation == "allgather_reducescatter") {
    const Bytes gathered = tokens * static_cast<double>(query.group.size()) * bf16_row(of_rank.hidden);
    return regular(query, graph, parameters, dispatch ? "all_gather" : "reduce_scatter", "nccl", gathered);
  }
  // NCCL's is the pairwise one.
  const std::string name = query.implementation == "nccl" ? "pairwise" : query.implementation;
  const ExchangeBackend& backend = choose(exchange_backends(), name, "--implementation");
  const bool quantised = backend.dispatch_row == DispatchRow::fp8;
  ExchangeShape shape;
  shape.experts = of_rank.experts;
  shape.top_k = of_rank.top_k;
  shape.dispatch_row = quantised ? fp8_row(of_rank.hidden) : bf16_row(of_rank.hidden);
  shape.combine_row = bf16_row(of_rank.hidden);
  const std::unique_ptr<Exchange> made = backend.make(graph, query.group, parameters, shape);
  const std::vector<RankTraffic> traffic = uniform_traffic(graph, query.group, backend.copies, shape, tokens,
                                                           dispatch ? shape.dispatch_row : shape.combine_row);
  std::vector<Bytes> loads(graph.links().size());
  const ExchangeTime time = dispatch ? made->dispatch(traffic, loads) : made->combine(traffic, loads);
  if (time.total() == Seconds()) return {};
  const auto busiest = busiest_link(graph, loads);
  return {time.latency, time.transfer, std::string(backend.name),
          busiest ? graph.links()[busiest->link].name : ""};
}

Answer answer_of(const CollectiveQuery& query, const LinkGraph& graph,
                 const CollectiveParameters& parameters) {
  if (query.operation.takes == CollectiveOperation::Takes::tokens) return exchange(query, graph, parameters);
  return regular(query, graph, parameters, query.operation.name, query.implementation, query.message);
}

double microseconds(Seconds time) { return time.value() * 1e6; }

Json to_json(const CollectiveQuery& query, const CollectiveParameters& parameters, const Answer& answer) {
  return {{"time_us", microseconds(answer.latency + answer.bandwidth)},
          {"latency_us", microseconds(answer.latency)},
          {"bandwidth_us", microseconds(answer.bandwidth)},
          {"bottleneck", answer.bottleneck.empty() ? Json() : Json(answer.bottleneck)},
          {"algorithm", answer.algorithm.empty() ? Json() : Json(answer.algorithm)},
          {"operation", query.operation.name},
          {"implementation", query.implementation},
          {"gpus", query.group.size()},
          {"nodes", (static_cast<std::int64_t>(query.group.size()) + query.cluster.gpus_per_node - 1) /
                        query.cluster.gpus_per_node},
          {"measured_on", parameters.gpu},
          {"source", parameters.source}};
}

void print(const CollectiveQuery& query, const CollectiveParameters& parameters, const Answer& answer) {
  std::printf("  %s of %zu %s of %s, %s\n", std::string(query.operation.name).c_str(), query.group.size(),
              query.group.size() == 1 ? "GPU" : "GPUs", query.cluster.name.c_str(),
              query.implementation.c_str());
  std::printf("  time        %.2f us: latency %.2f us, bandwidth %.2f us\n",
              microseconds(answer.latency + answer.bandwidth), microseconds(answer.latency),
              microseconds(answer.bandwidth));
  if (!answer.bottleneck.empty())
    std::printf("  algorithm   %s\n  bottleneck  %s\n", answer.algorithm.c_str(), answer.bottleneck.c_str());
  std::printf("  measured on %s: %s\n", parameters.gpu.c_str(), parameters.source.c_str());
}

}  // namespace

int collective_command(const Arguments& arguments) {
  const auto options = parse_arguments(arguments, collective_options(), "collective",
                                       {"arguments", Positional::Need::several});
  if (options.count("help")) {
    std::cout << collective_options();
    return 0;
  }
  const std::string format = format_of(options, {"text", "json"});
  const CollectiveQuery query = read_query(options);
  const LinkGraph graph(query.cluster);
  CollectiveParameters parameters =
      collective_parameters(query.cluster, graph, static_cast<GpuId>(query.group.size()));
  if (options.count("sms")) {
    const auto most = static_cast<std::int64_t>(parameters.deepep.multiprocessors);
    parameters.deepep.normal_sms = static_cast<double>(integer_of(options, "sms", {1, most}));
  }
  const Answer answer = answer_of(query, graph, parameters);
  if (format == "json") std::cout << pretty(to_json(query, parameters, answer));
  else print(query, parameters, answer);
  return 0;
}

}  // namespace switchyard
