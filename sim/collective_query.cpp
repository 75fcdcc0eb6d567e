// Reading the options of `switchyard collective`.
#include "sim/collective_query.hpp"

#include <array>
#include <numeric>
#include <stdexcept>

#include "sim/base/menu.hpp"
#include "sim/command.hpp"

namespace switchyard {
namespace {

namespace po = boost::program_options;

using Takes = CollectiveOperation::Takes;

constexpr std::array<CollectiveOperation, 7> kOperations = {{
    {"all_reduce", "the sum of all buffers, everywhere", "nccl"},
    {"all_gather", "all parts, everywhere", "nccl"},
    {"reduce_scatter", "the sum of all buffers, a part on each", "nccl"},
    {"all_to_all", "a part of each buffer to each", "nccl"},
    {"send", "the whole buffer to the next GPU", "nccl"},
    {"moe_dispatch", "tokens to their experts", "deepep_normal", Takes::tokens},
    {"moe_combine", "experts' results back to their tokens", "deepep_normal", Takes::tokens},
}};

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

TokensOfRank tokens_of(const po::variables_map& options, std::string_view implementation) {
  TokensOfRank read;
  read.tokens = needed(options, "tokens", {1, 1 << 24});
  read.hidden = needed(options, "hidden", {1, 1 << 20});
  if (implementation == "allgather_reducescatter") return read;
  read.experts = needed(options, "experts", {1, 1 << 16});
  read.top_k = needed(options, "topk", {1, read.experts});
  return read;
}

}  // namespace

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

CollectiveQuery read_query(const po::variables_map& options) {
  const auto arguments = options["arguments"].as<std::vector<std::string>>();
  if (arguments.size() != 2)
    throw InputError("switchyard collective", "takes a cluster and an operation; try hgx-h100 all_reduce");
  CollectiveQuery query;
  query.cluster = read_cluster(arguments[0], "", "switchyard collective", "");
  query.operation = choose(std::span<const CollectiveOperation>(kOperations), arguments[1], "operation");
  const std::int64_t gpus = needed(options, "gpus", {1, 4096});
  if (gpus > query.cluster.gpus()) query.cluster = grown(query.cluster, gpus);
  query.group.resize(static_cast<std::size_t>(gpus));
  std::iota(query.group.begin(), query.group.end(), GpuId{0});
  query.implementation = options.count("implementation") ? options["implementation"].as<std::string>()
                                                         : std::string(query.operation.usual);
  if (query.operation.takes == Takes::bytes) query.message = bytes_of(options);
  else query.of_rank = tokens_of(options, query.implementation);
  if (options.count("sms")) query.multiprocessors = integer_of(options, "sms", {1, 1000});
  return query;
}

}  // namespace switchyard
