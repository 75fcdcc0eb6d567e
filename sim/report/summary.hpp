// summary.json: the figures of a run under the names of `vllm bench serve`, and what only a simulator knows.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/breakdown.hpp"
#include "sim/base/energy_use.hpp"
#include "sim/base/json.hpp"
#include "sim/base/units.hpp"
#include "sim/record/metrics.hpp"
#include "sim/report/bill.hpp"
#include "sim/report/trust.hpp"

namespace switchyard {

/// What was simulated, one short text a line, as the console's table and the page's header show it.
struct RunDescription {
  std::string model;       // "mixtral-8x7b, 46.7 B parameters, 12.9 B active"
  std::string cluster;     // "hgx-h200: 1 node x 8 h200_sxm"
  std::string deployment;  // "1 replica, tp 8, expert parallel"
  std::string engine;      // "vllm, chunked_prefill"
  std::string workload;    // "1000 requests, poisson 8 /s"
};

struct Summary {
  Metrics metrics;
  std::int64_t gpus = 1;
  Breakdown breakdown;  // of the run: RunLog::breakdown()
  Json memory = Json::object(), routing = Json::object(),
       network = Json::object();    // sections as the caller has them
  std::optional<EnergyUse> energy;  // none when nothing completed
  std::string power_basis;          // "measured", "scaled from h100_sxm" or "stated"
  Watts tdp;                        // of one GPU
  Price price;
  std::optional<Bill> bill;  // none without a price, or when nothing completed
  bool measured_profile = false;
  Trust trust;
  Seconds wall;  // of the simulation proper
  Seconds bank;  // of building the routing bank
  std::uint64_t events = 0;
  std::vector<std::string> notes;  // sentences a reader must know
};

/// Times in ms (_ms) or s, rates per second, mean powers of one GPU in W; prices are of the whole deployment.
/// A statistic without samples, an unknown energy and an unknown cost are null; no number is ever NaN.
/// "slo_met" is null without an slo.
Json summary_json(const Summary& summary);

/// The part with the largest share of the time; none when no time was spent.
std::optional<Part> bottleneck(const Breakdown& breakdown);

/// "dense GEMM" for Part::dense_gemm: the name in tables and figures.
std::string_view label_of(Part part);

/// The key of a bound in a scenario's "slo": "ttft_p99".
std::string name_of(const Slo::Bound& bound);

}  // namespace switchyard
