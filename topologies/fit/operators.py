#!/usr/bin/python3
"""Fits the shares of a GPU's datasheet that its kernels reach to measured operators, and judges them on shapes left out.

    /usr/bin/python3 topologies/fit/operators.py ../shared/data/measured/operators [--write]

The formulas are those of sim/cost/operator_cost.cpp (check_operators.py holds them to the program's). A class of operators in one
format on one GPU has two parameters: its shares of the peak rate and of the memory bandwidth; of attention one, for prompts hardly
wait for the memory and single tokens hardly for the compute. What the measurements hold beside the kernel is fitted with them and
thrown away: a time a call, the quantisation of fp8 and fp4 activations, the routing and permutation of a whole MoE layer.

Errors are of shapes left out of the fit of the shares; the constants in the formulas were chosen on all rows, so errors of new
kernels may be larger. Left out: for products every fifth (n, k), for attention every fifth (heads, length), for MoE layers whole models
or, where one model alone was measured (marked *), every fifth (tp, ep). --write puts the shares into topologies/gpus. Not written:
bf16 on H100 and H200, whose PyTorch kernels topologies/profiler measures; a share that ends at its bound, which the measurements do
not tell.
"""
import csv
import json
import pathlib
import re
import sys

import numpy as np
from scipy.optimize import least_squares

GPUS = pathlib.Path(__file__).resolve().parent.parent / "gpus"
GPU = {"H100": "h100_sxm", "H200": "h200_sxm", "B200": "b200_sxm"}
FORMAT = {"bfloat16": "bf16", "fp8": "fp8", "nvfp4": "fp4", "fp8_block": "fp8_block", "w4a16_mxfp4": "mxfp4"}
BYTES = {"bf16": 2.0, "fp8": 1.0, "fp8_block": 1.0 + 4.0 / 16384, "fp4": 0.5 + 1.0 / 16, "mxfp4": 0.5 + 1.0 / 32}
# hidden size, intermediate size, experts, experts a token: from the models' config.json
MODELS = {"DeepSeek-V3/R1": (7168, 2048, 256, 8), "Llama4-Maverick": (5120, 8192, 128, 1), "Llama4-Scout": (5120, 8192, 16, 1),
          "Mixtral-8x22B": (6144, 16384, 8, 2), "Mixtral-8x7B": (4096, 14336, 8, 2), "Qwen3-235B-A22B": (4096, 1536, 128, 8),
          "Qwen3-30B-A3B": (2048, 768, 128, 8), "gpt-oss-120b": (2880, 2880, 128, 4)}
EXPERT_TILE = 64  # rows of an expert are padded to it: the smallest tile of the kernels measured
HEAD_DIM = 128
SOURCE = ("fitted by topologies/fit/operators.py to operators of TensorRT-LLM 1.3 that NVIDIA publishes with AIConfigurator "
          "(github.com/ai-dynamo/aiconfigurator)")
BOUNDS = (0.05, 1.2)
FIXED = {"prefill_attention": ("memory", 0.8), "decode_attention": ("compute", 0.3)}  # as in profiles/stated_hopper.json


def quantity(text):
    number, unit = text.split()
    return float(number) * {"GB/s": 1e3, "TB/s": 1e6, "TFLOPS": 1e6, "PFLOPS": 1e9}[unit]  # a microsecond


def datasheet(gpu):
    return json.loads((GPUS / f"{gpu}.json").read_text())


def padded(size, tile):
    return np.ceil(size / tile) * tile


def smooth_max(a, b):
    larger = np.maximum(a, b)
    return larger * (1.0 + (np.minimum(a, b) / larger) ** 4) ** 0.25


class Rates:
    def __init__(self, gpu, fmt):
        sheet = datasheet(gpu)
        computes_in = {"mxfp4": "bf16"}.get(fmt, fmt)  # mxfp4 beside bf16 activations
        self.peak = quantity(sheet["peak"][computes_in])
        self.bf16 = quantity(sheet["peak"]["bf16"])
        self.bandwidth = quantity(sheet["memory_bandwidth"])
        self.multiprocessors = sheet["multiprocessors"]


def roofline(flops, peak, moved, rates, share):
    return smooth_max(flops / (peak * share[0]), moved / (rates.bandwidth * share[1]))


