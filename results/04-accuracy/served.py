#!/usr/bin/python3
"""Requests served by real GPUs against the same requests simulated: writes how far off the engine `reference` is into its
profile (`validated`), which every report repeats.

  results/04-accuracy/served.py [--program FILE] [--write]

What was measured lies in tests/accuracy/measured; nothing is fitted here. Build again after --write.
"""
import argparse
import csv
import json
import os
import tempfile

import numpy

from engine_profiles import written
from errors import relative
from runs import Runs

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.join(HERE, "../..")
MEASURED = os.path.join(ROOT, "tests/accuracy/measured")
PROFILE = os.path.join(ROOT, "sim/cost/engines/reference.json")
GPUS = {"h100_sxm": (("serving_h100.csv", "other_serving_h100.csv"), "hgx-h100"),
        "h200_sxm": (("serving_h200.csv", "other_serving_h200.csv"), "hgx-h200")}
OLMOE = {  # as it was built for the measurement; the catalogue has none
    "model_type": "qwen3_moe", "hidden_size": 2048, "num_hidden_layers": 16, "num_attention_heads": 16,
    "num_key_value_heads": 16, "head_dim": 128, "intermediate_size": 1024, "moe_intermediate_size": 1024, "num_experts": 64,
    "num_experts_per_tok": 8, "norm_topk_prob": True, "vocab_size": 50304, "max_position_embeddings": 16384,
    "tie_word_embeddings": False, "torch_dtype": "bfloat16"}
MODELS = {"olmoe-1b-7b": OLMOE}  # others are the catalogue's
DENSE = ("llama-3.1-8b", "qwen3-8b")


def measured_runs(files):
    """Rows by model, layers, slots and rate."""
    runs = {}
    for file in files:
        with open(os.path.join(MEASURED, file), newline="") as rows:
            for row in csv.DictReader(rows):
                key = row["model"], int(row["layers"]), int(row["slots"]), float(row["rate"])
                runs.setdefault(key, []).append(row)
    return runs


def measured_figures(rows):
    """TTFT and TPOT as means in ms, and output tokens a second."""
    times = [{key: float(row[key + "_s"]) for key in ("arrival", "first_token", "finish")} for row in rows]
    tokens = [int(row["output_tokens"]) for row in rows]
    ttft = numpy.mean([t["first_token"] - t["arrival"] for t in times])
    tpot = numpy.mean([(t["finish"] - t["first_token"]) / (n - 1) for t, n in zip(times, tokens) if n > 1])
    return {"ttft": 1e3 * ttft, "tpot": 1e3 * tpot, "throughput": sum(tokens) / max(t["finish"] for t in times)}


def scenario(model, layers, slots, rows, cluster, folder):
    trace = os.path.join(folder, "trace.csv")
    with open(trace, "w") as file:
        file.write("arrival_s,prompt_tokens,output_tokens\n")
        file.writelines(f"{row['arrival_s']},{row['prompt_tokens']},{row['output_tokens']}\n" for row in rows)
    return {"model": MODELS.get(model, model), "model_overrides": {"num_hidden_layers": layers},
            "cluster": cluster, "engine": {"profile": "reference", "max_num_seqs": slots}, "routing": {"preset": "random"},
            "workload": {"trace": trace}}


def validation_row(runs, gpu, model):
    """Means over the loads, which are the row's points."""
    files, cluster = GPUS[gpu]
    errors = []
    for (name, layers, slots, rate), rows in measured_runs(files).items():
        if name != model:
            continue
        with tempfile.TemporaryDirectory() as folder:
            ours = runs.run(json.dumps(scenario(model, layers, slots, rows, cluster, folder)))
        real = measured_figures(rows)
        errors.append([float(relative(ours[key], real[key])) for key in ("tpot", "ttft", "throughput")])
        print(f"{gpu} {model} {rate:4.0f} /s: TPOT {errors[-1][0]:+.1%}, TTFT {errors[-1][1]:+.1%}, "
              f"throughput {errors[-1][2]:+.1%}", flush=True)
    size, bias = numpy.mean(numpy.abs(errors), axis=0), numpy.mean(errors, axis=0)
    return {"model": model, "gpu": gpu, "kind": "dense" if model in DENSE else "moe", "points": len(errors), "most_gpus": 1,
            "tpot_error": round(size[0], 3), "ttft_error": round(size[1], 3), "throughput_error": round(size[2], 3),
            "tpot_bias": round(bias[0], 3), "ttft_bias": round(bias[1], 3)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=os.path.join(ROOT, "build/release/switchyard"))
    parser.add_argument("--cache", default=os.path.join(ROOT, "build/served"))
    parser.add_argument("--write", action="store_true", help="write the profile")
    arguments = parser.parse_args()
    runs = Runs(arguments.program, arguments.cache)
    rows = [validation_row(runs, gpu, model)
            for gpu, (files, _) in GPUS.items() for model in sorted({name for name, *_ in measured_runs(files)})]
    with open(PROFILE) as file:
        profile = json.load(file)
    profile["generations"] = [{
        "gpus": sorted(GPUS),
        "validation": "results/04-accuracy/served.py: requests served by one real GPU at two or three loads each, nothing fitted "
                      "to them; mean absolute errors of mean TPOT, mean TTFT and throughput",
        "validated": rows}]
    if arguments.write:
        with open(PROFILE, "w") as file:
            file.write(written(profile))


if __name__ == "__main__":
    main()
