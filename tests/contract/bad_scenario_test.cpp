// Wrong values in a scenario: the message names the field, the value and what would be right.
#include <catch2/catch.hpp>

#include "tests/contract/bad_input.hpp"

namespace switchyard {
namespace {

const std::string kMixtral = "/model=mixtral-8x7b & ";
const std::string kRequests = "/workload/num_requests=";
const std::string kRate = "/workload/arrivals/rate=";
const std::string kPrompts = "/workload/prompt_tokens=";
const std::string kTensor = "/deployment/tensor_parallel_size=";
const std::string kExperts = kMixtral + "/deployment/enable_expert_parallel=true & ";

/// An inline cluster with one more member.
std::string cluster_with(const std::string& member) {
  return R"(/cluster={"gpu": "h100_sxm", "gpus_per_node": 8, )" + member + "}";
}
std::string gpu_with(const std::string& member) {
  return R"(/cluster={"gpus_per_node": 8, "gpu": {"base": "h100_sxm", )" + member + "}}";
}

}  // namespace

TEST_CASE("Unknown keys and names are refused with the near miss and the choices") {
  BadInputBench bench;
  bench.check({
      with_values("a key of the scenario", "/worklod=1",
                  "chat.json: /worklod: |\"workload\"?|one of seed, model"),
      with_values("a key of a block", "/engine/max_num_seq=8", "/engine/max_num_seq: |\"max_num_seqs\"?"),
      with_values("a misspelt required key", R"(/workload/arrivals={"process": "poisson", "raet": 5})",
                  "/workload/arrivals/rate: is missing|\"raet\"|give a number"),
      with_values("a key of another process",
                  R"(/workload/arrivals={"process": "poisson", "rate": 1, "cv": 2})",
                  "/workload/arrivals/cv: unknown key|one of process, rate"),
      with_values("a key of a cluster", cluster_with("\"nodess\": 1"), "/cluster/nodess: |\"nodes\"?"),
      with_values("a key of the prices", R"(/prices={"usd_per_gpu_hours": 2})",
                  "/prices/usd_per_gpu_hours: |\"usd_per_gpu_hour\"?"),
      with_values("a key of a GPU's power", gpu_with(R"("power": {"idel": 0.1})"),
                  "/cluster/gpu/power/idel: |\"idle\"?"),
      with_values("a key of a GPU's price", gpu_with(R"("price": {"usd_per_hours": 1})"),
                  "/cluster/gpu/price/usd_per_hours: |\"usd_per_hour\"?"),
      with_values("a key of the overrides", "/model_overrides/num_hidden_layer=3",
                  "/model_overrides/num_hidden_layer: |\"num_hidden_layers\"?"),
      with_values("a model", "/model=mixtral-8x7",
                  "/model: unknown model \"mixtral-8x7\"|\"mixtral-8x7b\"?|llama"),
      with_values("a GPU", R"(/cluster={"gpu": "h10_sxm", "gpus_per_node": 8})",
                  "/cluster/gpu: unknown GPU \"h10_sxm\"|\"h100_sxm\"?|h200_sxm"),
      with_values("a cluster", "/cluster=hgx-h10",
                  "/cluster: unknown cluster \"hgx-h10\"|\"hgx-h100\"?|hgx-h200"),
      with_values("a base", R"(/cluster={"base": "hgx", "nodes": 2})",
                  "/cluster/base: |\"hgx\"|one of |hgx-h100"),
      with_values("a fabric", cluster_with(R"("fabric": {"kind": "hypercube"})"),
                  "/cluster/fabric/kind: unknown name \"hypercube\"|rail_optimised"),
      with_values("a fabric with another's key",
                  cluster_with(R"("nodes": 4, "fabric": {"kind": "torus", "nodes_per_leaf": 2})"),
                  "/cluster/fabric/nodes_per_leaf: unknown key|dimensions"),
      with_values("a torus of other nodes",
                  cluster_with(R"("nodes": 4, "fabric": {"kind": "torus", "dimensions": [3, 2]})"),
                  "/cluster/fabric/dimensions: 3 x 2 does not make the 4 nodes|2 x 2"),
      with_values("a dragonfly with too few links",
                  cluster_with(R"("nodes": 9, "fabric": {"kind": "dragonfly", "routers_per_group": 1,
                                  "global_links": 2})"),
                  "/cluster/fabric/global_links: 2 |9 groups|at least 8"),
      with_values("an engine profile", "/engine/profile=vlm",
                  "/engine/profile: |\"vlm\"|\"vllm\"?|reference"),
      with_values("a scheduler", "/engine/scheduler=fcsf",
                  "/engine/scheduler: |\"fcsf\"|\"fcfs\"?|prefill_first"),
      with_values("a precision", "/precision/weights=fp7", "/precision/weights: |\"fp7\"|\"fp8\"?|bf16"),
      with_values("a process", "/workload/arrivals/process=poison",
                  "/arrivals/process: |\"poisson\"?|concurrency"),
      with_values("a distribution", kPrompts + R"({"distribution": "zipf"})",
                  "/prompt_tokens/distribution: |\"zipf\"|fixed, uniform, lognormal"),
      with_values("a trace of another ending", "/routing/trace=routing.npy", "/routing/trace: |.npz or .csv"),
      with_values("the mode of a trace without one", kMixtral + "/routing/mode=trace",
                  "/routing/trace: is missing|.npz"),
      with_values(
          "a CSV of other things for a recording",
          kMixtral + "/model_overrides/num_hidden_layers=2 & /routing/mode=trace & /routing/trace=trace.csv",
          "trace.csv: no column \"sequence\""),
      with_values("a routing mode", "/routing/mode=ballanced", "/routing/mode: |\"balanced\"?|uniform"),
      with_values("the gates' arithmetic", "/routing/arithmetic=fp64", "/routing/arithmetic: |fp32|bf16"),
      with_values("a routing preset", "/routing/preset=rondom", "/routing/preset: |\"random\"?"),
      with_values("a fidelity", "/network/fidelity=flw", "/network/fidelity: |\"flw\"|analytic"),
      with_values("flows of too many GPUs",
                  "/network/fidelity=flow & /cluster=hgx-h100x8 & /deployment/replicas=40",
                  "/network/fidelity: |at most 32 GPUs|40|collective"),
      with_values("a placement", "/deployment/expert_placement=roundrobin", "|\"round_robin\"?|linear"),
      with_values("a figure of the SLO", R"(/slo={"ttft_p98": "2 s"})",
                  "/slo/ttft_p98: unknown bound|ttft|_p99"),
      with_values("a family of models", R"(/model={"model_type": "rwkv"})",
                  "/model/model_type: |\"rwkv\"|llama"),
      with_values("a checkpoint's format", R"(/model_overrides/quantization_config={"quant_method": "zip"})",
                  "/quantization_config/quant_method: |\"zip\"|fp8"),
  });
}

