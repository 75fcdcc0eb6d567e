// What keeps the experts of a gate evenly loaded while it is trained: two losses with their gradients, and
// the update of a selection bias that needs no loss.
#pragma once

#include <cstdint>
#include <span>

namespace switchyard {

/// The scores that a gate gave one batch, and what it chose.
struct GatedBatch {
  std::int64_t num_experts = 1;            // 1…2048
  std::span<const float> logits;           // [tokens, num_experts], finite
  std::span<const std::uint16_t> experts;  // [tokens, k] before any are dropped; unused by the z-loss
};

/// All four throw std::invalid_argument for spans that are no whole rows, no tokens, an expert out of range
/// or logits that are not finite.
///
/// alpha E sum_e f_e P_e (Switch Transformers, arXiv:2101.03961, equations 4 to 6): f_e is the share of the
/// tokens' k choices that fell on expert e, P_e its mean softmax over all experts. alpha when all is even,
/// whatever k; the paper has k = 1 and alpha = 0.01.
double auxiliary_loss(const GatedBatch& batch, double alpha);

/// Adds the loss's derivative by each logit, with f held fixed as in training, to gradient
/// [tokens, num_experts]: alpha E / tokens p_te (f_e - sum_i f_i p_ti).
void add_auxiliary_gradient(const GatedBatch& batch, double alpha, std::span<float> gradient);

/// coefficient x the mean over tokens of (ln sum_e e^logit)² (ST-MoE, arXiv:2202.08906, equation 5; there
/// 0.001).
double z_loss(const GatedBatch& batch, double coefficient);

/// Adds its derivative by each logit to gradient [tokens, num_experts].
void add_z_gradient(const GatedBatch& batch, double coefficient, std::span<float> gradient);

/// Balancing without a loss (arXiv:2408.15664, algorithm 1; DeepSeek-V3, arXiv:2412.19437, section 2.1.2):
/// experts chosen less often than the mean gain `rate`, those chosen more often lose it. counts and bias
/// [num_experts]; std::invalid_argument where the lengths differ or the rate is not finite.
void update_selection_bias(std::span<const std::uint32_t> counts, float rate, std::span<float> bias);

}  // namespace switchyard
