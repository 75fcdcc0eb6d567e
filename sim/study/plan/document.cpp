// The document, block by block.
#include "sim/study/plan/document.hpp"

#include <algorithm>
#include <cstdio>

#include "sim/base/menu.hpp"
#include "sim/base/rounding.hpp"
#include "sim/study/plan/prices.hpp"
#include "sim/study/readable.hpp"
#include "sim/summarise.hpp"

namespace switchyard {
namespace {

constexpr int kDigits = 6;

Json or_null(const std::optional<double>& value) { return value ? Json(rounded(*value, kDigits)) : Json(); }

Json figure_of(const Reading& reading, const char* name) {
  if (!reading.figures.is_object() || !reading.figures.contains(name)) return nullptr;
  return reading.figures[name];
}

Json deployment_json(const PlanStudy& study, const PlannedDeployment& deployment) {
  const PlanBase& base = *deployment.base;
  const Deployment& d = deployment.layout.deployment;
  const double demand = demand_of(study, base);
  Json json = {
      {"model", base.model_name()},
      {"kind", base.kind()},
      {"gpu", base.gpu_name()},
      {"gpus", deployment.gpus()},
      {"replicas", deployment.load.replicas},
      {"gpus_per_replica", deployment.layout.gpus()},
      {"tensor_parallel_size", d.tensor_parallel_size},
      {"pipeline_parallel_size", d.pipeline_parallel_size},
      {"data_parallel_size", d.data_parallel_size},
      {"enable_expert_parallel", d.enable_expert_parallel},
      {"all2all_backend", d.all2all_backend},
      {"precision", base.precision()},
      {"max_num_seqs", deployment.layout.max_num_seqs},
      {"max_num_batched_tokens", deployment.layout.max_num_batched_tokens},
      {"layout", words_of(deployment)},
      {"objective", rounded(deployment.objective, kDigits)},
      {"goodput_requests_per_s", rounded(deployment.goodput, kDigits)},
      {"headroom", demand > 0.0 ? Json(rounded(deployment.goodput / demand - 1.0, kDigits)) : Json()},
      {"usd_per_hour", or_null(usd_per_hour(base, deployment.gpus()))}};
  for (const char* name : {"usd_per_million_input_tokens", "usd_per_million_output_tokens"})
    json[name] = or_null(usd_per_million(deployment, name));
  for (const char* name : {"energy_per_output_token_j", "mean_power_w", "tokens_per_s_per_gpu",
                           "tokens_per_s_per_user", "output_throughput", "mean_ttft_ms", "p99_ttft_ms",
                           "mean_tpot_ms", "p99_tpot_ms", "communication_share", "bottleneck"})
    json[name] = figure_of(deployment.reading, name);
  json["rate_requests_per_s"] = deployment.load.requests_per_s;
  return json;
}

Json winner_json(const PlanFindings& findings, const Winner& winner) {
  Json json = deployment_json(*findings.study, winner.deployment);
  json["error"] = or_null(winner.error);
  json["ties_with_best"] = findings.ties.count(winner.deployment.base) > 0;
  json["slo"] = Json::array();
  for (const Json& bound : winner.deployment.reading.figures["slo"])
    json["slo"].push_back({{"bound", bound["bound"]},
                           {"limit_ms", bound["limit_ms"]},
                           {"value_ms", bound["actual_ms"]},
                           {"met", bound["met"]}});
  json["breakdown"] = figure_of(winner.deployment.reading, "breakdown");
  json["trust"] = trust_json(winner.trust);
  const PlannedDeployment& deployment = winner.deployment;
  json["scenario"] = deployment.base->scenario_for(deployment.layout, deployment.load).json;
  return json;
}

Json by_gpu_json(const PlanFindings& findings) {
  Json map = Json::array();
  for (const PlannedChain& chain : findings.chains) {
    const ChainVerdict verdict = verdict_of(*findings.study, chain);
    map.push_back({{"model", chain.base->model_name()},
                   {"kind", chain.base->kind()},
                   {"gpu", chain.base->gpu_name()},
                   {"precision", chain.base->precision()},
                   {"verdict", verdict.verdict},
                   {"reason", verdict.reason},
                   {"ties_with_best", findings.ties.count(chain.base) > 0},
                   {"deployment", chain.best ? deployment_json(*findings.study, *chain.best) : Json()}});
  }
  return map;
}

Json nearest_json(const PlanFindings& findings) {
  const std::optional<Nearest> nearest = nearest_of(*findings.study, findings.chains);
  if (!nearest) return nullptr;
  const bool load = nearest->bound == "demand";
  return {{"model", nearest->base->model_name()},
          {"kind", nearest->base->kind()},
          {"gpu", nearest->base->gpu_name()},
          {"precision", nearest->base->precision()},
          {"layout", words_of(nearest->layout)},
          {"gpus", nearest->replicas * nearest->layout.gpus()},
          {"bound", nearest->bound},
          {load ? "limit_requests_per_s" : "limit_ms", rounded(nearest->limit, kDigits)},
          {load ? "value_requests_per_s" : "value_ms", rounded(nearest->value, kDigits)},
          {"text", nearest->text}};
}

/// Of no number of requests: a plan sends as many as each of its runs needs.
std::string traffic_text(Scenario scenario) {
  scenario.workload->num_requests = 0;
  return describe(scenario).workload;
}

std::string slo_text(const Scenario& scenario) {
  std::string text;
  for (const Slo::Bound& bound : scenario.slo.bounds)
    text += (text.empty() ? "" : ", ") + name_of(bound) + " " + to_text(bound.limit);
  return text;
}

std::vector<std::string> notes_of(const PlanFindings& findings) {
  std::vector<std::string> notes = {
      "Replicas of a layout are independent: how many the demand takes follows from what one carries, and "
      "was then "
      "simulated whole.",
      "max_model_len is the longest request of the workload unless the study says otherwise.",
      "Where the better choice changes is as uncertain as the throughputs behind it: see each winner's "
      "error."};
  if (findings.failures > 0)
    notes.push_back(std::to_string(findings.failures) +
                    " simulations failed and count as missed; run the same command "
                    "again to retry them.");
  return notes;
}

std::string format(const char* pattern, double value) {
  char text[64];
  std::snprintf(text, sizeof text, pattern, value);
  return text;
}

std::string gpus_text(const PlannedDeployment& deployment) {
  return std::to_string(deployment.gpus()) + " " + deployment.base->gpu_name();
}

/// "qwen3-30b-a3b (moe) on 4 h100_sxm (2 replicas of tp 2)".
std::string words_with_model(const PlanStudy& study, const PlannedDeployment& deployment) {
  return deployment.base->model_name() + " (" + deployment.base->kind() + ") on " + gpus_text(deployment) +
         " (" + words_of(deployment) + precision_words(study, *deployment.base, ", ") + ")";
}

std::string objective_text(const PlanFindings& findings, double value) {
  const Objective& objective = choose(objectives(), findings.study->objective, "objective");
  if (objective.label == "GPUs" && value == 1.0) return "1 GPU";
  return format("%.4g ", value) + std::string(objective.label);
}

std::string best_line(const PlanFindings& findings) {
  const Winner& best = findings.winners.front();
  std::string line = "Best: " + words_with_model(*findings.study, best.deployment);
  if (findings.study->objective != "minimise_gpus")
    line += ", " + objective_text(findings, best.deployment.objective);
  const auto cost = usd_per_hour(*best.deployment.base, best.deployment.gpus());
  if (cost && findings.study->objective != "minimise_cost") line += format(", %.4g $/h", *cost);
  return line + ".";
}

/// "… at 5 GPUs, 25 % from it where 27 % cannot be told apart".
std::string tie_text(const PlanFindings& findings, const Winner& winner) {
  const Winner& best = findings.winners.front();
  const double apart = distance(best.deployment.objective, winner.deployment.objective);
  const std::string name = words_with_model(*findings.study, winner.deployment) + " at " +
                           objective_text(findings, winner.deployment.objective);
  const std::string within = percent(joint_error(best.error, winner.error, kSearched));
  return name + (apart == 0.0 ? ", as good" : ", " + percent(apart) + " from it") + " where " + within +
         " cannot be told apart";
}

std::string ties_line(const PlanFindings& findings) {
  std::vector<std::string> names;
  for (std::size_t i = 1; i < findings.winners.size(); ++i)
    if (findings.ties.count(findings.winners[i].deployment.base) > 0)
      names.push_back(tie_text(findings, findings.winners[i]));
  return names.empty() ? "" : "A tie with it, within the errors stated: " + in_words(names) + ".";
}

/// Of deployments that are not the best of their model, whether or not that one ties.
std::string other_ties_line(const PlanFindings& findings) {
  const bool one_precision = findings.study->precisions.size() == 1;
  std::vector<std::string> names;
  for (const PlannedChain& chain : findings.chains) {
    const auto is_own = [&](const Winner& winner) { return winner.deployment.base == chain.base; };
    if (findings.ties.count(chain.base) == 0 ||
        std::any_of(findings.winners.begin(), findings.winners.end(), is_own))
      continue;
    names.push_back(chain.base->model_name() + " on " + gpus_text(*chain.best) +
                    precision_words(*findings.study, *chain.base, " in "));
  }
  if (names.empty()) return "";
  return std::string("Ties with it too, on other GPU types") +
         (one_precision ? "" : " or in other precisions") + ": " + in_words(names) + ".";
}

struct FactorWords {
  const char* factor;
  const char* words;  // of all its changes together
};
constexpr FactorWords kFactors[] = {{"routing", "experts chosen more or less evenly"},
                                    {"network", "half or twice the network bandwidth"},
                                    {"prompts", "prompts half or twice as long"},
                                    {"outputs", "outputs half or twice as long"},
                                    {"price", "a GPU type 20 % cheaper or dearer"}};

/// What changes the winner or leaves none, then that the rest does not: a factor none of whose changes does
/// is named once.
void add_sensitivity(std::vector<std::string>& lines, const PlanFindings& findings) {
  std::vector<std::string> others;
  for (const FactorWords& factor : kFactors) {
    std::vector<std::string> same;
    bool moves = false;
    for (const Json& change : findings.sensitivity) {
      if (change["factor"] != factor.factor) continue;
      if (change["winner_changes"] != true && !change["winner"].is_null())
        same.push_back(change["change"].get<std::string>());
      else {
        moves = true;
        lines.push_back(change["text"].get<std::string>());
      }
    }
    if (moves || same.size() < 2) others.insert(others.end(), same.begin(), same.end());
    else others.emplace_back(factor.words);
  }
  if (!others.empty())
    lines.push_back(findings.winners.front().deployment.base->model_name() + " stays the best with " +
                    in_words(others) + ".");
}

}  // namespace

std::string words_of(const PlannedDeployment& deployment) {
  std::string layout = words_of(deployment.layout);
  if (deployment.load.replicas == 1) return layout;
  return std::to_string(deployment.load.replicas) + " replicas of " + layout;
}

std::vector<std::string> verdict_lines(const PlanFindings& findings) {
  std::vector<std::string> lines;
  if (findings.winners.empty()) {
    const std::optional<Nearest> nearest = nearest_of(*findings.study, findings.chains);
    lines.emplace_back(findings.study->minimises()
                           ? "No candidate carries the demand within the SLO and the budget."
                           : "No candidate meets the SLO within the budget.");
    if (nearest) lines.push_back("Nearest: " + nearest->text + ".");
    return lines;
  }
  lines.push_back(best_line(findings));
  for (const std::string& ties : {ties_line(findings), other_ties_line(findings)})
    if (!ties.empty()) lines.push_back(ties);
  if (findings.crossover.is_object() && !findings.crossover.value("text", "").empty())
    lines.push_back(findings.crossover["text"].get<std::string>());
  add_sensitivity(lines, findings);
  if (findings.prices.is_object()) lines.push_back(findings.prices["text"].get<std::string>());
  return lines;
}

Json plan_document(const PlanFindings& findings) {
  const PlanStudy& study = *findings.study;
  const std::vector<PlannedChain>& chains = findings.chains;
  const PlanBase& first = *chains.front().base;
  const PlanCounts counts = counts_of(chains);
  const double demand = demand_of(study, first);
  Json winners = Json::array();
  for (std::size_t i = 0; i < findings.winners.size(); ++i) {
    winners.push_back(winner_json(findings, findings.winners[i]));
    if (i < findings.curves.size()) winners.back()["curve"] = findings.curves[i];
  }
  return {{"title", study.title},
          {"question", study.question},
          {"objective", study.objective},
          {"objective_label", choose(objectives(), study.objective, "objective").label},
          {"demand_requests_per_s", study.minimises() ? Json(demand) : Json()},
          {"budget", to_json(study)["budget"]},
          {"workload", traffic_text(first.scenario())},
          {"slo", slo_text(first.scenario())},
          {"counts",
           {{"layouts", counts.layouts},
            {"candidates", counts.candidates},
            {"does_not_fit", counts.does_not_fit},
            {"bound", counts.bound},
            {"simulated_layouts", counts.simulated_layouts},
            {"simulations", findings.simulations},
            {"simulations_spared", findings.simulations_spared}}},
          {"verdict", verdict_lines(findings)},
          {"winners", winners},
          {"by_gpu", by_gpu_json(findings)},
          {"nearest", nearest_json(findings)},
          {"frontier", findings.frontier},
          {"crossover", findings.crossover},
          {"sensitivity", findings.sensitivity},
          {"prices", findings.prices},
          {"notes", notes_of(findings)}};
}

}  // namespace switchyard
