// What no simulation of a scenario can beat: least latencies and most requests a second, without simulating
// and without a routing bank. A search may discard by it what cannot meet its wishes, and lose nothing.
//
// The proof, in short (each step's stands where it is taken: least_lines, least_work, request_bound):
// 1. A step lasts at least the sum of what any one rank does in it, and never less for more tokens, sequences
//    or context: each part of it is bounded from below by straight lines `fixed + each x size` with both
//    parts >= 0. The lines lie under the lower convex hull of the operators' own least times over intervals
//    of sizes (OperatorCost::least_within), so measured tables that dip are no exception.
// 2. Lines add up: pieces of a prompt, halves of a batch, micro-batches and steps together take at least
//    fixed x (how many) + each x (all of it together). Of several lines the largest holds.
// 3. A maximum over ranks, pipeline stages or micro-batches is at least their mean.
// 4. Every token of a request is computed at least once; a step decodes for at most max_num_seqs sequences a
//    rank and over no more context than the rank's KV pool holds, and takes at most its budget of tokens: so
//    the work of all requests has a least number of steps and a least total time, which the replicas share.
// Left out, so that the bound is loose there: exchanges of expert parallelism, transfers between pipeline
// stages, logits, contention for links, imbalance, waiting; all experts but the top_k that one token visits,
// unless rows force more on a rank (whose experts others visit is not known without a bank).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "sim/record/metrics.hpp"
#include "sim/scenario.hpp"

namespace switchyard {

class OperatorCost;

/// Of a run to its end of the scenario's own requests (seed, lengths, num_requests, num_warmups; whatever the
/// arrivals, for lengths are drawn from streams of their own). A shorter run has a bound of its own.
struct Bound {
  Seconds ttft, tpot;  // no completed request has less; tpot 0 when none has two output tokens
  /// Latencies of the requests that are completed, each at its own least: every statistic of a run is at
  /// least that one. Of the rates and counts only `completed` and `rejected` are set.
  Metrics least;
  double requests_per_s = 0.0;  // completed / duration at most: request_throughput
  /// What the replicas work through in a second at most, in a run that meets every bound of the scenario's
  /// slo. Where more arrive for ever the queue grows for ever.
  double requests_per_s_within_slo = 0.0;
  /// Arrivals a second at most of such a run, where arrivals have a rate: above what is served a second, as a
  /// run ends before its queue has grown. Infinite where limits say nothing of when requests are done.
  double offered_per_s_within_slo = 0.0;
};

/// False: no run meets all of the slo.
bool can_meet(const Bound& bound, const Slo& slo);

/// Bounds of many layouts; remembers what they share: operators' costs and drawn requests. Not for several
/// threads.
class Bounds {
 public:
  Bounds();
  ~Bounds();
  /// `memory`: what fit_memory() or find_fit() says of the scenario. Needs a workload and a model that
  /// generates.
  Bound of(const Scenario& scenario, const MemoryFit& memory);
  /// What build_cost() says, for simulations to share.
  std::shared_ptr<const OperatorCost> cost_of(const Scenario& scenario);

 private:
  struct Shared;
  std::unique_ptr<Shared> shared_;
};

/// Of one layout. Throws Infeasible when the model does not fit.
Bound bound_of(const Scenario& scenario);

}  // namespace switchyard
