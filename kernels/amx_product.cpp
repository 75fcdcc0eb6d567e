// The bf16 product by AMX: 32 tokens by 32 experts grow in four matrix registers, 32 of the hidden dimension
// at a time. A slab, 1024 of it for 32 tokens, is rounded to bf16 and meets all experts, whose weights for it
// stay in the second cache. The next slab is rounded between the products of this one, so that memory and the
// matrix unit work at the same time; four tokens side by side, so that the processor, which fetches ahead
// within a page by itself, has time to. Fetching by instruction instead makes the unit's own loads queue.
#include <cpuid.h>
#include <immintrin.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "kernels/bf16_primitives.hpp"

#define SWITCHYARD_AMX __attribute__((target("amx-tile,amx-bf16,avx512f,avx512bw,avx512vl,avx512bf16")))

namespace switchyard {
namespace {

constexpr std::size_t kDepth = 1024;
constexpr std::size_t kBlocks = kDepth / kTileDepth;
constexpr std::size_t kTileSize = kTile * kTileDepth;
constexpr std::size_t kTokens = 2 * kTile;

bool cpu_has_amx() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  constexpr unsigned kAmx = 1u << 22 | 1u << 24;  // bf16, tiles
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || (d & kAmx) != kAmx) return false;
  return __get_cpuid_count(7, 1, &a, &b, &c, &d) && (a & 1u << 5) != 0;  // conversion to bf16
}

/// Linux lets a process use the large matrix registers once it has asked for them.
bool system_allows_amx() {
  constexpr long kRequestPermission = 0x1023;
  constexpr long kTileData = 18;
  return syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
}

/// All eight registers have 16 rows of 64 bytes.
struct alignas(64) TileConfiguration {
  std::uint8_t palette = 1;
  std::uint8_t start_row = 0;
  std::uint8_t reserved[14] = {};
  std::uint16_t row_bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
  std::uint8_t rows[16] = {kTile, kTile, kTile, kTile, kTile, kTile, kTile, kTile};
};

SWITCHYARD_AMX void configure_tiles() {
  static constexpr TileConfiguration
      kConfiguration;  // in memory: gcc tells the instruction of 8 bytes of it only
  _tile_loadconfig(&kConfiguration);
}

SWITCHYARD_AMX void release_tiles() { _tile_release(); }

/// A block of the hidden dimension of up to 32 tokens.
struct Slab {
  const float* hidden = nullptr;  // [count][stride]
  std::size_t stride = 0;
  std::size_t count = 0;
  std::size_t depth = 0;
  std::size_t blocks() const { return (depth + kTileDepth - 1) / kTileDepth; }
};

/// 32 values, or `left` of them and zeros.
SWITCHYARD_AMX inline void round_line(const float* from, std::size_t left, std::uint16_t* to) {
  const auto there = static_cast<__mmask32>(left >= kTileDepth ? ~0u : (1u << left) - 1);
  const __m512 low = _mm512_maskz_loadu_ps(static_cast<__mmask16>(there), from);
  const __m512 high = _mm512_maskz_loadu_ps(static_cast<__mmask16>(there >> kTile), from + kTile);
  const __m512bh both = _mm512_cvtne2ps_pbh(high, low);
  std::memcpy(to, &both, sizeof(both));
}

/// Rounds a slab to bf16 a step at a time: [blocks][32 tokens][32], zeros after the slab's depth. A step is a
/// block of four tokens.
class Rounding {
 public:
  static constexpr std::size_t kTogether = 4;  // tokens

  Rounding(const Slab& slab, std::uint16_t* rounded) : slab_(slab), rounded_(rounded) {}

  SWITCHYARD_AMX void go_on(std::size_t steps) {
    for (; steps > 0 && token_ < slab_.count; --steps) {
      const float* from = slab_.hidden + token_ * slab_.stride + done_;
      std::uint16_t* to = rounded_ + done_ * kTokens + token_ * kTileDepth;
      const std::size_t tokens = std::min(kTogether, slab_.count - token_);
      for (std::size_t t = 0; t < tokens; ++t)
        round_line(from + t * slab_.stride, slab_.depth - done_, to + t * kTileDepth);
      done_ += kTileDepth;
      if (done_ < slab_.depth) continue;
      done_ = 0;
      token_ += kTogether;
    }
  }

 private:
  Slab slab_;
  std::uint16_t* rounded_;
  std::size_t token_ = 0;
  std::size_t done_ = 0;  // of the tokens' depth
};

/// Whether sums start at 0 or from where the last block of the hidden dimension left them.
enum class Sums { begin, go_on };

/// out [32 tokens, 32 experts] = 0, or itself, + tokens [blocks][32][32] · weights [half][blocks][16][16][2].
struct Panel {
  const std::uint16_t* tokens;
  const std::uint16_t* low;
  const std::uint16_t* high;
  std::size_t blocks;
  Sums sums;
  float* out;
  std::size_t stride;  // of out
};

/// Work for the rest of the processor: `steps` of it a block.
struct Meanwhile {
  Rounding& next;
  std::size_t steps;
};

