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

TEST_CASE("The step that meets contention concerns those that use contended links, no others", "[engine]") {
  Coflows coflows(3);
  const std::vector<LinkShare> both{{0, 0.6}, {1, 0.2}};
  const LinkShare other{2, 1.0};
  const LinkShare same{0, 0.6};
  CHECK(coflows.enter(0, both).empty());
  CHECK(coflows.enter(1, {&other, 1}).empty());
  CHECK(coflows.enter(2, {&same, 1}) == std::vector<std::size_t>{0});
  CHECK(coflows.enter(3, {&same, 1}) == std::vector<std::size_t>{0, 2});
  REQUIRE(coflows.contended(0).size() == 1);
  CHECK(coflows.contended(0).front().link == 0);
  CHECK(coflows.contended(1).empty());
}

TEST_CASE("Of contended links, those that another stands for are left out", "[engine]") {
  Coflows coflows(4);
  const std::vector<LinkShare> first{{0, 0.9}, {1, 0.9}, {2, 0.8}, {3, 0.5}};
  const std::vector<LinkShare> second{{0, 0.7}, {1, 0.7}, {2, 0.6}, {3, 0.9}};
  coflows.enter(0, first);
  coflows.enter(1, second);
  for (std::size_t owner : {0u, 1u}) {
    const std::vector<LinkShare> contended = coflows.contended(owner);
    REQUIRE(contended.size() == 2);  // 1 is as 0, 2 asks less of both
    CHECK(contended[0].link == 0);
    CHECK(contended[1].link == 3);
  }
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
