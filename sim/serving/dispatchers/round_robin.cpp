// One after the other, whatever their load.
#include "sim/serving/dispatcher.hpp"

namespace switchyard {

std::size_t choose_round_robin(std::span<const TargetLoad> targets, std::uint64_t index) {
  return index % targets.size();
}

}  // namespace switchyard
