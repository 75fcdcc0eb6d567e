// Serving: requests in, a run log out, in simulated time.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>
#include <vector>

#include "sim/cost/engine_profile.hpp"
#include "sim/engine/engine.hpp"
#include "sim/plan/memory_fit.hpp"
#include "sim/plan/step_timer.hpp"
#include "sim/record/run_log.hpp"
#include "sim/serving/dispatcher.hpp"
#include "sim/serving/scheduler.hpp"
#include "workloads/requests/request.hpp"

namespace switchyard {

/// What the replicas serve with; everything pointed to must outlive serve().
struct ServingSpec {
  const LinkGraph* graph = nullptr;
  std::optional<GpuId> gpus{};  // that replicas have, the first of the graph; none: all
  const Scheduler* scheduler = nullptr;
  const Dispatcher* dispatcher = nullptr;
  const RoutingBank* bank = nullptr;  // null without MoE layers
  EngineLimits limits;
  std::int64_t kv_blocks = 0;  // per attention data-parallel rank
  std::int64_t data_parallel_size = 1;
  std::vector<std::int64_t> capture_sizes;
  Seconds request_time;          // of the engine's front end, before a request is seen
  bool schedules_ahead = false;  // who comes during a step joins the second after it
  Fidelity fidelity = Fidelity::step;
  std::vector<StepTimer*> timers;     // one a replica
  bool replicas_share_links = false;  // then every step is a coflow of its own
  bool advance_together = true;  // decode steps of an unchanging batch in one go; same results, to the bit
  std::uint64_t seed = 1;
};

/// What is asked of the engine.
struct Traffic {
  RequestStream* requests = nullptr;
  std::int64_t warmups = 0;  // the stream's first requests: sent at once, finished before the rest is sent
  std::optional<std::int64_t> concurrency;  // closed loop
};

struct ServingProgress {
  std::uint64_t submitted = 0, finished = 0;
  Seconds clock;
};

/// Sums over steps, for the summary.
struct RoutingTally {
  std::uint64_t steps = 0;
  RoutingSpread sum;

  void add(const RoutingSpread& spread) {
    ++steps;
    sum += spread;
  }
  RoutingTally& operator+=(const RoutingTally& other) {
    steps += other.steps;
    sum += other.sum;
    return *this;
  }
};

struct ServingResult {
  RunLog log;
  RoutingTally routing;
  std::vector<Bytes> link_bytes;  // one a link: what measured steps put on it, over efficiency
  std::uint64_t submitted = 0;
  std::uint64_t events = 0;
  bool interrupted = false;
};

/// Where the tokens of a request lie in the bank: drawn from the seed and the request's id alone. 0 tokens.
TokenRun place_in_bank(const RoutingBank& bank, std::uint64_t seed, std::uint64_t request);

/// Runs until every request has been served, or `stop` is requested: then what is in flight is logged as
/// unfinished. `progress` is called now and then from the simulation's thread.
ServingResult serve(const ServingSpec& spec, const Traffic& traffic, const std::stop_token& stop = {},
                    const std::function<void(const ServingProgress&)>& progress = {});

}  // namespace switchyard
