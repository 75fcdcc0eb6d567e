// Reading the options of `switchyard collective`.
#include "sim/collective_query.hpp"

#include <algorithm>
#include <array>
#include <numeric>
#include <stdexcept>

#include "sim/base/files.hpp"
#include "sim/base/menu.hpp"
#include "sim/collectives/implementations.hpp"
#include "sim/command.hpp"
#include "sim/plan/deployment.hpp"

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
  const std::int64_t nodes = (gpus + cluster.gpus_per_node - 1) / cluster.gpus_per_node;
  Json wish = to_json(cluster);
  wish["name"] = cluster.name + ", enlarged to " + std::to_string(nodes) + " nodes";
  wish["nodes"] = nodes;
  return read_cluster(wish, "", "--gpus " + std::to_string(gpus), "");
}

/// Errors of a file name the file, not the command.
Cluster cluster_of(const std::string& wish) {
  return read_cluster(wish, "", is_path(wish) ? "" : "switchyard collective", "");
}

std::vector<std::string> operations(Takes takes) {
  std::vector<std::string> names;
  for (const CollectiveOperation& operation : kOperations)
    if (operation.takes == takes) names.emplace_back(operation.name);
  return names;
}

/// An option of the other form would be passed over in silence.
void refuse_other_form(const po::variables_map& options, const CollectiveOperation& operation) {
  const bool bytes = operation.takes == Takes::bytes;
  const std::vector<std::string> others =
      bytes ? std::vector<std::string>{"tokens", "hidden", "topk", "experts", "sms"}
            : std::vector<std::string>{"bytes"};
  for (const std::string& other : others)
    if (options.count(other))
      throw InputError("--" + other, "is not of " + std::string(operation.name) + "; give " +
                                         (bytes ? "--bytes" : "--tokens, --hidden, --topk and --experts") +
                                         ", or " +
                                         choices("", operations(bytes ? Takes::tokens : Takes::bytes)));
}

/// The rows of a scenario's all2all_backend, and NCCL's name for the pairwise one.
std::string exchange_of(const std::string& name) {
  std::vector<std::string> known = names(all2all_backends());
  known.emplace_back("nccl");
  if (std::find(known.begin(), known.end(), name) == known.end())
    throw InputError("--implementation", "unknown name " + in_quotes(name) + "; " + choices(name, known));
  return name;
}

std::string implementation_of(const po::variables_map& options, const CollectiveOperation& operation) {
  const std::string name = options.count("implementation") ? options["implementation"].as<std::string>()
                                                           : std::string(operation.usual);
  if (operation.takes == Takes::tokens) return exchange_of(name);
  return std::string(choose_implementation(operation.name, name, "--implementation").name);
}

void check_whole_nodes(const CollectiveQuery& query) {
  const ExchangeBackend* backend = exchange_backend(query.implementation);
  const auto per_node = static_cast<std::size_t>(query.cluster.gpus_per_node);
  const std::size_t gpus = query.group.size();
  if (backend == nullptr || backend->landing != Landing::same_place || gpus <= per_node ||
      gpus % per_node == 0)
    return;
  throw InputError("--gpus", std::to_string(gpus) + " GPUs leave a node half empty; " + query.implementation +
                                 " wants whole nodes of " + std::to_string(per_node));
}

/// A number of bytes, or a quantity with its unit.
Bytes bytes_of(const po::variables_map& options) {
  constexpr std::int64_t kMost = std::int64_t{1} << 50;
  if (!options.count("bytes")) throw InputError("--bytes", "is missing; give the buffer, such as \"1 MiB\"");
  const std::string& text = options["bytes"].as<std::string>();
  const bool digits = !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
  Bytes bytes(-1.0);
  if (!text.empty() && text.find_first_not_of("0123456789.+-eE ") != std::string::npos) {
    try {
      bytes = parse<Bytes>(text);
    } catch (const std::invalid_argument& error) {
      throw InputError("--bytes", error.what());
    }
  } else if (digits && text.size() <= 16) {
    bytes = Bytes(std::stod(text));
  }
  if (bytes < Bytes() || bytes > Bytes(static_cast<double>(kMost)))
    throw InputError("--bytes", in_quotes(text) + " is no whole number of bytes from 0 to " +
                                    std::to_string(kMost) + "; give one, or a quantity such as \"1 MiB\"");
  return bytes;
}

/// All-gather and reduce-scatter send every token everywhere: they need not be told of experts.
TokensOfRank tokens_of(const po::variables_map& options, const CollectiveQuery& query) {
  TokensOfRank read;
  read.tokens = needed(options, "tokens", {1, 1 << 24});
  read.hidden = needed(options, "hidden", {1, 1 << 20});
  const bool told = options.count("experts") || options.count("topk");
  if (query.implementation == "allgather_reducescatter" && !told) return read;
  read.experts = needed(options, "experts", {1, 1 << 16});
  read.top_k = needed(options, "topk", {1, read.experts});
  const auto gpus = static_cast<std::int64_t>(query.group.size());
  if (read.experts % gpus != 0)
    throw InputError("--experts", std::to_string(read.experts) + " do not stand evenly on " +
                                      std::to_string(gpus) + " GPUs; give a multiple of " +
                                      std::to_string(gpus) + ", redundant ones counted, or other --gpus");
  return read;
}

void check_sms(const po::variables_map& options, const std::string& implementation) {
  if (!options.count("sms") || implementation == "deepep_normal") return;
  throw InputError(
      "--sms", "is not of " + implementation + "; leave it out, or choose --implementation deepep_normal");
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
      "tokens", po::value<std::string>(), "of each rank")(
      "hidden", po::value<std::string>(), "elements of a token")("topk", po::value<std::string>(),
                                                                 "experts of a token")(
      "experts", po::value<std::string>(), "of the model, redundant ones too: a multiple of the GPUs")(
      "implementation", po::value<std::string>(),
      "nccl (the default); custom, custom_vllm of all_reduce, hierarchical of all_to_all; of moe_*: "
      "deepep_normal (the default), "
      "deepep_low_latency, pairwise or nccl, hierarchical, allgather_reducescatter")(
      "sms", po::value<std::string>(),
      "multiprocessors that deepep_normal uses, of those that the GPU has; DeepEP's default is 20")(
      "format", po::value<std::string>()->default_value("text"), "text | json")("help", "this text");
  return options;
}

CollectiveQuery read_query(const po::variables_map& options) {
  const auto arguments = options["arguments"].as<std::vector<std::string>>();
  if (arguments.size() != 2)
    throw InputError("switchyard collective", "takes a cluster and an operation; try hgx-h100 all_reduce");
  CollectiveQuery query;
  query.cluster = cluster_of(arguments[0]);
  query.operation = choose(std::span<const CollectiveOperation>(kOperations), arguments[1], "operation");
  refuse_other_form(options, query.operation);
  query.implementation = implementation_of(options, query.operation);
  check_sms(options, query.implementation);
  const std::int64_t gpus = needed(options, "gpus", {1, 4096});
  if (gpus > query.cluster.gpus()) query.cluster = grown(query.cluster, gpus);
  query.group.resize(static_cast<std::size_t>(gpus));
  std::iota(query.group.begin(), query.group.end(), GpuId{0});
  check_whole_nodes(query);
  if (query.operation.takes == Takes::bytes) query.message = bytes_of(options);
  else query.of_rank = tokens_of(options, query);
  return query;
}

}  // namespace switchyard
