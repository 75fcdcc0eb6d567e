// Regular collectives as software does them: a menu of implementations, each for some operations.
#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "sim/collectives/collective.hpp"
#include "sim/collectives/parameters.hpp"

namespace switchyard {

/// "all_reduce", "all_gather", "reduce_scatter", "all_to_all", "send": what messages mean stands with
/// collective_algorithms(). All rows have the same signature; the GPUs of a group are distinct, one GPU costs
/// nothing.
struct CollectiveImplementation {
  std::string_view name;       // "nccl"
  std::string_view operation;  // "all_reduce"
  std::string_view description;
  Collective (*make)(const LinkGraph& graph, std::span<const GpuId> group,
                     const CollectiveParameters& parameters);
};
std::span<const CollectiveImplementation> collective_implementations();

/// The row of that operation and implementation. Throws InputError at `path` with the operation's choices.
const CollectiveImplementation& choose_implementation(std::string_view operation, std::string_view name,
                                                      const std::string& path);

}  // namespace switchyard