TEST_CASE("Counts and sizes below, beyond and beside their range are refused with the range") {
  BadInputBench bench;
  const std::string count = "chat.json: /workload/num_requests: |from 1 to 1000000000|";
  bench.check({
      with_values("a negative count", kRequests + "-1", count + "-1 is out of range"),
      with_values("a count of zero", kRequests + "0", count + "0 is out of range"),
      with_values("a count of minus zero", kRequests + "-0", count + "0 is out of range"),
      with_values("a fraction of a count", kRequests + "1.5", count + "1.5 is not an integer"),
      with_values("a huge count", kRequests + "1000000000000000000", count + "1000000000000000000 is out"),
      with_values("a huge count in scientific form", kRequests + "1e18", count + "1e+18 is out of range"),
      with_values("a count beyond 64 bits", kRequests + "99999999999999999999",
                  count + "1e+20 is out of range"),
      with_values("2^63", "/engine/max_num_seqs=9223372036854775808",
                  "/engine/max_num_seqs: 9223372036854775808 is out of range|from 1 to 1048576"),
      with_values("a negative seed", "/seed=-1", "/seed: -1 is out of range|integer of at least 0"),
      with_values("a seed beyond 64 bits", "/seed=18446744073709551616",
                  "/seed: |from 0 to 9223372036854775807"),
      with_values("no block size", "/engine/block_size=0",
                  "/engine/block_size: 0 is out of range|from 1 to 65536"),
      with_values("no batch", "/engine/max_num_batched_tokens=0",
                  "/engine/max_num_batched_tokens: 0 |from 1 to "),
      with_values("negative length", "/engine/max_model_len=-1",
                  "/engine/max_model_len: -1 |from 1 to 268435456"),
      with_values("a captured size of zero", "/engine/cudagraph_capture_sizes=[8, 0]",
                  "/engine/cudagraph_capture_sizes/1: 0 is out of range|from 1"),
      with_values("no layers", "/model_overrides/num_hidden_layers=0",
                  "/num_hidden_layers: 0 |from 1 to 1024"),
      with_values("no width", "/model_overrides/hidden_size=0",
                  "/model_overrides/hidden_size: 0 |from 1 to 131072"),
      with_values("a negative vocabulary", "/model_overrides/vocab_size=-1",
                  "/vocab_size: -1 |from 1 to 16777216"),
      with_values("no experts", kMixtral + "/model_overrides/num_local_experts=0",
                  "/num_local_experts: 0 |from 1"),
      with_values("nodes by the million", cluster_with("\"nodes\": 1000000"),
                  "/cluster/nodes: 1000000 |to 4096"),
      with_values("more GPUs than any cluster",
                  R"(/cluster={"gpu": "h100_sxm", "gpus_per_node": 256, "nodes": 4096})",
                  "/cluster/nodes: 4096 nodes of 256 GPUs|at most 65536"),
      with_values("a cluster of no nodes", "/cluster=hgx-h100x0", "/cluster/nodes: 0 |from 1 to 4096"),
      with_values("fewer than no redundant experts", "/deployment/num_redundant_experts=-1",
                  "/deployment/num_redundant_experts: -1 |from 0 to 4096"),
      with_values("redundant experts by the thousand", "/deployment/num_redundant_experts=5000",
                  "/deployment/num_redundant_experts: 5000 |from 0 to 4096"),
      with_values("a prompt without a token", kPrompts + R"({"distribution": "fixed", "value": 0})",
                  "/workload/prompt_tokens/value: 0 is out of range|from 1 to 100000000"),
      with_values("ends the wrong way round", kPrompts + R"({"distribution": "uniform", "min": 5, "max": 4})",
                  "/workload/prompt_tokens/max: 4 is out of range|from 5"),
      with_values("a closed loop of nobody", R"(/workload/arrivals={"process": "concurrency", "value": 0})",
                  "/workload/arrivals/value: 0 is out of range|from 1 to 1000000"),
  });
}

