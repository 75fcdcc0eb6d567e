// The losses go over the batch row by row: softmax in exp_fp32 (the same bits on every machine), sums in
// double.
#include "kernels/balance_losses.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>
#include <vector>

#include "kernels/exponential.hpp"

namespace switchyard {
namespace {

void require(bool holds, const std::string& problem) {
  if (!holds) throw std::invalid_argument("balance loss: " + problem);
}

std::size_t tokens_of(const GatedBatch& batch) {
  require(batch.num_experts >= 1 && batch.num_experts <= 2048, "num_experts is outside 1 to 2048");
  const auto experts = static_cast<std::size_t>(batch.num_experts);
  require(!batch.logits.empty() && batch.logits.size() % experts == 0,
          "logits is not [tokens, num_experts] of at least one token");
  require(std::all_of(batch.logits.begin(), batch.logits.end(), [](float x) { return std::isfinite(x); }),
          "a logit is not finite");
  return batch.logits.size() / experts;
}

void check_gradient(const GatedBatch& batch, std::span<float> gradient) {
  require(gradient.size() == batch.logits.size(), "gradient is not [tokens, num_experts]");
}

/// One token's softmax into `shares`; returns ln sum e^logit.
double softmax(std::span<const float> logits, std::span<double> shares) {
  const float highest = *std::max_element(logits.begin(), logits.end());
  double sum = 0.0;
  for (std::size_t e = 0; e < logits.size(); ++e) sum += shares[e] = exp_fp32(logits[e] - highest);
  for (double& share : shares) share /= sum;
  return static_cast<double>(highest) + std::log(sum);
}

/// Calls visit(row, its softmax, its ln sum e^logit) for every token.
template <class Visit>
void for_each_token(const GatedBatch& batch, Visit visit) {
  const std::size_t tokens = tokens_of(batch);
  const auto experts = static_cast<std::size_t>(batch.num_experts);
  std::vector<double> shares(experts);
  for (std::size_t t = 0; t < tokens; ++t) {
    const double log_sum = softmax(batch.logits.subspan(t * experts, experts), shares);
    visit(t, shares, log_sum);
  }
}

/// f: the share of all choices that fell on each expert.
std::vector<double> shares_of_choices(const GatedBatch& batch) {
  const std::size_t tokens = tokens_of(batch);
  require(!batch.experts.empty() && batch.experts.size() % tokens == 0,
          "experts is not [tokens, k] of the logits' tokens");
  std::vector<double> shares(static_cast<std::size_t>(batch.num_experts));
  for (const std::uint16_t expert : batch.experts) {
    require(expert < shares.size(), "expert " + std::to_string(expert) + " does not exist");
    shares[expert] += 1.0;
  }
  for (double& share : shares) share /= static_cast<double>(batch.experts.size());
  return shares;
}

double dot(std::span<const double> a, std::span<const double> b) {
  double sum = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

}  // namespace

double auxiliary_loss(const GatedBatch& batch, double alpha) {
  const std::vector<double> chosen = shares_of_choices(batch);
  double sum = 0.0;
  for_each_token(batch, [&](std::size_t, std::span<const double> p, double) { sum += dot(chosen, p); });
  return alpha * static_cast<double>(batch.num_experts) * sum / static_cast<double>(tokens_of(batch));
}

void add_auxiliary_gradient(const GatedBatch& batch, double alpha, std::span<float> gradient) {
  check_gradient(batch, gradient);
  const std::vector<double> chosen = shares_of_choices(batch);
  const double scale = alpha * static_cast<double>(batch.num_experts) / static_cast<double>(tokens_of(batch));
  for_each_token(batch, [&](std::size_t token, std::span<const double> p, double) {
    const double mean = dot(chosen, p);
    for (std::size_t e = 0; e < p.size(); ++e)
      gradient[token * p.size() + e] += static_cast<float>(scale * p[e] * (chosen[e] - mean));
  });
}

double z_loss(const GatedBatch& batch, double coefficient) {
  double sum = 0.0;
  for_each_token(batch,
                 [&](std::size_t, std::span<const double>, double log_sum) { sum += log_sum * log_sum; });
  return coefficient * sum / static_cast<double>(tokens_of(batch));
}

void add_z_gradient(const GatedBatch& batch, double coefficient, std::span<float> gradient) {
  check_gradient(batch, gradient);
  const double scale = 2.0 * coefficient / static_cast<double>(tokens_of(batch));
  for_each_token(batch, [&](std::size_t token, std::span<const double> p, double log_sum) {
    for (std::size_t e = 0; e < p.size(); ++e)
      gradient[token * p.size() + e] += static_cast<float>(scale * log_sum * p[e]);
  });
}

void update_selection_bias(std::span<const std::uint32_t> counts, float rate, std::span<float> bias) {
  require(!counts.empty() && counts.size() == bias.size(), "counts and bias are not both [num_experts]");
  require(std::isfinite(rate), "the rate is not finite");
  std::uint64_t total = 0;
  for (const std::uint32_t count : counts) total += count;
  for (std::size_t e = 0; e < counts.size(); ++e) {
    const std::uint64_t scaled = std::uint64_t{counts[e]} * counts.size();  // against the mean, exactly
    if (scaled < total) bias[e] += rate;
    if (scaled > total) bias[e] -= rate;
  }
}

}  // namespace switchyard
