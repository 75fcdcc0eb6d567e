// Balancing of experts by load: which experts get replicas, and which rank holds which of them. The algorithm
// of DeepSeek's Expert Parallelism Load Balancer (github.com/deepseek-ai/EPLB; vLLM's default policy): busy
// experts are replicated one at a time, then what there is is packed onto ranks, heaviest first.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace switchyard {

/// Sizes of a placement. A slot holds the weights of one expert: a physical expert, in vLLM's words.
struct SlotShape {
  std::int64_t slots = 0;   // of all ranks, at least one an expert
  std::int64_t ranks = 1;   // divides slots
  std::int64_t groups = 1;  // of experts, equal blocks that a token chooses among (n_group)
  std::int64_t nodes = 1;   // equal blocks of ranks
};

/// hierarchical: whole groups of experts are packed onto nodes, and replicated and packed within their node,
/// so that group-limited tokens cross few nodes · global: groups and nodes are ignored.
enum class EplbPolicy { hierarchical, global };

/// Upstream's choice: hierarchical where nodes divide groups (and experts, slots and ranks fit), else global.
EplbPolicy eplb_policy(std::int64_t num_experts, const SlotShape& shape);

/// The expert in each slot, [slots]; slot s is on rank s / (slots / ranks). `loads` [num_experts] are tokens,
/// or anything proportional. Arithmetic is upstream's fp32; on equal loads the lower index comes first, as
/// its outputs show. Throws std::invalid_argument on sizes that do not divide as said above, on fewer slots
/// than experts, on more than 2048 experts or 65536 slots, and on loads that are negative or not finite.
std::vector<std::uint16_t> balance_experts(std::span<const float> loads, const SlotShape& shape,
                                           EplbPolicy policy);

}  // namespace switchyard
