// Quantiles of weighted samples by binary search in the running sum of the weights.
#include "sim/record/samples.hpp"

#include <algorithm>
#include <cmath>

#include "sim/base/ensure.hpp"

namespace switchyard {

void Samples::add(Seconds value, std::uint64_t weight) {
  samples_.push_back({value, weight});
  count_ += weight;
}

void Samples::sort() {
  std::sort(samples_.begin(), samples_.end(),
            [](const Sample& a, const Sample& b) { return a.value < b.value; });
  // Equal ones become one, so that sums do not depend on how a weight came to be.
  std::size_t kept = 0;
  std::uint64_t sum = 0;
  for (const Sample& sample : samples_) {
    sum += sample.weight;
    if (kept == 0 || samples_[kept - 1].value != sample.value) ++kept;
    samples_[kept - 1] = {sample.value, sum};
  }
  samples_.resize(kept);
}

Seconds Samples::quantile(double q) const {
  ensure(count_ > 0, "a quantile is taken of at least one sample");
  const double position = q * static_cast<double>(count_ - 1);
  const auto below = static_cast<std::uint64_t>(position);
  const Seconds low = order_statistic(below);
  const Seconds high = order_statistic(std::min(below + 1, count_ - 1));
  const double share = position - static_cast<double>(below);
  // From the nearer end, as numpy does, so that the result never leaves [low, high].
  return share < 0.5 ? low + share * (high - low) : high - (1.0 - share) * (high - low);
}

Distribution Samples::distribution() const {
  if (count_ == 0) return {};
  double sum = 0.0;
  std::uint64_t before = 0;
  for (const Sample& sample : samples_) {
    sum += sample.value.value() * static_cast<double>(sample.weight - before);
    before = sample.weight;
  }
  const double mean = sum / static_cast<double>(count_);
  double squares = 0.0;
  before = 0;
  for (const Sample& sample : samples_) {
    const double distance = sample.value.value() - mean;
    squares += distance * distance * static_cast<double>(sample.weight - before);
    before = sample.weight;
  }
  return {count_,        Seconds(mean),
          quantile(0.5), Seconds(std::sqrt(squares / static_cast<double>(count_))),
          quantile(0.9), quantile(0.99)};
}

Seconds Samples::order_statistic(std::uint64_t rank) const {
  return std::upper_bound(samples_.begin(), samples_.end(), rank,
                          [](std::uint64_t r, const Sample& sample) { return r < sample.weight; })
      ->value;
}

}  // namespace switchyard