TEST_CASE("Numbers that are none, negative or beyond their range are refused with the range") {
  BadInputBench bench;
  const std::string rate = "chat.json: /workload/arrivals/rate: |from 1e-09 to 1e+09|";
  bench.check({
      with_values("a negative rate", kRate + "-1", rate + "-1 is out of range"),
      with_values("a rate of zero", kRate + "0", rate + "0 is out of range"),
      with_values("a huge rate", kRate + "1e300", rate + "1e+300 is out of range"),
      with_values("a rate near zero", kRate + "1e-300", rate + "1e-300 is out of range"),
      with_values("a number beyond double", kRate + "1e999",
                  "--set /workload/arrivals/rate: |1e999 is too large"),
      with_values("not a number", kRate + "NaN", rate + "\"NaN\" is text"),
      with_values("infinity", kRate + "Infinity", rate + "\"Infinity\" is text"),
      with_values("all of no memory", "/engine/gpu_memory_utilization=0",
                  "/engine/gpu_memory_utilization: 0 is out of range|above 0 and at most 1"),
      with_values("more than all memory", "/engine/gpu_memory_utilization=1.5",
                  "1.5 is out of range|at most 1"),
      with_values("a negative variation", kPrompts + R"({"distribution": "lognormal", "mean": 9, "cv": -1})",
                  "/workload/prompt_tokens/cv: -1 is out of range|from 0 to 100"),
      with_values("lengths without a scale",
                  kPrompts + R"({"distribution": "fixed", "value": 9, "scale": 0})",
                  "/workload/prompt_tokens/scale: 0 is out of range|from 0.001 to 1000"),
      with_values("a scale in words", R"(/workload={"trace": "trace.csv", "output_tokens": {"scale": "2x"}})",
                  "/workload/output_tokens/scale: \"2x\" is text|number"),
      with_values("no capacity", kMixtral + "/model_overrides/capacity_factor=0",
                  "/model_overrides/capacity_factor: 0 is out of range|above 0"),
      with_values("a negative capacity", kMixtral + "/model_overrides/capacity_factor=-1",
                  "/model_overrides/capacity_factor: -1 is out of range|above 0"),
      with_values("a GPU for nothing", "/prices/usd_per_gpu_hour=0",
                  "/prices/usd_per_gpu_hour: 0 is out of range|above 0 and at most 1e+06"),
      with_values("a GPU that draws more idle than at its limit", gpu_with(R"("power": {"idle": 1.1})"),
                  "/cluster/gpu/power/idle: 1.1 is out of range|from 0 to 1"),
      with_values("an undersubscribed fabric", cluster_with(R"("fabric": {"oversubscription": 0})"),
                  "/cluster/fabric/oversubscription: 0 is out of range|from 1 to 64"),
      with_values("an efficiency of two", gpu_with(R"("profile": {"gemm": {"compute": 2}})"),
                  "/cluster/gpu/profile/gemm/compute: 2 is out of range|at most 1.2"),
  });
}

