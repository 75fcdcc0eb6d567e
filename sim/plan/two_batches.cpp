// Two halves of a batch that take turns (vLLM's dual batch overlap, SGLang's two-batch overlap): while one
// half's tokens are under way the other half is computed, in vLLM's order (docs.vllm.ai, design/dbo):
//
//   computing   A0        M1     S1 M0     S0 A1'
//   under way   D1        D0     C1        C0
//
// A: attention and gate, D: dispatch, M: routed experts, S: shared experts, C: combine; ' of the next layer.
// Each half reads every weight, launches every kernel and draws its own active experts. What runs beside an
// exchange shares the GPU with it: low-latency kernels run on all multiprocessors for their latency and while
// they copy rows, and the other half waits (one stream: github.com/deepseek-ai/profile-data, issue 12).
// Beside normal kernels matrix products are launched on what multiprocessors are left, for the whole step
// (vLLM's VLLM_DBO_COMM_SMS, gpu_ubatch_wrapper.py, 20 as DeepEP has; SGLang's deep_gemm_num_sms = all -
// DeepEP's, operations_strategy.py, for prefill alone); other work loses that share only while an exchange
// runs. Their traffic through memory is taken to cost no more than that: an estimate, about four passes a
// copy, 15 to 17 % of the bandwidth. What the NIC reads and writes, 100 GB/s, some 3 %, is left out, and so
// is what the exchange itself loses beside work: LMSYS saw it slower than alone (5 May 2025, "Detail
// Breakdown"), by how much is not published.
#include <algorithm>
#include <array>
#include <tuple>

#include "sim/plan/step_timer.hpp"

namespace switchyard {
namespace {

/// The first half of a rank's tokens and the rest, cut where it falls (vLLM's split at num_tokens // 2).
std::array<RankBatch, 2> halves_of(const RankBatch& whole) {
  std::array<RankBatch, 2> halves;
  std::int64_t left = whole.tokens() / 2;  // for the first half
  std::size_t run = 0;
  const auto deal_run = [&](std::size_t half, std::int64_t first, std::int64_t tokens) {
    if (run >= whole.routed.size()) return;
    const TokenRun& routed = whole.routed[run];
    halves[half].routed.push_back(
        {routed.stream, routed.position + static_cast<std::uint64_t>(first), tokens});
  };
  for (const std::int64_t context : whole.decode_contexts) {
    const std::size_t half = left > 0 ? 0 : 1;
    halves[half].decode_contexts.push_back(context);
    deal_run(half, 0, 1);
    ++run;
    --left;
  }
  for (const PrefillChunk& chunk : whole.prefills) {
    const std::int64_t first = std::clamp<std::int64_t>(left, 0, chunk.tokens);
    for (const auto& [half, begin, tokens] : {std::tuple(std::size_t{0}, std::int64_t{0}, first),
                                              std::tuple(std::size_t{1}, first, chunk.tokens - first)}) {
      if (tokens == 0) continue;
      halves[half].prefills.push_back({tokens, chunk.context + begin});
      deal_run(half, begin, tokens);
    }
    ++run;
    left -= chunk.tokens;
  }
  halves[0].padding = std::clamp<std::int64_t>(left, 0, whole.padding);
  halves[1].padding = whole.padding - halves[0].padding;
  if (whole.padding > 0) deal_run(halves[1].padding > 0 ? 1 : 0, 0, 1);
  return halves;
}

}  // namespace

bool StepTimer::takes_turns(std::size_t stage, std::span<const RankBatch> ranks) const {
  const Deployment& d = *model_.deployment;
  if (!d.enable_dbo || ranks.size() == 1 || stages_[stage].moe_layers.empty()) return false;
  const bool decodes =
      std::all_of(ranks.begin(), ranks.end(), [](const RankBatch& batch) { return batch.prefills.empty(); });
  const std::int64_t fewest = decodes ? d.dbo_decode_token_threshold : d.dbo_prefill_token_threshold;
  return std::all_of(ranks.begin(), ranks.end(), [&](const RankBatch& batch) {
    return batch.tokens() >= std::max<std::int64_t>(2, fewest);
  });
}

Breakdown StepTimer::two_batches(std::size_t stage, std::span<const RankBatch> ranks, PhaseWriter& out) {
  in_halves_ = 1;
  std::array<Half, 2> halves = split(ranks);
  Breakdown sum = time_half(stage, halves[0]);
  sum += time_half(stage, halves[1]);
  take_turns(stage, halves, out);
  for (const Seconds exposed : exposed_by_layer_) sum[Part::communication] += exposed;
  routed_->route(ranks);  // routed() tells of the whole step
  routed_->count_dropped(halves[0].dropped + halves[1].dropped);
  return sum;
}

std::array<StepTimer::Half, 2> StepTimer::split(std::span<const RankBatch> ranks) {
  std::array<Half, 2> halves;
  for (const RankBatch& whole : ranks) {
    auto parts = halves_of(whole);
    for (std::size_t half = 0; half < 2; ++half) halves[half].ranks.push_back(std::move(parts[half]));
  }
  return halves;
}

Breakdown StepTimer::time_half(std::size_t stage, Half& half) {
  Breakdown sum = rank_work(stage, half.ranks);
  half.segments = segment_times_;
  route(stage, half.ranks);
  half.dropped = routed_->dropped();
  for (const MoeLayer& layer : stages_[stage].moe_layers) {
    half.experts.push_back(expert_work(layer));
    half.exchanges.push_back(exchange(stage, layer));
    sum += half.experts.back().breakdown();
  }
  return sum;
}

void StepTimer::take_turns(std::size_t stage, const std::array<Half, 2>& halves, PhaseWriter& out) {
  const std::vector<MoeLayer>& layers = stages_[stage].moe_layers;
  exposed_by_layer_.assign(layers.size(), Seconds(0.0));
  out.compute(work_before(stage, halves[1], 0).time);
  for (std::size_t l = 0; l < layers.size(); ++l) {
    const auto beside = [&](const ExchangeLeg& leg, const SideWork& work) {
      out.collective(leg.phase(work));
      exposed_by_layer_[l] += leg.exposed(work);
      hidden_ += leg.hidden(work);
    };
    const auto shared = [&](std::size_t half) {
      const Seconds time = halves[half].segments[*layers[l].segment].shared;
      return SideWork{time, time};
    };
    const auto& [first, second] = halves;
    beside(second.exchanges[l].dispatch, work_before(stage, first, l));
    beside(first.exchanges[l].dispatch, second.experts[l].beside());
    beside(second.exchanges[l].combine, shared(1) + first.experts[l].beside());
    beside(first.exchanges[l].combine, shared(0) + work_before(stage, second, l + 1));
  }
  out.compute(work_before(stage, halves[0], layers.size()).time);
}

SideWork StepTimer::work_before(std::size_t stage, const Half& half, std::size_t moe_index) const {
  const Stage& of = stages_[stage];
  if (moe_index == of.moe_layers.size()) {
    if (!of.last_segment) return {};
    const Breakdown& last = half.segments[*of.last_segment].breakdown;
    return {last.total(), last[Part::dense_gemm]};
  }
  const SegmentTime& segment = half.segments[*of.moe_layers[moe_index].segment];
  return {segment.breakdown.total() - segment.shared + half.experts[moe_index].routing,
          std::max(Seconds(0.0), segment.breakdown[Part::dense_gemm] - segment.shared)};
}

}  // namespace switchyard
