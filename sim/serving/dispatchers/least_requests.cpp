// The target with the least 4 x waiting + running, the score of vLLM's data-parallel load balancing; among
// equals the next in turn.
#include "sim/serving/dispatcher.hpp"

namespace switchyard {

std::size_t choose_least_requests(std::span<const TargetLoad> targets, std::uint64_t index) {
  const auto score = [](const TargetLoad& target) { return 4 * target.waiting + target.running; };
  std::size_t best = index % targets.size();
  for (std::size_t i = 1; i < targets.size(); ++i) {
    const std::size_t candidate = (index + i) % targets.size();
    if (score(targets[candidate]) < score(targets[best])) best = candidate;
  }
  return best;
}

}  // namespace switchyard
