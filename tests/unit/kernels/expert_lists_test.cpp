// Tokens by expert.
#include "kernels/expert_lists.hpp"

#include <catch2/catch.hpp>
#include <random>
#include <stdexcept>

using namespace switchyard;

TEST_CASE("Each expert's list holds its tokens in ascending order, empty places left out") {
  const std::vector<std::uint16_t> experts{2, 0, /**/ 0, 0xffff, /**/ 2, 3, /**/ 0xffff, 0xffff, /**/ 3, 0};
  ExpertLists lists;
  sort_by_expert(experts, 2, 5, lists);
  CHECK(lists.offsets == std::vector<std::uint32_t>{0, 3, 3, 5, 7, 7});
  CHECK(lists.tokens == std::vector<std::uint32_t>{0, 1, 4, 0, 2, 2, 4});
  CHECK(lists.tokens_of(3).size() == 2);
  CHECK(lists.tokens_of(4).empty());
}

TEST_CASE("Every assignment is in its expert's list once, whatever lists were made before") {
  std::mt19937 random(1);
  ExpertLists lists;
  for (const std::uint16_t num_experts : {1, 8, 256, 1024}) {
    for (const std::size_t tokens : {0, 1, 333}) {
      std::vector<std::uint16_t> experts(tokens * 4);
      for (std::uint16_t& expert : experts) expert = static_cast<std::uint16_t>(random() % num_experts);
      sort_by_expert(experts, 4, num_experts, lists);
      REQUIRE(lists.offsets.size() == num_experts + std::size_t{1});
      REQUIRE(lists.tokens.size() == experts.size());
      for (std::uint16_t e = 0; e < num_experts; ++e) {
        std::vector<std::uint32_t> expected;
        for (std::size_t i = 0; i < experts.size(); ++i)
          if (experts[i] == e) expected.push_back(static_cast<std::uint32_t>(i / 4));
        const auto list = lists.tokens_of(e);
        REQUIRE(std::vector<std::uint32_t>(list.begin(), list.end()) == expected);
      }
    }
  }
}

TEST_CASE("Lists are refused for experts that do not exist and for rows that do not divide") {
  ExpertLists lists;
  const std::vector<std::uint16_t> experts{0, 1, 2, 7};
  CHECK_THROWS_WITH(sort_by_expert(experts, 2, 7, lists), Catch::Contains("expert 7 does not exist"));
  CHECK_THROWS_AS(sort_by_expert(experts, 3, 8, lists), std::invalid_argument);
  CHECK_THROWS_AS(sort_by_expert(experts, 0, 8, lists), std::invalid_argument);
  CHECK_THROWS_AS(sort_by_expert(experts, 2, 0, lists), std::invalid_argument);
  CHECK_THROWS_AS(sort_by_expert(experts, 2, 65535, lists), std::invalid_argument);
}
