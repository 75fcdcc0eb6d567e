// Documents of the shape of compare.json and plan.json, with figures that follow simple formulas.
#include "tests/browser/synthetic_studies.hpp"

#include <cmath>
#include <vector>

#include "sim/report/page.hpp"
#include "sim/report/plan_page.hpp"

namespace switchyard {
namespace {

struct Model {
  const char* name;
  const char* kind;
  const char* gpu;
  double base_step, step_slope, dollars;  // s, s a sequence, $ an hour of a deployment
};
const std::vector<Model> kModels = {{"llama-3.1-8b", "dense", "h100_sxm", 0.010, 1.2e-4, 5.0},
                                    {"qwen3-30b-a3b", "moe", "h200_sxm", 0.013, 0.6e-4, 8.0},
                                    {"snowflake-arctic", "hybrid", "h200_sxm", 0.020, 1.5e-4, 40.0}};

Json breakdown_of(const Model& model) {
  const bool routes = std::string(model.kind) != "dense";
  return {{"bottleneck", routes ? "expert" : "dense_gemm"},
          {"share",
           {{"attention", 0.2},
            {"dense_gemm", routes ? 0.1 : 0.5},
            {"expert", routes ? 0.45 : 0.0},
            {"gate", routes ? 0.05 : 0.0},
            {"communication", 0.1},
            {"elementwise", 0.05},
            {"head", 0.02},
            {"host", routes ? 0.03 : 0.13}}}};
}

Json trust_of(const Model& model) {
  const bool known = std::string(model.kind) != "hybrid";
  return {{"gpu_profile", "measured"},
          {"gpu_profile_text", "Made-up profile of " + std::string(model.gpu)},
          {"engine", "thin"},
          {"engine_text", "Made-up engine"},
          {"tpot_error", known ? Json(0.1) : Json()},
          {"ttft_error", known ? Json(0.3) : Json()},
          {"throughput_error", known ? Json(0.1) : Json()},
          {"error_text", known ? "Made-up error" : "Error: unknown"}};
}

double step_of(const Model& model, double users) { return model.base_step + model.step_slope * users; }

Json probes_of(const Model& model) {
  Json decode = Json::array();
  for (const double users : {1.0, 8.0, 64.0, 256.0})
    decode.push_back({{"users", users},
                      {"step_ms", step_of(model, users) * 1e3},
                      {"tokens_per_s", users / step_of(model, users)},
                      {"communication_share", 0.1},
                      {"active_experts", std::string(model.kind) == "dense" ? Json() : Json(8.0)},
                      {"bytes_per_token", 2e10 / users}});
  return {{"decode", decode}};
}

Json summary_of(const Model& model) {
  return {{"gpus", 4},
          {"tokens_per_s_per_gpu", 16.0 / step_of(model, 64.0)},
          {"tokens_per_s_per_user", 1.0 / step_of(model, 64.0)},
          {"mean_tpot_ms", step_of(model, 64.0) * 1e3},
          {"median_ttft_ms", 20.0 * step_of(model, 64.0) * 1e3},
          {"usd_per_million_output_tokens", model.dollars / 20.0},
          {"energy_per_output_token_j", model.dollars / 50.0},
          {"breakdown", breakdown_of(model)},
          {"trust", trust_of(model)},
          {"slo_met", model.dollars < 20.0}};
}

Json survey() {
  const auto row = [](const char* group, const char* key, const char* name, const char* dense,
                      const char* moe, const char* hybrid) {
    Json cells = Json::array();
    for (const char* text : {dense, moe, hybrid, "-"}) cells.push_back({{"text", text}, {"value", nullptr}});
    return Json{{"group", group}, {"key", key}, {"name", name}, {"unit", ""}, {"cells", cells}};
  };
  return {row("parameters", "kind", "kind", "Dense", "MoE, 8 of 128 experts", "hybrid, 2 of 128 experts"),
          row("parameters", "active", "active a token", "all 8.03 B", "3.3 B of 30.5 B (11 %)",
              "17.3 B of 479 B (3.6 %)"),
          row("communication", "share", "of the run", "none", "low (3.1 %)", "high (23 %)")};
}

Json point_of(const Model& model, double users) {
  const double step = step_of(model, users);
  return {{"gpu", model.gpu},
          {"layout", "tp 2"},
          {"gpus", 4},
          {"rate_requests_per_s", users / step / 100.0},
          {"tokens_per_s_per_gpu", users / step / 4.0},
          {"tokens_per_s_per_user", 1.0 / step},
          {"ttft_p99_ms", 40.0 + users},
          {"tpot_p99_ms", step * 1.1e3},
          {"slo_met", users < 128.0},
          {"on_frontier", true}};
}

Json points_of(const Model& model, const std::vector<double>& users) {
  Json points = Json::array();
  for (const double count : users) points.push_back(point_of(model, count));
  return points;
}

Json winner_of(const Model& model) {
  Json winner = summary_of(model);
  winner.update({{"model", model.name},
                 {"kind", model.kind},
                 {"gpu", model.gpu},
                 {"gpus", 4},
                 {"precision", model.kind == std::string("dense") ? "bf16" : "fp8"},
                 {"layout", "2 replicas of tp 2"},
                 {"objective", model.dollars},
                 {"error", trust_of(model)["throughput_error"]},
                 {"ties_with_best", model.dollars < 10.0},
                 {"goodput_requests_per_s", 24.0},
                 {"headroom", 0.2},
                 {"usd_per_hour", model.dollars},
                 {"slo",
                  {{{"bound", "ttft_p99"}, {"limit_ms", 2000}, {"value_ms", 640}, {"met", true}},
                   {{"bound", "tpot_p99"}, {"limit_ms", 50}, {"value_ms", 21}, {"met", true}}}}});
  return winner;
}

Json plan_document() {
  Json plan = {{"title", "Chat on at most 64 <GPUs>"},
               {"question", "Which model, deployed how, serves 20 requests/s of chat for least money?"},
               {"objective", "minimise_cost"},
               {"objective_label", "$/h"},
               {"demand_requests_per_s", 20.0},
               {"budget", {{"gpus", 64}}},
               {"workload", "poisson 20 /s; prompts lognormal mean 600, outputs fixed 128"},
               {"slo", "ttft_p99 2 s, tpot_p99 50 ms"},
               {"counts",
                {{"layouts", 812},
                 {"candidates", 9240},
                 {"does_not_fit", 2100},
                 {"bound", 640},
                 {"simulations", 3100},
                 {"simulations_spared", 870}}},
               {"verdict", {"llama-3.1-8b is cheapest at $5 an hour.", "qwen3-30b-a3b is a tie with it."}},
               {"winners", Json::array()},
               {"frontier", Json::array()},
               {"nearest", nullptr},
               {"notes", {"Nothing here is real."}}};
  Json curves = Json::array();
  for (const Model& model : kModels) {
    plan["winners"].push_back(winner_of(model));
    plan["frontier"].push_back(
        {{"model", model.name}, {"kind", model.kind}, {"points", points_of(model, {1, 16, 64, 200})}});
    Json steps = Json::array();
    for (const double demand : {0.5, 2.0, 8.0, 32.0, 128.0})
      steps.push_back({{"requests_per_s", demand},
                       {"value", model.dollars * std::ceil(demand * model.step_slope * 1e3)}});
    curves.push_back({{"model", model.name}, {"kind", model.kind}, {"points", steps}});
  }
  plan["winners"][0]["curve"] = points_of(kModels[0], {1, 4, 16, 64, 128, 200});
  plan["crossover"] = {{"objective_label", "$/h"},
                       {"segments",
                        {{{"from_requests_per_s", 0.0},
                          {"to_requests_per_s", 6.0},
                          {"model", "llama-3.1-8b"},
                          {"kind", "dense"},
                          {"gpu", "h100_sxm"}},
                         {{"from_requests_per_s", 6.0},
                          {"to_requests_per_s", 128.0},
                          {"model", "qwen3-30b-a3b"},
                          {"kind", "moe"},
                          {"gpu", "h200_sxm"}}}},
                       {"dense_to_moe_requests_per_s", {6.0}},
                       {"curves", curves},
                       {"text", "Below 6 requests/s the dense model is cheaper."}};
  plan["by_gpu"] = {{{"model", "llama-3.1-8b"},
                     {"kind", "dense"},
                     {"gpu", "h100_sxm"},
                     {"precision", "bf16"},
                     {"verdict", "meets the SLO"},
                     {"reason", ""},
                     {"ties_with_best", true},
                     {"deployment", {{"gpus", 2}, {"usd_per_hour", 5.0}, {"layout", "2 replicas of tp 1"}}}},
                    {{"model", "llama-3.1-8b"},
                     {"kind", "dense"},
                     {"gpu", "h200_sxm"},
                     {"precision", "bf16"},
                     {"verdict", "too little"},
                     {"reason", ""},
                     {"ties_with_best", false},
                     {"deployment", nullptr}},
                    {{"model", "llama-3.1-8b"},
                     {"kind", "dense"},
                     {"gpu", "h200_sxm"},
                     {"precision", "fp8"},
                     {"verdict", "meets the SLO"},
                     {"reason", ""},
                     {"ties_with_best", true},
                     {"deployment", {{"gpus", 1}, {"usd_per_hour", 5.2}, {"layout", "1 GPU"}}}},
                    {{"model", "llama-3.1-8b"},
                     {"kind", "dense"},
                     {"gpu", "l40s"},
                     {"verdict", "misses the SLO"},
                     {"reason", "tpot"},
                     {"deployment", nullptr}},
                    {{"model", "snowflake-arctic"},
                     {"kind", "hybrid"},
                     {"gpu", "l40s"},
                     {"verdict", "does not fit"},
                     {"reason", ""},
                     {"deployment", nullptr}}};
  plan["sensitivity"] = {
      {{"change", "network bandwidth x0.5"},
       {"factor", "network"},
       {"winner", "llama-3.1-8b"},
       {"winner_changes", false},
       {"values",
        {{{"model", "llama-3.1-8b"}, {"objective", 5.0}, {"before", 5.0}},
         {{"model", "qwen3-30b-a3b"}, {"objective", 12.0}, {"before", 8.0}, {"goodput_ratio", 0.7}}}},
       {"text", ""}},
      {{"change", "prompts twice as long"},
       {"factor", "prompts"},
       {"winner", "qwen3-30b-a3b"},
       {"winner_changes", true},
       {"values",
        {{{"model", "llama-3.1-8b"},
          {"objective", nullptr},
          {"before", 5.0},
          {"goodput_ratio", 0.0},
          {"reason", "requests of up to 9000 tokens are too long"}},
         {{"model", "qwen3-30b-a3b"}, {"objective", 12.0}, {"before", 8.0}}}},
       {"text", ""}},
      {{"change", "outputs twice as long"},
       {"factor", "outputs"},
       {"winner", nullptr},
       {"winner_changes", false},
       {"best_of_others", "qwen3-30b-a3b"},
       {"values",
        {{{"model", "llama-3.1-8b"},
          {"objective", nullptr},
          {"before", 5.0},
          {"goodput_ratio", 0.0},
          {"reason", "unchanged: misses the SLO at any load"}},
         {{"model", "qwen3-30b-a3b"}, {"objective", 12.0}, {"before", 8.0}}}},
       {"text", ""}},
      {{"change", "price of h100_sxm x2"},
       {"factor", "price"},
       {"winner", "qwen3-30b-a3b"},
       {"winner_changes", true},
       {"values",
        {{{"model", "llama-3.1-8b"}, {"objective", 10.0}, {"before", 5.0}},
         {{"model", "qwen3-30b-a3b"}, {"objective", 8.0}, {"before", 8.0}}}},
       {"text", ""}}};
  plan["prices"] = {{"text", "Cheapest a token: llama-3.1-8b on h100_sxm, until h100_sxm gets 18 % dearer."},
                    {"rows",
                     {{{"gpu", "h100_sxm"},
                       {"usd_per_gpu_hour", 2.5},
                       {"model", "llama-3.1-8b"},
                       {"usd_per_million_output_tokens_with_prompts", 0.4},
                       {"when_20_percent_cheaper", 0.32},
                       {"when_20_percent_dearer", 0.48},
                       {"turns_at_usd_per_gpu_hour", 2.95},
                       {"turns_to", "qwen3-30b-a3b on h200_sxm"}},
                      {{"gpu", "h200_sxm"},
                       {"usd_per_gpu_hour", 4.0},
                       {"precision", "fp8"},
                       {"model", "qwen3-30b-a3b"},
                       {"usd_per_million_output_tokens_with_prompts", 0.472},
                       {"when_20_percent_cheaper", 0.378},
                       {"when_20_percent_dearer", 0.566},
                       {"turns_at_usd_per_gpu_hour", 3.39},
                       {"turns_to", "qwen3-30b-a3b on h200_sxm"}},
                      {{"gpu", "a100_sxm"},
                       {"usd_per_gpu_hour", 1.25},
                       {"model", "llama-3.1-8b"},
                       {"usd_per_million_output_tokens_with_prompts", 0.4},
                       {"when_20_percent_cheaper", 0.32},
                       {"when_20_percent_dearer", 0.48},
                       {"turns_at_usd_per_gpu_hour", nullptr},
                       {"turns_to", nullptr},
                       {"level_with", "llama-3.1-8b on h100_sxm"}}}}};
  return plan;
}

}  // namespace

std::string comparison_html() {
  ComparisonPage page{"dense, moe, hybrid", {}, {}, {}, {"Nothing here is real."}};
  Json scenarios = Json::array();
  for (const Model& model : kModels) {
    page.facts.emplace_back(model.kind, std::string(model.name) + "; 4 GPUs");
    page.summaries.push_back(summary_of(model));
    scenarios.push_back(
        {{"name", model.kind}, {"verdict", "ok"}, {"reason", ""}, {"probes", probes_of(model)}});
  }
  page.summaries.push_back(nullptr);
  scenarios.push_back({{"name", "big"},
                       {"verdict", "infeasible"},
                       {"reason", "<b>weights</b> do not fit"},
                       {"probes", nullptr}});
  page.comparison = {
      {"scenarios", scenarios},
      {"survey", survey()},
      {"verdict", {"Cost: dense is cheapest.", "Why dense before moe: it reads less memory."}},
      {"inputs", {{{"name", "/model"}, {"unit", ""}, {"values", {"a", "b", "c", "d"}}, {"spread", nullptr}}}},
      {"figures",
       {{{"name", "mean_ttft_ms"}, {"unit", "ms"}, {"values", {1.0, 2.0, 3.0, nullptr}}, {"spread", 0.67}}}}};
  return comparison_page(page);
}

std::string plan_html() { return plan_page(plan_document()); }

std::string plan_without_winner_html() {
  Json plan = plan_document();
  plan["prices"] = nullptr;
  for (const char* list : {"winners", "frontier", "by_gpu", "sensitivity", "verdict"})
    plan[list] = Json::array();
  plan["crossover"] = {
      {"objective_label", "$/h"}, {"segments", Json::array()}, {"curves", Json::array()}, {"text", ""}};
  plan["nearest"] = {{"model", "llama-3.1-8b"},
                     {"text", "The nearest is llama-3.1-8b: TTFT p99 2.4 s against 2 s."}};
  return plan_page(plan);
}

}  // namespace switchyard
