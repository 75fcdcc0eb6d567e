// Thread blocks of decode attention: what late and long ones add.
#include "sim/plan/cache_blocks.hpp"

#include <catch2/catch.hpp>
#include <vector>

using namespace switchyard;

namespace {

/// One block alone takes a second a token; `rate` tokens a second are enough for as many blocks.
double seconds(const std::vector<std::int64_t>& contexts, const CacheBlocks& blocks, double rate = 1e6) {
  return reading_time(contexts, blocks, {Seconds(1.0), rate}).value();
}

}  // namespace

TEST_CASE("Blocks that the GPU runs at once take as long as the longest of them", "[plan]") {
  CHECK(seconds({64, 640, 128}, {1, 1, 264}) == Approx(640.0));
  CHECK(seconds({64, 640, 128}, {8, 1, 264}) == Approx(640.0));
}

TEST_CASE("A block begins when another ends: a long one that comes last goes on by itself", "[plan]") {
  CHECK(seconds({640, 64, 64}, {1, 1, 2}) == Approx(640.0));
  CHECK(seconds({64, 64, 640}, {1, 1, 2}) == Approx(704.0));
  CHECK(seconds({64, 640}, {2, 1, 2}) == Approx(64.0 + 64.0 + 640.0));  // head by head
}

TEST_CASE("Blocks share what the memory gives; the last has it for itself", "[plan]") {
  CHECK(reading_time(std::vector<std::int64_t>{64, 128}, {1, 1, 2}, {Seconds(0.1), 1.0}).value() ==
        Approx(2.0 * 64.0 + 64.0));
  CHECK(reading_time(std::vector<std::int64_t>{64, 128}, {1, 1, 2}, {Seconds(1.5), 1.0}).value() ==
        Approx(2.0 * 64.0 + 1.5 * 64.0));
}

TEST_CASE("Parts are whole tiles of 64 tokens; those beyond a short cache take no time", "[plan]") {
  CHECK(seconds({100}, {1, 2, 264}) == Approx(64.0));
  CHECK(seconds({1000}, {1, 4, 264}) == Approx(256.0));
  CHECK(seconds({10, 10}, {4, 16, 1}) == Approx(80.0));
}
