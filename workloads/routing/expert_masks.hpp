// The bank's rows as sets: a bit an expert, so that many tokens' assignments are added up 512 bits at a
// time. A step of decoding reads one row a sequence, and that sum is most of what routing costs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "sim/base/huge_pages.hpp"

namespace switchyard {

/// How often each token of a bank is read in a step.
struct TokenReads {
  std::vector<std::uint32_t> times;   // [tokens of the bank]
  std::vector<std::uint32_t> tokens;  // those that are read, each once

  void add(std::size_t token) {
    if (times[token]++ == 0) tokens.push_back(static_cast<std::uint32_t>(token));
  }
  /// As long as before, and of none.
  void clear() {
    for (const std::uint32_t token : tokens) times[token] = 0;
    tokens.clear();
  }
};

class ExpertMasks {
 public:
  /// Empty sets for `tokens` in each of `layers` of `experts`.
  ExpertMasks(std::size_t tokens, std::size_t layers, std::size_t experts);

  /// How many sets of 512 members a token's experts of all layers fill, one layer behind the other.
  static std::size_t sets_of_token(std::size_t layers, std::size_t experts);
  /// In bytes, of one made so.
  static std::size_t size(std::size_t tokens, std::size_t layers, std::size_t experts);

  void set(std::size_t token, std::size_t layer, std::uint16_t expert);
  /// Adds the assignments of each token as often as it is read to counts [layers, experts].
  void add(const TokenReads& reads, std::span<std::uint32_t> counts) const;

 private:
  struct alignas(64) Set {
    std::uint64_t words[8] = {};
  };
  std::size_t tokens_, layers_, experts_;
  LargeTable<Set> sets_;  // [sets of a token, tokens + 1]: the last of no expert
};

}  // namespace switchyard
