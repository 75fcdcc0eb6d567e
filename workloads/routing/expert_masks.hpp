// The bank's rows as sets: a bit an expert, so that many tokens' assignments are added up 256 experts at a
// time. A step of decoding reads one row a sequence, and that sum is most of what routing costs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace switchyard {

/// A bit for each of 256 experts.
using ExpertMask = std::uint64_t __attribute__((vector_size(32)));

class ExpertMasks {
 public:
  /// Empty sets for `tokens` in each of `layers` of `experts`.
  ExpertMasks(std::size_t tokens, std::size_t layers, std::size_t experts);

  /// In bytes, of one made so.
  static std::size_t size(std::size_t tokens, std::size_t layers, std::size_t experts);

  void set(std::size_t token, std::size_t layer, std::uint16_t expert);
  /// Adds the assignments of each token `times[token]` times to counts [layers, experts].
  void add(std::span<const std::uint32_t> times, std::span<std::uint32_t> counts) const;

 private:
  std::size_t tokens_, layers_, experts_, words_;
  std::vector<ExpertMask> masks_;  // [layers, words, tokens + 1]: the last of no expert
};

}  // namespace switchyard