TEST_CASE("Quantities with a wrong unit, with none or out of range are refused with the units") {
  BadInputBench bench;
  const auto nic = [](const std::string& value) {
    return cluster_with(R"("fabric": {"nic": )" + value + "}");
  };
  const auto ttft = [](const std::string& value) { return R"(/slo={"ttft_p99": )" + value + "}"; };
  const std::string nic_path = "chat.json: /cluster/fabric/nic: ";
  const std::string ttft_path = "chat.json: /slo/ttft_p99: ";
  bench.check({
      with_values("bytes for bits", nic("\"400 GBps\""),
                  nic_path + "|\"400 GBps\" is not a bandwidth|Gbps?|GB/s"),
      with_values("an amount for a rate", nic("\"50 GB\""), nic_path + "|\"50 GB\" is not a bandwidth|GB/s"),
      with_values("no unit", nic("\"400\""), nic_path + "|\"400\" has no unit|Gb/s"),
      with_values("a bare number", nic("400"), nic_path + "|400 has no unit|such as \"400 Gb/s\""),
      with_values("a negative bandwidth", nic("\"-400 Gbps\""),
                  nic_path + "|\"-400 Gbps\" is negative|0 or more"),
      with_values("no bandwidth", nic("\"0 Gbps\""), nic_path + "|0 B/s|more than 0"),
      with_values("a bandwidth beyond any", nic("\"1e300 Gbps\""),
                  nic_path + "|\"1e300 Gbps\"|at most 1000 PB/s"),
      with_values("a bandwidth beyond double", nic("\"1e999 Gbps\""), nic_path + "|out of range|at most"),
      with_values("a bandwidth near zero", nic("\"1e-300 Gbps\""), nic_path + "|out of range|at least 1 B/s"),
      with_values("a length for a time", ttft("\"5 parsecs\""),
                  ttft_path + "|\"5 parsecs\" is not a time|ms, s, min"),
      with_values("a capital unit", ttft("\"2 S\""), ttft_path + "|\"2 S\" is not a time|did you mean s?"),
      with_values("a decimal comma", ttft("\"1,5 s\""), ttft_path + "|\"1,5 s\" is not a time"),
      with_values("no number", ttft("\"NaN s\""), ttft_path + "|\"NaN s\" is not a time"),
      with_values("a number where text is due", ttft("2"), ttft_path + "|2 has no unit|\"2 s\""),
      with_values("a list where text is due", ttft("[\"2 s\"]"), ttft_path + "|[\"2 s\"] is a list|\"2 s\""),
      with_values("a bound that nothing meets", ttft("\"0 s\""), ttft_path + "|0 s|more than 0"),
      with_values("a rate for memory", gpu_with(R"("memory": "80 Gb/s")"), "/cluster/gpu/memory: |GiB"),
      with_values("memory beyond any", gpu_with(R"("memory": "1e30 B")"),
                  "/cluster/gpu/memory: |at most 1000 PB"),
      with_values("a long latency", cluster_with(R"("nvlink_latency": "2 ms")"),
                  "/cluster/nvlink_latency: 2 ms |1 ms"),
  });
}

