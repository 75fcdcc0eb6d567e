// Summaries laid flat, and the order of their names.
#include "sim/study/figures.hpp"

#include <catch2/catch.hpp>

using namespace switchyard;

TEST_CASE("Nested sections become columns, and lists stay whole") {
  const Json summary = {
      {"completed", 2}, {"memory", {{"kv", {{"tokens", 3}}}}}, {"slo", {1, 2}}, {"notes", {"a"}}};
  const auto figures = figures_of(summary);
  REQUIRE(figures.size() == 3);
  CHECK(figures[1].first == "memory.kv.tokens");
  CHECK(figures[2].second.dump() == "[1,2]");
}

TEST_CASE("Names of several rows keep the order of each") {
  FigureNames names;
  names.merge({{"a", 1}, {"c", 2}});
  names.merge({{"a", 1}, {"b", 3}, {"c", 4}, {"d", 5}});
  names.merge({{"d", 1}, {"e", 2}});
  CHECK(names.names() == std::vector<std::string>{"a", "b", "c", "d", "e"});
}
