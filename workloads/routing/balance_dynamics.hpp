// A gate and its experts in training, small enough to train in seconds: how load moves between experts while
// they learn, with and without a remedy. Experts that are chosen learn, so the gate prefers them: popular
// ones get more popular, until most are idle (Shazeer and others, arXiv:1701.06538, section 4). Real
// gradients of a small task, not of a language model: read directions and causes from it, not speeds.
#pragma once

#include <cstdint>
#include <span>
#include <stdexcept>
#include <string_view>
#include <vector>

#include "sim/base/random.hpp"

namespace switchyard {

enum class BalanceRemedy { none, auxiliary_loss, z_loss, selection_bias };

struct BalanceRemedyRow {
  std::string_view name;
  std::string_view description;
  BalanceRemedy remedy = BalanceRemedy::none;
};
std::span<const BalanceRemedyRow> balance_remedies();

/// The task: a token belongs to one of 2 x experts topics, of popularity 1 / sqrt(rank), and looks like its
/// topic's centre with noise; asked for is its topic's target, of which a part is common to all. The layer
/// answers with the sum of its chosen experts' vectors, weighted by their softmax (Switch Transformers,
/// arXiv:2101.03961, equation 2); gate and experts follow the gradient of half the squared error.
struct TrainingSetup {
  std::int64_t experts = 32;  // 2…512
  std::int64_t top_k = 1;     // 1…32, at most experts
  std::int64_t tokens = 512;  // of a batch, one a step
  std::int64_t onset = 0;     // the first step, from 0, that the remedy works in
  double auxiliary_weight = 0.3;
  double z_weight = 0.01;
  double bias_rate = 0.002;  // of the selection bias, in units of the softmax
  std::uint64_t seed = 1;
};

/// How a batch's assignments fell on the experts.
struct LoadFigures {
  double max_over_mean = 1.0;
  double entropy_bits = 0.0;      // log2(experts) when even
  std::int64_t idle_experts = 0;  // without an assignment
};
LoadFigures load_figures(std::span<const std::uint32_t> counts);

/// The share of a batch's assignments that fall beyond its experts' capacity.
double dropped_share(std::span<const std::uint32_t> counts, double capacity_factor);

/// The steps are too long for the gradient: logits or the experts' vectors grow without end.
struct TrainingDiverged : std::runtime_error {
  explicit TrainingDiverged(std::int64_t step);
  std::int64_t step;  // from 0, in which it showed
};

class GateTraining {
 public:
  /// Throws std::invalid_argument on sizes outside the ranges above.
  GateTraining(const TrainingSetup& setup, BalanceRemedy remedy);

  /// Trains on one more batch. Throws TrainingDiverged when a logit is not finite or the task's loss is
  /// beyond 1e6, which began at about 1.
  void step();

  /// Of the last batch: assignments of every expert, and half the squared error, mean over tokens.
  std::span<const std::uint32_t> counts() const { return counts_; }
  double task_loss() const { return task_loss_; }

 private:
  static constexpr std::size_t kWidth = 16;  // of tokens and of targets

  void draw_batch();
  void score();
  void choose();
  void learn_task();
  void add_remedy();
  void update_gate();

  TrainingSetup setup_;
  BalanceRemedy remedy_;
  std::size_t experts_, top_k_, tokens_;
  std::int64_t steps_ = 0;
  Random random_;
  std::vector<double> popularity_;        // of topics, summed up
  std::vector<float> centres_, targets_;  // [topics, width]
  std::vector<float> gate_, vectors_;     // [experts, width]
  std::vector<float> bias_;               // [experts], for selection only
  std::vector<float> hidden_, wanted_;    // [tokens, width]
  std::vector<float> logits_, softmax_;   // [tokens, experts]
  std::vector<float> gradient_;           // [tokens, experts], of the logits
  std::vector<float> vector_gradient_;    // [experts, width]
  std::vector<std::uint16_t> chosen_;     // [tokens, top_k]
  std::vector<std::uint32_t> counts_;
  double task_loss_ = 0.0;
};

}  // namespace switchyard
