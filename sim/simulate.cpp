// A system's workload on the engine.
#include "sim/simulate.hpp"

#include <chrono>

#include "sim/base/ensure.hpp"
#include "sim/base/menu.hpp"
#include "sim/base/random.hpp"

namespace switchyard {
namespace {

/// One draw of routing moves a small step by 10 %; the mean of this many is steady.
constexpr std::int64_t kDraws = 16;

/// What one of `ranks` has of all sequences or prompts: the first ones have those that are left over.
std::int64_t share_of(std::int64_t together, std::size_t rank, std::size_t ranks) {
  const auto all = static_cast<std::int64_t>(ranks);
  return together / all + (static_cast<std::int64_t>(rank) < together % all ? 1 : 0);
}

RankBatch batch_of(const StepQuery& query, const RoutingBank* bank, Random& random) {
  RankBatch batch;
  const auto place = [&](std::int64_t tokens) {
    if (bank == nullptr) return;
    batch.routed.push_back(bank->draw_place(random));
    batch.routed.back().tokens = tokens;
  };
  for (std::int64_t i = 0; i < query.decode; ++i) {
    batch.decode_contexts.push_back(query.context + 1);  // itself too
    place(1);
  }
  if (query.prefill > 0) {
    batch.prefills.push_back({query.prefill, query.context});
    place(query.prefill);
  }
  batch.sampled = query.decode + (query.prefill > 0 ? 1 : 0);
  return batch;
}

/// Without `together`: of each rank.
std::vector<RankBatch> batches_of(const StepQuery& query, const RoutingBank* bank, Random& random,
                                  std::size_t ranks) {
  std::vector<RankBatch> batches;
  for (std::size_t rank = 0; rank < ranks; ++rank) {
    StepQuery own = query;
    if (query.together) {
      const std::int64_t share = share_of(*query.together, rank, ranks);
      if (query.prefill > 0) own.prefill = share > 0 ? query.prefill : 0;
      else own.decode = share;
    }
    batches.push_back(batch_of(own, bank, random));
    if (batches.back().tokens() == 0) batches.back().pad_to(1);
  }
  return batches;
}

}  // namespace

Simulation simulate(const System& system, const std::stop_token& stop,
                    const std::function<void(const ServingProgress&)>& progress,
                    const SimulateOptions& options) {
  const Scenario& scenario = system.scenario();
  ensure(scenario.workload.has_value(), "a system made for serving has a workload");
  const Workload& workload = *scenario.workload;

  std::vector<std::unique_ptr<StepTimer>> timers;
  ServingSpec spec;
  for (std::int64_t replica = 0; replica < scenario.deployment.replicas; ++replica) {
    timers.push_back(system.timer(replica));
    spec.timers.push_back(timers.back().get());
  }
  spec.graph = &system.graph();
  spec.gpus = static_cast<GpuId>(scenario.deployment.gpus());
  spec.scheduler = &choose(schedulers(), scenario.engine.scheduler, "/engine/scheduler");
  spec.dispatcher = &choose(dispatchers(), scenario.engine.dispatcher, "/engine/dispatcher");
  spec.bank = system.bank();
  spec.limits = scenario.engine.limits;
  spec.limits.micro_batches = scenario.deployment.pipeline_parallel_size;
  spec.kv_blocks = system.memory().num_gpu_blocks;
  spec.data_parallel_size = scenario.deployment.data_parallel_size;
  spec.request_time = scenario.engine.profile.request_time;
  spec.schedules_ahead = scenario.engine.profile.schedules_ahead;
  spec.capture_sizes = scenario.engine.cudagraph_capture_sizes;
  spec.fidelity = *system.fidelity().level;
  spec.replicas_share_links = system.replicas_share_links() && spec.fidelity == Fidelity::step;
  // Exact rows are handed out in the order in which replicas ask for them: step by step, always the same.
  spec.advance_together = options.advance_together && scenario.routing.mode != "exact";
  spec.seed = scenario.seed;

  const std::unique_ptr<RequestStream> requests = open_requests(workload, scenario.seed);
  Traffic traffic{requests.get(), workload.num_warmups, std::nullopt};
  if (workload.closed_loop()) traffic.concurrency = workload.arrivals.concurrency;

  const auto start = std::chrono::steady_clock::now();
  Simulation simulation;
  simulation.result = serve(spec, traffic, stop, progress);
  simulation.wall = Seconds(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  return simulation;
}

namespace {

void refuse_impossible(const Architecture& model, const StepQuery& query) {
  if (model.form != ModelForm::decoder && (query.decode > 0 || query.context > 0))
    throw InputError("switchyard step", model.name + " is of the kind " + std::string(name_of(model.form)) +
                                            ": it has no decode steps and no cache; give --prefill N alone");
  if (model.position_embeddings > 0 && query.prefill + query.context > model.position_embeddings)
    throw InputError("switchyard step",
                     model.name + " has embeddings of " + std::to_string(model.position_embeddings) +
                         " positions; give a prompt and context of at most so many tokens");
}

std::int64_t assignments_of(std::span<const RankBatch> ranks, const RoutingBank* bank) {
  std::int64_t tokens = 0, of_a_token = 0;
  for (const RankBatch& batch : ranks)
    for (const TokenRun& run : batch.routed) tokens += run.tokens;
  for (std::int64_t layer = 0; bank != nullptr && layer < bank->moe_layers(); ++layer)
    of_a_token += bank->gate(layer).num_experts_per_tok;
  return tokens * of_a_token;
}

}  // namespace

namespace {

/// Adds one draw of `draws`.
Breakdown add_draw(StepTimer& timer, std::span<const RankBatch> ranks, std::int64_t draws,
                   ExpertParallelStep& sum) {
  StepLoads loads(sum.link_loads);
  const Breakdown breakdown = timer.time(ranks, loads);
  const RoutedLoad& routed = *timer.routed();
  const RoutingSpread spread = timer.spread();
  const double share = 1.0 / static_cast<double>(draws);
  sum.time += breakdown.total() * share;
  sum.exposed += breakdown[Part::communication] * share;
  sum.waiting += spread.waiting * share;
  sum.hidden += spread.hidden * share;
  sum.in_halves = spread.in_halves > 0;
  sum.imbalance += spread.imbalance * share;
  const std::int64_t layers = routed.counts().layers;
  for (std::int64_t rank = 0; rank < routed.expert_ranks(); ++rank)
    for (std::int64_t layer = 0; layer < layers; ++layer)
      sum.rank_rows[static_cast<std::size_t>(rank)] +=
          static_cast<double>(routed.load(layer, rank).rows) * share / static_cast<double>(layers);
  return breakdown;
}

ExpertParallelStep no_draws(const System& system, const StepTimer& timer) {
  ExpertParallelStep step;
  step.rank_rows.resize(static_cast<std::size_t>(timer.routed()->expert_ranks()));
  step.link_loads.resize(system.graph().links().size());
  return step;
}

void average(std::vector<Bytes>& loads, std::int64_t draws) {
  for (Bytes& load : loads) load *= 1.0 / static_cast<double>(draws);
}

}  // namespace

StepAnswer time_step(const System& system, const StepQuery& query) {
  refuse_impossible(system.scenario().model, query);
  const std::unique_ptr<StepTimer> timer = system.timer(0);
  Random random(system.scenario().seed, "step");
  StepAnswer answer;
  answer.draws = system.bank() == nullptr ? 1 : kDraws;
  const auto count = static_cast<std::size_t>(system.scenario().deployment.data_parallel_size);
  std::vector<RankBatch> ranks;
  answer.link_loads.resize(system.graph().links().size());
  const std::unique_ptr<StepTimer> before = system.timer_without_eplb(0);
  if (timer->routed() != nullptr && timer->routed()->expert_ranks() > 1)
    answer.experts = no_draws(system, *timer);
  if (before) answer.without_eplb = no_draws(system, *before);
  for (std::int64_t draw = 0; draw < answer.draws; ++draw) {
    ranks = batches_of(query, system.bank(), random, count);
    StepLoads loads(answer.link_loads);
    answer.breakdown +=
        answer.experts ? add_draw(*timer, ranks, answer.draws, *answer.experts) : timer->time(ranks, loads);
    if (before) add_draw(*before, ranks, answer.draws, *answer.without_eplb);
    const RoutedLoad* routed = timer->routed();
    if (routed == nullptr) continue;
    answer.dropped += static_cast<double>(routed->dropped()) / static_cast<double>(answer.draws);
    answer.active_experts_per_layer.resize(static_cast<std::size_t>(routed->counts().layers));
    for (std::int64_t layer = 0; layer < routed->counts().layers; ++layer)
      for (std::int64_t rank = 0; rank < routed->expert_ranks(); ++rank)
        answer.active_experts_per_layer[static_cast<std::size_t>(layer)] +=
            static_cast<double>(routed->load(layer, rank).active) /
            static_cast<double>(routed->expert_ranks() * answer.draws);
  }
  if (answer.experts) average(answer.experts->link_loads, answer.draws);
  if (answer.without_eplb) average(answer.without_eplb->link_loads, answer.draws);
  if (answer.experts) answer.link_loads = answer.experts->link_loads;
  else average(answer.link_loads, answer.draws);
  answer.assignments = assignments_of(ranks, system.bank());
  for (Seconds& part : answer.breakdown.parts) part *= 1.0 / static_cast<double>(answer.draws);
  if (system.scenario().deployment.pipeline_parallel_size == 1) answer.timetable = timer->timetable(ranks);
  return answer;
}

}  // namespace switchyard
