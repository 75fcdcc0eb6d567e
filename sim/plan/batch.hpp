// What one engine step computes: the batch of every attention data-parallel rank.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "workloads/routing/bank.hpp"

namespace switchyard {

/// New tokens of one prompt, after `context` tokens that are already in the cache.
struct PrefillChunk {
  std::int64_t tokens = 0;
  std::int64_t context = 0;
};

struct RankBatch {
  std::vector<std::int64_t>
      decode_contexts;  // tokens that each decoding sequence attends to, its new one included
  std::vector<PrefillChunk> prefills;
  std::vector<TokenRun> routed;  // where those tokens walk in the routing bank: decodes first, then chunks
  std::int64_t padding = 0;      // rows added to reach a captured batch size, or a dummy batch
  std::int64_t sampled = 0;      // sequences that need logits
  /// Pipeline stages: prompts are cut so that no micro-batch has more tokens; none: they stay whole.
  std::optional<std::int64_t> most_in_micro_batch;

  std::int64_t prefill_tokens() const {
    std::int64_t sum = 0;
    for (const PrefillChunk& chunk : prefills) sum += chunk.tokens;
    return sum;
  }
  std::int64_t decodes() const { return static_cast<std::int64_t>(decode_contexts.size()); }
  std::int64_t tokens() const { return decodes() + prefill_tokens() + padding; }

  void clear();
  /// Pads to `tokens` rows. Padding rows are alike: they count as rows of every product, but as one more
  /// token for routing.
  void pad_to(std::int64_t tokens);
  /// The same batch one step later: every decoding sequence has one more token behind it.
  void advance();
};

/// Sizes of a step over its ranks.
struct StepTokens {
  std::int64_t most = 0;  // of the fullest rank
  std::int64_t all = 0;
  bool only_decodes = true;
};
StepTokens tokens_of(std::span<const RankBatch> ranks);

}  // namespace switchyard
