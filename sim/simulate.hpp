// Running a system: a whole workload, or one engine step alone.
#pragma once

#include <functional>
#include <optional>
#include <stop_token>
#include <vector>

#include "sim/serving/serve.hpp"
#include "sim/system.hpp"

namespace switchyard {

struct Simulation {
  ServingResult result;
  Seconds wall;  // wall-clock time of the simulation proper
};

/// How to compute, never what: the results are the same to the bit.
struct SimulateOptions {
  bool advance_together = true;  // decode steps of an unchanging batch in one go
};

/// Serves the workload of a system made for Scope::serving.
Simulation simulate(const System& system, const std::stop_token& stop = {},
                    const std::function<void(const ServingProgress&)>& progress = {},
                    const SimulateOptions& options = {});

/// One step: `decode` sequences with `context` tokens in the cache on every attention data-parallel rank, or
/// one prompt of `prefill` new tokens after `context` cached ones.
struct StepQuery {
  std::int64_t decode = 0;
  std::int64_t prefill = 0;
  std::int64_t context = 0;
  /// So many sequences, or prompts, on all ranks together, as evenly as can be: a rank without one runs a
  /// dummy batch. None: `decode` sequences or one prompt on each.
  std::optional<std::int64_t> together = {};
};

/// What expert parallelism costs a step: means over draws of routing.
struct ExpertParallelStep {
  Seconds time;                   // of the step
  Seconds waiting;                // for the slowest expert rank, beyond what one with the mean load takes
  Seconds exposed, hidden;        // communication: in the step's time, and beside other work
  bool in_halves = false;         // two halves of each batch took turns
  double imbalance = 0.0;         // max / mean rows over ranks, of a MoE layer on average
  std::vector<double> rank_rows;  // rows of each expert rank, of a MoE layer on average
  std::vector<Bytes> link_loads;  // by link, bytes / efficiency
};

struct StepAnswer {
  Breakdown breakdown;                           // mean over draws of routing
  std::vector<double> active_experts_per_layer;  // mean over expert-parallel ranks and draws, per MoE layer
  double dropped = 0.0;  // assignments beyond their experts' capacity, of all MoE layers; mean over draws
  std::int64_t assignments = 0;           // with those, of all MoE layers and ranks
  std::vector<TimetableEntry> timetable;  // of the last draw; empty with pipeline stages
  std::int64_t draws = 1;
  std::optional<ExpertParallelStep> experts;       // where experts are on several ranks
  std::optional<ExpertParallelStep> without_eplb;  // of the same draws; with EPLB alone
  std::vector<Bytes> link_loads;                   // by link, bytes / efficiency; mean over draws
};

StepAnswer time_step(const System& system, const StepQuery& query);

}  // namespace switchyard
