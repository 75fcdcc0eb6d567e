// What is said of a change, from what it does to deployments.
#include "sim/study/plan/effects.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/sim/study/plan/planned.hpp"

namespace switchyard {
namespace {

/// Two models on two GPU types, a deployment each: the first model's are the plan's best.
struct Judged {
  Judged() : study(planned_study({{"models", {"llama-3.1-8b", "qwen3-32b"}}})), bases(read_bases(study)) {
    for (std::size_t i = 0; i < bases.size(); ++i) {
      PlannedChain& chain = chains.emplace_back();
      chain.base = &bases[i];
      chain.best = PlannedDeployment{&bases[i], {}, {1, 4.0, 100}, {}, 5.0, static_cast<double>(i + 1)};
    }
    for (const PlannedChain& chain : chains) subjects.push_back({&chain, &*chain.best, 5.0});
    for (const ChangeSubject& subject : subjects)
      before.push_back({&subject, subject.deployment->objective, 1.0, ""});
    after = before;
  }

  void lose(std::size_t deployment, const std::string& reason) {
    after[deployment].objective.reset();
    after[deployment].reason = reason;
    after[deployment].known = true;
  }
  void know_nothing_of(std::size_t deployment) {
    lose(deployment, "unchanged: misses the SLO at any load");
    after[deployment].known = false;
  }
  Json judged() const { return change_json(study, {"longer prompts", "prompts"}, before, after); }

  PlanStudy study;
  std::deque<PlanBase> bases;
  std::deque<PlannedChain> chains;
  std::deque<ChangeSubject> subjects;
  std::vector<ChangeEffect> before, after;
};

}  // namespace

TEST_CASE("A change is not said to replace the best model where nothing is known of it") {
  Judged study;
  study.know_nothing_of(0);
  study.know_nothing_of(1);
  const Json change = study.judged();
  CHECK(change["winner"].is_null());
  CHECK(change["winner_changes"] == false);
  CHECK(change["best_of_others"] == "qwen3-32b");
  CHECK(change["text"] ==
        "With longer prompts the best of the others is qwen3-32b; nothing can be said of llama-3.1-8b "
        "(unchanged: misses the SLO at any load).");
  study.lose(1, "does not fit");
  CHECK(study.judged()["winner_changes"] == false);
  study.after = study.before;
  study.lose(0, "does not fit");
  study.lose(1, "does not fit");
  CHECK(study.judged()["winner_changes"] == true);
  CHECK(study.judged()["best_of_others"].is_null());
  CHECK(study.judged()["text"] == "With longer prompts the best is qwen3-32b instead of llama-3.1-8b.");
}

TEST_CASE("The best model under a change is told with those of which nothing is known") {
  Judged study;
  study.know_nothing_of(3);
  const Json change = study.judged();
  CHECK(change["winner"] == "llama-3.1-8b");
  CHECK(change["text"] ==
        "With longer prompts llama-3.1-8b stays the best; nothing can be said of qwen3-32b (on h200_sxm "
        "unchanged: misses the SLO at any load).");
}

TEST_CASE("No model is said to be left only where it is known of every deployment") {
  Judged all;
  for (const std::size_t deployment : {0, 1, 2, 3}) all.lose(deployment, "does not fit");
  CHECK(all.judged()["winner_changes"] == true);
  CHECK(all.judged()["text"] ==
        "With longer prompts no model is left whose best deployments meet the SLO within the budget (does "
        "not fit).");
  all.know_nothing_of(1);
  const Json change = all.judged();
  CHECK(change["winner_changes"] == false);
  CHECK(change["text"] ==
        "With longer prompts nothing can be said (llama-3.1-8b: on h100_sxm does not fit, on h200_sxm "
        "unchanged: misses the SLO at any load; qwen3-32b: does not fit).");
  CHECK(change["values"][1]["reason"] == "does not fit");
}

}  // namespace switchyard