def gemm(rates, fmt, share, m, n, k):
    activations = BYTES["bf16"] if fmt == "mxfp4" else BYTES[fmt]
    moved = n * k * BYTES[fmt] + m * k * activations + m * n * 2.0
    tall = padded(m, 16)
    outputs = tall * padded(n, 128) + 0.12 * rates.multiprocessors * np.minimum(tall, 128) * 128
    return roofline(2.0 * outputs * k, rates.peak, moved, rates, share)


def prefill(rates, fmt, share, heads, kv_heads, batch, tokens):
    """A batch of prompts is one call of all their queries."""
    pairs, queries = batch * tokens * (tokens + 1) / 2, batch * tokens
    moved = queries * (2.0 * kv_heads * HEAD_DIM * BYTES[fmt] + 2.0 * heads * HEAD_DIM * 2.0)
    idle = rates.multiprocessors * 128 / heads
    rows = batch * padded(tokens, 128) + idle
    flops = 4.0 * heads * HEAD_DIM * ((pairs / queries + 192.0) * rows + 400.0 * queries)
    return roofline(flops, rates.bf16, moved, rates, share)


def decode(rates, fmt, share, heads, kv_heads, batch, context):
    moved = batch * (context + 100.0) * 2.0 * kv_heads * HEAD_DIM * BYTES[fmt] + batch * 2.0 * heads * HEAD_DIM * 2.0
    return roofline(4.0 * heads * HEAD_DIM * batch * context, rates.bf16, moved, rates, share)


def experts(rates, fmt, share, rows, active, hidden, intermediate):
    weights = 3.0 * hidden * intermediate
    moved = active * weights * BYTES[fmt] + rows * (2.0 * hidden * 2.0 + 3.0 * intermediate * 2.0)
    return roofline(active * padded(rows / active, EXPERT_TILE) * 2.0 * weights, rates.peak, moved, rates, share)


# Each measurement: what its model takes, what it holds beside the kernel (one column a nuisance, times a parameter), which part of
# the cross-validation it belongs to.

def products(row, rates, fmt):
    m, n, k = (float(row[key]) for key in ("m", "n", "k"))
    quantised = m * k * (2.0 + BYTES[fmt]) / rates.bandwidth if fmt != "bf16" else 0.0
    return (m, n, k), (1.0, quantised), (n, k)


def prompts(row, rates, fmt):
    shape = tuple(float(row[key]) for key in ("heads", "kv_heads", "batch", "isl"))
    return shape, (1.0, 0.0), (shape[0], shape[3])


def decodes(row, rates, fmt):
    shape = tuple(float(row[key]) for key in ("heads", "kv_heads", "batch", "kv_len"))
    return shape, (1.0, 0.0), (shape[0], shape[3])


def layers(row, rates, fmt):
    hidden, intermediate, total, top_k = MODELS[row["model"]]
    tokens, ep = float(row["tokens"]), float(row["ep"])
    rows = max(1.0, tokens * top_k / ep)
    active = min(total / ep, rows)
    shape = rows, active, float(hidden), intermediate / float(row["tp"])
    return shape, (1.0, rows * hidden * 2.0 / rates.bandwidth), (row["model"], row["tp"], row["ep"])


CLASSES = {"gemm": ("gemm.csv", gemm, products), "prefill_attention": ("attention_prefill.csv", prefill, prompts),
           "decode_attention": ("attention_decode.csv", decode, decodes), "grouped_gemm": ("moe_layer.csv", experts, layers)}


def wanted(row):
    """One kernel a format: whole layers with even loads, and attention that computes in bf16 over a bf16 cache or in fp8 over fp8."""
    return row.get("dist", "balanced") == "balanced" and row.get("kernel") != "moe_torch_flow_min_latency" and (
        "attn_dtype" not in row or row["attn_dtype"] == row["kv_dtype"])


def measurements(folder):
    """{(class, gpu, format): [row, …]}"""
    sets = {}
    for name, (file, _, _) in CLASSES.items():
        with open(pathlib.Path(folder) / file) as lines:
            for row in csv.DictReader(lines):
                fmt = FORMAT[row.get("dtype") or row["kv_dtype"]]
                if wanted(row):
                    sets.setdefault((name, GPU[row["gpu"]], fmt), []).append(row)
    return sets


