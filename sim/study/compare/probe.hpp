// Single engine steps of a scenario: what its run cannot tell apart, such as one user alone, or twice the
// GPUs.
#pragma once

#include <array>
#include <cstdint>

#include "sim/base/json.hpp"
#include "sim/system.hpp"

namespace switchyard {

/// Sequences that decode at once, on the whole deployment.
inline constexpr std::array<std::int64_t, 4> kUsers = {1, 8, 64, 256};

/// What a request of the workload is on average.
struct MeanRequest {
  std::int64_t prompt_tokens = 1;
  std::int64_t output_tokens = 1;
  /// Of a sequence that is half way through its output.
  std::int64_t context() const { return prompt_tokens + output_tokens / 2; }
};

/// Of the requests that were completed; none where no request was.
std::optional<MeanRequest> mean_request(const Metrics& metrics);

/// {"prompt_tokens", "context",
///  "most_users": sequences that the KV pools and max_num_seqs hold at once,
///  "prefill": {"ms", "tokens_per_s", "communication_share"}: a prompt alone, in steps of
///             max_num_batched_tokens,
///  "decode": [{"users", "step_ms", "tokens_per_s", "communication_share", "waiting_share": of the step, for
///              the busiest expert rank, "active_experts": of a layer, on all ranks of a replica,
///              "bytes_per_token": of weights and KV cache that all GPUs read}, …]: of kUsers, those that
///              fit,
///  "reference_users": 64 or, if these do not fit, the most that do,
///  "links": [{"kind", "bytes_per_s", "bandwidth", "share"}, …]: the busiest of each kind at reference_users,
///           what the transport wastes included; kinds that nothing uses are left out,
///  "scaling": {"step_ms": at reference_users, "half", "double": {"gpus", "parallel": "tp 4", "step_ms"}, or
///             {"reason": "does not fit" or what is wrong}: of one replica on half and twice the GPUs}}
/// Null where a figure has no meaning. The same scenario gives the same bytes. `system` is for
/// Scope::serving.
Json probe(const System& system, const MeanRequest& request);

/// Bytes of weights that all GPUs of one replica read in a decode step that uses `active` experts of each MoE
/// layer, each once; of the embedding only as much as a tied head reads.
Bytes weights_read(const Scenario& scenario, std::span<const double> active);

/// Bytes of the KV cache that one sequence of this context reads in a step.
Bytes kv_cache_read(const Scenario& scenario, std::int64_t context);

}  // namespace switchyard
