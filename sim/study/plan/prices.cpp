// A GPU type's price multiplies the cost of every deployment on it, and of no other.
#include "sim/study/plan/prices.hpp"

#include <algorithm>

#include "sim/base/rounding.hpp"
#include "sim/study/plan/winners.hpp"
#include "sim/study/readable.hpp"

namespace switchyard {
namespace {

constexpr int kDigits = 6;
constexpr double kTold = 0.001;  // the least share that percent() puts a number to
constexpr double kFifth = 0.2;   // a change of price that is near enough to be named

struct Offer {
  const PlannedDeployment* deployment = nullptr;
  double cost = 0.0;  // usd_per_million_with_prompts()
  std::string name;   // "qwen3-32b on l40s"
  const std::string& gpu() const { return deployment->base->gpu_name(); }
  double gpu_hour() const { return *deployment->base->usd_per_gpu_hour(); }
};

/// Of every GPU type the cheapest, these the cheapest first.
std::vector<Offer> offers_of(const PlanStudy& study, const std::vector<PlannedChain>& chains) {
  std::vector<Offer> all, offers;
  for (const PlannedChain& chain : chains) {
    if (!chain.best) continue;
    const auto cost = usd_per_million_with_prompts(*chain.best);
    const PlanBase& base = *chain.base;
    if (cost && *cost > 0.0)
      all.push_back({&*chain.best, *cost,
                     base.model_name() + " on " + base.gpu_name() + precision_words(study, base, " in ")});
  }
  std::stable_sort(all.begin(), all.end(), [](const Offer& a, const Offer& b) { return a.cost < b.cost; });
  for (const Offer& offer : all)
    if (std::none_of(offers.begin(), offers.end(), [&](const Offer& o) { return o.gpu() == offer.gpu(); }))
      offers.push_back(offer);
  return offers;
}

/// Their tokens cost the same, or differ by less than sentences tell.
bool is_level(const Offer& a, const Offer& b) { return distance(a.cost, b.cost) < kTold; }

/// What a change of this one's price has to pass: the cheapest of the others. Null: there is none.
const Offer* rival_of(const std::vector<Offer>& offers, std::size_t index) {
  if (index > 0) return &offers.front();
  return offers.size() > 1 ? &offers[1] : nullptr;
}

/// The price of a GPU type, as a multiple of what it is, from which on another one's tokens cost least. None:
/// no other GPU type has an offer, or it is level with the cheapest, and any change decides.
std::optional<double> turning_point(const std::vector<Offer>& offers, std::size_t index) {
  const Offer* rival = rival_of(offers, index);
  if (!rival || is_level(*rival, offers[index])) return std::nullopt;
  return rival->cost / offers[index].cost;
}

std::string dollars(double value) { return "$" + readable(value); }

/// "h200_sxm gets 35 % dearer ($5.4 an hour)".
std::string turn_text(const Offer& offer, double factor) {
  return offer.gpu() + " gets " + percent(factor > 1.0 ? factor - 1.0 : 1.0 - factor) +
         (factor > 1.0 ? " dearer (" : " cheaper (") + dollars(offer.gpu_hour() * factor) + " an hour)";
}

std::string tie_text(const std::vector<Offer>& offers) {
  const auto estimate = [](const Offer& offer) {
    return Estimate{offer.cost, winner_of(*offer.deployment).error};
  };
  std::vector<std::string> names;
  for (std::size_t i = 1; i < offers.size(); ++i)
    if (!is_level(offers[0], offers[i]) && is_tie(estimate(offers[0]), estimate(offers[i]), kSearched))
      names.push_back(offers[i].name + " at " + dollars(offers[i].cost));
  return names.empty() ? "" : " (a tie with " + in_words(names) + ")";
}

std::string text_of(const std::vector<Offer>& offers) {
  std::vector<std::string> cheapest;
  for (const Offer& offer : offers)
    if (is_level(offers[0], offer)) cheapest.push_back(offer.name);
  std::string text = "Cheapest a token: " + in_words(cheapest) + ", " + dollars(offers[0].cost) +
                     " a million output tokens with their prompts" + tie_text(offers);
  std::vector<std::string> near, far;
  for (std::size_t i = 0; i < offers.size(); ++i)
    if (const auto factor = turning_point(offers, i)) {
      const bool is_near = *factor >= 1.0 - kFifth && *factor <= 1.0 + kFifth;
      (is_near ? near : far).push_back(turn_text(offers[i], *factor));
    }
  for (std::size_t i = 0; i < near.size(); ++i) text += (i == 0 ? ", until " : " or ") + near[i];
  if (cheapest.size() > 1)
    return text + "; the cheapest cost the same, so that any other price of one decides.";
  if (!near.empty()) return text + ".";
  if (!far.empty()) return text + "; no GPU type 20 % cheaper or dearer changes that.";
  return text + ".";
}

}  // namespace

std::optional<double> usd_per_hour(const PlanBase& base, std::int64_t gpus) {
  if (!base.usd_per_gpu_hour()) return std::nullopt;
  return *base.usd_per_gpu_hour() * static_cast<double>(gpus);
}

std::optional<double> usd_per_million(const PlannedDeployment& deployment, const std::string& name) {
  const auto cost = usd_per_hour(*deployment.base, deployment.gpus());
  if (!cost) return std::nullopt;
  const double known = deployment.reading.figure("usd_per_hour");
  if (known > 0.0) return deployment.reading.figure(name.c_str()) * *cost / known;
  if (name != "usd_per_million_output_tokens") return std::nullopt;
  return usd_per_million_with_prompts(deployment);
}

std::optional<double> usd_per_million_with_prompts(const PlannedDeployment& deployment) {
  const auto cost = usd_per_hour(*deployment.base, deployment.gpus());
  const double tokens = deployment.reading.figure("output_throughput");
  if (!cost || tokens <= 0.0) return std::nullopt;
  return *cost / 3600.0 / tokens * 1e6;
}

Json prices_json(const PlanStudy& study, const std::vector<PlannedChain>& chains) {
  const std::vector<Offer> offers = offers_of(study, chains);
  if (offers.empty()) return nullptr;
  const auto number = [](double value) { return rounded(value, kDigits); };
  Json rows = Json::array();
  for (std::size_t i = 0; i < offers.size(); ++i) {
    const Offer& offer = offers[i];
    const std::optional<double> turn = turning_point(offers, i);
    const Offer* rival = rival_of(offers, i);
    const bool level = rival && is_level(*rival, offer);
    rows.push_back({{"gpu", offer.gpu()},
                    {"usd_per_gpu_hour", number(offer.gpu_hour())},
                    {"model", offer.deployment->base->model_name()},
                    {"precision", offer.deployment->base->precision()},
                    {"usd_per_million_output_tokens_with_prompts", number(offer.cost)},
                    {"when_20_percent_cheaper", number(offer.cost * (1.0 - kFifth))},
                    {"when_20_percent_dearer", number(offer.cost * (1.0 + kFifth))},
                    {"turns_at_usd_per_gpu_hour", turn ? Json(number(offer.gpu_hour() * *turn)) : Json()},
                    {"turns_to", turn ? Json((i > 0 ? offer : *rival).name) : Json()},
                    {"level_with", level ? Json(rival->name) : Json()}});
  }
  return {{"rows", rows}, {"text", text_of(offers)}};
}

}  // namespace switchyard
