// The menu of schedulers.
#include "sim/serving/scheduler.hpp"

#include <array>

namespace switchyard {

void plan_chunked_prefill(const QueueSnapshot&, Decision&);
void plan_prefill_first(const QueueSnapshot&, Decision&);
void plan_prefill_batches(const QueueSnapshot&, Decision&);
void plan_fcfs(const QueueSnapshot&, Decision&);

std::span<const Scheduler> schedulers() {
  static constexpr std::array<Scheduler, 4> kTable = {{
      {"chunked_prefill", "vLLM v1: prompts are cut to fit the token budget and share steps with decodes",
       Scheduler::Prompts::cut, plan_chunked_prefill},
      {"prefill_first", "a waiting prompt runs whole and alone, else one decode step for all",
       Scheduler::Prompts::whole, plan_prefill_first},
      {"prefill_batches",
       "SGLang: waiting prompts run together, cut to fit the token budget, else one decode step for all",
       Scheduler::Prompts::cut, plan_prefill_batches},
      {"fcfs", "whole prompts in arrival order share steps with decodes", Scheduler::Prompts::whole,
       plan_fcfs},
  }};
  return kTable;
}

}  // namespace switchyard
