// Scenarios that together have every key of every block of the schema, for the tests that hold it against the
// readers.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "sim/scenario.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tests/unit/sim/base/message_of.hpp"

namespace switchyard {

/// Scenarios that together have every key of every block, and the files that they name.
struct Examples {
  TemporaryFolder folder;
  std::vector<Json> scenarios;

  Examples() {
    folder.write("trace.csv", "arrival_s,prompt_tokens,output_tokens\n0,100,5\n");
    folder.write("lengths.jsonl", "{\"prompt_len\": 100, \"output_len\": 5}\n");
    Json full = parse_json(kFull, "example");
    const Json columns = {
        {"gemm", {"m", "n", "k", "time_us"}},
        {"grouped_gemm", {"rows", "active_experts", "hidden_size", "intermediate_size", "time_us"}},
        {"prefill_attention", {"tokens", "context", "heads", "kv_heads", "head_dim", "time_us"}},
        {"decode_attention", {"sequences", "context", "heads", "kv_heads", "head_dim", "time_us"}},
        {"elementwise", {"bytes", "time_us"}},
        {"norm", {"rows", "width", "time_us"}},
        {"activation", {"rows", "width", "time_us"}},
        {"torch_activation", {"rows", "width", "time_us"}},
        {"torch_prompt_attention", {"tokens", "heads", "kv_heads", "head_dim", "time_us"}},
        {"torch_reduction", {"sequences", "parts", "heads", "kv_heads", "head_dim", "time_us"}},
        {"torch_routing", {"tokens", "num_experts", "top_k", "time_us"}},
        {"torch_permutation", {"tokens", "top_k", "hidden_size", "time_us"}},
        {"torch_cache_write", {"sequences", "heads", "kv_heads", "head_dim", "time_us"}},
        {"torch_prompt_write", {"tokens", "heads", "kv_heads", "head_dim", "time_us"}},
        {"torch_sampling", {"sequences", "vocabulary", "time_us"}}};
    const std::set<std::string> with_precision = {"gemm", "grouped_gemm", "prefill_attention",
                                                  "decode_attention"};
    for (const auto& [name, list] : columns.items()) {
      Json& table = full["cluster"]["gpu"]["profile"][name + "_table"] = {{"columns", list}};
      if (with_precision.contains(name)) table["precision"] = "bf16";
      table["rows"] = {Json(std::vector<int>(list.size(), 1))};
    }
    scenarios.push_back(full);
    for (const char* arrivals :
         {R"({"process": "poisson", "rate": 1})", R"({"process": "uniform", "rate": 1})",
          R"({"process": "all_at_once"})", R"({"process": "concurrency", "value": 1})"})
      add("/workload/arrivals", arrivals);
    for (const char* lengths :
         {R"({"distribution": "uniform", "min": 1, "max": 2, "scale": 2})",
          R"({"distribution": "quantiles", "tokens_at": {"0": 3, "0.5": 1020, "1": 14050}, "scale": 2})",
          R"({"distribution": "fixed", "value": 1, "scale": 2})",
          R"({"distribution": "empirical", "path": "trace.csv", "column": "prompt_tokens", "scale": 2})"})
      add("/workload/prompt_tokens", lengths);
    add("/workload", R"({"trace": "trace.csv", "format": "csv", "num_requests": 1, "num_warmups": 1})");
    add("/workload",
        R"({"trace": "lengths.jsonl", "format": "lengths", "arrivals": {"process": "poisson", "rate": 1}})");
    add("/workload",
        R"({"trace": "trace.csv", "prompt_tokens": {"scale": 2}, "output_tokens": {"scale": 0.5}})");
    add("/workload", R"({"preset": "azure-conv-2023", "output_tokens": {"scale": 2}})");
    add("/workload", R"("azure-conv-2023")");
    add("/workload", R"({"preset": "azure-conv-2023", "arrivals": {"rate": 2}, "num_requests": 3})");
    add("/workload", R"({"preset": "sharegpt", "arrivals": {"process": "gamma", "rate": 1, "cv": 2},
      "output_tokens": {"distribution": "fixed", "value": 2}, "num_warmups": 1})");
    add("/cluster", R"({"base": "hgx-h100", "gpu": {"base": "h100_sxm"}})");
    add("/cluster/gpu/profile", R"("h100_sxm")");
    add("/cluster/gpu/profile", R"({"base": "h200_sxm", "gemm_table": null})");
    add("/cluster", R"({"base": "hgx-h100x4", "fabric_latency": "1 us"})");
    for (const char* fabric :
         {R"({"kind": "rail_optimised", "hop_latency": "1 us"})",
          R"({"kind": "fat_tree", "nics_per_node": 8, "nic": "400 Gb/s", "oversubscription": 2,
              "nodes_per_leaf": 1, "leaves_per_pod": 1, "hop_latency": "1 us", "routing": "ecmp"})",
          R"({"kind": "dragonfly", "nics_per_node": 8, "nic": "400 Gb/s", "nodes_per_router": 1,
              "routers_per_group": 2, "global_links": 1, "local_link": "1 Gb/s", "global_link": "2 Gb/s",
              "hop_latency": "1 us", "routing": "ecmp"})",
          R"({"kind": "torus", "nics_per_node": 8, "nic": "400 Gb/s", "dimensions": [1, 2], "link": "1 Gb/s",
              "hop_latency": "1 us", "routing": "ecmp"})"})
      add("/cluster/fabric", fabric);
    add("/cluster", R"({"gpu": "h100_sxm", "graph": {"directed": false,
      "devices": [{"name": "a", "kind": "gpu", "node": "x"}, {"name": "s", "kind": "router"}],
      "links": [{"from": "a", "to": "s", "bandwidth": "1 GB/s", "latency": "1 us", "kind": "nic", "name": "l",
                 "length": 2, "turn": 1}]}})");
    add("/cluster/node_fabric", "null");  // the GPU's own kind, xgmi_mesh
    Json& gpu = scenarios.back()["cluster"]["gpu"];
    gpu.erase("nvlink");
    gpu.update({{"xgmi", "64 GB/s"}, {"xgmi_links", 255}});
  }

  Scenario read(const Json& json) const { return read_scenario(json, "s.json", folder.path().string()); }
  /// What the reader says against a scenario; nothing when it takes it, sizes that do not go together aside.
  std::string refusal(const Json& json) const {
    return message_of<InputError>([&] {
      try {
        read(json);
      } catch (const Mismatch&) {
      }
    });
  }

 private:
  static constexpr const char* kFull = R"({
    "$schema": "scenario.schema.json", "model": "mixtral-8x7b", "model_overrides": {"num_hidden_layers": 2},
    "precision": {"weights": "auto", "activations": "bf16", "kv_cache": "bf16"},
    "cluster": {"name": "n", "source": "s", "description": "d", "gpus_per_node": 8, "nodes": 2,
      "node_fabric": {"kind": "pcie_tree", "sockets": 2, "gpus_per_switch": 4, "uplink": "32 GB/s",
                      "socket_link": "64 GB/s"},
      "fabric": {"kind": "rail_optimised", "nics_per_node": 8, "rails": 4, "nic": "400 Gb/s",
                 "oversubscription": 1, "routing": "ecmp"},
      "nvlink_latency": "1 us", "fabric_latency": "1 us",
      "gpu": {"name": "g", "source": "s", "description": "d", "memory": "80 GB", "memory_bandwidth": "3 TB/s",
        "peak": {"bf16": "900 TFLOPS"}, "multiprocessors": 132, "vector_peak": "60 TFLOPS", "nvlink": "450 GB/s", "pcie": "64 GB/s",
        "tdp": "700 W",
        "power": {"source": "s", "measured_on": "h100_sxm", "idle": 0.1, "active": 0.1, "compute": 0.5, "memory": 0.3},
        "price": {"usd_per_hour": 2.5, "source": "s", "date": "2026-01-31"},
        "profile": {"measured": true, "source": "s", "device": "d", "driver": "1", "date": "2026-01-31",
          "libraries": {"torch": "2"}, "slotted_cache": 1.2,
          "gemm": {"compute": 1, "memory": 1, "fp8": {"compute": 1, "memory": 1},
            "fp8_block": {"compute": 1, "memory": 1}, "int8": {"compute": 1, "memory": 1},
            "int4": {"compute": 1, "memory": 1}, "fp4": {"compute": 1, "memory": 1},
            "mxfp4": {"compute": 1, "memory": 1}},
          "grouped_gemm": {"compute": 1, "memory": 1}, "prefill_attention": {"compute": 1, "memory": 1},
          "decode_attention": {"compute": 1, "memory": 1}, "latent_decode_attention": {"compute": 1, "memory": 1},
          "elementwise": {"compute": 1, "memory": 1}, "kernel_overhead": "3 us", "smoothness": 4}}},
    "deployment": {"replicas": 1, "tensor_parallel_size": 1, "pipeline_parallel_size": 1, "data_parallel_size": 1,
      "enable_expert_parallel": true, "expert_placement": "linear", "num_redundant_experts": 0,
      "enable_eplb": false, "enable_dbo": false, "dbo_decode_token_threshold": 32,
      "dbo_prefill_token_threshold": 512, "all2all_backend": "pairwise"},
    "engine": {"profile": "reference", "scheduler": "fcfs", "dispatcher": "round_robin", "max_num_seqs": 8,
      "max_num_batched_tokens": 64, "max_model_len": 64, "block_size": 32, "gpu_memory_utilization": 0.5,
      "num_gpu_blocks_override": 9, "enable_prefix_caching": false, "cudagraph_capture_sizes": [1, 2]},
    "routing": {"mode": "uniform", "trace": "t.npz", "gate_weights": "w", "preset": "random", "arithmetic": "fp32", "gate_bias_zipf": 1},
    "network": {"fidelity": "step"},
    "workload": {"arrivals": {"process": "gamma", "rate": 1, "cv": 2}, "num_requests": 3, "num_warmups": 1,
      "prompt_tokens": {"distribution": "lognormal", "mean": 9, "cv": 1, "max": 20, "scale": 2},
      "output_tokens": {"distribution": "fixed", "value": 2}},
    "slo": {"ttft_p99": "2 s"}, "prices": {"usd_per_gpu_hour": 2.5}, "seed": 7})";

  void add(const char* pointer, const char* value) {
    scenarios.push_back(scenarios.front());
    scenarios.back()[Json::json_pointer(pointer)] = parse_json(value, "example");
  }
};

}  // namespace switchyard
