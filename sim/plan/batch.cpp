// Changes of a batch.
#include "sim/plan/batch.hpp"

#include <algorithm>

namespace switchyard {

void RankBatch::clear() {
  decode_contexts.clear();
  prefills.clear();
  routed.clear();
  padding = 0;
  sampled = 0;
  most_in_micro_batch.reset();
}

void RankBatch::pad_to(std::int64_t rows) {
  padding = rows - decodes() - prefill_tokens();
  if (padding > 0) routed.push_back({0, 0, 1});
}

void RankBatch::advance() {
  for (std::int64_t& context : decode_contexts) ++context;
  for (std::size_t i = 0; i < decode_contexts.size() && i < routed.size(); ++i) ++routed[i].position;
}

StepTokens tokens_of(std::span<const RankBatch> ranks) {
  StepTokens tokens;
  for (const RankBatch& batch : ranks) {
    const std::int64_t own = batch.tokens();
    tokens.most = std::max(tokens.most, own);
    tokens.all += own;
    tokens.only_decodes = tokens.only_decodes && batch.prefills.empty();
  }
  return tokens;
}

}  // namespace switchyard
