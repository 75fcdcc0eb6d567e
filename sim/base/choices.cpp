// Near misses by the edit distance with swaps of neighbours (Damerau 1964; the restricted form, "optimal
// string alignment", where no letter is edited twice).
#include "sim/base/choices.hpp"

#include <algorithm>
#include <vector>

#include "sim/base/quote.hpp"
#include "sim/base/text.hpp"

namespace switchyard {
namespace {

constexpr std::size_t kLongestWord = 100;  // longer words are no slips of the pen, and would cost time

std::size_t edit_distance(std::string_view a, std::string_view b) {
  const std::size_t width = b.size() + 1;
  std::vector<std::size_t> cost((a.size() + 1) *
                                width);  // cost[i][j]: the first i letters of a to the first j of b
  for (std::size_t i = 0; i <= a.size(); ++i) cost[i * width] = i;
  for (std::size_t j = 0; j <= b.size(); ++j) cost[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const auto same = [&](std::size_t x, std::size_t y) { return lower(a[x]) == lower(b[y]); };
      std::size_t best = cost[(i - 1) * width + j - 1] + (same(i - 1, j - 1) ? 0 : 1);
      best = std::min({best, cost[(i - 1) * width + j] + 1, cost[i * width + j - 1] + 1});
      if (i > 1 && j > 1 && same(i - 1, j - 2) && same(i - 2, j - 1)) {
        best = std::min(best, cost[(i - 2) * width + j - 2] + 1);
      }
      cost[i * width + j] = best;
    }
  }
  return cost.back();
}

std::size_t shared_beginning(std::string_view a, std::string_view b) {
  const auto same = [](char x, char y) { return lower(x) == lower(y); };
  return static_cast<std::size_t>(std::mismatch(a.begin(), a.end(), b.begin(), b.end(), same).first -
                                  a.begin());
}

/// The one candidate that begins with the word: "h100" is short for "h100_sxm". Two would be a guess.
const std::string* begun(std::string_view word, std::span<const std::string> candidates) {
  constexpr std::size_t kLeast = 3;  // letters; fewer begin anything
  const auto begins = [&](const std::string& c) { return shared_beginning(word, c) == word.size(); };
  const auto first = std::find_if(candidates.begin(), candidates.end(), begins);
  if (word.size() < kLeast || first == candidates.end()) return nullptr;
  return std::find_if(first + 1, candidates.end(), begins) == candidates.end() ? &*first : nullptr;
}

}  // namespace

std::optional<std::string> near_miss(std::string_view word, std::span<const std::string> candidates) {
  if (word.empty() || word.size() > kLongestWord) return std::nullopt;
  if (const std::string* one = begun(word, candidates)) return *one;
  const std::string* nearest = nullptr;
  std::size_t least = std::max<std::size_t>(1, word.size() / 3) + 1;
  for (const std::string& candidate : candidates) {
    if (candidate.size() > word.size() + least || word.size() > candidate.size() + least) continue;
    const std::size_t distance = edit_distance(word, candidate);
    if (distance >= std::max(word.size(), candidate.size())) continue;
    const bool tie = nearest != nullptr && distance == least;  // people are surest of a name's beginning
    if (distance < least || (tie && shared_beginning(word, candidate) > shared_beginning(word, *nearest))) {
      least = distance;
      nearest = &candidate;
    }
  }
  return nearest == nullptr ? std::nullopt : std::optional<std::string>(*nearest);
}

std::string choices(std::string_view word, std::span<const std::string> candidates) {
  std::string text;
  if (const auto near = near_miss(word, candidates)) text += "did you mean " + in_quotes(*near) + "?; ";
  text += "choose one of ";
  for (std::size_t i = 0; i < candidates.size(); ++i) text += (i == 0 ? "" : ", ") + candidates[i];
  return candidates.empty() ? "there are none to choose from" : text;
}

}  // namespace switchyard
