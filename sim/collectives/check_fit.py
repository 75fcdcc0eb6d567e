#!/usr/bin/python3
"""Compares the times of collectives by fit.py's formulas, with the parameters in gpus/*.json, to the program's.

    /usr/bin/python3 sim/collectives/check_fit.py ../shared/data/measured/collectives build/release/switchyard
"""
import json
import subprocess
import sys

from fit import (FABRIC_LATENCY, HERE, NVLINK_LATENCY, custom_model, custom_ranges, low_latency_across,
                 low_latency_in_node, measurements, normal_across, normal_in_node, pair_model, ring_model)


def quantity(text):
    value, unit = text.split()
    return float(value) * {"us": 1.0, "ns": 1e-3, "GB/s": 1e3, "kB": 1e3, "B": 1.0}[unit]


def values(group, *keys):
    return [quantity(group[key]) if isinstance(group[key], str) else group[key] for key in keys]


def predicted(written, row):
    """By the models above with the parameters as written."""
    wire = FABRIC_LATENCY if row["nodes"] > 1 else NVLINK_LATENCY
    if row["set"] == "nccl" and row["op"] == "all_to_all":
        p = values(written["nccl"]["pairs"], "ll_base", "simple_base", "round", "share", "small_group_loss", "ll_rate")
        return pair_model([p[0] + wire, p[1] + wire, *p[2:]], row)
    if row["set"] == "nccl":
        rings = written["nccl"]["rings"]
        ll, ll128, simple = ([base, step + wire] for base, step in
                             (values(rings[key], "base", "step") for key in ("ll", "ll128", "simple")))
        p = [*ll, *values(rings, "ll_rate"), *ll128, *values(rings, "ll128_share"), *simple,
             *values(rings, "all_reduce_share", "all_reduce_loss", "all_gather_share", "reduce_scatter_share",
                     "gather_loss")]
        return ring_model(p, dict(row, simple_from=values(rings, "all_reduce_simple_from", "gather_simple_from")))
    if row["set"].startswith("custom"):
        kernel = written["tensorrt_llm_all_reduce" if row["set"] == "custom" else "vllm_all_reduce"]
        p = values(kernel, "one_shot_base", "two_shot_base", "one_shot_share", "two_shot_share")
        return custom_model([p[0] + wire, p[1] + 2 * wire, *p[2:]], row)
    kernel = written["deepep"][f"{row['set'][7:]}_{row['op'][4:]}" + (
        "" if row["set"] == "deepep_low_latency" else "_in_node" if row["nodes"] == 1 else "_across")]
    if row["set"] == "deepep_low_latency":
        if row["nodes"] > 1:
            return low_latency_across([kernel_base + wire for kernel_base in values(kernel, "between_nodes")] +
                                      values(kernel, "fabric_share"), row)
        p = values(dict({"per_sent_byte": 0.0}, **kernel), "base", "per_expert", "per_row_byte", "nvlink_share",
                   "per_sent_byte")
        return low_latency_in_node([p[0] + wire, *p[1:]], row)
    if row["nodes"] > 1:
        p = values(kernel, "base", "fabric_share", "work_per_byte", "filling", "longest_filling")
        return normal_across([p[0] + wire, *p[1:]], row)
    p = values(kernel, "base", "per_row_byte", "nvlink_share", "work_per_token", "work_per_copy", "work_per_byte",
               "filling", "longest_filling")
    return normal_in_node([p[0] + wire, *p[1:]], row)


CLUSTER = {"a100_sxm": "dgx-a100", "h100_sxm": "hgx-h100", "h200_sxm": "hgx-h200", "b200_sxm": "hgx-b200",
           "gb200": "gb200-nvl72"}


def simulated(program, row):
    command = [program, "collective", CLUSTER[row["gpu"]], row["op"], "--gpus", str(row["gpus"]),
               "--implementation", row["set"], "--format", "json"]
    if "bytes" in row:
        command += ["--bytes", str(int(row["bytes"]))]
    else:
        command += [word for key in ("tokens", "hidden", "topk", "experts") for word in (f"--{key}", str(row[key]))]
        command += ["--sms", str(row["sms"])] if row["sms"] else []
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)["time_us"]


def check(folder, program):
    """Every 41st row; a message that a custom kernel leaves to NCCL is NCCL's to model."""
    compared = 0
    for row in measurements(folder)[::41]:
        if row["set"].startswith("custom") and row["bytes"] >= next(
                r[2] for r in custom_ranges(row["set"], row["gpu"]) if row["gpus"] <= r[0]):
            continue
        here = predicted(json.loads((HERE / "gpus" / f"{row['gpu']}.json").read_text()), row)
        there = simulated(program, row)
        if abs(there / here - 1) > 1e-6:
            sys.exit(f"{row}: {here:.6g} us here, {there:.6g} us by the program")
        compared += 1
    print(f"{compared} times agree")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    check(*sys.argv[1:])
