// What every row of the menu of dispatchers keeps to.
#include <catch2/catch.hpp>
#include <vector>

#include "sim/base/random.hpp"
#include "sim/serving/dispatcher.hpp"

using namespace switchyard;

namespace {

std::vector<TargetLoad> random_targets(std::uint64_t seed) {
  Random random(seed, "targets");
  std::vector<TargetLoad> targets(static_cast<std::size_t>(random.integer(1, 9)));
  for (TargetLoad& target : targets) {
    target.waiting = random.integer(0, 3);
    target.running = random.integer(0, 20);
  }
  return targets;
}

}  // namespace

TEST_CASE("Every dispatcher chooses one of the targets, and the same one when asked again", "[contract]") {
  for (const Dispatcher& dispatcher : dispatchers())
    for (std::uint64_t seed = 0; seed < 1000; ++seed) {
      const auto targets = random_targets(seed);
      const std::size_t chosen = dispatcher.choose(targets, seed);
      INFO(dispatcher.name << ", targets " << seed);
      REQUIRE(chosen < targets.size());
      REQUIRE(chosen == dispatcher.choose(targets, seed));
    }
}

TEST_CASE("Every dispatcher gives idle targets the same number of requests", "[contract]") {
  for (const Dispatcher& dispatcher : dispatchers()) {
    INFO(dispatcher.name);
    const std::vector<TargetLoad> idle(5);
    std::vector<int> given(5);
    for (std::uint64_t index = 0; index < 50; ++index) ++given[dispatcher.choose(idle, index)];
    CHECK(given == std::vector<int>(5, 10));
  }
}
