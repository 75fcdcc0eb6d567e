// Pipeline parallelism: a step is a round of as many micro-batches as there are stages, as vLLM keeps that
// many batches in flight, each of up to max_num_batched_tokens. In the steady state a round lasts the longest
// of the busiest stage's work, the slowest micro-batch's way through all stages (its next token needs the one
// before) and the busiest link's bytes.
#include <algorithm>

#include "sim/plan/step_timer.hpp"

namespace switchyard {
namespace {

/// A rank's work in parts that a micro-batch takes whole: sequences that decode, and prompts cut into pieces
/// of at most `most` tokens.
struct Piece {
  std::optional<std::int64_t> decode_context;
  PrefillChunk chunk;
  std::optional<TokenRun> routed;
};

std::vector<Piece> pieces_of(const RankBatch& batch, std::int64_t most) {
  std::vector<Piece> pieces;
  const auto run_of = [&](std::size_t sequence) {
    return sequence < batch.routed.size() ? std::optional(batch.routed[sequence]) : std::nullopt;
  };
  for (std::size_t i = 0; i < batch.decode_contexts.size(); ++i)
    pieces.push_back({batch.decode_contexts[i], {}, run_of(i)});
  for (std::size_t i = 0; i < batch.prefills.size(); ++i) {
    const std::optional<TokenRun> whole = run_of(batch.decode_contexts.size() + i);
    for (std::int64_t done = 0; done < batch.prefills[i].tokens; done += most) {
      const std::int64_t tokens = std::min(most, batch.prefills[i].tokens - done);
      Piece piece{std::nullopt, {tokens, batch.prefills[i].context + done}, whole};
      if (whole) piece.routed = {whole->stream, whole->position + static_cast<std::uint64_t>(done), tokens};
      pieces.push_back(piece);
    }
  }
  return pieces;
}

/// The `index`-th of `count` equal parts; earlier parts take the remainder.
std::int64_t part_of(std::int64_t whole, std::size_t count, std::size_t index) {
  const auto parts = static_cast<std::int64_t>(count);
  return whole / parts + (static_cast<std::int64_t>(index) < whole % parts ? 1 : 0);
}

/// Every `count`-th piece of a rank's batch, beginning with `index`.
RankBatch micro_batch(const RankBatch& whole, std::span<const Piece> pieces, std::size_t count,
                      std::size_t index) {
  RankBatch batch;
  for (std::size_t i = index; i < pieces.size(); i += count) {
    if (pieces[i].decode_context) batch.decode_contexts.push_back(*pieces[i].decode_context);
    else batch.prefills.push_back(pieces[i].chunk);
    if (pieces[i].routed) batch.routed.push_back(*pieces[i].routed);
  }
  batch.padding = part_of(whole.padding, count, index);
  batch.sampled = part_of(whole.sampled, count, index);
  return batch;
}

std::vector<std::vector<RankBatch>> micro_batches(std::span<const RankBatch> ranks, std::size_t stages,
                                                  std::int64_t most_tokens) {
  std::vector<std::vector<Piece>> pieces;
  std::size_t most = 1;
  for (const RankBatch& batch : ranks) {
    pieces.push_back(pieces_of(batch, most_tokens));
    most = std::max(most, pieces.back().size());
  }
  std::vector<std::vector<RankBatch>> batches(std::min(stages, most));
  for (std::size_t b = 0; b < batches.size(); ++b)
    for (std::size_t rank = 0; rank < ranks.size(); ++rank)
      batches[b].push_back(micro_batch(ranks[rank], pieces[rank], batches.size(), b));
  return batches;
}

bool shorter(const Breakdown& a, const Breakdown& b) { return a.total() < b.total(); }

}  // namespace

Breakdown StepTimer::micro_batched(std::span<const RankBatch> ranks, std::span<Bytes> loads) {
  const std::size_t stages = stages_.size();
  const auto batches = micro_batches(ranks, stages, model_.max_num_batched_tokens);
  std::vector<Breakdown> of_stage(stages), of_batch(batches.size());
  for (LinkId link : links_) round_loads_[link] = Bytes(0.0);
  for (std::size_t b = 0; b < batches.size(); ++b) {
    for (std::size_t s = 0; s < stages; ++s) {
      Breakdown time = stage_time(s, batches[b], round_loads_);
      if (s + 1 < stages) time[Part::communication] += hand_on(s, batches[b], round_loads_);
      else time += after_layers(batches[b], round_loads_);
      of_stage[s] += time;
      of_batch[b] += time;
    }
  }
  const Breakdown& stage = *std::max_element(of_stage.begin(), of_stage.end(), shorter);
  const Breakdown& batch = *std::max_element(of_batch.begin(), of_batch.end(), shorter);
  Breakdown round = shorter(stage, batch) ? batch : stage;
  Seconds busiest;
  for (LinkId link : links_) {
    busiest = std::max(busiest, round_loads_[link] / model_.graph->links()[link].bandwidth);
    if (!loads.empty()) loads[link] += round_loads_[link];
  }
  round[Part::communication] += std::max(Seconds(0.0), busiest - round.total());
  round[Part::host] = host_time(ranks);  // the host prepares one micro-batch while the others run
  if (routed_) route(ranks);             // routed() tells of the whole step
  return round;
}

/// Every tensor rank sends its share, which the next stage gathers.
Seconds StepTimer::hand_on(std::size_t stage, std::span<const RankBatch> ranks,
                           std::span<Bytes> loads) const {
  std::int64_t tokens = 0;
  for (const RankBatch& batch : ranks) tokens = std::max(tokens, batch.tokens());
  const Bytes vectors = model_.engine->pipeline_tensors * static_cast<double>(tokens) * hidden_bytes_;
  const Bytes share = vectors / static_cast<double>(model_.deployment->tensor_parallel_size);
  Seconds time = network_.stages[stage].send_to_next.time(share);
  add_loads(network_.stages[stage].send_to_next, share, 1.0, loads);
  Seconds gather;
  for (const CollectiveCost& cost : network_.stages[stage + 1].tensor_all_gather) {
    gather = std::max(gather, cost.time(vectors));
    add_loads(cost, vectors, 1.0, loads);
  }
  return time + gather;
}

}  // namespace switchyard
