// Spending steps, alone and beside others.
#include <catch2/catch.hpp>
#include <stdexcept>
#include <vector>

#include "sim/base/random.hpp"
#include "sim/engine/engine.hpp"
#include "tests/support/clusters.hpp"

using namespace switchyard;
using namespace switchyard::literals;

namespace {

struct Step {
  Seconds begin, alone;
  std::vector<LinkLoad> loads;
};

/// One actor a step; returns how long each took.
std::vector<Seconds> spend(const std::vector<Step>& steps, Fidelity fidelity = Fidelity::step) {
  const LinkGraph graph(round_cluster(1, 4));
  Engine engine(graph, fidelity);
  std::vector<Seconds> took(steps.size());
  for (std::size_t i = 0; i < steps.size(); ++i) {
    engine.add_actor("replica" + std::to_string(i), [&, i](Actor& actor) {
      actor.sleep_until(steps[i].begin);
      took[i] = actor.spend(steps[i].alone, steps[i].loads);
    });
  }
  engine.run();
  return took;
}

/// Bytes that keep a link of 400 GB/s busy for this long.
Bytes busy(Seconds time) { return Bytes(kNvlink * time.value()); }

}  // namespace

TEST_CASE("A step alone lasts exactly its own time", "[engine]") {
  const Seconds alone(0.0123456789);
  const std::vector<LinkLoad> loads{{0, busy(alone)}, {1, busy(alone * 0.3)}};
  CHECK(spend({{0.1_s, alone, loads}})[0] == alone);
  CHECK(spend({{0.1_s, alone, {}}})[0] == alone);
}

TEST_CASE("Steps whose links have room for both do not disturb each other", "[engine]") {
  const auto took = spend({{0_s, 10_ms, {{0, busy(5_ms)}}}, {1_ms, 10_ms, {{0, busy(5_ms)}}}});
  CHECK(took[0] == 10_ms);
  CHECK(took[1] == 10_ms);
}

TEST_CASE("Contention only lengthens a step, and not at the fidelity analytic", "[engine]") {
  const std::vector<Step> steps{{0_s, 10_ms, {{0, busy(8_ms)}}}, {2_ms, 10_ms, {{0, busy(8_ms)}}}};
  for (Seconds time : spend(steps)) CHECK(time > 10_ms);
  for (Seconds time : spend(steps, Fidelity::analytic)) CHECK(time == 10_ms);
}

TEST_CASE("A step that is disturbed midway catches up when the other has gone", "[engine]") {
  // The first has half its work left when the second begins. Both then go at half pace until the first ends
  // after 10 ms more; the second has 15 - 5 = 10 ms left, alone.
  const auto took = spend({{0_s, 10_ms, {{2, busy(10_ms)}}}, {5_ms, 15_ms, {{2, busy(15_ms)}}}});
  CHECK(took[0].value() == Approx(15e-3).epsilon(1e-9));
  CHECK(took[1].value() == Approx(20e-3).epsilon(1e-9));
}

TEST_CASE("A third step on a shared link replans the two in flight", "[engine]") {
  // Link 0: a and b from the start; c joins on link 1, which b uses as well. Every link is a whole step long.
  const auto took = spend({{0_s, 10_ms, {{0, busy(10_ms)}}},
                           {0_s, 10_ms, {{0, busy(10_ms)}, {1, busy(10_ms)}}},
                           {4_ms, 10_ms, {{1, busy(10_ms)}}}});
  // Max-min: a and b at half pace to 20 ms; c takes what b leaves of link 1, half of it, until 20 ms (8 ms
  // done), then all.
  CHECK(took[0].value() == Approx(20e-3).epsilon(1e-9));
  CHECK(took[1].value() == Approx(20e-3).epsilon(1e-9));
  CHECK(took[2].value() == Approx(18e-3).epsilon(1e-9));
}

TEST_CASE("Bytes on links are conserved under any mix of steps", "[engine]") {
  // A link that is never idle between the first begin and the last end is done when its bytes are.
  Random random(7, "steps");
  std::vector<Step> steps;
  Seconds sum;
  for (int i = 0; i < 40; ++i) {
    const Seconds alone(1e-3 * (0.5 + random.uniform()));
    steps.push_back({Seconds(1e-4 * random.uniform()), alone, {{3, busy(alone)}}});
    sum += alone;
  }
  steps[0].begin = 0_s;
  const auto took = spend(steps);
  double end = 0.0;
  for (std::size_t i = 0; i < steps.size(); ++i) end = std::max(end, (steps[i].begin + took[i]).value());
  CHECK(end == Approx(sum.value()).epsilon(1e-9));
}

TEST_CASE("Replicas that step over and over on the same links stay in order", "[engine]") {
  const LinkGraph graph(round_cluster(1, 4));
  Engine engine(graph, Fidelity::step);
  const std::vector<LinkLoad> loads{{0, busy(0.7_ms)}, {1, busy(0.2_ms)}, {2, busy(0.6_ms)}};
  std::vector<double> ends(3);
  for (double& end : ends) {
    engine.add_actor("replica", [&](Actor& actor) {
      for (int step = 0; step < 1000; ++step) {
        const Seconds before = actor.now();
        const Seconds took = actor.spend(1_ms, loads);
        if (took < 1_ms || actor.now() < before + took * (1 - 1e-9)) FAIL("a step ended too early");
      }
      end = actor.now().value();
    });
  }
  engine.run();
  // Three equal steps ask 2.1 of the busiest link: each goes at 1/2.1 of its pace.
  for (double end : ends) CHECK(end == Approx(2.1).epsilon(1e-6));
}

TEST_CASE("A failure ends steps in flight, contended or not", "[engine]") {
  const LinkGraph graph(round_cluster(1, 4));
  const std::vector<LinkLoad> loads{{0, busy(10_ms)}};
  for (int again = 0; again < 2; ++again) {
    Engine engine(graph, Fidelity::step);
    int ended = 0;
    const auto steps = [&](Actor& actor) {
      actor.spend(10_ms, loads);
      ++ended;
    };
    engine.add_actor("contended", steps);
    engine.add_actor("contended as well", steps);
    engine.add_actor("alone", [&](Actor& actor) {
      actor.spend(10_ms, {});
      ++ended;
    });
    engine.add_actor("failing", [](Actor& actor) {
      actor.sleep_until(1_ms);
      throw std::runtime_error("failed");
    });
    CHECK_THROWS_WITH(engine.run(), "failed");
    CHECK(ended == 0);
  }
  CHECK(spend({{0_s, 10_ms, loads}})[0] == 10_ms);
}
