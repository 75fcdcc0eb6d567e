// What a long study shows of itself, by a clock of the test's own.
#include "sim/study/progress_line.hpp"

#include <catch2/catch.hpp>
#include <sstream>

namespace switchyard {
namespace {

struct Shown {
  explicit Shown(ProgressLine::Form form) : line(out, form, [&] { return now; }) {}
  std::ostringstream out;
  ProgressLine::Clock::time_point now;
  ProgressLine line;
};

}  // namespace

TEST_CASE("A log gets a line when a phase begins and then one a minute, whatever is shown") {
  Shown log(ProgressLine::Form::log);
  for (int second = 0; second < 130; ++second) {
    log.line.show("screening", std::to_string(second) + " simulations");
    log.now += std::chrono::seconds(1);
  }
  log.line.show("refining", "130 simulations");
  log.line.show("refining", "131 simulations");
  CHECK(log.out.str() ==
        "screening: 0 simulations\nscreening: 60 simulations\nscreening: 120 simulations\n"
        "refining: 130 simulations\n");
}

TEST_CASE("Work without phases is silent in a log for its first minute") {
  Shown log(ProgressLine::Form::log);
  log.line.show("", "0 of 9 points");
  log.now += std::chrono::seconds(59);
  log.line.show("", "1 of 9 points");
  CHECK(log.out.str().empty());
  log.now += std::chrono::seconds(1);
  log.line.show("", "2 of 9 points");
  CHECK(log.out.str() == "2 of 9 points\n");
}

TEST_CASE("On a terminal one line is rewritten ten times a second, and nothing of it is left") {
  std::ostringstream out;
  ProgressLine::Clock::time_point now;
  {
    ProgressLine line(out, ProgressLine::Form::rewritten, [&] { return now; });
    line.show("screening", "1 of 4");
    line.show("refining", "2 of 4");
    line.show("refining", "3 of 4");
    now += std::chrono::milliseconds(100);
    line.show("refining", "4 of 4");
  }
  CHECK(out.str() == "\r\033[Kscreening: 1 of 4\r\033[Krefining: 2 of 4\r\033[Krefining: 4 of 4\r\033[K");
}

TEST_CASE("On a terminal work without phases is shown from its first state, and silence leaves nothing") {
  std::ostringstream out;
  const auto noon = [] { return ProgressLine::Clock::time_point(); };
  { const ProgressLine silent(out, ProgressLine::Form::rewritten, noon); }
  CHECK(out.str().empty());
  ProgressLine line(out, ProgressLine::Form::rewritten, noon);
  line.show("", "0 of 9 points");
  CHECK(out.str() == "\r\033[K0 of 9 points");
}

}  // namespace switchyard