SWITCHYARD_AMX void add_panel(const Panel& panel, const Meanwhile& meanwhile) {
  const auto [tokens, low, high, blocks, sums, out, stride] = panel;
  const std::size_t bytes = stride * sizeof(float);
  if (sums == Sums::begin) {
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
  } else {
    _tile_loadd(0, out, bytes);
    _tile_loadd(1, out + kTile, bytes);
    _tile_loadd(2, out + kTile * stride, bytes);
    _tile_loadd(3, out + kTile * stride + kTile, bytes);
  }
  for (std::size_t block = 0; block < blocks; ++block) {
    _tile_loadd(4, tokens + 2 * block * kTileSize, 64);
    _tile_loadd(6, low + block * kTileSize, 64);
    _tile_dpbf16ps(0, 4, 6);
    _tile_loadd(5, tokens + (2 * block + 1) * kTileSize, 64);
    _tile_dpbf16ps(2, 5, 6);
    _tile_loadd(7, high + block * kTileSize, 64);
    _tile_dpbf16ps(1, 4, 7);
    _tile_dpbf16ps(3, 5, 7);
    meanwhile.next.go_on(meanwhile.steps);
  }
  _tile_stored(0, out, bytes);
  _tile_stored(1, out + kTile, bytes);
  _tile_stored(2, out + kTile * stride, bytes);
  _tile_stored(3, out + kTile * stride + kTile, bytes);
}

/// Fewer than 32 tokens or experts: by way of a whole tile.
void add_edge(const Panel& panel, std::size_t count, std::size_t filled, const Meanwhile& meanwhile) {
  alignas(64) float edge[kTokens * kPanel] = {};
  for (std::size_t t = 0; t < count; ++t)
    std::copy_n(panel.out + t * panel.stride, filled, edge + t * kPanel);
  Panel whole = panel;
  whole.out = edge;
  whole.stride = kPanel;
  add_panel(whole, meanwhile);
  for (std::size_t t = 0; t < count; ++t)
    std::copy_n(edge + t * kPanel, filled, panel.out + t * panel.stride);
}

/// The slabs of a product: those of the first 1024 of the hidden dimension for all tokens, then the next.
class Slabs {
 public:
  explicit Slabs(const GateInput& input)
      : hidden_(input.hidden.data()),
        length_(static_cast<std::size_t>(input.shape.hidden_size)),
        tokens_(static_cast<std::size_t>(input.tokens)) {}

  std::size_t count() const { return of_depth() * ((length_ + kDepth - 1) / kDepth); }
  std::size_t first_token(std::size_t i) const { return i % of_depth() * kTokens; }
  std::size_t first_depth(std::size_t i) const { return i / of_depth() * kDepth; }
  /// An empty one after the last.
  Slab operator[](std::size_t i) const {
    if (i >= count()) return {};
    const std::size_t token = first_token(i), depth = first_depth(i);
    return {hidden_ + token * length_ + depth, length_, std::min(kTokens, tokens_ - token),
            std::min(kDepth, length_ - depth)};
  }

 private:
  std::size_t of_depth() const { return (tokens_ + kTokens - 1) / kTokens; }

  const float* hidden_;
  std::size_t length_;
  std::size_t tokens_;
};

}  // namespace

bool has_amx() {
  static const bool there = cpu_has_amx() && system_allows_amx();
  return there;
}

void logits_amx(const GateInput& input, const PackedWeights& packed, std::span<float> scores) {
  const auto experts = static_cast<std::size_t>(input.shape.num_experts);
  const std::size_t all_blocks =
      (static_cast<std::size_t>(input.shape.hidden_size) + kTileDepth - 1) / kTileDepth;
  const std::size_t panels = (experts + kPanel - 1) / kPanel;
  const Slabs slabs(input);
  alignas(64) std::uint16_t rounded[2][kTokens * kDepth] = {};
  constexpr std::size_t kSteps = kTokens / Rounding::kTogether;  // a block of the hidden dimension

  configure_tiles();
  Rounding(slabs[0], rounded[0]).go_on(kSteps * kBlocks);
  for (std::size_t i = 0; i < slabs.count(); ++i) {
    const Slab slab = slabs[i];
    const std::size_t depth = slabs.first_depth(i);
    Rounding next(slabs[i + 1], rounded[(i + 1) % 2]);
    const Meanwhile meanwhile{next, (kSteps + panels - 1) / panels};
    for (std::size_t e = 0; e < experts; e += kPanel) {
      const std::uint16_t* low =
          packed.bf16.data() + (e / kTile * all_blocks + depth / kTileDepth) * kTileSize;
      const Panel panel{rounded[i % 2],
                        low,
                        low + all_blocks * kTileSize,
                        slab.blocks(),
                        depth == 0 ? Sums::begin : Sums::go_on,
                        scores.data() + slabs.first_token(i) * experts + e,
                        experts};
      const std::size_t filled = std::min(kPanel, experts - e);
      if (slab.count == kTokens && filled == kPanel) add_panel(panel, meanwhile);
      else add_edge(panel, slab.count, filled, meanwhile);
    }
    next.go_on(kSteps * kBlocks);  // what the panels had no time for
  }
  release_tiles();
  add_logit_bias(input, scores);
}

}  // namespace switchyard
