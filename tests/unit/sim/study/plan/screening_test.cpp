// What the planner says without simulating, against full search: on small studies drawn at random all of it
// is simulated to the end.
#include "sim/study/plan/screening.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <map>

#include "sim/study/plan/confirm.hpp"
#include "sim/study/plan/rule_out.hpp"
#include "tests/support/small_plans.hpp"

namespace switchyard {
namespace {

/// Layouts of up to 4 GPUs, half of them with hardly any room for sequences.
Json plan_of(std::uint64_t seed, const std::string& objective, double rate) {
  Json json = random_plan(seed);
  json["objective"] = objective;
  json["workload"]["arrivals"]["rate"] = rate;
  json["layouts"]["max_num_seqs"] = {4, 256};
  json["layouts"]["max_num_batched_tokens"] = {1024};
  return json;
}

std::vector<PlannedLayout> layouts_that_fit(const SmallPlan& plan) {
  std::vector<PlannedLayout> layouts = layouts_of(plan.bases.front(), plan.study.layouts);
  std::erase_if(layouts, [](const PlannedLayout& planned) { return planned.out(); });
  return layouts;
}

/// Which no proof answers, nor is it stopped early.
Reading simulated(SmallPlan& plan, Probe probe) {
  probe.until = Until::end;
  return plan.prober.read({probe}).front();
}

struct Tally {
  int kept = 0, discarded = 0, served = 0;
};

/// At the demand, with every number of replicas that the budget has room for.
void check_by_full_search(SmallPlan& plan, PlannedLayout planned, Tally& tally) {
  apply_bound(plan.study, planned, plan.prober);
  ++(planned.out() ? tally.discarded : tally.kept);
  const std::int64_t most = planned.base->most_gpus() / planned.layout.gpus();
  for (std::int64_t replicas = 1; replicas <= most; ++replicas) {
    const bool met = simulated(plan, demand_on(plan.study, planned, replicas)).met;
    INFO(words_of(planned.layout) << ", " << replicas << " replicas: " << planned.reason);
    if (planned.out()) CHECK_FALSE(met);
    tally.served += met ? 1 : 0;
  }
}

}  // namespace

TEST_CASE("What the bound discards misses the SLO at the demand, on however many replicas") {
  Tally tally;
  for (const auto& [seed, rate] : {std::pair(1, 60.0), std::pair(2, 150.0), std::pair(4, 100.0)}) {
    SmallPlan plan(plan_of(static_cast<std::uint64_t>(seed), "minimise_gpus", rate));
    INFO("seed " << seed);
    for (const PlannedLayout& planned : layouts_that_fit(plan)) check_by_full_search(plan, planned, tally);
  }
  CHECK(tally.discarded >= 12);  // and not everything is
  CHECK(tally.kept >= 12);
  CHECK(tally.served >= 12);
}

TEST_CASE("What the bound discards when load is to be maximised misses the SLO at the lowest loads") {
  Tally tally;
  for (const std::uint64_t seed : {1u, 2u, 5u}) {
    Json json = plan_of(seed, "maximise_goodput", 100.0);
    json["slo"]["tpot_p99"] = "2.2 ms";
    SmallPlan plan(json);
    for (PlannedLayout& planned : layouts_that_fit(plan)) {
      apply_bound(plan.study, planned, plan.prober);
      ++(planned.out() ? tally.discarded : tally.kept);
      for (const double rate : {0.01, 1.0}) {
        const Load load{1, rate, requests_for(*planned.base, kFinal, rate)};
        const bool met = simulated(plan, {planned.base, planned.layout, load}).met;
        INFO("seed " << seed << ", " << words_of(planned.layout) << ": " << planned.reason);
        if (planned.out()) CHECK_FALSE(met);
        tally.served += met ? 1 : 0;
      }
    }
  }
  CHECK(tally.discarded >= 6);
  CHECK(tally.served >= 6);
}

namespace {

struct Answers {
  int met = 0, missed = 0, proven = 0, outgrown = 0;
};

bool serves_all_within_slo(const Reading& reading) {
  return reading.figures.is_object() && reading.figures["slo_met"] == Json(true) &&
         reading.figure("completed") == reading.figure("submitted");
}

/// A probe's reading against its run to the end.
void check_answer(SmallPlan& plan, const Probe& probe, const Bound& bound, Answers& answers) {
  const Reading reading = plan.prober.read({probe}).front(), whole = simulated(plan, probe);
  INFO(words_of(probe.layout) << " at " << probe.load.requests_per_s << " requests/s");
  CHECK(reading.met == whole.met);
  if (must_miss(probe, bound)) CHECK_FALSE(serves_all_within_slo(whole));
  if (outgrows(probe, bound)) CHECK_FALSE(whole.met);  // though so short a run may serve all
  ++(must_miss(probe, bound)  ? answers.proven
     : outgrows(probe, bound) ? answers.outgrown
     : whole.met              ? answers.met
                              : answers.missed);
}

}  // namespace

TEST_CASE("What the bound answers, or a run that is stopped early, is what the run to its end says") {
  Answers answers;
  for (const std::uint64_t seed : {1u, 4u}) {
    SmallPlan plan(plan_of(seed, "maximise_goodput", 100.0));
    INFO("seed " << seed);
    for (const PlannedLayout& planned : layouts_that_fit(plan)) {
      Probe probe{planned.base, planned.layout, {1, 1.0, 600}};
      const Bound bound = *plan.prober.bound_of(probe);
      const double finite = std::isinf(bound.offered_per_s_within_slo) ? bound.requests_per_s_within_slo
                                                                       : bound.offered_per_s_within_slo;
      for (const double rate : {0.3 * most_arrivals_per_s(bound), 0.99 * most_arrivals_per_s(bound),
                                1.01 * most_arrivals_per_s(bound), 1.01 * finite}) {
        probe.load.requests_per_s = rate;
        if (rate > 0.0) check_answer(plan, probe, bound, answers);
      }
    }
  }
  CHECK(answers.met >= 10);
  CHECK(answers.missed >= 10);
  CHECK(answers.proven >= 10);
  CHECK(answers.outgrown >= 10);
}

TEST_CASE("A race whose runs are too short to miss the SLO ends at what a replica works through") {
  Json json = plan_of(1, "maximise_goodput", 100.0);
  json["slo"] = {{"e2el_p99", "600 s"}};
  SmallPlan plan(json);
  PlannedLayout planned = layouts_that_fit(plan).front();
  run_heats(plan.prober, {heat_alone(planned, kScreening, {.step = 1.6, .tolerance = 1.05})});
  const Load load{1, planned.carries, requests_for(*planned.base, kScreening, planned.carries)};
  const Bound bound = *plan.prober.bound_of({planned.base, planned.layout, load});
  CHECK(std::isinf(bound.offered_per_s_within_slo));
  CHECK(planned.carries <= bound.requests_per_s_within_slo);
  CHECK(planned.carries_not <= 1.1 * bound.requests_per_s_within_slo);
  CHECK(plan.prober.proofs() > 0);
}

namespace {

/// Sequences follow one another on one GPU, one at a time: what it takes is known to the step.
Json one_at_a_time(double rate) {
  Json json = plan_of(1, "minimise_gpus", rate);
  json["budget"] = {{"gpus", 1}};
  json["workload"] = {{"arrivals", {{"process", "uniform"}, {"rate", rate}}},
                      {"prompt_tokens", {{"distribution", "fixed"}, {"value", 10}}},
                      {"output_tokens", {{"distribution", "fixed"}, {"value", 300}}}};
  json["slo"] = {{"e2el_p99", "800 ms"}};
  json["layouts"] = {{"max_num_seqs", {1}}, {"max_num_batched_tokens", {1024}}};
  return json;
}

}  // namespace

TEST_CASE("A bound a little tighter would discard what meets the SLO, and this one does not") {
  const auto at = [](double rate, auto check) {
    SmallPlan plan(one_at_a_time(rate));
    PlannedLayout planned = layouts_that_fit(plan).front();
    check(plan, planned, demand_on(plan.study, planned, 1));
  };
  double most = 0.0;
  at(1.0, [&](SmallPlan& plan, PlannedLayout&, const Probe& probe) {
    most = plan.prober.bound_of(probe)->offered_per_s_within_slo;
  });
  at(0.985 * most, [](SmallPlan& plan, PlannedLayout& planned, const Probe& probe) {
    apply_bound(plan.study, planned, plan.prober);
    CHECK(planned.verdict.empty());
    CHECK(plan.prober.read({probe}).front().met);
    CHECK(plan.prober.proofs() == 0);
  });
  at(1.001 * most, [](SmallPlan& plan, PlannedLayout& planned, const Probe& probe) {
    apply_bound(plan.study, planned, plan.prober);
    CHECK(planned.verdict == "bound");
    CHECK_FALSE(simulated(plan, probe).met);
    CHECK_FALSE(plan.prober.read({probe}).front().met);
    CHECK(plan.prober.proofs() == 1);
  });
}

TEST_CASE("Screening races a cut under every budget of tokens, and one number of sequences for all") {
  Json json = plan_of(1, "maximise_goodput", 100.0);
  json["layouts"]["max_num_seqs"] = {256, 128};
  json["layouts"]["max_num_batched_tokens"] = {8192, 1024};
  SmallPlan plan(json);
  std::vector<PlannedChain> chains(1);
  chains[0].base = &plan.bases.front();
  chains[0].layouts = layouts_that_fit(plan);
  screen(plan.study, chains, plan.prober);
  std::map<std::pair<std::int64_t, std::int64_t>, int> raced;  // by sequences and tokens
  for (const PlannedLayout& planned : chains[0].layouts)
    if (planned.level >= 0) ++raced[{planned.layout.max_num_seqs, planned.layout.max_num_batched_tokens}];
  CHECK(raced.size() == 2);
  CHECK(raced[{256, 8192}] > 0);
  CHECK(raced[{256, 8192}] == raced[{256, 1024}]);
}

}  // namespace switchyard
