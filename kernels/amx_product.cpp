// The bf16 product by AMX: 32 tokens by 32 experts grow in four matrix registers, 32 of the hidden dimension
// at a time. A block of 1024 of it is rounded to bf16 for 32 tokens, then meets all experts, whose weights
// for it stay in the second cache. Rows of a page, 4 KiB, are what the processor fetches ahead by itself;
// fetching the next tokens while the matrix unit works (as the fp32 tiles do) made it wait: its own loads
// queue behind those of memory.
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

/// One token's values [depth] of a block, as bf16, zeros after them: 64 bytes at a time, kTokens rows apart.
SWITCHYARD_AMX void round_row(const float* hidden, std::size_t depth, std::uint16_t* rounded) {
  for (std::size_t d = 0; d < depth; d += kTileDepth, rounded += kTokens * kTileDepth) {
    const std::size_t left = std::min(kTileDepth, depth - d);
    const auto there = static_cast<__mmask32>(left == kTileDepth ? ~0u : (1u << left) - 1);
    const __m512 low = _mm512_maskz_loadu_ps(static_cast<__mmask16>(there), hidden + d);
    const __m512 high = _mm512_maskz_loadu_ps(static_cast<__mmask16>(there >> 16), hidden + d + kTile);
    const __m512bh both = _mm512_cvtne2ps_pbh(high, low);
    std::memcpy(rounded, &both, sizeof(both));
  }
}

/// Whether sums start at 0 or from where the last block of the hidden dimension left them.
enum class Sums { begin, go_on };

/// out [32 tokens, 32 experts] = 0, or itself, + tokens [blocks][32][32] · weights [half][blocks][16][16][2].
SWITCHYARD_AMX void add_panel(const std::uint16_t* tokens, const std::uint16_t* low,
                              const std::uint16_t* high, std::size_t blocks, Sums sums, float* out,
                              std::size_t stride) {
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
    _tile_loadd(4, tokens, 64);
    _tile_loadd(6, low, 64);
    _tile_dpbf16ps(0, 4, 6);
    _tile_loadd(5, tokens + kTileSize, 64);
    _tile_dpbf16ps(2, 5, 6);
    _tile_loadd(7, high, 64);
    _tile_dpbf16ps(1, 4, 7);
    _tile_dpbf16ps(3, 5, 7);
    tokens += 2 * kTileSize;
    low += kTileSize;
    high += kTileSize;
  }
  _tile_stored(0, out, bytes);
  _tile_stored(1, out + kTile, bytes);
  _tile_stored(2, out + kTile * stride, bytes);
  _tile_stored(3, out + kTile * stride + kTile, bytes);
}

/// Fewer than 32 tokens or experts: by way of a whole tile.
void add_edge(const std::uint16_t* tokens, const std::uint16_t* low, const std::uint16_t* high,
              std::size_t blocks, Sums sums, std::size_t count, std::size_t filled, float* out,
              std::size_t stride) {
  alignas(64) float edge[kTokens * kPanel] = {};
  for (std::size_t t = 0; t < count; ++t) std::copy_n(out + t * stride, filled, edge + t * kPanel);
  add_panel(tokens, low, high, blocks, sums, edge, kPanel);
  for (std::size_t t = 0; t < count; ++t) std::copy_n(edge + t * kPanel, filled, out + t * stride);
}

}  // namespace

bool has_amx() {
  static const bool there = cpu_has_amx() && system_allows_amx();
  return there;
}

void logits_amx(const GateInput& input, const PackedWeights& packed, std::span<float> scores) {
  const auto length = static_cast<std::size_t>(input.shape.hidden_size);
  const auto experts = static_cast<std::size_t>(input.shape.num_experts);
  const auto tokens = static_cast<std::size_t>(input.tokens);
  const std::size_t all_blocks = (length + kTileDepth - 1) / kTileDepth;
  alignas(64) std::uint16_t rounded[kTokens * kDepth] = {};
  configure_tiles();
  for (std::size_t first = 0; first < all_blocks; first += kBlocks) {
    const std::size_t blocks = std::min(kBlocks, all_blocks - first);
    const Sums sums = first == 0 ? Sums::begin : Sums::go_on;
    const std::size_t depth = std::min(kDepth, length - first * kTileDepth);
    for (std::size_t t = 0; t < tokens; t += kTokens) {
      const std::size_t count = std::min(kTokens, tokens - t);
      const float* hidden = input.hidden.data() + t * length + first * kTileDepth;
      for (std::size_t row = 0; row < count; ++row)
        round_row(hidden + row * length, depth, rounded + row * kTileDepth);
      for (std::size_t e = 0; e < experts; e += kPanel) {
        const std::uint16_t* low = packed.bf16.data() + (e / kTile * all_blocks + first) * kTileSize;
        const std::uint16_t* high = low + all_blocks * kTileSize;
        float* out = scores.data() + t * experts + e;
        if (count == kTokens && e + kPanel <= experts)
          add_panel(rounded, low, high, blocks, sums, out, experts);
        else add_edge(rounded, low, high, blocks, sums, count, std::min(kPanel, experts - e), out, experts);
      }
    }
  }
  release_tiles();
  add_logit_bias(input, scores);
}

}  // namespace switchyard
