// Which links the steps in flight ask too much of.
#include "sim/engine/coflows.hpp"

#include <catch2/catch.hpp>

#include "sim/base/ensure.hpp"

using namespace switchyard;

TEST_CASE("Links that have room for all are never contended", "[engine]") {
  Coflows coflows(2);
  const LinkShare half{0, 0.5};
  CHECK(coflows.enter(0, {&half, 1}).empty());
  CHECK(coflows.enter(1, {&half, 1}).empty());
  CHECK(coflows.contended(0).empty());
}

TEST_CASE("The step that fills a link too far concerns those that use it, once", "[engine]") {
  Coflows coflows(3);
  const std::vector<LinkShare> both{{0, 0.6}, {1, 0.2}};
  const LinkShare other{2, 1.0};
  const LinkShare same{0, 0.6};
  CHECK(coflows.enter(0, both).empty());
  CHECK(coflows.enter(1, {&other, 1}).empty());
  CHECK(coflows.enter(2, {&same, 1}) == std::vector<std::size_t>{0});
  CHECK(coflows.enter(3, {&same, 1}).empty());
  REQUIRE(coflows.contended(0).size() == 1);
  CHECK(coflows.contended(0).front().link == 0);
  CHECK(coflows.contended(1).empty());
}

TEST_CASE("A link is free again when the steps have left", "[engine]") {
  Coflows coflows(1);
  const LinkShare most{0, 0.7};
  for (int i = 0; i < 3; ++i) {
    CHECK(coflows.enter(0, {&most, 1}).empty());
    CHECK(coflows.enter(1, {&most, 1}) == std::vector<std::size_t>{0});
    coflows.leave(0);
    CHECK(coflows.contended(1).empty());
    coflows.leave(1);
  }
}

TEST_CASE("A step shorter than one of its links breaks a law", "[engine]") {
  Coflows coflows(1);
  const LinkShare too_much{0, 1.1};
  CHECK_THROWS_AS(coflows.enter(0, {&too_much, 1}), LawBroken);
}
