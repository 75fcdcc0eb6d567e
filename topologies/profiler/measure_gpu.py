#!/usr/bin/env python3
"""Measures the GPU of this machine and writes its profile, the "profile" of a GPU's JSON.

    python3 measure_gpu.py --gpu ../gpus/h100_sxm.json --out my-h100.json

Needs PyTorch alone. Takes about five minutes; what was measured lies beside the output in OUT.rows, and the
same command goes on from there, or from the profile itself when tables came that it lacks. topologies/profile.hpp
says what the tables hold.
"""
import argparse
import datetime
import json
import os
import random
import subprocess
import sys
import time

import torch
import triton

import attention
import movement
import products
from timing import Pool

# name: table, its columns, weights' or cache's precision, points, measurement; those of one table are put together
SWEEPS = {
    "elementwise": ("elementwise_table", ("bytes",), None, movement.elementwise_points, movement.elementwise),
    "norm": ("norm_table", ("rows", "width"), None, movement.norm_points, movement.norm),
    "activation": ("activation_table", ("rows", "width"), None, movement.activation_points, movement.activation),
    "gemm": ("gemm_table", ("m", "n", "k"), "bf16", products.gemm_points, products.gemm),
    "gemm_published": ("gemm_table", ("m", "n", "k"), "bf16", products.gemm_published_points, products.gemm),
    "gemm_between": ("gemm_table", ("m", "n", "k"), "bf16", products.gemm_between_points, products.gemm),
    "gemm_fp8": ("gemm_table", ("m", "n", "k"), "fp8", products.gemm_fp8_points, products.gemm_fp8),
    "grouped_gemm": ("grouped_gemm_table", ("rows", "active_experts", "hidden_size", "intermediate_size"), "bf16",
                     products.grouped_points, products.grouped),
    "grouped_between": ("grouped_gemm_table", ("rows", "active_experts", "hidden_size", "intermediate_size"), "bf16",
                        products.grouped_between_points, products.grouped),
    "prefill_attention": ("prefill_attention_table", ("tokens", "context", "heads", "kv_heads", "head_dim"), "bf16",
                          attention.prefill_points, attention.prefill),
    "decode_attention": ("decode_attention_table", ("sequences", "context", "heads", "kv_heads", "head_dim"), "bf16",
                         attention.decode_points, attention.decode),
    # PyTorch's own kernels, one by one: for engines that run those
    "torch_activation": ("torch_activation_table", ("rows", "width"), None, movement.activation_points,
                           movement.torch_activation),
    "torch_prompt": ("torch_prompt_attention_table", ("tokens", "heads", "kv_heads", "head_dim"), None,
                     attention.torch_prompt_points, attention.torch_prompt),
    "reduction": ("torch_reduction_table", ("sequences", "parts", "heads", "kv_heads", "head_dim"), None,
                  movement.reduction_points, movement.reduction),
    "routing": ("torch_routing_table", ("tokens", "num_experts", "top_k"), None, movement.routing_points,
                movement.routing),
    "permutation": ("torch_permutation_table", ("tokens", "top_k", "hidden_size"), None,
                    movement.permutation_points, movement.permutation),
    "cache_write": ("torch_cache_write_table", ("sequences", "heads", "kv_heads", "head_dim"), None,
                    movement.cache_write_points, movement.cache_write),
    "prompt_write": ("torch_prompt_write_table", ("tokens", "heads", "kv_heads", "head_dim"), None,
                     movement.prompt_write_points, movement.prompt_write),
    "sampling": ("torch_sampling_table", ("sequences", "vocabulary"), None, movement.sampling_points,
                 movement.sampling),
}

MEASURED_APART = ("slotted_cache",)  # by scripts of results/04-accuracy: kept from an earlier profile


def between(values, rng):
    """A whole number between two neighbours of `values`, evenly in logarithms; seldom one that was measured."""
    ordered = sorted(set(values))
    low = rng.randrange(len(ordered) - 1)
    return round(ordered[low] * (ordered[low + 1] / ordered[low]) ** rng.random())


