// Actors, dates and bells.
#include <catch2/catch.hpp>
#include <cmath>
#include <csignal>
#include <limits>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "sim/base/ensure.hpp"
#include "sim/engine/engine.hpp"
#include "tests/support/clusters.hpp"

using namespace switchyard;
using namespace switchyard::literals;

namespace {

/// Runs the bodies as actors of one engine.
void run(const std::vector<std::function<void(Actor&)>>& bodies) {
  const LinkGraph graph(round_cluster(1, 2));
  Engine engine(graph, Fidelity::step);
  for (std::size_t i = 0; i < bodies.size(); ++i) engine.add_actor("actor" + std::to_string(i), bodies[i]);
  engine.run();
}

}  // namespace

TEST_CASE("An actor starts at 0 and wakes at its date, not before", "[engine]") {
  run({[](Actor& actor) {
    CHECK(actor.now().value() == 0.0);
    for (double date : {1e-6, 0.3, 0.3 + 1e-9, 1e4}) {
      actor.sleep_until(Seconds(date));
      CHECK(actor.now() == Seconds(date));
    }
    actor.sleep_until(1_s);
    CHECK(actor.now() == Seconds(1e4));
  }});
}

TEST_CASE("Engines follow one another in a process, each from 0", "[engine]") {
  for (int i = 0; i < 3; ++i) {
    Seconds end;
    run({[&](Actor& actor) {
      actor.sleep_until(0.75_s);
      end = actor.now();
    }});
    CHECK(end.value() == 0.75);
  }
}

TEST_CASE("Two engines at once break a law", "[engine]") {
  const LinkGraph graph(round_cluster(1, 2));
  const Engine engine(graph, Fidelity::analytic);
  CHECK_THROWS_AS(Engine(graph, Fidelity::analytic), LawBroken);
}

TEST_CASE("The earlier date wakes first, however close; of equal dates the first set", "[engine]") {
  const double near = 1000.0;
  const double far = std::nextafter(near, 2000.0);
  std::string order;
  run({[&](Actor& actor) {
         actor.sleep_until(Seconds(far));
         order += "far ";
       },
       [&](Actor& actor) {
         actor.sleep_until(Seconds(near));
         order += "near ";
       },
       [&](Actor& actor) {
         actor.sleep_until(Seconds(far));
         order += "last ";
       }});
  CHECK(order == "near far last ");
}

TEST_CASE("A bell ends a wait before its date", "[engine]") {
  Bell bell;
  run({[&](Actor& actor) {
         CHECK(actor.wait_until(5_s, bell));
         CHECK(actor.now().value() == 2.0);
         CHECK_FALSE(actor.wait_until(4_s, bell));
         CHECK(actor.now().value() == 4.0);
       },
       [&](Actor& actor) {
         actor.sleep_until(2_s);
         bell.ring();
       }});
}

TEST_CASE("Rings are counted, never lost", "[engine]") {
  Bell bell;
  bell.ring();
  run({[&](Actor& actor) {
         actor.wait(bell);
         CHECK(actor.now().value() == 0.0);
         actor.sleep_until(3_s);
         CHECK(actor.wait_until(3_s, bell));
         actor.wait(bell);
         CHECK_FALSE(actor.wait_until(4_s, bell));
         CHECK(actor.now().value() == 4.0);
       },
       [&](Actor& actor) {
         actor.sleep_until(1_s);
         bell.ring();
         bell.ring();
       }});
}

TEST_CASE("A ring and a date at the same instant use up one ring at most", "[engine]") {
  Bell bell;
  int rung = 0;
  run({[&](Actor& actor) {
         rung += actor.wait_until(1_s, bell) ? 1 : 0;
         rung += actor.wait_until(2_s, bell) ? 1 : 0;
       },
       [&](Actor& actor) {
         actor.sleep_until(1_s);
         bell.ring();
       }});
  CHECK(rung == 1);
}

TEST_CASE("A wait for a date without end is a wait for the bell", "[engine]") {
  Bell bell;
  run({[&](Actor& actor) { CHECK(actor.wait_until(Seconds(std::numeric_limits<double>::infinity()), bell)); },
       [&](Actor& actor) {
         actor.sleep_until(1_s);
         bell.ring();
       }});
}

TEST_CASE("A hundred thousand rings arrive", "[engine]") {
  constexpr int kRings = 100000;
  Bell bell;
  int heard = 0;
  run({[&](Actor& actor) {
         while (actor.wait_until(1000_s, bell)) ++heard;
         CHECK(actor.now().value() == 1000.0);
       },
       [&](Actor& actor) {
         for (int i = 1; i <= kRings; ++i) {
           actor.sleep_until(Seconds(i * 1e-3));
           bell.ring();
         }
       }});
  CHECK(heard == kRings);
}

TEST_CASE("What an actor throws leaves run, and ends the others", "[engine]") {
  auto held = std::make_shared<int>(0);
  Bell bell;
  bool went_on = false;
  CHECK_THROWS_WITH(run({[&, held](Actor& actor) {
                           const auto mine = held;  // NOLINT: freed as the actor ends
                           actor.wait(bell);
                           went_on = true;
                         },
                         [&](Actor& actor) {
                           actor.sleep_until(10_s);
                           went_on = true;
                         },
                         [&](Actor& actor) {
                           actor.sleep_until(1_s);
                           throw std::runtime_error("no more memory");
                         }}),
                    "no more memory");
  CHECK_FALSE(went_on);
  CHECK(held.use_count() == 1);
}

TEST_CASE("An engine works after one that failed", "[engine]") {
  CHECK_THROWS(run(
      {[](Actor&) { throw std::runtime_error("at once"); }, [](Actor& actor) { actor.sleep_until(1_s); }}));
  Seconds end;
  run({[&](Actor& actor) {
    actor.sleep_until(1_s);
    end = actor.now();
  }});
  CHECK(end == 1_s);
}

TEST_CASE("Actors that wait for each other without end are named", "[engine]") {
  Bell first, second;
  const auto waits = [](Bell& bell) { return [&bell](Actor& actor) { actor.wait(bell); }; };
  CHECK_THROWS_WITH(run({waits(first), waits(second)}), Catch::Contains("actor0, actor1"));
  CHECK_THROWS_AS(run({waits(first), [](Actor& actor) { actor.sleep_until(1_s); }}), LawBroken);
}

TEST_CASE("The handler of an interrupt is the one from before the engine", "[engine]") {
  const auto mine = +[](int) {};
  const auto before = std::signal(SIGINT, mine);
  run({[](Actor& actor) { actor.sleep_until(1_s); }});
  CHECK(std::signal(SIGINT, before) == mine);
}

TEST_CASE("Waits and steps are counted as events", "[engine]") {
  const LinkGraph graph(round_cluster(1, 2));
  Engine engine(graph, Fidelity::analytic);
  engine.add_actor("one", [](Actor& actor) {
    actor.sleep_until(1_s);
    actor.spend(1_s, {});
  });
  engine.run();
  CHECK(engine.events() == 2);
}
