// base: BASE layers (arXiv:2103.16716, sections 3.1 and 3.2). In training the tokens of a batch are shared
// out so that each expert has the same number, at most ceil(tokens / experts), and the sum of the chosen
// logits is as large as that allows: the linear assignment problem, solved by Bertsekas's auction as in the
// paper. At inference a token takes its best expert. The weight is the sigmoid of the chosen logit.
//
// The auction: a token without an expert bids for the one with the best logit less price; its bid is the
// price at which it would rather have its second choice, and an increment. An expert keeps the highest bids
// that it has places for, and the lowest of those is its price (0 while a place is free). The total is within
// tokens x increment of the optimum (Bertsekas 1992, "Auction algorithms for network flow problems"); the
// increment is a thousandth of the logits' range.
#include <algorithm>
#include <deque>
#include <utility>

#include "kernels/batch_routing.hpp"
#include "kernels/routing_rule.hpp"
#include "kernels/token_routing.hpp"

namespace switchyard {
namespace {

class Auction {
 public:
  /// logits [tokens, experts], which must outlive it.
  Auction(std::span<const float> logits, std::size_t experts)
      : logits_(logits), bids_(experts), winner_(logits.size() / experts) {
    const std::size_t tokens = winner_.size();
    places_ = (tokens + experts - 1) / experts;
    if (tokens == 0) return;
    const auto [low, high] = std::minmax_element(logits.begin(), logits.end());
    const double range = static_cast<double>(*high) - static_cast<double>(*low);
    increment_ = std::max(range / 1000.0, 1e-6);
    for (std::size_t t = 0; t < tokens; ++t) waiting_.push_back(t);
    while (!waiting_.empty()) bid(next_waiting());
  }

  const std::vector<std::uint16_t>& winners() const { return winner_; }

 private:
  using Bid = std::pair<double, std::size_t>;  // amount, token

  std::size_t next_waiting() {
    const std::size_t token = waiting_.front();
    waiting_.pop_front();
    return token;
  }

  double price(std::size_t expert) const {
    return bids_[expert].size() < places_ ? 0.0 : bids_[expert].front().first;
  }

  void bid(std::size_t token) {
    const float* row = logits_.data() + token * bids_.size();
    std::size_t best = 0;
    double first = static_cast<double>(row[0]) - price(0);
    double second = first;
    for (std::size_t e = 1; e < bids_.size(); ++e) {
      const double value = static_cast<double>(row[e]) - price(e);
      second = e == 1 ? std::min(first, value) : std::max(second, std::min(first, value));
      if (value > first) {
        first = value;
        best = e;
      }
    }
    accept({price(best) + (first - second) + increment_, token}, best);
  }

  /// The lowest bid stands at the heap's front; of equal ones the later token's.
  static bool lower_last(const Bid& a, const Bid& b) {
    return a.first != b.first ? a.first > b.first : a.second < b.second;
  }

  void accept(const Bid& bid, std::size_t expert) {
    std::vector<Bid>& held = bids_[expert];
    if (held.size() == places_) {
      waiting_.push_back(held.front().second);
      std::pop_heap(held.begin(), held.end(), lower_last);
      held.pop_back();
    }
    held.push_back(bid);
    std::push_heap(held.begin(), held.end(), lower_last);
    winner_[bid.second] = static_cast<std::uint16_t>(expert);
  }

  std::span<const float> logits_;
  std::vector<std::vector<Bid>> bids_;  // a heap an expert
  std::vector<std::uint16_t> winner_;
  std::deque<std::size_t> waiting_;
  std::size_t places_ = 0;
  double increment_ = 0.0;
};

}  // namespace

void base_layers(const GateArithmetic& arithmetic, const GateInput& input, const GateOutput& output) {
  require_top_k(input, kTop1);
  if (input.phase == GatePhase::inference) return route_tokens(arithmetic, input, output, topk_sigmoid);
  check_gate(input, output, 1);
  const auto experts = static_cast<std::size_t>(input.shape.num_experts);
  std::vector<float> all(static_cast<std::size_t>(input.tokens) * experts), scratch(experts);
  for_each_scored_token(arithmetic, input, [&](std::size_t t, std::span<float> logits) {
    std::copy(logits.begin(), logits.end(), all.begin() + static_cast<std::ptrdiff_t>(t * experts));
  });
  const Auction auction(all, experts);
  std::copy(auction.winners().begin(), auction.winners().end(), output.experts.begin());
  const auto scale = static_cast<float>(input.shape.routed_scaling_factor);
  for (std::size_t t = 0; t < output.weights.size(); ++t) {
    arithmetic.sigmoids(std::span(all).subspan(t * experts, experts), scratch);
    output.weights[t] = scratch[output.experts[t]] * scale;
  }
}

}  // namespace switchyard
