// Banks are found by the point's number: its scenario is read in the fork.
#include "sim/study/sweep/point_work.hpp"

#include <unordered_map>

#include "sim/study/point.hpp"
#include "sim/study/shared_banks.hpp"
#include "sim/study/workers.hpp"

namespace switchyard {

Work point_work(const Study& study, const std::vector<PendingPoint>& points, const Parents& parents) {
  struct Banks {
    SharedBanks shared;
    std::unordered_map<std::uint64_t, std::uint64_t> keys;  // by point
  };
  const auto banks = std::make_shared<Banks>(Banks{SharedBanks(parents.jobs), {}});
  for (const PendingPoint& pending : points) {
    banks->keys[pending.point] = pending.bank;
    banks->shared.expect(pending.bank);
  }
  const auto answer = [&study, banks](std::uint64_t point) {
    return answer_of([&] {
      return run_point(scenario_of(study, point), {banks->shared.find(banks->keys.at(point)), nullptr});
    });
  };
  const auto prepare = [&study, banks, worth = parents.count](std::uint64_t point) {
    banks->shared.prepare(banks->keys.at(point), worth, [&] { return scenario_of(study, point); });
  };
  return {answer, prepare};
}

MakeCrew local_crew(std::size_t jobs) {
  return [jobs](const Study& study, const std::vector<PendingPoint>& points) {
    return std::make_unique<Workers>(jobs, point_work(study, points, {1, jobs}));
  };
}

}  // namespace switchyard