TEST_CASE("Values of another type are refused with what they are and what to give") {
  BadInputBench bench;
  bench.check({
      with_values("text for a number", kRequests + "\"4\"",
                  "/workload/num_requests: \"4\" is text|an integer"),
      with_values("a boolean for a number", "/engine/max_num_seqs=true",
                  "true is a boolean|an integer from 1"),
      with_values("a list for a number", kRequests + "[40]",
                  "/workload/num_requests: [40] is a list|an integer"),
      with_values("null for a required number", kRequests + "null",
                  "/workload/num_requests: is missing|an integer"),
      with_values("a number for a boolean", "/deployment/enable_expert_parallel=1",
                  "1 is a number|true or false"),
      with_values("text for a boolean", "/deployment/enable_expert_parallel=\"yes\"",
                  "\"yes\" is text|true or false"),
      with_values("text for a capacity", kMixtral + "/model_overrides/capacity_factor=two",
                  "/model_overrides/capacity_factor: \"two\" is text|a number"),
      with_values("text for a block", "/engine=vllm", "/engine: \"vllm\" is text|an object"),
      with_values("text for a price", R"(/prices/usd_per_gpu_hour="2.5 $/h")",
                  "/prices/usd_per_gpu_hour: \"2.5 $/h\" is text|a number"),
      with_values("a list for a block", "/deployment=[8]", "/deployment: [8] is a list|an object"),
      with_values("a number for the workload", "/workload=5", "/workload: 5 is a number|an object"),
      with_values("a number for a model", "/model=5", "/model: 5 is a number|llama-3.1-8b"),
      with_values("no model", "/model=null", "/model: is missing|name"),
      with_values("an empty model", "/model={}", "/model/model_type: is missing"),
      with_values("a list for a cluster", "/cluster=[8]", "/cluster: [8] is a list|hgx-h100"),
      with_values("a cluster without a GPU", "/cluster={}", "/cluster/gpu: is missing|a name"),
      with_values("a number for a name", "/precision/weights=16", "/precision/weights: 16 is a number|bf16"),
      with_values("a number for a list", "/engine/cudagraph_capture_sizes=8",
                  "8 is a number|a list of integers"),
      with_values("text in a list", "/engine/cudagraph_capture_sizes=[\"a\"]",
                  "sizes/0: \"a\" is text|integer"),
      with_values("a column left out of a table", gpu_with(R"("profile": {"gemm_table": {"precision": "bf16",
                  "columns": ["m", "n"], "rows": []}})"),
                  "/gemm_table/columns: [\"m\",\"n\"]|time_us"),
      with_values("a number for a schema", "/$schema=3", "chat.json: /$schema: 3 is a number|give text"),
      with_values("no workload", "/workload=null", "chat.json: /workload: is missing|a trace"),
      with_values(
          "a trace with lengths",
          R"(/workload={"trace": "trace.csv", "prompt_tokens": {"distribution": "fixed", "value": 9}})",
          "/workload/prompt_tokens/distribution: a trace brings its own lengths|remove this key"),
      with_values("a trace with a length's key",
                  R"(/workload={"trace": "trace.csv", "prompt_tokens": {"mean": 9}})",
                  "/workload/prompt_tokens/mean: unknown key|scale"),
      with_values("a trace with arrivals",
                  R"(/workload={"trace": "trace.csv", "arrivals": {"process": "all_at_once"}})",
                  "/workload/arrivals: |remove this key"),
  });
}

