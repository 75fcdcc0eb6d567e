// What points share is found by their numbers: their scenarios are read in the forks.
#include "sim/study/sweep/point_work.hpp"

#include <unordered_map>

#include "sim/study/point.hpp"
#include "sim/study/shared_parts.hpp"
#include "sim/study/workers.hpp"

namespace switchyard {

Work point_work(const Study& study, const std::vector<PendingPoint>& points, const Parents& parents) {
  struct Parts {
    PartsByKey<RoutingBank> banks;
    PartsByKey<OperatorCost> costs;
    std::unordered_map<std::uint64_t, PendingPoint> points;
  };
  const auto parts = std::make_shared<Parts>();
  for (const PendingPoint& pending : points) {
    parts->points[pending.point] = pending;
    parts->banks.expect(pending.bank);
    parts->costs.expect(pending.cost);
  }
  const auto answer = [&study, parts](std::uint64_t point) {
    const PendingPoint& keys = parts->points.at(point);
    return answer_of([&] {
      return run_point(scenario_of(study, point),
                       {parts->banks.find(keys.bank), parts->costs.find(keys.cost)});
    });
  };
  const auto prepare = [&study, parts, parents](std::uint64_t point) {
    const PendingPoint& keys = parts->points.at(point);
    parts->banks.prepare(keys.bank, parents.count,
                         [&] { return bank_to_share(scenario_of(study, point), parents.jobs); });
    parts->costs.prepare(keys.cost, parents.count, [&] { return build_cost(scenario_of(study, point)); });
  };
  return {answer, prepare};
}

MakeCrew local_crew(std::size_t jobs) {
  return [jobs](const Study& study, const std::vector<PendingPoint>& points) {
    return std::make_unique<Workers>(jobs, point_work(study, points, {1, jobs}));
  };
}

}  // namespace switchyard
