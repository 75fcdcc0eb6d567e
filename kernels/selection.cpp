// Top-k by insertion: a candidate is looked at once and, for all but k (1 + ln(E / k)) of them on average,
// leaves after one comparison with the worst expert kept so far.
#include "kernels/selection.hpp"

#include <algorithm>
#include <array>
#include <limits>

namespace switchyard {
namespace {

constexpr std::size_t kMaxChosen = 1024;  // groups are chosen by the same code

/// Puts a candidate into the first `size` sorted places, behind its equals; the last place falls out.
void insert(float score, std::uint16_t index, std::size_t size, float* best, std::uint16_t* chosen) {
  std::size_t place = size - 1;
  for (; place > 0 && best[place - 1] < score; --place) {
    best[place] = best[place - 1];
    chosen[place] = chosen[place - 1];
  }
  best[place] = score;
  chosen[place] = index;
}

}  // namespace

void choose_top(std::span<const float> scores, std::span<std::uint16_t> chosen) {
  const std::size_t k = chosen.size();
  std::array<float, kMaxChosen> best;
  for (std::size_t i = 0; i < k; ++i)
    insert(scores[i], static_cast<std::uint16_t>(i), i + 1, best.data(), chosen.data());
  for (std::size_t i = k; i < scores.size(); ++i) {
    if (scores[i] > best[k - 1])
      insert(scores[i], static_cast<std::uint16_t>(i), k, best.data(), chosen.data());
  }
}

void keep_best_groups(std::span<const float> group_scores, std::int64_t kept, std::span<float> scores) {
  std::array<std::uint16_t, kMaxChosen> best;
  std::array<bool, kMaxChosen> keep{};
  const std::span<std::uint16_t> chosen(best.data(), static_cast<std::size_t>(kept));
  choose_top(group_scores, chosen);
  for (const std::uint16_t group : chosen) keep[group] = true;
  const std::size_t size = scores.size() / group_scores.size();
  for (std::size_t g = 0; g < group_scores.size(); ++g) {
    if (!keep[g]) std::fill_n(scores.data() + g * size, size, -std::numeric_limits<float>::infinity());
  }
}

}  // namespace switchyard
