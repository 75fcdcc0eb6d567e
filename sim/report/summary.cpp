// The order of the keys here is the order in the file.
#include "sim/report/summary.hpp"

#include <algorithm>
#include <array>

namespace switchyard {
namespace {

double milliseconds(Seconds time) { return time.value() * 1e3; }

void add_distribution(Json& json, const std::string& figure, const Distribution& distribution) {
  const auto statistic = [&](Seconds value) {
    return distribution.samples > 0 ? Json(milliseconds(value)) : Json(nullptr);
  };
  json["mean_" + figure + "_ms"] = statistic(distribution.mean);
  json["median_" + figure + "_ms"] = statistic(distribution.median);
  json["std_" + figure + "_ms"] = statistic(distribution.standard_deviation);
  json["p90_" + figure + "_ms"] = statistic(distribution.p90);
  json["p99_" + figure + "_ms"] = statistic(distribution.p99);
}

Json slo_json(const Metrics& metrics) {
  Json bounds = Json::array();
  for (const auto& [bound, met] : metrics.slo_met) {
    const std::optional<Seconds> value = value_of(bound, metrics);
    bounds.push_back({{"bound", name_of(bound)},
                      {"limit_ms", milliseconds(bound.limit)},
                      {"actual_ms", value ? Json(milliseconds(*value)) : Json(nullptr)},
                      {"met", met}});
  }
  return bounds;
}

Json slo_met_json(const Metrics& metrics) {
  if (metrics.slo_met.empty()) return nullptr;
  return std::all_of(metrics.slo_met.begin(), metrics.slo_met.end(),
                     [](const auto& row) { return row.second; });
}

Json breakdown_json(const Breakdown& breakdown) {
  const Seconds total = breakdown.total();
  Json times = Json::object(), shares = Json::object();
  for (std::size_t i = 0; i < kPartNames.size(); ++i) {
    times[std::string(kPartNames[i])] = milliseconds(breakdown.parts[i]);
    shares[std::string(kPartNames[i])] = total > Seconds() ? breakdown.parts[i] / total : 0.0;
  }
  const std::optional<Part> largest = bottleneck(breakdown);
  return {{"total_ms", milliseconds(total)},
          {"bottleneck", largest ? Json(name_of(*largest)) : Json()},
          {"ms", times},
          {"share", shares}};
}

template <class Q>
Json value_or_null(const std::optional<Q>& quantity) {
  return quantity ? Json(quantity->value()) : Json(nullptr);
}

void add_energy(Json& json, const Summary& summary) {
  const Metrics& metrics = summary.metrics;
  const std::optional<EnergyUse>& use = summary.energy;
  const double gpu_seconds = static_cast<double>(summary.gpus) * metrics.duration.value();
  const auto watts = [&](Joules EnergyUse::*part) {
    return use ? Json((*use.*part).value() / gpu_seconds) : Json(nullptr);
  };
  const auto of_tokens = static_cast<double>(metrics.total_output_tokens);
  json["energy_j"] = use ? Json(use->total().value()) : Json(nullptr);
  json["energy_per_output_token_j"] =
      use && of_tokens > 0.0 ? Json(use->total().value() / of_tokens) : Json(nullptr);
  json["mean_power_w"] = use ? Json(use->total().value() / gpu_seconds) : Json(nullptr);
  json["power"] = {{"idle_w", watts(&EnergyUse::idle)},
                   {"active_w", watts(&EnergyUse::active)},
                   {"compute_w", watts(&EnergyUse::compute)},
                   {"memory_w", watts(&EnergyUse::memory)},
                   {"tdp_w", summary.tdp.value()},
                   {"basis", summary.power_basis}};
}

void add_cost(Json& json, const Summary& summary) {
  const std::optional<Bill>& bill = summary.bill;
  const auto per_million = [&](std::optional<Dollars> Bill::*price) {
    return bill ? value_or_null((*bill).*price) : Json(nullptr);
  };
  json["usd_per_hour"] = value_or_null(per_hour(summary.price, summary.gpus));
  json["cost_usd"] = bill ? Json(bill->total.value()) : Json(nullptr);
  json["usd_per_million_input_tokens"] = per_million(&Bill::per_million_input_tokens);
  json["usd_per_million_output_tokens"] = per_million(&Bill::per_million_output_tokens);
  const Price& price = summary.price;
  json["price"] = {{"usd_per_gpu_hour", value_or_null(price.per_gpu_hour)},
                   {"source", price.source.empty() ? Json(nullptr) : Json(price.source)},
                   {"date", price.date.empty() ? Json(nullptr) : Json(price.date)}};
}

}  // namespace

Json summary_json(const Summary& summary) {
  const Metrics& metrics = summary.metrics;
  Json json = {{"submitted", metrics.submitted},
               {"completed", metrics.completed},
               {"rejected", metrics.rejected},
               {"unfinished", metrics.unfinished},
               {"duration", metrics.duration.value()},
               {"total_input_tokens", metrics.total_input_tokens},
               {"total_output_tokens", metrics.total_output_tokens},
               {"request_throughput", metrics.request_throughput},
               {"request_goodput", metrics.request_goodput},
               {"output_throughput", metrics.output_throughput},
               {"total_token_throughput", metrics.total_token_throughput},
               {"tokens_per_s_per_gpu", metrics.tokens_per_s_per_gpu},
               {"tokens_per_s_per_user",
                metrics.tpot.samples > 0 ? Json(metrics.tokens_per_s_per_user) : Json(nullptr)}};
  add_distribution(json, "ttft", metrics.ttft);
  add_distribution(json, "tpot", metrics.tpot);
  add_distribution(json, "itl", metrics.itl);
  add_distribution(json, "e2el", metrics.e2el);
  json["slo_met"] = slo_met_json(metrics);
  json["slo"] = slo_json(metrics);
  json["gpus"] = summary.gpus;
  json["preemptions"] = metrics.preemptions;
  json["steps"] = metrics.steps;
  json["memory"] = summary.memory;
  json["breakdown"] = breakdown_json(summary.breakdown);
  json["routing"] = summary.routing;
  json["network"] = summary.network;
  add_energy(json, summary);
  add_cost(json, summary);
  json["measured_profile"] = summary.measured_profile;
  json["trust"] = trust_json(summary.trust);
  json["wall_s"] = summary.wall.value();
  json["bank_s"] = summary.bank.value();
  json["events"] = summary.events;
  json["notes"] = summary.notes;
  return json;
}

std::optional<Part> bottleneck(const Breakdown& breakdown) {
  if (breakdown.total() <= Seconds()) return std::nullopt;
  const auto largest = std::max_element(breakdown.parts.begin(), breakdown.parts.end());
  return static_cast<Part>(largest - breakdown.parts.begin());
}

std::string_view label_of(Part part) {
  static constexpr std::array<std::string_view, kPartNames.size()> kLabels = {
      "attention", "dense GEMM", "experts", "gate", "communication", "element-wise", "head", "host"};
  return kLabels[static_cast<std::size_t>(part)];
}

std::string name_of(const Slo::Bound& bound) { return bound.figure + "_" + bound.statistic; }

}  // namespace switchyard
