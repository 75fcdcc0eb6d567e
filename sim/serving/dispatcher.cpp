// The menu of dispatchers.
#include "sim/serving/dispatcher.hpp"

#include <array>

namespace switchyard {

std::size_t choose_round_robin(std::span<const TargetLoad>, std::uint64_t);
std::size_t choose_least_requests(std::span<const TargetLoad>, std::uint64_t);

std::span<const Dispatcher> dispatchers() {
  static constexpr std::array<Dispatcher, 2> kTable = {{
      {"least_requests", "to the rank with the least 4 x waiting + running requests (vLLM)",
       choose_least_requests},
      {"round_robin", "to one rank after the other", choose_round_robin},
  }};
  return kTable;
}

}  // namespace switchyard
