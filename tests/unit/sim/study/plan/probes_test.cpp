// Who asks for simulations is answered whatever the number of processes, and not more is simulated than
// asked.
#include "sim/study/plan/probes.hpp"

#include <catch2/catch.hpp>
#include <csignal>

#include "sim/study/plan/layouts.hpp"
#include "tests/support/small_plans.hpp"

namespace switchyard {
namespace {

/// At this rate, and while it meets the SLO at double of it.
struct Doubling {
  Probe probe;
  std::vector<bool> met = {};
};

std::vector<Asker> askers_of(std::vector<Doubling>& doublings) {
  std::vector<Asker> askers;
  for (Doubling& doubling : doublings)
    askers.push_back({[&] {
                        const bool ends = !doubling.met.empty() && !doubling.met.back();
                        return ends ? std::vector<Probe>() : std::vector{doubling.probe};
                      },
                      [&](const std::vector<Reading>& readings) {
                        doubling.met.push_back(readings.front().met);
                        doubling.probe.load.requests_per_s *= 2.0;
                      }});
  return askers;
}

struct Asked {
  std::vector<std::vector<bool>> met;
  std::size_t simulations, proofs;
  bool operator==(const Asked&) const = default;
};

Asked ask(SmallPlan& plan, Prober& prober) {
  std::vector<Doubling> doublings;
  for (const PlannedLayout& planned : layouts_of(plan.bases.front(), plan.study.layouts))
    if (!planned.out()) doublings.push_back({{planned.base, planned.layout, {1, 4.0, 40}}});
  prober.answer(askers_of(doublings));
  Asked asked{{}, prober.count(), prober.proofs()};
  for (const Doubling& doubling : doublings) asked.met.push_back(doubling.met);
  return asked;
}

Asked ask_afresh(std::size_t jobs) {
  SmallPlan plan(random_plan(4));
  Prober prober(plan.journal, jobs, plan.interruption, plan.study.base_folder);
  return ask(plan, prober);
}

}  // namespace

TEST_CASE("Whoever asks hears the same of one process at once as of four") {
  const Asked one = ask_afresh(1);
  CHECK(one.simulations > 10);
  CHECK(one.proofs > 0);
  for (const std::vector<bool>& met : one.met) {
    REQUIRE_FALSE(met.empty());
    CHECK_FALSE(met.back());
  }
  CHECK(ask_afresh(4) == one);
}

TEST_CASE("What the journal knows is not simulated again, and what nobody asks not at all") {
  SmallPlan plan(random_plan(4));
  const Asked first = ask(plan, plan.prober);
  std::size_t running = 0;
  Prober again(plan.journal, 3, plan.interruption, plan.study.base_folder,
               [&](const PlanProgress& progress) { running = std::max(running, progress.running); });
  const Asked second = ask(plan, again);
  CHECK(second.met == first.met);
  CHECK(running == 0);
  again.answer({{[] { return std::vector<Probe>(); }, [](const std::vector<Reading>&) { FAIL("told"); }}});
}

TEST_CASE("Where the bound answers everything nothing runs") {
  SmallPlan plan(random_plan(4));
  const Layout layout = layouts_of(plan.bases.front(), plan.study.layouts).front().layout;
  std::vector<Probe> probes;
  for (int i = 0; i < 20; ++i) probes.push_back({&plan.bases.front(), layout, {1, 1e6 + i, 60}});
  for (const Reading& reading : plan.prober.read(probes)) CHECK_FALSE(reading.met);
  CHECK(plan.prober.count() == 0);
  CHECK(plan.prober.proofs() == 20);
}

TEST_CASE("Tasks are answered in their order, and those whose processes die are not") {
  SmallPlan plan(random_plan(1));
  const auto answers = plan.prober.compute(5, [](std::uint64_t task) {
    if (task == 2) std::raise(SIGKILL);
    return std::to_string(10 * task);
  });
  CHECK(answers == std::vector<std::optional<std::string>>{"0", "10", std::nullopt, "30", "40"});
}

}  // namespace switchyard
