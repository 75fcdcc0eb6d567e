// Roofline with a smooth ridge (Williams, Waterman and Patterson, CACM 2009) plus a fixed cost a kernel.
#include "sim/cost/operator_cost.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

namespace switchyard {
namespace {

// What kernels do beyond their useful work. The constants were chosen by trying a handful of forms and values
// on TensorRT-LLM's kernels on H100, H200 and B200, all rows: errors on shapes left out
// (topologies/fit/operators.py) judge the shares fitted beside them, not these.
//
// Products: rows are padded to the tensor cores' 16, columns to a tile of 128; of the last wave of tiles over
// the multiprocessors a part stands idle. On those measurements this is no better than none (within 0.5 %
// either way).
constexpr double kProductRows = 16.0;
constexpr double kProductTile = 128.0;
constexpr double kProductIdleWaves = 0.12;
// Prefill attention: blocks of 128 queries over tiles of 128 keys. A block costs as much as 128 further keys,
// a query (read, scale, write) as 400; blocks of a prompt differ in length, so that most of a wave stands
// idle at the end. So the rate grows with the prompt's length.
constexpr double kQueryBlock = 128.0;
constexpr double kKeysOfBlock = 64.0 + 128.0;  // half of the diagonal's tile is masked
constexpr double kKeysOfQuery = 400.0;
constexpr double kAttentionIdleWaves = 1.0;
// Decode attention: a sequence costs as much reading as 100 further tokens. Split kernels fill the GPU from a
// few hundred cached tokens on; what is smaller is overhead.
constexpr double kTokensOfSequence = 100.0;

double padded(double number, double tile) { return std::ceil(number / tile) * tile; }

/// A prompt's chunk after no context is as far from one after this many tokens as that is from one after
/// three times as many: what the logarithm of a context that may be 0 starts from.
constexpr double kFirstContext = 1024.0;

double context_size(double context) { return kFirstContext + std::max(context, 0.0); }

double real(std::int64_t number) { return static_cast<double>(number); }

Correction<GemmShape> gemm_correction(const OperatorCost& formula) {
  Correction<GemmShape>::Points points;
  for (const GemmPoint& point : formula.gpu().profile.tables->gemm) {
    const Gemm gemm = work_of(point, formula.gpu());
    points[shape_of(gemm)].push_back({real(point.m), 1.0, {formula.gemm(gemm, point.m), point.time}});
  }
  return Correction<GemmShape>(points);
}

Correction<AttentionShape> decode_correction(const OperatorCost& formula) {
  Correction<AttentionShape>::Points points;
  for (const DecodeAttentionPoint& point : formula.gpu().profile.tables->decode_attention) {
    const double context = real(point.sequences) * real(point.context);
    for (const AttentionWork& work : works_of(point))
      points[shape_of(work)].push_back(
          {real(point.sequences),
           real(point.context),
           {formula.decode_attention(work, point.sequences, context), point.time}});
  }
  return Correction<AttentionShape>(points);
}

Correction<AttentionShape> prefill_correction(const OperatorCost& formula) {
  Correction<AttentionShape>::Points points;
  for (const PrefillAttentionPoint& point : formula.gpu().profile.tables->prefill_attention) {
    const AttentionWork work = work_of(point);
    const double tokens = real(point.tokens), context = real(point.context);
    const double pairs = tokens * context + 0.5 * tokens * (tokens + 1.0);
    points[shape_of(work)].push_back(
        {tokens,
         context_size(context),
         {formula.prefill_attention(work, pairs, context + tokens, point.tokens), point.time}});
  }
  return Correction<AttentionShape>(points);
}

/// What stands for the rows that each read of an expert's weights serves: whole tiles where those are large,
/// whose times go up with the tile; below them the rows themselves.
double rows_a_read(const ExpertTiling& tiling, double rows, double tiled_rows, std::int64_t reads) {
  const bool whole_tiles = tiling.large && tiled_rows > real(tiling.rows * reads);
  return (whole_tiles ? tiled_rows : rows) / real(reads);
}

Correction<ExpertShape> expert_correction(const OperatorCost& formula, const ExpertTiling& tiling) {
  Correction<ExpertShape>::Points points;
  for (const GroupedGemmPoint& point : formula.gpu().profile.tables->grouped_gemm) {
    const ExpertWork work = work_of(point, formula.gpu());
    const bool large = tiling.is_large(point.rows, point.active_experts);
    const double rows = real(point.rows);
    const double tiled = real(tiled_rows(point, large ? tiling.large->rows : tiling.rows));
    points[shape_of(work)].push_back(
        {rows_a_read(tiling, rows, tiled, point.active_experts),
         real(point.active_experts),
         {formula.experts(work, rows, tiled, point.active_experts), point.time}});
  }
  return Correction<ExpertShape>(points);
}

std::optional<RatioCurve> elementwise_correction(const OperatorCost& formula) {
  std::vector<MeasuredTime> times;
  for (const ElementwisePoint& point : formula.gpu().profile.tables->elementwise)
    times.push_back({formula.elementwise(1.0, Bytes(real(point.bytes))), point.time});
  if (times.empty()) return std::nullopt;
  return RatioCurve(std::move(times));
}

}  // namespace

Seconds smooth_max(Seconds a, Seconds b, double p) {
  const double larger = std::max(a.value(), b.value());
  if (larger <= 0.0) return Seconds(0.0);
  const double ratio = std::min(a.value(), b.value()) / larger;
  if (p == 4.0) return Seconds(larger * std::sqrt(std::sqrt(1.0 + ratio * ratio * ratio * ratio)));
  return Seconds(larger * std::pow(1.0 + std::pow(ratio, p), 1.0 / p));
}

OperatorCost::OperatorCost(const Gpu& gpu, ExpertTiling tiling)
    : OperatorCost(gpu, measured_gpu(gpu), tiling) {}

OperatorCost::OperatorCost(const Gpu& gpu, const Gpu& measured, ExpertTiling tiling)
    : gpu_(gpu), tiling_(tiling), kernels_(gpu, measured) {
  OperatorCost formula = *this;  // no table corrects it
  formula.gpu_ = measured;
  gemm_ = gemm_correction(formula);
  decode_attention_ = decode_correction(formula);
  prefill_attention_ = prefill_correction(formula);
  experts_ = expert_correction(formula, tiling_);
  elementwise_ = elementwise_correction(formula);
}

struct OperatorCost::Formulas {
  OperatorCost without, with;
};

OperatorCost::OperatorCost(const Gpu& gpu, ExpertTiling tiling, const EngineEfficiency& engine)
    : OperatorCost(gpu, tiling) {
  if (engine == EngineEfficiency{}) return;
  formulas_ = std::make_shared<Formulas>(
      Formulas{OperatorCost(formula_gpu(gpu, {})), OperatorCost(formula_gpu(gpu, engine))});
}

const OperatorCost& OperatorCost::on_engine() const { return formulas_ ? formulas_->with : *this; }

template <class Of>
Seconds OperatorCost::on_engine(Seconds time, Of of) const {
  if (!formulas_) return time;
  const Seconds without = of(formulas_->without, reach_);
  return without > Seconds(0.0) ? time * (of(formulas_->with, Reach{}) / without) : time;
}

/// The formula without bytes, pairs among idle blocks and padding, times the least ratio of all sizes.
OperatorCost::LeastPrompts OperatorCost::least_prefill_attention(const AttentionWork& work) const {
  constexpr double kAnything = std::numeric_limits<double>::max();
  const double ratio =
      prefill_attention_.least(shape_of(work), {0.0, kAnything}, {0.0, kAnything}, Seconds(1.0)).value();
  const Gpu& gpu = formulas_ ? formulas_->with.gpu_ : gpu_;
  const Seconds pair =
      work.prefill_flops_per_pair /
      (peak_rate(gpu, Precision::bf16) * gpu.profile.prefill_attention.in(work.kv_cache).compute);
  const double idle = kAttentionIdleWaves * real(gpu.multiprocessors) * kQueryBlock / real(work.heads);
  return {ratio * (gpu.profile.kernel_overhead + idle * kKeysOfBlock * pair),
          ratio * (kKeysOfBlock + kKeysOfQuery) * pair, ratio * pair};
}

OperatorCost OperatorCost::least_within(const Reach& reach) const {
  OperatorCost least = *this;
  least.reach_ = reach;
  least.kernels_.take_least_within(reach.rows);
  return least;
}

Seconds OperatorCost::gemm(const Gemm& gemm, std::int64_t m) const {
  if (m == 0 || gemm.n == 0) return Seconds(0.0);
  const auto formula_at = [&](double rows) { return gemm_formula(gemm, static_cast<std::int64_t>(rows)); };
  const Seconds formula = gemm_formula(gemm, m);
  const Seconds time =
      reaches() ? gemm_.least(shape_of(gemm), formula, formula_at(real(m) * reach_.rows), formula_at)
                : gemm_.corrected(shape_of(gemm), formula, formula_at);
  return on_engine(time, [&](const OperatorCost& cost, const Reach& reach) {
    return cost.gemm(gemm, static_cast<std::int64_t>(real(m) * reach.rows));
  });
}

Seconds OperatorCost::decode_attention(const AttentionWork& work, std::int64_t sequences,
                                       double context) const {
  if (sequences == 0) return Seconds(0.0);
  const double queries = real(sequences), each = context / queries;
  if (reaches())
    return decode_attention_.least(shape_of(work), {queries, queries * reach_.rows},
                                   {each / reach_.rows, each * reach_.depth},
                                   on_engine().decode_formula(work, sequences, context));
  const Seconds time =
      decode_attention_.corrected(shape_of(work), queries, each, decode_formula(work, sequences, context));
  return on_engine(time, [&](const OperatorCost& cost, const Reach&) {
    return cost.decode_attention(work, sequences, context);
  });
}

Seconds OperatorCost::prefill_attention(const AttentionWork& work, double pairs, double keys,
                                        std::int64_t tokens) const {
  if (tokens == 0) return Seconds(0.0);
  const Seconds time =
      prefill_attention_.corrected(shape_of(work), real(tokens), context_size(keys - real(tokens)),
                                   prefill_formula(work, pairs, keys, tokens));
  return on_engine(time, [&](const OperatorCost& cost, const Reach&) {
    return cost.prefill_attention(work, pairs, keys, tokens);
  });
}

Seconds OperatorCost::linear_attention(const StateWork& work, std::int64_t sequences,
                                       std::int64_t tokens) const {
  const FlopsPerSecond peak = peak_rate(gpu_, Precision::bf16);
  Seconds time;
  if (sequences > 0) {
    const double updates = static_cast<double>(sequences);
    time += gpu_.profile.kernel_overhead + roofline(updates * work.decode_flops_per_sequence, peak,
                                                    updates * work.decode_bytes_per_sequence,
                                                    gpu_.profile.decode_attention);
  }
  if (tokens > 0) {
    const double scanned = static_cast<double>(tokens);
    time += gpu_.profile.kernel_overhead + roofline(scanned * work.prefill_flops_per_token, peak,
                                                    scanned * work.prefill_bytes_per_token,
                                                    gpu_.profile.prefill_attention);
  }
  return on_engine(time, [&](const OperatorCost& cost, const Reach&) {
    return cost.linear_attention(work, sequences, tokens);
  });
}

Seconds OperatorCost::experts(const ExpertWork& work, double rows, double tiled_rows,
                              std::int64_t reads) const {
  if (reads == 0) return Seconds(0.0);
  const double each = rows_a_read(tiling_, rows, tiled_rows, reads), read = real(reads);
  if (reaches()) {
    const double padding = tiling_.large ? real(tiling_.large->rows) : 0.0;  // of whole tiles, a read
    return experts_.least(shape_of(work), {each / reach_.depth, each * reach_.rows + padding},
                          {read, read * reach_.depth},
                          on_engine().experts_formula(work, rows, tiled_rows, reads));
  }
  const Seconds time =
      experts_.corrected(shape_of(work), each, read, experts_formula(work, rows, tiled_rows, reads));
  return on_engine(time, [&](const OperatorCost& cost, const Reach&) {
    return cost.experts(work, rows, tiled_rows, reads);
  });
}

Seconds OperatorCost::elementwise(double kernels, Bytes bytes) const {
  const Seconds formula = elementwise_formula(kernels, bytes);
  Seconds time = formula;
  if (elementwise_ && kernels > 0.0) {
    const Seconds each = elementwise_formula(1.0, bytes / kernels);
    time = kernels * (reaches()
                          ? elementwise_->least(each, elementwise_formula(1.0, bytes * reach_.rows / kernels))
                          : elementwise_->corrected(each));
  }
  return on_engine(time, [&](const OperatorCost& cost, const Reach& reach) {
    return cost.elementwise(kernels, bytes * reach.rows);
  });
}

Seconds OperatorCost::gemm_formula(const Gemm& gemm, std::int64_t m) const {
  const double rows = real(m), n = real(gemm.n), k = real(gemm.k);
  const Bytes bytes = n * k * bytes_per_element(gemm.weights) +
                      rows * k * bytes_per_element(gemm.activations) +
                      rows * n * bytes_per_element(Precision::bf16);
  const double tall = padded(rows, kProductRows);
  const double idle =
      kProductIdleWaves * real(gpu_.multiprocessors) * std::min(tall, kProductTile) * kProductTile;
  const double outputs = tall * padded(n, kProductTile) + idle;
  return gpu_.profile.kernel_overhead + roofline(Flops(2.0 * outputs * k), peak_rate(gpu_, gemm.activations),
                                                 bytes, gpu_.profile.gemm.in(gemm.weights));
}

Seconds OperatorCost::decode_formula(const AttentionWork& work, std::int64_t sequences,
                                     double context) const {
  const double queries = real(sequences);
  const Bytes bytes = (context + kTokensOfSequence * queries) * work.cache_bytes_per_token +
                      queries * work.query_bytes_per_token;
  return gpu_.profile.kernel_overhead +
         roofline(context * work.decode_flops_per_pair, peak_rate(gpu_, Precision::bf16), bytes,
                  (work.kind == AttentionWork::Kind::latent ? gpu_.profile.latent_decode_attention
                                                            : gpu_.profile.decode_attention)
                      .in(work.kv_cache));
}

Seconds OperatorCost::prefill_formula(const AttentionWork& work, double pairs, double keys,
                                      std::int64_t tokens) const {
  const double queries = real(tokens);
  const Bytes bytes = keys * work.prefill_bytes_per_key + queries * work.query_bytes_per_token;
  const double idle = kAttentionIdleWaves * real(gpu_.multiprocessors) * kQueryBlock / real(work.heads);
  const double all_pairs =
      (pairs / queries + kKeysOfBlock) * (padded(queries, kQueryBlock) + idle) + kKeysOfQuery * queries;
  return gpu_.profile.kernel_overhead + roofline(all_pairs * work.prefill_flops_per_pair,
                                                 peak_rate(gpu_, Precision::bf16), bytes,
                                                 gpu_.profile.prefill_attention.in(work.kv_cache));
}

Seconds OperatorCost::experts_formula(const ExpertWork& work, double rows, double tiled_rows,
                                      std::int64_t reads) const {
  const Bytes bytes =
      static_cast<double>(reads) * work.weight_bytes_per_expert + rows * work.activation_bytes_per_row;
  return 2.0 * gpu_.profile.kernel_overhead + roofline(tiled_rows * work.flops_per_row,
                                                       peak_rate(gpu_, work.activations), bytes,
                                                       gpu_.profile.grouped_gemm.in(work.weights));
}

Seconds OperatorCost::elementwise_formula(double kernels, Bytes bytes) const {
  return kernels * gpu_.profile.kernel_overhead +
         bytes / (gpu_.memory_bandwidth * gpu_.profile.elementwise.memory);
}

Seconds OperatorCost::roofline(Flops flops, FlopsPerSecond peak, Bytes bytes,
                               const EfficiencyShare& reached) const {
  return smooth_max(flops / (peak * reached.compute), bytes / (gpu_.memory_bandwidth * reached.memory),
                    gpu_.profile.smoothness);
}

}  // namespace switchyard
