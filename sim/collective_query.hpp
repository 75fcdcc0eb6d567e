// What `switchyard collective` is asked for: its options, read and checked.
#pragma once

#include <boost/program_options/options_description.hpp>
#include <boost/program_options/variables_map.hpp>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/units.hpp"
#include "topologies/cluster.hpp"
#include "topologies/link_graph.hpp"

namespace switchyard {

struct CollectiveOperation {
  std::string_view name;
  std::string_view description;
  std::string_view usual;  // implementation
  enum class Takes { bytes, tokens } takes = Takes::bytes;
};

/// Of an exchange of expert parallelism.
struct TokensOfRank {
  std::int64_t tokens = 0, hidden = 0;
  std::int64_t top_k = 0, experts = 0;  // 0 where allgather_reducescatter was not told
};

struct CollectiveQuery {
  Cluster cluster;  // of as many nodes as the group needs
  CollectiveOperation operation;
  std::vector<GpuId> group;    // the first GPUs
  std::string implementation;  // one of the operation's; of moe_*: a scenario's all2all_backend, or "nccl"
  Bytes message;               // of what takes bytes
  TokensOfRank of_rank;        // of what takes tokens
};

boost::program_options::options_description collective_options();

/// Throws InputError naming the option, with the choices.
CollectiveQuery read_query(const boost::program_options::variables_map& options);

}  // namespace switchyard
