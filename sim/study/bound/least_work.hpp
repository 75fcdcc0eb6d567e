// The least that a rank of a deployment does in a step, as straight lines in what the step holds.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "sim/collectives/collective.hpp"
#include "sim/cost/operator_cost.hpp"
#include "sim/plan/memory_fit.hpp"
#include "sim/scenario.hpp"
#include "sim/study/bound/least_lines.hpp"

namespace switchyard {

/// Operators' times as they are, and the least of them around the sizes asked for.
struct LeastCosts {
  explicit LeastCosts(std::shared_ptr<const OperatorCost> cost);
  std::shared_ptr<const OperatorCost> exact;
  OperatorCost tokens, decodes, experts;
};

/// Sizes that the lines must hold for.
struct MostSizes {
  double tokens = 1.0;                           // of a rank in one step
  double least_context = 1.0, most_context = 1;  // of a sequence that decodes, its own token included
  double cached = 1.0;                           // tokens in a rank's KV pool
  double sequences = 1.0;                        // of a rank
};

/// Of one micro-batch through all pipeline stages; but for `routed` of one attention data-parallel rank.
struct LeastWork {
  /// Of all layers alike in what bounds the keys of a query.
  struct Attention {
    std::optional<std::int64_t> most_keys;
    LeastLines decode;  // by keys read, in batches that decode
    OperatorCost::LeastPrompts prompts;
  };

  LeastLines tokens;  // by tokens, of batches with any
  LeastLines routed;  // by tokens of all data-parallel ranks
  std::vector<Attention> attentions;
  LeastLines::Line state_decode, state_prompt;  // linear attention: by sequences, by tokens of prompts
  LeastLines head;                              // by sequences that sample, of batches where any does
};

/// `all_reduces`: of the tensor-parallel groups, each; none without such groups.
LeastWork least_work(const Scenario& scenario, const LeastCosts& costs, const MostSizes& most,
                     std::span<const Collective> all_reduces);

}  // namespace switchyard
