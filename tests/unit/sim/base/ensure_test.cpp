// The check of the simulator's laws.
#include "sim/base/ensure.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/sim/base/message_of.hpp"

using namespace switchyard;

TEST_CASE("A law that holds passes in silence") { CHECK_NOTHROW(ensure(true, "time never goes back")); }

TEST_CASE("A broken law names itself and the place of its check") {
  const int line = __LINE__ + 1;
  const std::string message = message_of<LawBroken>([] { ensure(false, "time never goes back"); });
  CHECK(message == "broken law: time never goes back (ensure_test.cpp, line " + std::to_string(line) + ")");
}
