#!/usr/bin/python3
"""Compares times of operators by operators.py's formulas to the program's, with stated shares and a GPU's own of low-precision formats.

    /usr/bin/python3 topologies/fit/check_operators.py build/release/switchyard
"""
import json
import pathlib
import subprocess
import sys
import tempfile

from operators import CLASSES, GPUS, HEAD_DIM, Rates, datasheet, decode, gemm, prefill

HIDDEN, INTERMEDIATE, HEADS, KV_HEADS = 4096, 14336, 32, 8
MODEL = {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": HIDDEN, "intermediate_size": INTERMEDIATE,
         "num_attention_heads": HEADS, "num_key_value_heads": KV_HEADS, "head_dim": HEAD_DIM, "num_hidden_layers": 1,
         "vocab_size": 32000, "max_position_embeddings": 131072}


def profile_of(gpu):
    """Without measured tables, which correct the formula."""
    profile = json.loads((GPUS.parent / "profiles" / "stated_hopper.json").read_text())
    for name in CLASSES:
        profile[name].update(datasheet(gpu)["profile"].get(name, {}))
    return profile


def scenario(gpu, fmt):
    return {"model": MODEL, "cluster": {"gpu": {"base": gpu, "profile": "profile.json"}, "gpus_per_node": 1}, "engine": {"profile": "reference"},
            "precision": {"weights": fmt, "kv_cache": "fp8" if fmt == "fp8" else "bf16"}}


def simulated(program, file, *query):
    command = [program, "step", file, *query, "--format", "json"]
    answer = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return {entry["operator"]: 1e3 * entry["ms"] for entry in answer["timetable"]}


def share(profile, name, fmt):
    members = profile[name]
    members = members.get(fmt, members)
    return members["compute"], members["memory"]


def expected(gpu, fmt, tokens, context):
    """One layer's operators: of `tokens` sequences that decode after `context` tokens, or of one prompt (context None)."""
    profile, rates = profile_of(gpu), Rates(gpu, fmt)
    overhead = float(profile["kernel_overhead"].split()[0])
    cache = "fp8" if fmt == "fp8" else "bf16"
    product = share(profile, "gemm", fmt)
    times = {"gate_up": gemm(rates, fmt, product, tokens, 2 * INTERMEDIATE, HIDDEN),
             "down": gemm(rates, fmt, product, tokens, HIDDEN, INTERMEDIATE)}
    if context is None:
        times["prefill_attention"] = prefill(rates, cache, share(profile, "prefill_attention", cache), HEADS, KV_HEADS, 1, tokens)
    else:
        times["decode_attention"] = decode(rates, cache, share(profile, "decode_attention", cache), HEADS, KV_HEADS, tokens, context + 1)
    return {name: overhead + float(time) for name, time in times.items()}


def main(program):
    compared = 0
    for gpu in ("h100_sxm", "h200_sxm", "b200_sxm"):
        for fmt in ("bf16", "fp8", "fp4"):
            if fmt == "fp4" and gpu != "b200_sxm":
                continue
            with tempfile.TemporaryDirectory() as folder:
                file = pathlib.Path(folder) / "scenario.json"
                file.write_text(json.dumps(scenario(gpu, fmt)))
                (pathlib.Path(folder) / "profile.json").write_text(json.dumps(profile_of(gpu)))
                for tokens, context in ((1, 100), (64, 3000), (300, 511), (100, None), (3000, None)):
                    query = ("--prefill", str(tokens)) if context is None else ("--decode", str(tokens), "--context", str(context))
                    there = simulated(program, str(file), *query)
                    for name, time in expected(gpu, fmt, tokens, context).items():
                        if abs(there[name] / time - 1.0) > 1e-6:
                            sys.exit(f"{gpu} {fmt} {name}, {tokens} tokens: {there[name]} us, by operators.py {time} us")
                        compared += 1
    print(f"{compared} times agree")


if __name__ == "__main__":
    main(sys.argv[1])