def held_out_points(rng):
    """Shapes between those of the tables, and uneven loads: to judge a model by what it was not made from."""
    eighth = lambda n: max(64, n // 64 * 64)
    for _ in range(160):
        m, n, k = between(products.ROWS, rng), eighth(between(products.COLUMNS, rng)), eighth(
            between(products.DEPTHS, rng))
        if n * k <= products.LARGEST_WEIGHT and m * n <= products.LARGEST_OUTPUT:
            yield "gemm", dict(m=m, n=n, k=k), lambda pool: products.gemm(pool, m, n, k)
    for _ in range(100):
        hidden, intermediate = rng.choice(((2048, 1024), (2880, 2880), (4096, 14336), (3072, 1536), (5120, 1536)))
        active, each = between(products.ACTIVE, rng), between(products.ROWS_PER_EXPERT[:9], rng)
        if active * 3 * hidden * intermediate > products.LARGEST_EXPERTS:
            continue
        share = [(e + 1.0) ** -rng.choice((0.0, 0.0, 0.7, 1.2)) for e in range(active)]
        loads = [max(1, round(active * each * s / sum(share))) for s in share]
        if rng.random() < 0.3:  # experts that no token chose
            idle = rng.choice((8, 32))
            if (active + idle) * 3 * hidden * intermediate <= products.LARGEST_EXPERTS:
                loads = loads + [0] * idle
                rng.shuffle(loads)
        rows = sum(loads)
        yield ("grouped_gemm", dict(loads=loads, hidden_size=hidden, intermediate_size=intermediate),
               lambda pool: products.grouped(pool, rows, active, hidden, intermediate, loads))
    for _ in range(60):
        heads, kv_heads = rng.choice(((32, 8), (64, 8), (28, 4), (16, 16), (40, 8)))
        tokens = between(attention.PROMPTS, rng)
        yield ("prefill_attention", dict(tokens=tokens, context=0, heads=heads, kv_heads=kv_heads, head_dim=128),
               lambda pool: attention.prefill(pool, tokens, 0, heads, kv_heads, 128))
    for _ in range(80):
        heads, kv_heads = rng.choice(((32, 8), (64, 8), (28, 4), (16, 16), (40, 8)))
        sequences, context = between(attention.BATCHES, rng), between(attention.CONTEXTS, rng)
        if 2 * sequences * context * kv_heads * 128 <= attention.LARGEST_CACHE:
            yield ("decode_attention",
                   dict(sequences=sequences, context=context, heads=heads, kv_heads=kv_heads, head_dim=128),
                   lambda pool: attention.decode(pool, sequences, context, heads, kv_heads, 128))


class Journal:
    """Rows as they are measured, one JSON list a line: what an interrupted run leaves is read again."""

    def __init__(self, path, gpu):
        self.path, self.rows = path, {}
        if os.path.exists(path):
            with open(path) as lines:
                kept = [json.loads(line) for line in lines if line.endswith("\n")]
            if kept and kept[0] != gpu:
                sys.exit(f"{path}: measured on {kept[0]}, this is {gpu}; name another --out")
            self.rows = {(row[0], *row[1:-1]): row[-1] for row in kept[1:]}
        else:
            self.write(gpu)

    def take(self, profile):
        """The tables of a profile that is there already: what it holds need not be measured again."""
        for name, (table, _, precision, points, _) in SWEEPS.items():
            known = {tuple(row[:-1]): row[-1] for part in profile.get(table, []) if part.get("precision") == precision
                     for row in part["rows"]}
            self.rows.update({(name, *point): known[point] for point in points()
                              if point in known and (name, *point) not in self.rows})

    def write(self, value):
        with open(self.path, "a") as lines:
            lines.write(json.dumps(value) + "\n")

    def add(self, key, time_us):
        self.rows[key] = time_us
        self.write([*key, time_us])


def progress(text):
    end = "\r" if sys.stderr.isatty() else "\n"
    sys.stderr.write(f"{text:<100}{end}")
    sys.stderr.flush()


def sweep_all(journal, pool, deadline, names):
    """Measures what the journal lacks; returns whether all was."""
    for name in names:
        points, measure = SWEEPS[name][-2:]
        todo = [point for point in points() if (name, *point) not in journal.rows]
        for done, point in enumerate(todo):
            if time.time() > deadline:
                return False
            if done % 200 == 0:
                progress(f"{name}: {done} of {len(todo)}")
            try:
                journal.add((name, *point), round(measure(pool, *point), 3))
            except (RuntimeError, torch.OutOfMemoryError) as error:
                progress(f"{name} {point}: left out, {str(error).splitlines()[0][:120]}")
    return True


def speed_of(text):
    number, unit = text.split()
    return float(number) * {"GB/s": 1e9, "TB/s": 1e12, "TFLOPS": 1e12, "PFLOPS": 1e15}[unit]


def reached(times, gpu, flops, moved, precision="bf16"):
    """The best shares of the datasheet's rates among `times`, {point: microseconds}."""
    peak, bandwidth = speed_of(gpu["peak"][precision]), speed_of(gpu["memory_bandwidth"])
    return {"compute": round(max(flops(*p) / (t * 1e-6) for p, t in times.items()) / peak, 3),
            "memory": round(max(moved(*p) / (t * 1e-6) for p, t in times.items()) / bandwidth, 3)}


def product_cost(element_bytes):
    return (lambda m, n, k: 2.0 * m * n * k,
            lambda m, n, k: element_bytes * (n * k + m * k) + 2.0 * m * n)


def shares(times, gpu):
    """What the formulas of sim/cost need: every class's best share of the datasheet."""
    decode_bytes = lambda b, c, h, kv, d: 4.0 * b * c * kv * d
    big_copies = {p: t for p, t in times["elementwise"].items() if p[0] >= 2**29}
    cold_caches = {p: t for p, t in times["decode_attention"].items() if decode_bytes(*p) >= 2**29}
    prompts = reached(times["prefill_attention"], gpu,
                      lambda n, c, h, kv, d: 4.0 * h * d * (n * c + n * (n + 1) / 2),
                      lambda n, c, h, kv, d: 4.0 * d * (n * h + (n + c) * kv))
    decodes = reached(cold_caches, gpu, lambda b, c, h, kv, d: 4.0 * b * c * h * d, decode_bytes)
    return {
        "gemm": reached(times["gemm"], gpu, *product_cost(2.0)),
        "grouped_gemm": reached(times["grouped_gemm"], gpu, lambda r, a, d, f: 6.0 * r * d * f,
                                lambda r, a, d, f: 6.0 * a * d * f + 2.0 * r * (2 * d + 3 * f)),
        # Prompts are bound by compute here and decoding by memory; each is taken to reach the other's share of
        # the other.
        "prefill_attention": {**prompts, "memory": decodes["memory"]},
        "decode_attention": {**decodes, "compute": prompts["compute"]},
        "elementwise": reached(big_copies, gpu, lambda b: b / 6.0, lambda b: float(b)),
    }


def times_of(journal, name):
    return {key[1:]: t for key, t in sorted(journal.rows.items()) if key[0] == name}


def table_of(columns, times):
    return {"columns": [*columns, "time_us"], "rows": [[*point, t] for point, t in times.items()]}


def profile_of(journal, gpu, earlier):
    times = {name: times_of(journal, name) for name in SWEEPS}
    smallest = min(t for (size,), t in times["elementwise"].items() if size <= 2**14)
    driver = subprocess.run(["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"],
                            capture_output=True, text=True, check=True).stdout.splitlines()[0]
    profile = {
        "measured": True,
        "source": "topologies/profiler/measure_gpu.py: kernels of PyTorch, cuBLAS and Triton in CUDA graphs",
        "device": torch.cuda.get_device_name(), "driver": driver, "date": datetime.date.today().isoformat(),
        "libraries": {"torch": torch.__version__, "cuda": torch.version.cuda, "triton": triton.__version__},
        **shares(times, gpu),
        "kernel_overhead": f"{smallest:.2f} us", "smoothness": 4,
        **{key: earlier[key] for key in MEASURED_APART if key in earlier},
    }
    for name, (table, columns, precision, _, _) in SWEEPS.items():
        if times[name]:
            head = {"precision": precision} if precision else {}
            profile.setdefault(table, []).append({**head, **table_of(columns, times[name])})
    return profile


def table_text(table):
    """A row a line, so that a diff shows what moved."""
    head = "".join(f"{json.dumps(k)}: {json.dumps(v)}, " for k, v in table.items() if k != "rows")
    rows = ",\n".join(f"    {json.dumps(row)}" for row in table["rows"])
    return f'{{{head}"rows": [\n{rows}\n  ]}}'


def write(members, path):
    def text(key, value):
        body = f"[{', '.join(map(table_text, value))}]" if key.endswith("_table") else json.dumps(value)
        return f"  {json.dumps(key)}: {body}"

    with open(path, "w") as out:
        out.write("{\n" + ",\n".join(text(*member) for member in members.items()) + "\n}\n")


def held_out(path, pool, deadline):
    rng, rows = random.Random(1), []
    for operator, shape, measure in held_out_points(rng):
        if time.time() > deadline:
            break
        try:
            rows.append({"operator": operator, **shape, "time_us": round(measure(pool), 3)})
        except (RuntimeError, torch.OutOfMemoryError) as error:
            progress(f"{operator} {shape}: left out, {str(error).splitlines()[0][:120]}")
    with open(path, "w") as out:
        out.write("\n".join(json.dumps(row) for row in rows) + "\n")


@torch.inference_mode()
def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--gpu", required=True, help="the GPU's JSON: its datasheet, for shares of its rates")
    parser.add_argument("--out", required=True, help="the profile to write")
    parser.add_argument("--held-out", help="also measure shapes that the profile lacks, one JSON a line")
    parser.add_argument("--only", help="sweeps to measure, with commas between: " + ", ".join(SWEEPS))
    parser.add_argument("--budget", type=float, default=600.0, help="seconds after which to stop and keep the rows")
    options = parser.parse_args()
    if not torch.cuda.is_available():
        sys.exit("no CUDA GPU here: run this on the GPU to measure")
    deadline = time.time() + options.budget
    with open(options.gpu) as file:
        gpu = json.load(file)
    torch.manual_seed(0)
    pool = Pool(0.45 * torch.cuda.mem_get_info()[0] / 2**30)
    journal, earlier = Journal(options.out + ".rows", torch.cuda.get_device_name()), {}
    if os.path.exists(options.out):
        with open(options.out) as file:
            earlier = json.load(file)
        if earlier["device"] != torch.cuda.get_device_name():
            sys.exit(f"{options.out}: measured on {earlier['device']}; name another --out")
        journal.take(earlier)
    names = options.only.split(",") if options.only else list(SWEEPS)
    if unknown := [name for name in names if name not in SWEEPS]:
        sys.exit(f"--only: no sweep {unknown[0]}; give some of {', '.join(SWEEPS)}")
    complete = sweep_all(journal, pool, deadline, names)
    if options.held_out:
        held_out(options.held_out, pool, deadline)
    if not complete:
        sys.exit(f"the budget is spent: {len(journal.rows)} rows are kept in {journal.path}; run this again to go on")
    if missing := [name for name in SWEEPS if not times_of(journal, name)]:
        sys.exit(f"{journal.path} keeps {len(journal.rows)} rows; no profile yet: {', '.join(missing)} not measured")
    write(profile_of(journal, gpu, earlier), options.out)
    progress(f"{options.out}: {len(journal.rows)} points\n")


if __name__ == "__main__":
    main()
