// Ties, order and words of a figure.
#include "sim/study/compare/ranking.hpp"

#include <catch2/catch.hpp>

#include "sim/study/readable.hpp"

using namespace switchyard;
using Catch::Contains;

namespace {

const Wording kSpeed = {"Speed", "is fastest with", "takes", "as long",
                        [](double value) { return with_unit(value, "ms"); }};

}  // namespace

TEST_CASE("The best stands first with those that tie with it, the rest follows in order") {
  const std::vector<Entry> entries = {{"slow", 30.0, 0.01}, {"near", 10.1, 0.01}, {"fast", 10.0, 0.01}};
  const Ranking low = rank(entries, Better::lower), high = rank(entries, Better::higher);
  REQUIRE((low.best.size() == 2 && low.rest.size() == 1));
  CHECK((low.best[0].name == "fast" && low.best[1].name == "near"));
  CHECK(times_worse(low.rest[0], low) == Approx(3.0));
  CHECK((high.best.size() == 1 && high.best[0].name == "slow" && high.rest[0].name == "near"));
  CHECK(times_worse(high.rest[1], high) == Approx(3.0));
}

TEST_CASE("A sentence names the winner, the ties with their errors, and by how much others are worse") {
  CHECK(sentence(rank({{"slow", 30.0, 0.01}, {"fast", 10.0, 0.01}}, Better::lower), kSpeed) ==
        "Speed: fast is fastest with 10 ms; slow (30 ms) takes 3 times as long.");
  CHECK(sentence(rank({{"a", 10.0, 0.1}, {"b", 11.0, 0.2}}, Better::lower), kSpeed) ==
        "Speed: a (10 ms) and b (11 ms) are a tie within the errors stated (± 10 % and ± 20 %).");
  CHECK_THAT(sentence(rank({{"a", 10.0, {}}, {"b", 20.0, 0.2}}, Better::lower), kSpeed),
             Contains("takes 2 times as long; by how much these may be off is not known"));
}

TEST_CASE("Numbers, shares and lists read as a person writes them") {
  CHECK((in_bytes(999.0) == "999 B" && in_bytes(327680.0) == "328 kB" && in_bytes(5.77e10) == "57.7 GB"));
  CHECK((times(1.06) == "1.06 times" && times(1.84) == "1.8 times" && times(0.401) == "0.4 times" &&
         times(12.3) == "12 times"));
  CHECK((percent(0.28) == "28 %" && percent(0.028) == "2.8 %" && percent(0.0001) == "< 0.1 %"));
  CHECK((in_words({"a"}) == "a" && in_words({"a", "b"}) == "a and b" &&
         in_words({"a", "b", "c"}) == "a, b and c"));
}
