// What each dispatcher chooses.
#include <catch2/catch.hpp>

#include "sim/base/menu.hpp"
#include "sim/serving/dispatcher.hpp"

using namespace switchyard;

namespace {

std::size_t chosen(std::string_view name, const std::vector<TargetLoad>& targets, std::uint64_t index) {
  return choose(dispatchers(), name, "test").choose(targets, index);
}

}  // namespace

TEST_CASE("round_robin takes turns whatever the load", "[serving]") {
  const std::vector<TargetLoad> targets = {{0, 0, 9, 9}, {0, 1, 0, 0}, {1, 0, 3, 1}};
  for (std::uint64_t index = 0; index < 7; ++index) CHECK(chosen("round_robin", targets, index) == index % 3);
}

TEST_CASE("least_requests counts a waiting request as four running ones", "[serving]") {
  CHECK(chosen("least_requests", {{0, 0, 1, 0}, {0, 1, 0, 3}}, 0) == 1);
  CHECK(chosen("least_requests", {{0, 0, 1, 0}, {0, 1, 0, 5}}, 0) == 0);
}

TEST_CASE("least_requests takes turns among equals", "[serving]") {
  const std::vector<TargetLoad> targets = {{0, 0, 1, 0}, {0, 1, 0, 4}, {1, 0, 2, 0}};
  CHECK(chosen("least_requests", targets, 0) == 0);
  CHECK(chosen("least_requests", targets, 1) == 1);
  CHECK(chosen("least_requests", targets, 2) == 0);  // the third is busier: next in turn is the first
}
