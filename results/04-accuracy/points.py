"""Public serving points: reads them, and makes of each a scenario with the launch options of the run that measured it.

The points stay outside of the project (AI Dynamo's AIConfigurator, Apache-2.0: InferenceX and NVIDIA runs).
Launch options: the scripts of the public harness, github.com/SemiAnalysisAI/InferenceX (Apache-2.0), folder benchmarks,
70b_fp8_h200_slurm.sh, 70b_fp8_h200_trt_slurm.sh, gptoss_fp4_h200_slurm.sh, dsr1_fp8_h200_trt_slurm.sh.
"""
import csv
import dataclasses
import os

CATALOGUE = {
    "Qwen/Qwen3-32B": "qwen3-32b",
    "Qwen/Qwen3.5-397B-A17B": "qwen3.5-397b-a17b",
    "deepseek-ai/DeepSeek-R1": "deepseek-r1",
    "meta-llama/Llama-3.1-70B": "llama-3.1-70b",
    "meta-llama/Llama-3.1-8B-Instruct": "llama-3.1-8b",
    "nvidia/Llama-3.1-8B-Instruct-FP8": "llama-3.1-8b",
    "openai/gpt-oss-120b": "gpt-oss-120b",
}
CLUSTER = {"h100_sxm": "hgx-h100", "h200_sxm": "hgx-h200", "b200_sxm": "hgx-b200"}
GENERATION = {"h100_sxm": "hopper", "h200_sxm": "hopper", "b200_sxm": "blackwell"}
MOE = ("gpt-oss-120b", "deepseek-r1", "qwen3.5-397b-a17b")
HARNESS_INPUTS = (1024, 8192)  # the public harness's lengths; NVIDIA's own runs use others, or the engine below
NVIDIA_VERSIONS = ("1.0.0rc3",)


@dataclasses.dataclass(frozen=True)
class Point:
    """One measured point; times in milliseconds."""

    model: str
    gpu: str
    engine: str
    version: str
    precision: str
    isl: int
    osl: int
    concurrency: int
    tp: int
    attention_dp: int
    expert_parallel: bool
    ttft: float
    tpot: float

    @property
    def generation(self):
        return GENERATION[self.gpu]

    @property
    def kind(self):
        return "moe" if self.model in MOE else "dense"

    @property
    def gpus(self):
        return self.tp * self.attention_dp

    @property
    def outlier(self):
        """NVIDIA's runs of these versions imply up to 87 % of fp8's peak beside what others reach: shown, never fitted."""
        return self.version in ("0.12.0", "1.2.0rc6.post1")

    @property
    def waits(self):
        """The script makes prompts wait for others, which no scheduler here does: batch_wait_timeout_iters 20 of Llama at 1k in
        and out on fewer than 8 GPUs; attention_dp_config with timeout_iters 60 of DeepSeek-R1's data-parallel ranks."""
        batches = (self.isl, self.osl) == (1024, 1024) and self.gpus < 8
        return self.engine == "trtllm" and self.harness and (batches or self.attention_dp > 1)

    @property
    def harness(self):
        """Measured by the public harness, whose launch options are public."""
        return self.isl in HARNESS_INPUTS and self.version not in NVIDIA_VERSIONS

    @property
    def configuration(self):
        return dataclasses.astuple(self)[:-2]


def read_points(path):
    """All points; repeated configurations are averaged (geometric mean), which their spread says is fair."""
    groups = {}
    with open(path, newline="") as file:
        for row in csv.DictReader(file):
            point = Point(
                CATALOGUE[row["model"]], row["gpu"], row["backend"], row["backend_version"], row["precision"],
                int(row["isl"]), int(row["osl"]), int(row["concurrency"]), int(row["tp"]), int(row["attention_dp"]),
                int(row["moe_ep"]) > 1, float(row["ttft_ms"]), float(row["tpot_ms"]))
            groups.setdefault(point.configuration, []).append(point)
    return [averaged(group) for group in groups.values()]


def averaged(group):
    power = 1.0 / len(group)
    ttft = tpot = 1.0
    for point in group:
        ttft *= point.ttft ** power
        tpot *= point.tpot ** power
    return dataclasses.replace(group[0], ttft=ttft, tpot=tpot)


def scenario(point, profile=None):
    """The point as a scenario. `profile`: of the engine, another than the catalogue's."""
    precision = {"kv_cache": kv_cache(point)}
    if point.model not in ("gpt-oss-120b", "deepseek-r1"):  # these name their own
        precision["weights"] = "fp8_block" if point.model == "qwen3.5-397b-a17b" else point.precision
    return {
        "model": point.model,
        "cluster": CLUSTER[point.gpu],
        "precision": precision,
        "deployment": {
            "tensor_parallel_size": point.tp,
            "data_parallel_size": point.attention_dp,
            "enable_expert_parallel": point.expert_parallel,
        },
        "engine": {"profile": profile or point.engine, **launch_options(point)},
        "workload": {
            "arrivals": {"process": "concurrency", "value": point.concurrency},
            "num_requests": 10 * point.concurrency,
            "prompt_tokens": lengths(point.isl),
            "output_tokens": lengths(point.osl),
        },
        "seed": 1,
    }


def lengths(nominal):
    return {"distribution": "uniform", "min": int(0.8 * nominal), "max": nominal}


def kv_cache(point):
    """fp8 where a script says so (TensorRT-LLM, B200, Qwen3.5) or the checkpoint does (NVIDIA's fp8 Llama: its points of
    32 prompts of 8192 tokens on one H200 fit no bf16 cache); else bf16."""
    named = point.engine == "trtllm" or point.generation == "blackwell" or point.model == "qwen3.5-397b-a17b"
    checkpoint = point.engine == "vllm" and point.model.startswith("llama")
    return "fp8" if named or checkpoint else "bf16"


def launch_options(point):
    """What the scripts set; the engine profile's defaults hold for the rest."""
    if not point.harness:
        return {}
    if point.engine == "vllm":
        return {"max_num_seqs": point.concurrency}
    if point.engine == "trtllm" and point.model == "deepseek-r1":
        tokens = point.concurrency + point.isl + 64
        return {"max_num_batched_tokens": -(-tokens // 64) * 64, "gpu_memory_utilization": 0.93}
    if point.engine == "trtllm":
        return {"max_num_batched_tokens": point.isl + point.osl + 200}
    return {"max_num_seqs": 128, "max_num_batched_tokens": 16384, "gpu_memory_utilization": 0.8}


def data_folder():
    here = os.path.dirname(os.path.abspath(__file__))
    return os.environ.get("SWITCHYARD_DATA", os.path.join(here, "../../../shared/data"))
