// What belongs to the serving software, not to silicon: host time, how many small kernels stand between the
// big ones, how prompts and decodes share steps, and the engine's defaults.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "sim/base/json.hpp"
#include "sim/base/precision.hpp"
#include "sim/base/units.hpp"
#include "sim/cost/engine_efficiency.hpp"
#include "workloads/architecture.hpp"

namespace switchyard {

/// Small kernels of one part of a layer: each costs the GPU's kernel overhead, together they move `passes`
/// times the part's activation through memory.
struct SmallKernels {
  double kernels = 0.0;
  double passes = 0.0;  // reads plus writes of a [tokens, width] bf16 tensor
  double norms = 0.0;   // so many of the kernels, two passes each; GPU profiles may have their times
};

/// Kernels that join the parts of split-KV decode attention; what they move is little. The cache is cut in
/// two or more parts while sequences x KV heads fill at most half of `thread_blocks`, which the GPU runs at
/// once.
struct DecodeReduction {
  double kernels = 0.0;
  double unsplit_kernels = 0.0;               // when the cache is not cut
  std::optional<std::int64_t> thread_blocks;  // none: the cache is always cut
  std::int64_t most_parts = 32;               // of one sequence
  std::int64_t tokens_of_part = 1;            // at least so many cached ones in each
  /// In `run`: at most so many of a sequence, by the padded batch and however short the caches. None: as in
  /// `step`.
  std::optional<std::int64_t> serving_parts;
  Seconds token_time;  // of one cached token in one thread block; 0: unequal sequences are as equal ones
  bool slots = false;  // in `run`: a sequence's cache lies in a slot as long as the longest

  double kernels_of(std::int64_t sequences, std::int64_t kv_heads) const {
    return !thread_blocks || *thread_blocks / (sequences * kv_heads) >= 2 ? kernels : unsplit_kernels;
  }
  /// Of each sequence, `context` tokens long.
  std::int64_t parts_of(std::int64_t sequences, std::int64_t kv_heads, std::int64_t context) const {
    const std::int64_t room = thread_blocks ? *thread_blocks / (sequences * kv_heads) : most_parts;
    return std::max<std::int64_t>(1, std::min({most_parts, room, context / tokens_of_part}));
  }
  /// The same in `run`, of `rows` sequences with those that pad the batch; only with serving_parts.
  std::int64_t parts_in_serving(std::int64_t rows, std::int64_t kv_heads) const {
    const std::int64_t room = thread_blocks ? *thread_blocks / (rows * kv_heads) : *serving_parts;
    return std::max<std::int64_t>(1, std::min(*serving_parts, room));
  }
};

/// How grouped products cut the rows of experts.
struct ExpertTiling {
  /// Another tile when a rank's experts, idle ones too, have more than `beyond` rows on average.
  struct Large {
    std::int64_t beyond = 1;
    std::int64_t rows = 1;
  };
  std::int64_t rows = 1;       // of a tile: each expert's rows are padded to whole ones
  std::optional<Large> large;  // when there, small tiles read the weights anew, large ones share them

  ExpertTiling(std::int64_t tile = 1) : rows(tile) {}
  bool is_large(std::int64_t all_rows, std::int64_t experts) const {
    return large && all_rows > large->beyond * experts;
  }
};

/// What a generation of GPUs changes, and how far off the engine's times were there: fitted together.
struct EngineGeneration {
  /// Against measured serving points of one model and GPU; errors are shares.
  struct Validation {
    std::string model, gpu;
    ModelKind kind = ModelKind::dense;
    std::int64_t points = 0;
    std::int64_t most_gpus = 1;               // of a point
    double tpot_error = 0.0;                  // mean absolute
    double ttft_error = 0.0;                  // median absolute
    double throughput_error = 0.0;            // mean absolute, of output tokens a second
    double tpot_bias = 0.0, ttft_bias = 0.0;  // mean errors: below 0 where simulated times are too short
  };

  std::vector<std::string> gpus;  // names of the catalogue
  std::optional<Seconds> host_time_per_step, host_time_per_sequence, request_time;
  std::optional<bool> schedules_ahead;
  EngineEfficiency efficiency;
  std::string validation;  // how it was fitted, and what the errors are of
  std::string thin;        // why the errors say little of other models; empty where they say enough
  std::vector<Validation> validated;
};

struct EngineProfile {
  std::string name;
  std::string description;
  std::string source;

  // Host.
  Seconds host_time_per_step;  // scheduling, input preparation, sampling, output: not hidden behind the GPU
  Seconds host_time_per_sequence;  // of the step's sequences
  /// In every MoE layer whose exchange needs counts on the CPU: counting by rank and expert, the counts' way
  /// to the others, and the CPU's until the GPU works again. Other work may run meanwhile.
  Seconds host_time_per_exchange;
  /// Of one request before the scheduler sees it, and of its first token on the way back: HTTP, tokens from
  /// text and text from tokens, the way between processes.
  Seconds request_time;

  /// The next step is settled while one runs: a request that comes during a step joins the second after it.
  bool schedules_ahead = false;

  EngineEfficiency efficiency;                // of its kernels, beside the GPU profile's
  std::vector<EngineGeneration> generations;  // on_gpu lays one of them over the rest

  // Small kernels of every layer, by what their passes count: hidden vectors (attention, ffn), rows of the
  // FFN's intermediate size (activation), routed rows, i.e. tokens x top_k hidden vectors (moe).
  SmallKernels attention, ffn, activation, moe;
  /// They are PyTorch's own, one by one, as is attention of whole prompts: where a GPU's profile has tables
  /// of those (torch_*), these count instead of the kernels and times stated here.
  bool torch_kernels = false;
  DecodeReduction decode_reduction;
  Seconds moe_routing_time;    // top-k, sort and scatter of one MoE layer, beside its kernels
  SmallKernels serving_layer;  // KV-cache writes: in `run`, not in `step`
  SmallKernels serving_moe;    // of MoE layers in steps of decodes, as those
  SmallKernels serving_step;   // embedding and sampling: in `run`, not in `step`
  ExpertTiling expert_tiling;
  bool gathers_logits = true;     // all-gather of the logits over tensor ranks
  double pipeline_tensors = 1.0;  // of a hidden vector's size, sent to the next stage for every token

  /// Shared experts run beside the exchange of tokens: on a stream of their own in batches of at most so many
  /// tokens, and beside a backend that returns at once in any. None: they never do.
  std::optional<std::int64_t> shared_experts_stream_tokens;
  std::string all_reduce = "nccl";  // between tensor ranks: an implementation of sim/collectives

  // Memory and defaults.
  Precision kv_cache = Precision::bf16;
  Bytes runtime_reserve;  // CUDA context, NCCL buffers, graphs
  std::string scheduler;
  std::int64_t max_num_seqs = 256;
  std::int64_t max_num_batched_tokens = 8192;
  std::vector<std::int64_t> cudagraph_capture_sizes;  // ascending; larger decode batches are not padded
};

std::vector<std::string> engine_names();

/// A catalogue name or a path. Throws InputError at `path` with the choices.
EngineProfile read_engine_profile(const std::string& wish, const std::string& path);

/// The profile with its generation that names this GPU laid over it; as it is where none does.
EngineProfile on_gpu(EngineProfile profile, const std::string& gpu);

/// The batch that a decode of `sequences` is padded to.
std::int64_t padded_batch(std::int64_t sequences, const std::vector<std::int64_t>& capture_sizes);

}  // namespace switchyard