class Problem:
    def __init__(self, key, rows):
        name, gpu, self.fmt = key
        self.rates = Rates(gpu, self.fmt)
        _, self.model, describe = CLASSES[name]
        described = [describe(row, self.rates, self.fmt) for row in rows]
        self.shapes = np.array([shape for shape, _, _ in described])
        self.beside = np.array([beside for _, beside, _ in described])
        self.times = np.array([float(row["latency_us"]) for row in rows])
        self.fixed = FIXED.get(name, ("", 0.0))
        parts = [part for _, _, part in described]
        self.one_model = name == "grouped_gemm" and len({part[0] for part in parts}) == 1
        if name == "grouped_gemm" and not self.one_model:
            parts = [part[0] for part in parts]
        order = sorted(set(parts))
        self.folds = np.array([order.index(part) % (5 if name != "grouped_gemm" or self.one_model else len(order)) for part in parts])

    def share(self, parameters):
        return [self.fixed[1] if self.fixed[0] == key else value for key, value in zip(("compute", "memory"), parameters)]

    def predicted(self, parameters, chosen):
        kernel = self.model(self.rates, self.fmt, self.share(parameters), *self.shapes[chosen].T)
        return kernel + self.beside[chosen] @ parameters[2:]

    def fit(self, chosen):
        fitted = least_squares(lambda p: np.log(self.predicted(p, chosen) / self.times[chosen]), [0.6, 0.7, 8.0, 1.0],
                               bounds=([BOUNDS[0], BOUNDS[0], 0.0, 0.0], [BOUNDS[1], BOUNDS[1], 400.0, 20.0]), loss="soft_l1",
                               f_scale=0.1)
        return fitted.x

    def held_out_errors(self):
        errors = np.zeros(len(self.times))
        for fold in sorted(set(self.folds)):
            test = self.folds == fold
            errors[test] = self.predicted(self.fit(~test), test) / self.times[test] - 1.0
        return 100.0 * np.abs(errors)


def told(share):
    return all(BOUNDS[0] * 1.05 < value < BOUNDS[1] * 0.95 for value in share.values())


def write(shares):
    for gpu in sorted({gpu for _, gpu, _ in shares}):
        path = GPUS / f"{gpu}.json"
        text = path.read_text()
        profile = json.loads(text)["profile"]
        written = []
        for (name, of_gpu, fmt), share in sorted(shares.items()):
            if of_gpu != gpu or not told(share) or (fmt == "bf16" and gpu != "b200_sxm"):
                continue
            members = profile.setdefault(name, {})
            (members if fmt == "bf16" else members.setdefault(fmt, {})).update(share)
            written.append(f"{name} in {fmt}")
        for name, members in profile.items():
            if name in CLASSES:
                text = re.sub(rf'"{name}": \{{(?:[^{{}}]|\{{[^{{}}]*\}})*\}}', lambda _: f'"{name}": {json.dumps(members)}', text)
        unplaced = [name for name in CLASSES if name in profile and f'"{name}": ' not in text]
        if unplaced:
            sys.exit(f"{path}: the profile has no {', '.join(unplaced)} to write to")
        before = profile["source"].split(SOURCE)[0]
        source = f"{before if before != profile['source'] else before + '; '}{SOURCE}: {', '.join(written)}"
        path.write_text(text.replace(json.dumps(profile["source"], ensure_ascii=False), json.dumps(source, ensure_ascii=False)))


def main():
    print(f"{'class':<18} {'GPU':<9} {'format':<9} {'rows':>5}  compute memory | held out: median  mean   p90 %")
    shares = {}
    for key, rows in sorted(measurements(sys.argv[1]).items()):
        problem = Problem(key, rows)
        everything = np.ones(len(rows), bool)
        compute, memory = problem.share(problem.fit(everything)[:2])
        errors = problem.held_out_errors()
        shares[key] = {"compute": round(float(compute), 3), "memory": round(float(memory), 3)}
        print(f"{key[0]:<18} {key[1]:<9} {key[2]:<9} {len(rows):>5} {'*' if problem.one_model else ' '} {compute:6.3f} {memory:6.3f} |          "
              f"{np.median(errors):6.1f} {errors.mean():6.1f} {np.percentile(errors, 90):6.1f}")
    if "--write" in sys.argv[2:]:
        write(shares)


if __name__ == "__main__":
    main()
