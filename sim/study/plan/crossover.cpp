// A model's need is a staircase of the demand; the cheapest changes only at their steps.
#include "sim/study/plan/crossover.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "sim/base/rounding.hpp"
#include "sim/study/readable.hpp"

namespace switchyard {
namespace {

constexpr int kDigits = 6;
constexpr double kRounding = 1e-9;

/// What a demand needs of a supply.
struct Need {
  double value = 0.0;
  double reach = 0.0;  // the demand that the same would still serve
};

std::optional<Need> need(const Supply& supply, double demand) {
  const double replicas = std::max(1.0, std::ceil(demand / supply.carries - kRounding));
  if (replicas > static_cast<double>(supply.most)) return std::nullopt;
  return Need{replicas * supply.value, replicas * supply.carries};
}

std::set<double> steps_of(const std::vector<Supply>& supplies) {
  std::set<double> steps;
  for (const Supply& supply : supplies)
    for (std::int64_t n = 1; n <= supply.most; ++n) steps.insert(supply.carries * static_cast<double>(n));
  return steps;
}

bool routes(const PlanBase& base) { return base.kind() != "dense"; }

/// Of one model: the value at each step where it changes.
Json curve_json(const std::vector<Supply>& supplies) {
  Json points = Json::array();
  std::optional<double> before;
  double from = 0.0;
  for (const double step : steps_of(supplies)) {
    std::optional<double> least;
    for (const Supply& supply : supplies)
      if (const auto own = need(supply, step)) least = std::min(least.value_or(own->value), own->value);
    if (least && least != before)
      points.push_back({{"requests_per_s", rounded(from, kDigits)}, {"value", rounded(*least, kDigits)}});
    before = least;
    from = step;
  }
  points.push_back({{"requests_per_s", rounded(from, kDigits)},
                    {"value", before ? Json(rounded(*before, kDigits)) : Json()}});
  return points;
}

std::string name_of(const CrossoverSegment& segment) {
  return segment.base->model_name() + " (" + segment.base->kind() + ")";
}

/// Runs of segments of the same kind.
std::vector<CrossoverSegment> by_kind(const std::vector<CrossoverSegment>& segments) {
  std::vector<CrossoverSegment> runs;
  for (const CrossoverSegment& segment : segments) {
    if (!runs.empty() && routes(*runs.back().base) == routes(*segment.base)) runs.back().to = segment.to;
    else runs.push_back(segment);
  }
  return runs;
}

std::string text_of(const std::vector<CrossoverSegment>& segments, const std::string& label) {
  constexpr std::size_t kMostChanges = 3;
  if (segments.empty()) return "";
  const std::vector<CrossoverSegment> runs = by_kind(segments);
  const std::string measure = label == "GPUs" ? "takes the fewest GPUs" : "is the cheapest";
  const auto kind = [](const CrossoverSegment& run) {
    return routes(*run.base) ? "a MoE or hybrid model" : "a Dense model";
  };
  if (runs.size() == 1)
    return std::string("At every demand up to ") + rate_text(segments.back().to) + " " + kind(runs.front()) +
           " " + measure + (segments.size() == 1 ? ": " + name_of(segments.front()) : "") + ".";
  if (runs.size() > kMostChanges + 1)
    return "Dense and MoE alternate " + std::to_string(runs.size() - 1) +
           " times, by how demand fills their replicas, up to " + rate_text(runs[runs.size() - 2].to) +
           "; from there " + kind(runs.back()) + " " + measure + " (" + name_of(segments.back()) +
           "), up to " + rate_text(segments.back().to) + ".";
  std::string text =
      std::string("Up to ") + rate_text(runs.front().to) + " " + kind(runs.front()) + " " + measure;
  for (std::size_t i = 1; i < runs.size(); ++i)
    text += std::string(", then ") + kind(runs[i]) + " up to " + rate_text(runs[i].to);
  return text + ".";
}

std::vector<Supply> supplies_of(const std::vector<PlannedChain>& chains, const std::string& label) {
  std::vector<Supply> supplies;
  for (const PlannedChain& chain : chains)
    for (const auto& [size, best] : chain.best_of_size) {
      const double gpus = static_cast<double>(size);
      const double value = label == "GPUs" ? gpus : gpus * chain.base->usd_per_gpu_hour().value_or(0.0);
      if (best->carries > 0.0 && chain.base->most_gpus() >= size)
        supplies.push_back(
            {chain.base->model(), chain.base, best->carries, value, chain.base->most_gpus() / size});
    }
  return supplies;
}

}  // namespace

std::vector<CrossoverSegment> cheapest_by_demand(const std::vector<Supply>& supplies) {
  std::vector<CrossoverSegment> segments;
  double from = 0.0;
  for (const double step : steps_of(supplies)) {
    const Supply* best = nullptr;
    Need least;
    const auto stays = [&](const Supply& supply) {
      return !segments.empty() && segments.back().model == supply.model;
    };
    const auto better = [&](const Supply& supply, const Need& own) {
      if (!best || own.value != least.value) return !best || own.value < least.value;
      return stays(supply) != stays(*best) ? stays(supply) : own.reach > least.reach;
    };
    for (const Supply& supply : supplies) {
      const std::optional<Need> own = need(supply, step);
      if (!own || !better(supply, *own)) continue;
      best = &supply;
      least = *own;
    }
    if (best && stays(*best)) {
      segments.back().to = step;
      segments.back().value = least.value;
    } else if (best) {
      segments.push_back({from, step, best->model, best->base, least.value});
    }
    from = step;
  }
  return segments;
}

Json crossover_json(const PlanStudy& study, const std::vector<PlannedChain>& chains) {
  const bool priced = std::all_of(chains.begin(), chains.end(), [](const PlannedChain& chain) {
    return chain.base->usd_per_gpu_hour().has_value();
  });
  const std::string label = priced && study.objective != "minimise_gpus" ? "$/h" : "GPUs";
  const std::vector<Supply> supplies = supplies_of(chains, label);
  const std::vector<CrossoverSegment> segments = cheapest_by_demand(supplies);
  Json json = {{"objective_label", label},
               {"segments", Json::array()},
               {"dense_to_moe_requests_per_s", Json::array()},
               {"curves", Json::array()}};
  for (const CrossoverSegment& segment : segments)
    json["segments"].push_back({{"from_requests_per_s", rounded(segment.from, kDigits)},
                                {"to_requests_per_s", rounded(segment.to, kDigits)},
                                {"model", segment.base->model_name()},
                                {"kind", segment.base->kind()},
                                {"gpu", segment.base->gpu_name()}});
  for (std::size_t i = 1; i < segments.size(); ++i)
    if (!routes(*segments[i - 1].base) && routes(*segments[i].base))
      json["dense_to_moe_requests_per_s"].push_back(rounded(segments[i].from, kDigits));
  std::map<std::size_t, std::vector<Supply>> by_model;
  for (const Supply& supply : supplies) by_model[supply.model].push_back(supply);
  for (const auto& [model, own] : by_model)
    json["curves"].push_back({{"model", own.front().base->model_name()},
                              {"kind", own.front().base->kind()},
                              {"points", curve_json(own)}});
  json["text"] = text_of(segments, label);
  return json;
}

}  // namespace switchyard
