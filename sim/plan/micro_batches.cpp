// Pipeline parallelism: the step's sequences are dealt into as many micro-batches as there are stages, as
// vLLM keeps that many batches in flight. In the steady state a round lasts the longer of the busiest stage's
// work and the slowest micro-batch's way through all stages (its next token needs the one before).
#include <algorithm>

#include "sim/plan/step_timer.hpp"

namespace switchyard {
namespace {

/// Every `count`-th sequence of each rank's batch, beginning with `index`.
std::vector<RankBatch> micro_batch(std::span<const RankBatch> ranks, std::size_t count, std::size_t index) {
  std::vector<RankBatch> result(ranks.size());
  for (std::size_t r = 0; r < ranks.size(); ++r) {
    const RankBatch& whole = ranks[r];
    RankBatch& part = result[r];
    const std::size_t decodes = whole.decode_contexts.size();
    for (std::size_t i = index; i < decodes + whole.prefills.size(); i += count) {
      if (i < decodes) part.decode_contexts.push_back(whole.decode_contexts[i]);
      else part.prefills.push_back(whole.prefills[i - decodes]);
      if (i < whole.routed.size()) part.routed.push_back(whole.routed[i]);
    }
    part.padding =
        whole.padding / static_cast<std::int64_t>(count) +
        (static_cast<std::int64_t>(index) < whole.padding % static_cast<std::int64_t>(count) ? 1 : 0);
    part.sampled =
        whole.sampled / static_cast<std::int64_t>(count) +
        (static_cast<std::int64_t>(index) < whole.sampled % static_cast<std::int64_t>(count) ? 1 : 0);
  }
  return result;
}

std::size_t most_sequences(std::span<const RankBatch> ranks) {
  std::size_t most = 1;
  for (const RankBatch& batch : ranks)
    most = std::max(most, batch.decode_contexts.size() + batch.prefills.size());
  return most;
}

}  // namespace

Breakdown StepTimer::micro_batched(std::span<const RankBatch> ranks, std::span<Bytes> loads) {
  const std::size_t stages = stages_.size();
  const std::size_t count = std::min(stages, most_sequences(ranks));
  std::vector<Breakdown> of_stage(stages), of_batch(count);
  for (std::size_t b = 0; b < count; ++b) {
    const std::vector<RankBatch> part = micro_batch(ranks, count, b);
    std::int64_t tokens = 0;
    for (const RankBatch& batch : part) tokens = std::max(tokens, batch.tokens());
    for (std::size_t s = 0; s < stages; ++s) {
      Breakdown time = stage_time(s, part, loads);
      if (s + 1 < stages) {  // every tensor rank sends its share of the hidden vectors
        const Bytes message = static_cast<double>(tokens) /
                              static_cast<double>(model_.deployment->tensor_parallel_size) * hidden_bytes_;
        time[Part::communication] += network_.stages[s].send_to_next.time(message);
        if (!loads.empty())
          for (const LinkLoad& load : network_.stages[s].send_to_next.loads_per_byte)
            loads[load.link] += load.bytes * message.value();
      } else {
        time += after_layers(part, loads);
      }
      of_stage[s] += time;
      of_batch[b] += time;
    }
  }
  const auto shorter = [](const Breakdown& a, const Breakdown& b) { return a.total() < b.total(); };
  const Breakdown& stage = *std::max_element(of_stage.begin(), of_stage.end(), shorter);
  const Breakdown& batch = *std::max_element(of_batch.begin(), of_batch.end(), shorter);
  Breakdown round = shorter(stage, batch) ? batch : stage;
  round[Part::host] = host_time(ranks);  // the host prepares one micro-batch while the others run
  if (routed_) route(ranks);             // routed() tells of the whole step
  return round;
}

}  // namespace switchyard