TEST_CASE("Values that do not go together are refused with those that would") {
  BadInputBench bench;
  bench.check({
      with_values("TP that does not divide heads", kTensor + "3",
                  "/tensor_parallel_size: 3 |32 attention heads|1, 2, 4"),
      with_values("more TP than GPUs", kTensor + "16", "/deployment/|need 16 GPUs|has 8"),
      with_values("more replicas than GPUs", "/deployment/replicas=9",
                  "/deployment/replicas: 9 |need 9 GPUs|has 8"),
      with_values("more PP than layers", "/deployment/pipeline_parallel_size=33",
                  "/pipeline_parallel_size: 33 |32 layers"),
      with_values("experts not divisible by EP", kExperts + "/deployment/data_parallel_size=3",
                  "/deployment/enable_expert_parallel: 3 |8 experts|1, 2, 4, 8"),
      with_values("more EP than experts",
                  kExperts + "/deployment/data_parallel_size=16 & /cluster=hgx-h100x2",
                  "/deployment/enable_expert_parallel: 16 |8 experts|1, 2, 4, 8"),
      with_values("DP that cuts experts unevenly", kMixtral + "/deployment/data_parallel_size=3",
                  "/deployment/data_parallel_size: 3 |14336|divisor"),
      with_values("EPLB without EP", kMixtral + "/deployment/enable_eplb=true",
                  "/deployment/enable_eplb: |enable_expert_parallel"),
      with_values("a placement by load without EP", kMixtral + "/deployment/expert_placement=eplb_global",
                  "/deployment/enable_eplb: |enable_expert_parallel"),
      with_values("a placement by load with EPLB switched off",
                  kExperts + "/deployment/data_parallel_size=2 & /deployment/enable_eplb=false & "
                             "/deployment/expert_placement=eplb",
                  "/deployment/enable_eplb: is false|expert_placement \"eplb\"|give true"),
      with_values("redundant experts without EPLB",
                  kExperts + "/deployment/data_parallel_size=2 & /deployment/num_redundant_experts=2",
                  "/deployment/enable_eplb: |2 redundant experts|num_redundant_experts 0"),
      with_values("redundant experts that EP cannot share",
                  kExperts + "/deployment/data_parallel_size=4 & /deployment/enable_eplb=true & "
                             "/deployment/num_redundant_experts=2",
                  "/deployment/num_redundant_experts: 2 |10 physical experts|4 expert-parallel ranks|0, 4"),
      with_values("pairwise without EP",
                  kMixtral + "/deployment/data_parallel_size=2 & /deployment/all2all_backend=pairwise",
                  "/deployment/all2all_backend: |\"pairwise\"|enable_expert_parallel"),
      with_values("DeepEP without EP",
                  kMixtral + "/deployment/data_parallel_size=2 & /deployment/all2all_backend=deepep_normal",
                  "/deployment/all2all_backend: |\"deepep_normal\"|enable_expert_parallel"),
      with_values("halves that take turns without an exchange to hide",
                  kExperts + "/deployment/data_parallel_size=2 & /deployment/enable_dbo=true",
                  "/deployment/enable_dbo: |data_parallel_size|deepep_low_latency"),
      with_values("halves that take turns, with tensor parallelism",
                  kExperts + "/deployment/data_parallel_size=2 & /deployment/tensor_parallel_size=2 & "
                             "/deployment/enable_dbo=true & /deployment/all2all_backend=deepep_normal",
                  "/deployment/enable_dbo: |tensor_parallel_size to 1"),
      with_values("a threshold of no tokens", kExperts + "/deployment/dbo_decode_token_threshold=0",
                  "/deployment/dbo_decode_token_threshold: 0 |1"),
      with_values("a router that a model cannot have",
                  "/model=glam-64b-64e & /model_overrides/router=expert_choice",
                  "/model_overrides/router: \"expert_choice\" |another of `switchyard list routers`"),
      with_values("a router of one expert", "/model=glam-64b-64e & /model_overrides/router=switch_top1",
                  "/num_experts_per_tok: 2 |\"switch_top1\""),
      with_values("more choices than experts", kMixtral + "/model_overrides/num_experts_per_tok=9",
                  "/model_overrides/num_experts_per_tok: 9 |8 experts"),
      with_values("heads that do not share the width", "/model_overrides/hidden_size=4095",
                  "num_attention_heads: 32 |4095|head_dim"),
      with_values("key-value heads that do not divide", "/model_overrides/num_key_value_heads=5",
                  "/model_overrides/num_key_value_heads: 5 |32 attention heads"),
      with_values("more warm-ups than a trace has", R"(/workload={"trace": "trace.csv", "num_warmups": 5})",
                  "trace.csv: |has 3 requests|6"),
  });
}

TEST_CASE("A model that does not fit ends with its memory and the smallest change") {
  BadInputBench bench;
  const std::string table = "does not fit|GPU memory|weights|KV pool|";
  bench.check({
      with_values("dense weights", "/model=llama-3.1-70b", table + "tensor_parallel_size 4", 1),
      with_values("experts", "/model=mixtral-8x7b", table + "tensor_parallel_size 2", 1),
      with_values("more than a node", "/model=deepseek-v3", table + "tensor_parallel_size 16|hgx-h100x2", 1),
      with_values("a small share of the memory", "/engine/gpu_memory_utilization=0.05", table + "3.98 GiB",
                  1),
      with_values("a GPU without memory", gpu_with(R"("memory": "1 GB")"), table + "GPU with more memory", 1),
  });
}

}  // namespace switchyard
