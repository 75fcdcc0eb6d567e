// A run under watch.
#include "sim/study/plan/probe_run.hpp"

#include "sim/base/ensure.hpp"
#include "sim/study/plan/miss_watch.hpp"
#include "sim/summarise.hpp"

namespace switchyard {
namespace {

/// A journal of thousands of simulations stays small.
Json slim(const Json& summary) {
  Json figures = Json::object();
  for (const char* key : {"submitted",
                          "completed",
                          "duration",
                          "request_throughput",
                          "output_throughput",
                          "tokens_per_s_per_gpu",
                          "tokens_per_s_per_user",
                          "mean_ttft_ms",
                          "p99_ttft_ms",
                          "mean_tpot_ms",
                          "p99_tpot_ms",
                          "mean_e2el_ms",
                          "slo_met",
                          "slo",
                          "preemptions",
                          "energy_per_output_token_j",
                          "mean_power_w",
                          "usd_per_hour",
                          "usd_per_million_input_tokens",
                          "usd_per_million_output_tokens",
                          "breakdown"})
    if (summary.contains(key)) figures[key] = summary[key];
  figures["communication_share"] = summary["network"]["communication_share"];
  figures["bottleneck"] = summary["breakdown"]["bottleneck"];
  return figures;
}

Json simulate_probe(const Scenario& scenario, SharedParts shared, Until until) {
  const System system(scenario, Scope::serving, std::move(shared));
  MissWatch watch(scenario);
  std::stop_source stop;
  std::function<void(const ServingProgress&)> progress;
  if (until == Until::sure)
    progress = [&](const ServingProgress& now) {
      if (watch.sure_to_miss(now)) stop.request_stop();
    };
  const Simulation simulation = simulate(system, stop.get_token(), progress);
  const Metrics metrics = compute_metrics(simulation.result.log, scenario.slo, scenario.deployment.gpus());
  Json figures = slim(summary_json(summarise(system, simulation, metrics)));
  figures["stopped"] = simulation.result.interrupted;
  return figures;
}

}  // namespace

PointOutcome run_probe(const Scenario& scenario, SharedParts shared, Until until) {
  try {
    return {"ok", "", simulate_probe(scenario, std::move(shared), until)};
  } catch (const Infeasible& error) {
    const std::string reason = error.what();
    return {"infeasible", reason.substr(0, reason.find('\n')), nullptr};
  } catch (const LawBroken& error) {
    return {"failed: broken law", error.what(), nullptr};
  }
}

}  // namespace switchyard
