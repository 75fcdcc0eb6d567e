// Steps of gradient descent, the task's gradients by hand, the balance's by the kernels.
#include "workloads/routing/balance_dynamics.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <stdexcept>
#include <string>

#include "kernels/balance_losses.hpp"
#include "kernels/expert_capacity.hpp"
#include "kernels/exponential.hpp"
#include "kernels/selection.hpp"

namespace switchyard {
namespace {

// Chosen so that an unbalanced gate collapses within some hundred steps; all remedies share them.
constexpr float kGateRate = 0.3f;
constexpr float kExpertRate = 4.0f;
constexpr float kFirstGate = 0.03f;    // standard deviation of the first weights
constexpr float kFirstVectors = 0.1f;  //
constexpr float kTokenNoise = 0.3f;
constexpr float kTargetScale = 0.25f;  // of the common part and of each topic's own
constexpr double kDivergedLoss = 1e6;

void require_within(std::int64_t value, std::int64_t min, std::int64_t max, const std::string& name) {
  if (value >= min && value <= max) return;
  throw std::invalid_argument("gate training: " + name + " = " + std::to_string(value) + " is outside " +
                              std::to_string(min) + " to " + std::to_string(max));
}

TrainingSetup checked(const TrainingSetup& setup) {
  require_within(setup.experts, 2, 512, "experts");
  require_within(setup.top_k, 1, std::min<std::int64_t>(32, setup.experts), "top_k");
  require_within(setup.tokens, 1, 1 << 16, "tokens");
  return setup;
}

/// Near enough to N(0, 1), and the same bits everywhere: four uniforms, mean 2 and variance 1/3.
float bell(Random& random) {
  double sum = -2.0;
  for (int i = 0; i < 4; ++i) sum += random.uniform();
  return static_cast<float>(sum * 1.7320508075688772);
}

std::vector<float> bells(Random& random, std::size_t size, float deviation) {
  std::vector<float> values(size);
  for (float& value : values) value = deviation * bell(random);
  return values;
}

float dot(std::span<const float> a, std::span<const float> b) {
  float sum = 0.0f;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

/// y += factor * x
void add(std::span<float> y, float factor, std::span<const float> x) {
  for (std::size_t i = 0; i < y.size(); ++i) y[i] += factor * x[i];
}

template <class T>
std::span<T> row(std::vector<T>& matrix, std::size_t index, std::size_t width) {
  return std::span(matrix).subspan(index * width, width);
}

}  // namespace

std::span<const BalanceRemedyRow> balance_remedies() {
  static constexpr std::array<BalanceRemedyRow, 4> kTable = {{
      {"none", "the task's gradient alone", BalanceRemedy::none},
      {"auxiliary_loss", "Switch Transformers' loss on load (arXiv:2101.03961)",
       BalanceRemedy::auxiliary_loss},
      {"z_loss", "ST-MoE's loss on large logits (arXiv:2202.08906): steadies training, does not balance",
       BalanceRemedy::z_loss},
      {"selection_bias", "DeepSeek-V3's bias for selection only, no loss (arXiv:2408.15664)",
       BalanceRemedy::selection_bias},
  }};
  return kTable;
}

LoadFigures load_figures(std::span<const std::uint32_t> counts) {
  double all = 0.0;
  for (const std::uint32_t count : counts) all += count;
  LoadFigures figures;
  for (const std::uint32_t count : counts) {
    figures.idle_experts += count == 0;
    if (count == 0) continue;
    const double share = count / all;
    figures.entropy_bits -= share * std::log2(share);
  }
  if (all > 0.0)
    figures.max_over_mean =
        *std::max_element(counts.begin(), counts.end()) * static_cast<double>(counts.size()) / all;
  return figures;
}

double dropped_share(std::span<const std::uint32_t> counts, double capacity_factor) {
  std::int64_t all = 0, dropped = 0;
  for (const std::uint32_t count : counts) all += count;
  const std::int64_t capacity =
      expert_capacity(capacity_factor, all, static_cast<std::int64_t>(counts.size()));
  for (const std::uint32_t count : counts) dropped += std::max<std::int64_t>(0, count - capacity);
  return all == 0 ? 0.0 : static_cast<double>(dropped) / static_cast<double>(all);
}

TrainingDiverged::TrainingDiverged(std::int64_t diverged_step)
    : std::runtime_error("gate training diverges in step " + std::to_string(diverged_step)),
      step(diverged_step) {}

GateTraining::GateTraining(const TrainingSetup& setup, BalanceRemedy remedy)
    : setup_(checked(setup)),
      remedy_(remedy),
      experts_(static_cast<std::size_t>(setup.experts)),
      top_k_(static_cast<std::size_t>(setup.top_k)),
      tokens_(static_cast<std::size_t>(setup.tokens)),
      random_(setup.seed, "gate training"),
      bias_(experts_),
      hidden_(tokens_ * kWidth),
      wanted_(tokens_ * kWidth),
      logits_(tokens_ * experts_),
      softmax_(tokens_ * experts_),
      gradient_(tokens_ * experts_),
      chosen_(tokens_ * top_k_),
      counts_(experts_) {
  const std::size_t topics = 2 * experts_;
  double sum = 0.0;
  for (std::size_t topic = 0; topic < topics; ++topic)
    popularity_.push_back(sum += 1.0 / std::sqrt(static_cast<double>(topic + 1)));
  centres_ = bells(random_, topics * kWidth, 1.0f);
  const std::vector<float> common = bells(random_, kWidth, kTargetScale);
  targets_ = bells(random_, topics * kWidth, kTargetScale);
  for (std::size_t topic = 0; topic < topics; ++topic) add(row(targets_, topic, kWidth), 1.0f, common);
  gate_ = bells(random_, experts_ * kWidth, kFirstGate);
  vectors_ = bells(random_, experts_ * kWidth, kFirstVectors);
}

void GateTraining::step() {
  draw_batch();
  score();
  if (!std::all_of(logits_.begin(), logits_.end(), [](float x) { return std::isfinite(x); }))
    throw TrainingDiverged(steps_);
  choose();
  learn_task();
  if (!(task_loss_ <= kDivergedLoss)) throw TrainingDiverged(steps_);  // NaN too
  if (steps_++ >= setup_.onset) add_remedy();
  update_gate();
}

void GateTraining::draw_batch() {
  for (std::size_t token = 0; token < tokens_; ++token) {
    const double place = random_.uniform() * popularity_.back();
    const auto found = std::upper_bound(popularity_.begin(), popularity_.end() - 1, place);
    const auto topic = static_cast<std::size_t>(found - popularity_.begin());
    const std::span<float> hidden = row(hidden_, token, kWidth);
    std::ranges::copy(row(centres_, topic, kWidth), hidden.begin());
    for (float& value : hidden) value += kTokenNoise * bell(random_);
    std::ranges::copy(row(targets_, topic, kWidth), row(wanted_, token, kWidth).begin());
  }
}

void GateTraining::score() {
  for (std::size_t token = 0; token < tokens_; ++token) {
    const std::span<float> logits = row(logits_, token, experts_), softmax = row(softmax_, token, experts_);
    for (std::size_t e = 0; e < experts_; ++e)
      logits[e] = dot(row(gate_, e, kWidth), row(hidden_, token, kWidth));
    const float highest = *std::max_element(logits.begin(), logits.end());
    float sum = 0.0f;
    for (std::size_t e = 0; e < experts_; ++e) sum += softmax[e] = exp_fp32(logits[e] - highest);
    for (float& share : softmax) share /= sum;
  }
}

void GateTraining::choose() {
  std::fill(counts_.begin(), counts_.end(), 0u);
  std::vector<float> scores(experts_);
  for (std::size_t token = 0; token < tokens_; ++token) {
    std::ranges::copy(row(softmax_, token, experts_), scores.begin());
    add(scores, 1.0f, bias_);
    choose_top(scores, row(chosen_, token, top_k_));
    for (const std::uint16_t expert : row(chosen_, token, top_k_)) ++counts_[expert];
  }
}

void GateTraining::learn_task() {
  std::fill(gradient_.begin(), gradient_.end(), 0.0f);
  vector_gradient_.assign(experts_ * kWidth, 0.0f);
  task_loss_ = 0.0;
  const float each = 1.0f / static_cast<float>(tokens_);
  std::array<float, kWidth> error{};  // of the answer
  for (std::size_t token = 0; token < tokens_; ++token) {
    const std::span<float> softmax = row(softmax_, token, experts_);
    const std::span<std::uint16_t> chosen = row(chosen_, token, top_k_);
    std::ranges::transform(row(wanted_, token, kWidth), error.begin(), std::negate());
    for (const std::uint16_t e : chosen) add(error, softmax[e], row(vectors_, e, kWidth));
    task_loss_ += 0.5 * static_cast<double>(dot(error, error) * each);
    float pull = 0.0f;  // sum of the derivatives by the chosen shares, weighted by them
    const std::span<float> gradient = row(gradient_, token, experts_);
    for (const std::uint16_t e : chosen) {
      gradient[e] = each * dot(error, row(vectors_, e, kWidth));
      pull += gradient[e] * softmax[e];
      add(row(vector_gradient_, e, kWidth), each * softmax[e], error);
    }
    for (std::size_t e = 0; e < experts_; ++e) gradient[e] = softmax[e] * (gradient[e] - pull);
  }
  add(vectors_, -kExpertRate, vector_gradient_);
}

void GateTraining::add_remedy() {
  const GatedBatch batch{setup_.experts, logits_, chosen_};
  switch (remedy_) {
    case BalanceRemedy::none:
      break;
    case BalanceRemedy::auxiliary_loss:
      add_auxiliary_gradient(batch, setup_.auxiliary_weight, gradient_);
      break;
    case BalanceRemedy::z_loss:
      add_z_gradient(batch, setup_.z_weight, gradient_);
      break;
    case BalanceRemedy::selection_bias:
      update_selection_bias(counts_, static_cast<float>(setup_.bias_rate), bias_);
      break;
  }
}

void GateTraining::update_gate() {
  for (std::size_t token = 0; token < tokens_; ++token)
    for (std::size_t e = 0; e < experts_; ++e)
      add(row(gate_, e, kWidth), -kGateRate * gradient_[token * experts_ + e], row(hidden_, token, kWidth));
}

}  // namespace switchyard
