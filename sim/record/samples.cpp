// Quantiles of weighted samples by binary search in the running sum of the weights.
#include "sim/record/samples.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

#include "sim/base/ensure.hpp"

namespace switchyard {

void Samples::add(Seconds value, std::uint64_t weight) {
  samples_.push_back({rounded(value), weight});
  count_ += weight;
  if (samples_.size() >= most_) compact();
}

void Samples::sort() {
  std::sort(samples_.begin(), samples_.end(),
            [](const Sample& a, const Sample& b) { return a.value < b.value; });
  merge_equal();  // so that sums do not depend on how a weight came to be
  std::uint64_t sum = 0;
  for (Sample& sample : samples_) sample.weight = sum += sample.weight;
}

/// Makes room for as many samples again as are left.
void Samples::compact() {
  std::sort(samples_.begin(), samples_.end(),
            [](const Sample& a, const Sample& b) { return a.value < b.value; });
  merge_equal();
  while (samples_.size() > most_ / 2 && digits_ > 0) {
    digits_ -= 4;
    for (Sample& sample : samples_) sample.value = rounded(sample.value);  // leaves the order
    merge_equal();
  }
}

/// Of sorted samples.
void Samples::merge_equal() {
  std::size_t kept = 0;
  for (const Sample& sample : samples_) {
    if (kept > 0 && samples_[kept - 1].value == sample.value) samples_[kept - 1].weight += sample.weight;
    else samples_[kept++] = sample;
  }
  samples_.resize(kept);
}

/// To the nearest value with `digits_` digits: what is cut of an IEEE 754 mantissa carries into its exponent.
Seconds Samples::rounded(Seconds value) const {
  if (digits_ == 52) return value;
  const auto bits = std::bit_cast<std::uint64_t>(value.value());
  const std::uint64_t unit = std::uint64_t{1} << (52 - digits_);
  return Seconds(std::bit_cast<double>((bits + unit / 2) & ~(unit - 1)));
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
