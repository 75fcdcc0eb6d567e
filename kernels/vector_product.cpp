// hidden · weightsᵀ with Google Highway. Lanes are experts, so every score keeps the scalar chain of fused
// multiply-adds; a chain may rest in memory between two blocks of the hidden dimension without changing a
// bit. Compiled once per instruction set and chosen at run time. Targets without FMA are left out: they could
// not give the same bits.
//
// The weights lie in panels of one or two vectors of experts, [panel][hidden][width]. A tile of tokens by one
// panel keeps its sums in registers: 6 x 2 of AVX2's 16, 12 x 2 of AVX-512's 32. A block of 512 of the hidden
// dimension of all experts stays in the second cache, the tile's tokens in the first.
#include <algorithm>
#include <vector>

#include "kernels/vector_primitives.hpp"

#define HWY_DISABLE_PCLMUL_AES  // x86-64-v3 does not name AES; nothing here needs it
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_SSE4)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/vector_product.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace switchyard {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using Wide = hn::ScalableTag<float>;
using Half = hn::CappedTag<float, 8>;  // for a last panel of at most 8 experts: all of Mixtral's gate

constexpr std::size_t kLanes = HWY_MAX_BYTES / sizeof(float);
constexpr std::size_t kTokens = kLanes == 16 ? 12 : 6;
constexpr std::size_t kDepth = 512;
constexpr std::size_t kNearWeights = 1 << 17;  // floats: a quarter of a second cache of 2 MiB

struct Panel {
  std::size_t first;  // expert
  std::size_t width;  // 8, kLanes or 2 kLanes
};

std::vector<Panel> panels_of(std::size_t experts) {
  std::vector<Panel> panels;
  for (std::size_t first = 0; first < experts; first += panels.back().width) {
    const std::size_t rest = experts - first;
    panels.push_back({first, rest > kLanes ? 2 * kLanes : rest > 8 ? kLanes : 8});
  }
  return panels;
}

PackedWeights pack(const GateShape& shape, std::span<const float> weights) {
  const auto length = static_cast<std::size_t>(shape.hidden_size);
  const auto experts = static_cast<std::size_t>(shape.num_experts);
  const std::vector<Panel> panels = panels_of(experts);
  PackedWeights packed;
  packed.fp32.resize((panels.back().first + panels.back().width) * length);
  for (const Panel& panel : panels) {
    float* to = packed.fp32.data() + panel.first * length;
    const std::size_t filled = std::min(panel.width, experts - panel.first);
    for (std::size_t d = 0; d < length; ++d, to += panel.width) {
      for (std::size_t e = 0; e < filled; ++e) to[e] = weights[(panel.first + e) * length + d];
    }
  }
  return packed;
}

/// Some tokens' rows of a block of the hidden dimension.
struct Rows {
  const float* data;
  std::size_t stride;
  std::size_t depth;
};

/// Rows that will be read next, asked for while a tile computes: a line of each every kLine steps.
struct Ahead {
  const float* data = nullptr;
  std::size_t stride = 0;
  std::size_t rows = 0;
};

constexpr std::size_t kLine = 16;  // floats of a cache line

/// Whether sums start at 0 or from where the last block of the hidden dimension left them.
enum class Start { zero, stored };

/// Where a tile's sums are.
struct Sums {
  float* data;
  std::size_t stride;
  Start start;
};

/// sums [N, V vectors] = 0, or themselves, + rows [N, depth] · panel [depth, V vectors].
template <std::size_t N, std::size_t V, class D>
void tile(D d, const Rows& rows, const float* panel, const Sums& to, const Ahead& ahead) {
  const std::size_t lanes = hn::Lanes(d);
  hn::Vec<D> sums[N][V];
  for (std::size_t t = 0; t < N; ++t) {
    for (std::size_t v = 0; v < V; ++v) {
      sums[t][v] = hn::Zero(d);
      if (to.start == Start::stored) sums[t][v] = hn::LoadU(d, to.data + t * to.stride + v * lanes);
    }
  }
  for (std::size_t line = 0; line < rows.depth; line += kLine) {
    for (std::size_t r = 0; r < ahead.rows; ++r)
      __builtin_prefetch(ahead.data + r * ahead.stride + line, 0, 2);  // to the second cache
    const std::size_t end = std::min(line + kLine, rows.depth);
    for (std::size_t i = line; i < end; ++i, panel += V * lanes) {
      hn::Vec<D> weights[V];
      for (std::size_t v = 0; v < V; ++v) weights[v] = hn::Load(d, panel + v * lanes);
      for (std::size_t t = 0; t < N; ++t) {
        const hn::Vec<D> x = hn::Set(d, rows.data[t * rows.stride + i]);
        for (std::size_t v = 0; v < V; ++v) sums[t][v] = hn::MulAdd(x, weights[v], sums[t][v]);
      }
    }
  }
  for (std::size_t t = 0; t < N; ++t) {
    for (std::size_t v = 0; v < V; ++v) hn::StoreU(sums[t][v], d, to.data + t * to.stride + v * lanes);
  }
}

/// Any number of tokens up to kTokens: a last tile's few in fours and ones.
template <std::size_t V, class D>
void tiles(D d, std::size_t tokens, Rows rows, const float* panel, Sums sums, const Ahead& ahead) {
  if (tokens == kTokens) return tile<kTokens, V>(d, rows, panel, sums, ahead);
  const Ahead nothing;
  for (; tokens >= 4; tokens -= 4, rows.data += 4 * rows.stride, sums.data += 4 * sums.stride)
    tile<4, V>(d, rows, panel, sums, nothing);
  for (; tokens > 0; --tokens, rows.data += rows.stride, sums.data += sums.stride)
    tile<1, V>(d, rows, panel, sums, nothing);
}

void tiles_of(std::size_t width, std::size_t tokens, const Rows& rows, const float* panel, const Sums& sums,
              const Ahead& ahead) {
  if (width == 2 * kLanes) return tiles<2>(Wide(), tokens, rows, panel, sums, ahead);
  if (width == kLanes) return tiles<1>(Wide(), tokens, rows, panel, sums, ahead);
  tiles<1>(Half(), tokens, rows, panel, sums, ahead);
}

/// A panel that is not full has sums for experts that do not exist: they stay in a tile of their own.
void edge_tiles(const Panel& panel, std::size_t filled, std::size_t tokens, const Rows& rows,
                const float* weights, const Sums& sums, const Ahead& ahead) {
  alignas(64) float edge[kTokens * 2 * kLanes] = {};
  for (std::size_t t = 0; t < tokens; ++t)
    std::copy_n(sums.data + t * sums.stride, filled, edge + t * panel.width);
  tiles_of(panel.width, tokens, rows, weights, {edge, panel.width, sums.start}, ahead);
  for (std::size_t t = 0; t < tokens; ++t)
    std::copy_n(edge + t * panel.width, filled, sums.data + t * sums.stride);
}

/// The rows of a tile, copied side by side when they lie so far apart that they would share cache sets.
Rows near_rows(const float* hidden, std::size_t tokens, std::size_t length, std::size_t depth, float* copy) {
  if (length <= kDepth) return {hidden, length, depth};
  for (std::size_t t = 0; t < tokens; ++t) std::copy_n(hidden + t * length, depth, copy + t * depth);
  return {copy, depth, depth};
}

/// The part of the next tile's rows that is fetched while a panel computes.
Ahead share_of_panel(const Ahead& next, std::size_t panel, std::size_t panels) {
  const std::size_t first = next.rows * panel / panels;
  const std::size_t last = next.rows * (panel + 1) / panels;
  return {next.data + first * next.stride, next.stride, last - first};
}

/// A tile's tokens and a block of the hidden dimension.
struct Block {
  std::size_t token;
  std::size_t tokens;
  std::size_t first;  // of the hidden dimension
  std::size_t depth;
};

/// The order of work. Weights that fit into the second cache together meet a tile whole, which so reads its
/// tokens' rows without a break; others block by block, each of them all tokens.
std::vector<Block> blocks_of(std::size_t tokens, std::size_t length, std::size_t experts) {
  const std::size_t together = experts * length <= kNearWeights ? kTokens : std::max(tokens, kTokens);
  std::vector<Block> blocks;
  for (std::size_t begin = 0; begin < tokens; begin += together)
    for (std::size_t first = 0; first < length; first += kDepth)
      for (std::size_t t = begin; t < std::min(begin + together, tokens); t += kTokens)
        blocks.push_back({t, std::min(kTokens, tokens - t), first, std::min(kDepth, length - first)});
  return blocks;
}

void logits(const GateInput& input, const PackedWeights& packed, std::span<float> scores) {
  const auto length = static_cast<std::size_t>(input.shape.hidden_size);
  const auto experts = static_cast<std::size_t>(input.shape.num_experts);
  const std::vector<Panel> panels = panels_of(experts);
  const std::vector<Block> blocks = blocks_of(static_cast<std::size_t>(input.tokens), length, experts);
  const auto rows_at = [&](const Block& block) {
    return input.hidden.data() + block.token * length + block.first;
  };
  alignas(64) float copy[kTokens * kDepth];
  for (std::size_t b = 0; b < blocks.size(); ++b) {
    const Block& block = blocks[b];
    const Rows rows = near_rows(rows_at(block), block.tokens, length, block.depth, copy);
    const Ahead next =
        b + 1 < blocks.size() ? Ahead{rows_at(blocks[b + 1]), length, blocks[b + 1].tokens} : Ahead{};
    for (std::size_t p = 0; p < panels.size(); ++p) {
      const Panel& panel = panels[p];
      const float* weights = packed.fp32.data() + panel.first * length + block.first * panel.width;
      const Sums sums{scores.data() + block.token * experts + panel.first, experts,
                      block.first == 0 ? Start::zero : Start::stored};
      const Ahead ahead = share_of_panel(next, p, panels.size());
      const std::size_t filled = std::min(panel.width, experts - panel.first);
      if (filled == panel.width) tiles_of(panel.width, block.tokens, rows, weights, sums, ahead);
      else edge_tiles(panel, filled, block.tokens, rows, weights, sums, ahead);
    }
  }
  add_logit_bias(input, scores);
}

}  // namespace HWY_NAMESPACE
}  // namespace switchyard
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace switchyard {
namespace {

HWY_EXPORT(pack);
HWY_EXPORT(logits);

}  // namespace

PackedWeights pack_widest(const GateShape& shape, std::span<const float> weights) {
  return HWY_DYNAMIC_DISPATCH(pack)(shape, weights);
}

void logits_widest(const GateInput& input, const PackedWeights& packed, std::span<float> scores) {
  HWY_DYNAMIC_DISPATCH(logits)(input, packed, scores);
}

PackedWeights pack_avx2(const GateShape& shape, std::span<const float> weights) {
  return HWY_STATIC_DISPATCH(pack)(shape, weights);
}

void logits_avx2(const GateInput& input, const PackedWeights& packed, std::span<float> scores) {
  HWY_STATIC_DISPATCH(logits)(input, packed, scores);
}

}  // namespace switchyard
#endif  // HWY_ONCE
