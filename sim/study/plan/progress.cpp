// What is wanted is known only while a phase lasts.
#include "sim/study/plan/progress.hpp"

namespace switchyard {

std::string words_of(const PlanProgress& progress) {
  const std::string text =
      std::to_string(progress.simulations) + (progress.simulations == 1 ? " simulation" : " simulations");
  if (progress.wanted == 0) return text + " so far";
  return text + ", " + std::to_string(progress.wanted) + " more wanted, " + std::to_string(progress.running) +
         " running";
}

}  // namespace switchyard
