// Assignments added up as bits.
#include "workloads/routing/expert_masks.hpp"

#include <catch2/catch.hpp>
#include <vector>

#include "sim/base/random.hpp"

using namespace switchyard;

namespace {

/// Tokens as they come, each `most` / 2 times on average.
TokenReads draw(Random& random, std::size_t tokens, std::int64_t most) {
  TokenReads reads{std::vector<std::uint32_t>(tokens), {}};
  for (std::int64_t i = 0; i < most * static_cast<std::int64_t>(tokens) / 2; ++i)
    reads.add(static_cast<std::size_t>(random.integer(0, static_cast<std::int64_t>(tokens) - 1)));
  return reads;
}

}  // namespace

TEST_CASE("Adding sets of experts counts as adding them one by one does", "[routing]") {
  Random random(1, "masks");
  for (const std::size_t experts : {3, 64, 100, 256, 300, 512}) {
    constexpr std::size_t kTokens = 50, kLayers = 3;
    ExpertMasks masks(kTokens, kLayers, experts);
    std::vector<std::vector<std::uint16_t>> chosen(kTokens * kLayers);
    for (std::size_t token = 0; token < kTokens; ++token)
      for (std::size_t layer = 0; layer < kLayers; ++layer)
        for (std::uint16_t expert = 0; expert < experts; ++expert) {
          if (random.uniform() > 0.1) continue;
          masks.set(token, layer, expert);
          chosen[layer * kTokens + token].push_back(expert);
        }
    for (const std::int64_t most : {0, 1, 3, 1000}) {
      std::vector<std::uint32_t> counts(kLayers * experts, 5), wanted = counts;
      const TokenReads reads = draw(random, kTokens, most);
      for (std::size_t layer = 0; layer < kLayers; ++layer)
        for (std::size_t token = 0; token < kTokens; ++token)
          for (const std::uint16_t expert : chosen[layer * kTokens + token])
            wanted[layer * experts + expert] += reads.times[token];
      masks.add(reads, counts);
      CHECK(counts == wanted);
    }
  }
}

TEST_CASE("A million of the same token are counted", "[routing]") {
  ExpertMasks masks(2, 1, 8);
  masks.set(0, 0, 3);
  masks.set(1, 0, 3);
  std::vector<std::uint32_t> counts(8);
  masks.add({{1'000'000, 65'536}, {0, 1}}, counts);
  CHECK(counts == std::vector<std::uint32_t>{0, 0, 0, 1'065'536, 0, 0, 0, 0});
}

TEST_CASE("Cleared reads are as long as before, and of no token", "[routing]") {
  TokenReads reads{std::vector<std::uint32_t>(4), {}};
  reads.add(2);
  reads.add(0);
  reads.add(2);
  CHECK(reads.times == std::vector<std::uint32_t>{1, 0, 2, 0});
  CHECK(reads.tokens == std::vector<std::uint32_t>{2, 0});
  reads.clear();
  CHECK(reads.times == std::vector<std::uint32_t>(4));
  CHECK(reads.tokens.empty());
}
