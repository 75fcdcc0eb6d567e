// The run that would decide, and what to say where its bound says no.
#include "sim/study/plan/rule_out.hpp"

#include <cstdio>

#include "sim/study/plan/confirm.hpp"
#include "sim/study/readable.hpp"

namespace switchyard {
namespace {

constexpr const char* kRuledOut = "bound";  // a verdict

/// The bound of the SLO that is missed the most whatever the load.
std::optional<Shortfall> shortfall_of(const Bound& bound, const Slo& slo) {
  std::optional<Shortfall> worst;
  for (const Slo::Bound& limit : slo.bounds) {
    const std::optional<Seconds> least = value_of(limit, bound.least);
    if (!least || *least <= limit.limit) continue;
    if (worst && worst->value / worst->limit >= *least / limit.limit) continue;
    worst = Shortfall{name_of(limit), limit.limit.value() * 1e3, least->value() * 1e3};
  }
  return worst;
}

std::string text_of(const Shortfall& shortfall) {
  char text[160];
  std::snprintf(text, sizeof text,
                " of these requests is at least %.3g ms whatever the load; %.3g ms are allowed",
                shortfall.value, shortfall.limit);
  return shortfall.bound + text;
}

}  // namespace

void apply_bound(const PlanStudy& study, PlannedLayout& planned, Prober& prober) {
  if (planned.out() || planned.most_requests_per_s > 0.0) return;
  const PlanBase& base = *planned.base;
  const double lowest = Race::Options().least;
  Probe deciding{&base, planned.layout, {1, lowest, requests_for(base, kFinal, lowest)}};
  Bound bound = *prober.bound_of(deciding);
  planned.most_requests_per_s = bound.requests_per_s_within_slo;
  if (study.minimises()) {
    const std::int64_t replicas = base.most_gpus() / planned.layout.gpus();
    // The deciding run may have twenty times the requests, and its bound takes so much longer: only where
    // these say no.
    const double most = bound.requests_per_s_within_slo * static_cast<double>(replicas);
    if (!must_miss(deciding, bound) && most >= demand_of(study, base)) return;
    deciding = demand_on(study, planned, replicas);
    bound = *prober.bound_of(deciding);
  }
  if (!must_miss(deciding, bound) && !outgrows(deciding, bound)) return;
  const double demand = deciding.load.requests_per_s, most = most_arrivals_per_s(bound);
  planned.verdict = kRuledOut;
  planned.shortfall = shortfall_of(bound, base.scenario().slo);
  if (planned.shortfall) {
    planned.reason = text_of(*planned.shortfall);
  } else if (study.minimises() && most > 0.0) {
    planned.shortfall = Shortfall{"demand", demand, most};
    planned.reason =
        "within the SLO the budget's replicas carry at most " + rate_text(most) + " of " + rate_text(demand);
  } else {
    planned.reason = "no load lets it meet the SLO";
  }
}

Json bounds_json(const std::vector<PlannedLayout>& layouts) {
  Json bounds = Json::array();
  for (std::size_t i = 0; i < layouts.size(); ++i) {
    const PlannedLayout& planned = layouts[i];
    if (planned.verdict != kRuledOut && planned.most_requests_per_s == 0.0) continue;
    bounds.push_back({{"layout", i},
                      {"most_requests_per_s", planned.most_requests_per_s},
                      {"verdict", planned.verdict},
                      {"reason", planned.reason}});
    if (const std::optional<Shortfall>& shortfall = planned.shortfall)
      bounds.back()["shortfall"] = {shortfall->bound, shortfall->limit, shortfall->value};
  }
  return bounds;
}

void take_bounds(const Json& bounds, std::vector<PlannedLayout>& layouts) {
  for (const Json& bound : bounds) {
    PlannedLayout& planned = layouts.at(bound["layout"].get<std::size_t>());
    planned.most_requests_per_s = bound["most_requests_per_s"].get<double>();
    planned.verdict = bound["verdict"].get<std::string>();
    planned.reason = bound["reason"].get<std::string>();
    if (!bound.contains("shortfall")) continue;
    const Json& shortfall = bound["shortfall"];
    planned.shortfall =
        Shortfall{shortfall[0].get<std::string>(), shortfall[1].get<double>(), shortfall[2].get<double>()};
  }
}

}  // namespace switchyard
