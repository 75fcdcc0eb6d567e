// Top-k by insertion: a candidate is looked at once and, for all but k (1 + ln(E / k)) of them on average,
// leaves after one comparison with the worst expert kept so far.
#include "kernels/selection.hpp"

#include <algorithm>
#include <array>

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

float sum_of_two_best(std::span<const float> scores) {
  float first = std::max(scores[0], scores[1]);
  float second = std::min(scores[0], scores[1]);
  for (const float score : scores.subspan(2)) {
    second = std::max(second, std::min(first, score));
    first = std::max(first, score);
  }
  return first + second;
}

void choose_groups(std::span<const float> group_scores, std::span<std::uint16_t> chosen) {
  choose_top(group_scores, chosen);
  std::sort(chosen.begin(), chosen.end());
}

}  // namespace switchyard
