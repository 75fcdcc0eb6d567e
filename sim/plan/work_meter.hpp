// What a deployment's GPUs had to do, counted: the time that their tensor cores and their memory would take
// for it at the datasheet's rates. A model of power is linear in both, so sums over a whole run are enough,
// and they cost nothing while it goes on. All counts are integers: their sums do not depend on the order.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "sim/plan/deployment.hpp"
#include "topologies/gpu.hpp"
#include "workloads/work.hpp"

namespace switchyard {

/// Engine steps, of all replicas and data-parallel ranks together.
struct StepWork {
  double passes = 0.0;          // of a replica's batches through the layers: each reads all weights once
  double prompt_tokens = 0.0;   // through the layers
  double decode_tokens = 0.0;   // the same, one a sequence
  double sampled = 0.0;         // through the head
  double active_experts = 0.0;  // sum over passes of what a rank reads of a MoE layer, on average
};

/// Left out, for they draw little: element-wise kernels' bytes (some per cent of prompts' time), rows that
/// kernels add by padding, latents that later chunks of a prompt expand again, and what links move.
class WorkMeter {
 public:
  WorkMeter(const Architecture& architecture, const Deployment& deployment, const ModelPrecision& precision,
            const Gpu& gpu);

  void add(const StepWork& steps);
  /// Attention of a prompt chunk, `times` over: `tokens` new ones after `context` cached ones.
  void add_prompt(std::int64_t tokens, std::int64_t context = 0, double times = 1.0);
  /// Attention of a sequence's decode steps, `times` over: they see `first`, first + 1, … `last` tokens, the
  /// new one included; none when last < first.
  void add_decodes(std::int64_t first, std::int64_t last, double times = 1.0);

  /// A share of what another meter of the same deployment saw of attention.
  void add_attention(const WorkMeter& other, double share);

  /// Sums over all GPUs.
  Seconds compute() const;
  Seconds memory() const;

 private:
  /// Of the layers on one tensor rank.
  struct Load {
    Seconds compute, memory;
    Load& operator+=(const Load& other) {
      compute += other.compute;
      memory += other.memory;
      return *this;
    }
  };
  /// Attention that sees at most so many tokens, of all layers alike, and what it has seen.
  struct Sight {
    std::optional<std::int64_t> most;
    bool bidirectional = false;
    Load decode_pair, prompt_pair, prompt_key;
    double decode_pairs = 0.0, prompt_pairs = 0.0, prompt_keys = 0.0;
  };

  Load of_flops(Flops flops, Precision format) const;
  Load of_bytes(Bytes bytes) const;
  void add_gemm(const Gemm& gemm, Load& a_pass, Load& a_token) const;
  void add_layer(const LayerWork& work);
  void add_layers_attention(const AttentionWork& attention);
  Sight& sight_of(const AttentionWork& attention);
  Load total() const;

  Gpu gpu_;
  Sharding sharding_;
  double tensor_ranks_ = 1.0, ranks_ = 1.0;  // of a replica's stage: tp, and tp x dp
  Load pass_, prompt_token_, decode_token_, sampled_, head_pass_, active_expert_, routed_token_;
  std::vector<Sight> sights_;
  StepWork steps_;
};

}  // namespace switchyard
