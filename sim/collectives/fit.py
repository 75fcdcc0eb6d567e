#!/usr/bin/python3
"""Fits the parameters of collectives to measurements and writes gpus/*.json, which are compiled in.

    /usr/bin/python3 sim/collectives/fit.py ../shared/data/measured/collectives

needs Debian's python3-numpy and python3-scipy. More than a third of the measurements is held out (held_out below)
and never fitted to. The formulas here are those of nccl_rings.cpp, nccl_pairs.cpp, custom_all_reduce.cpp and
deepep_*.cpp: check_fit.py holds the two equal. The table of errors is the program's own:
tests/accuracy/collectives_test.cpp prints it.

Times in microseconds, rates in bytes a microsecond.
"""
import csv
import json
import pathlib
import sys

import numpy as np
from scipy.optimize import least_squares

HERE = pathlib.Path(__file__).parent
# Wires, as topologies/cluster.cpp states them: parameters are of software alone.
NVLINK_LATENCY, FABRIC_LATENCY = 0.6, 2.0
NIC = 50e3
NVLINK = {"a100_sxm": 300e3, "h100_sxm": 450e3, "h200_sxm": 450e3, "b200_sxm": 900e3, "gb200": 900e3}
# GPUs of a generation have the same NVLink and are fitted together.
GENERATION = {"a100_sxm": ["a100_sxm"], **dict.fromkeys(["h100_sxm", "h200_sxm"], ["h100_sxm", "h200_sxm"]),
              **dict.fromkeys(["b200_sxm", "gb200"], ["b200_sxm", "gb200"])}
MULTIPROCESSORS = {"a100_sxm": 108, "h100_sxm": 132, "h200_sxm": 132, "b200_sxm": 148, "gb200": 148}
NAMES = {"A100-SXM": "a100_sxm", "H100-SXM": "h100_sxm", "H200-SXM": "h200_sxm", "B200-SXM": "b200_sxm",
         "GB200": "gb200", "h100": "h100_sxm", "h200": "h200_sxm", "b200": "b200_sxm", "H100": "h100_sxm",
         "B200": "b200_sxm"}

# --- measurements -----------------------------------------------------------------------------------------------


def table(folder, name):
    with open(pathlib.Path(folder) / name, newline="") as file:
        return list(csv.DictReader(file))


def measurements(folder):
    """One dictionary a measurement: what was run, `us`, and whether it is held out."""
    rows = []
    for r in table(folder, "nccl_one_node.csv"):
        rows.append(dict(set="nccl", gpu=NAMES[r["gpu"]], op=r["op"].replace("alltoall", "all_to_all"), nodes=1,
                         gpus=int(r["n_gpus"]), bytes=float(r["bytes"]), us=float(r["latency_us"])))
    for r in table(folder, "trtllm_custom_allreduce.csv"):
        rows.append(dict(set="custom", gpu=NAMES[r["gpu"]], op="all_reduce", nodes=1, gpus=int(r["n_gpus"]),
                         bytes=2.0 * int(r["message_elems"]), us=float(r["latency_us"])))
    for r in table(folder, "vllm_custom_allreduce_h100.csv"):
        if r["kernel_source"] == "vLLM_custom_graph":  # eager launches are the host's time
            rows.append(dict(set="custom_vllm", gpu="h100_sxm", op="all_reduce", nodes=1, gpus=int(r["num_gpus"]),
                             bytes=2.0 * int(r["message_size"]), us=1e3 * float(r["latency_ms"])))
    for kind, name in (("deepep_low_latency", "deepep_low_latency_1_2_nodes.csv"),
                       ("deepep_normal", "deepep_normal_1_2_nodes.csv")):
        for r in table(folder, name):
            for op in ("dispatch", "combine"):
                rows.append(dict(set=kind, gpu=NAMES[r["gpu"]], op="moe_" + op, nodes=int(r["nodes"]),
                                 gpus=8 * int(r["nodes"]), tokens=int(r["tokens_per_rank"]), hidden=int(r["hidden"]),
                                 topk=int(r["topk"]), experts=int(r["experts"]), sms=int(r.get("sms", 0)),
                                 us=float(r[op + "_us"]), notify_us=float(r.get(op + "_notify_us", 0))))
    for row in rows:
        row["held_out"] = held_out(row)
    return rows


def held_out(row):
    """Every fifth size (by power of two), and whole groups: GPUs, shapes and numbers of multiprocessors."""
    size = row.get("bytes", row.get("tokens"))
    if round(np.log2(size)) % 5 == 1:
        return True
    if row["set"] in ("nccl", "custom"):
        return (row["gpu"], row["gpus"]) in (("h200_sxm", 4), ("gb200", 2))
    if row["set"] == "custom_vllm":
        return False
    shape = (row["hidden"], row["topk"], row["experts"])
    return row["sms"] == 16 or shape in ((6144, 8, 256), (4096, 8, 128), (4096, 10, 512), (7168, 6, 384))


# --- models -----------------------------------------------------------------------------------------------------


def minimise(model, rows, start):
    """Positive parameters, relative errors; a few outliers do not pull (soft L1 beyond 5 %)."""
    us = np.array([row["us"] for row in rows])

    def residuals(logs):
        p = np.exp(logs)
        return np.log(np.maximum([model(p, row) for row in rows], 1e-6) / us)

    return np.exp(least_squares(residuals, np.log(start), loss="soft_l1", f_scale=0.05, max_nfev=80).x)


def ring_model(p, row):
    passes = 2 if row["op"] == "all_reduce" else 1
    n, size, nvlink = row["gpus"], row["bytes"], NVLINK[row["gpu"]]
    steps, wire = passes * (n - 1), passes * (n - 1) / n * size
    reached = 1 - p[9 if row["op"] == "all_reduce" else 12] / n
    share = min(p[{"all_reduce": 8, "all_gather": 10, "reduce_scatter": 11}[row["op"]]], 1)
    simple = p[6] + steps * p[7] + wire / (nvlink * share * reached)
    if size >= row["simple_from"][row["op"] != "all_reduce"] * n:
        return simple
    ll = p[0] + steps * p[1] + max(wire / p[2], wire / nvlink / 0.5)
    ll128 = p[3] + steps * p[4] + wire / (nvlink * min(p[5], share) * reached)
    return min(ll, ll128, simple)


def fit_rings(rows):
    best = None
    for of_all_reduce in (0.35e6, 0.6e6, 0.8e6, 1.2e6, 1.7e6):
        for of_gather in (0.35e6, 0.6e6, 0.8e6, 1.2e6, 1.7e6):
            tried = [dict(row, simple_from=(of_all_reduce, of_gather)) for row in rows]
            p = minimise(ring_model, tried, [5, .9, 10e3, 6, 1, .3, 15, 3, .8, .3, .7, .7, .5])
            errors = [abs(np.log(ring_model(p, row) / row["us"])) for row in tried]
            if best is None or np.mean(errors) < best[0]:
                best = (np.mean(errors), p, of_all_reduce, of_gather)
    _, p, of_all_reduce, of_gather = best
    # Between nodes: hops of NCCL's own tuning table (src/graph/tuning.cc, hwLat for the network) less the wire.
    return {
        "ll": protocol(p[0], p[1], 2.7, 5.0), "ll128": protocol(p[3], p[4], 4.0, 8.5),
        "simple": protocol(p[6], p[7], 14.0, 14.0), "ll_rate": rate(p[2]), "ll128_share": number(p[5]),
        "all_reduce_share": number(min(p[8], 1)), "all_gather_share": number(min(p[10], 1)),
        "reduce_scatter_share": number(min(p[11], 1)),
        "all_reduce_loss": number(p[9]), "gather_loss": number(p[12]), "all_reduce_simple_from": f"{of_all_reduce / 1e3:g} kB",
        "gather_simple_from": f"{of_gather / 1e3:g} kB", "fabric_share": 0.94}


def pair_model(p, row):
    n, size = row["gpus"], row["bytes"]
    links = (n - 1) / n * size / (NVLINK[row["gpu"]] * p[3] * (1 - p[4] / n))
    ll = p[0] + (n - 1) * p[2] + max(size / n / p[5], 2 * links)
    return min(ll, p[1] + (n - 1) * p[2] + links)


def fit_pairs(rows):
    base = min(row["us"] for row in rows)
    p = minimise(pair_model, rows, [base, 1.6 * base, .3, .7, .3, 6e3])
    return {"ll_base": time(p[0] - NVLINK_LATENCY), "simple_base": time(p[1] - NVLINK_LATENCY), "round": time(p[2]),
            "ll_rate": rate(p[5]), "share": number(p[3]), "small_group_loss": number(p[4])}


def custom_ranges(kind, gpu):
    """Of a group up to so many GPUs: from which message on two shots, and the first that goes to NCCL."""
    if kind == "custom_vllm":  # csrc/custom_all_reduce.cuh and CustomAllreduce.max_size
        return [(2, 8388608, 8388608), (4, 524288, 8388608), (8, 262144, 8388608)]
    # TensorRT-LLM's HeuristicThresholdLP (customAllReduceUtils.h) in bf16, and its workspace of 8 MB, 16 MB for
    # two GPUs; the runs on B200 stay with the kernels to 16 MiB.
    if gpu in ("b200_sxm", "gb200"):
        return [(2, 33554432, 33554432), (4, 4194304, 33554432), (8, 2097152, 33554432)]
    return [(2, 16000000, 16000000), (4, 2097152, 8000000), (8, 524288, 8000000)]


def custom_model(p, row):
    n, size, nvlink = row["gpus"], row["bytes"], NVLINK[row["gpu"]]
    two_from, _ = next(r[1:] for r in custom_ranges(row["set"], row["gpu"]) if n <= r[0])
    if size < two_from:
        return p[0] + (n - 1) * size / (nvlink * p[2])
    return p[1] + 2 * (n - 1) / n * size / (nvlink * p[3])


def fit_custom(rows, kind, gpu):
    own = [row for row in rows if row["bytes"] < next(r[2] for r in custom_ranges(kind, gpu) if row["gpus"] <= r[0])]
    p = minimise(custom_model, own, [3, 8, .65, .55])
    return {"one_shot_base": time(p[0] - NVLINK_LATENCY), "two_shot_base": time(p[1] - 2 * NVLINK_LATENCY),
            "one_shot_share": number(min(p[2], 1)), "two_shot_share": number(min(p[3], 1)),
            "ranges": [{"gpus": g, "two_shot_from": f"{two} B", "largest": f"{largest} B"}
                       for g, two, largest in custom_ranges(kind, gpu)]}


def distinct(bins, row):
    """Expected number of distinct ranks or nodes that a token's experts are on, drawn uniformly."""
    experts, missed = row["experts"], 1.0
    for i in range(row["topk"]):
        missed *= max(0.0, experts - experts / bins - i) / (experts - i)
    return bins * (1 - missed)


def row_bytes(row):
    hidden = row["hidden"]
    return hidden + hidden / 128 * 4 if row["op"] == "moe_dispatch" else 2.0 * hidden


def low_latency_in_node(p, row):
    size, experts = row_bytes(row), row["experts"]
    links = row["tokens"] * row["topk"] * size * 7 / 8 / (NVLINK[row["gpu"]] * p[3])
    work = row["tokens"] * 2 * row["hidden"] * p[4] / min(experts, MULTIPROCESSORS[row["gpu"]])
    return p[0] + p[1] * experts + p[2] * size + max(links, work if row["op"] == "moe_dispatch" else 0)


def low_latency_across(p, row):
    remote = row["tokens"] * row["topk"] * row_bytes(row) * (row["nodes"] - 1) / row["nodes"]
    return p[0] + remote / (NIC * p[1])


def fit_low_latency(in_node, across):
    p = minimise(low_latency_in_node, in_node, [10, .01, 1e-4, .6, 3e-4])
    q = minimise(low_latency_across, across, [20, .9])
    kernel = {"base": time(p[0] - NVLINK_LATENCY), "per_expert": time(p[1]), "per_row_byte": time(p[2]),
              "between_nodes": time(q[0] - FABRIC_LATENCY), "nvlink_share": number(p[3]), "fabric_share": number(q[1])}
    if in_node[0]["op"] == "moe_dispatch":
        kernel["per_sent_byte"] = time(p[4])
    return kernel


def normal_in_node(p, row):
    copies, size = row["tokens"] * distinct(8, row), row_bytes(row)
    links = copies * 7 / 8 * size / (NVLINK[row["gpu"]] * p[2])
    work = row["tokens"] * p[3] + copies * p[4] + copies * size * p[5]
    transfer = max(links, work / row["sms"])
    return p[0] + p[1] * size + transfer + min((p[6] - 1) * transfer, p[7])


def normal_across(p, row):
    nodes, size = row["nodes"], row_bytes(row)
    to_nodes, to_ranks = (row["tokens"] * distinct(bins, row) * size for bins in (nodes, row["gpus"]))
    transfer = max(to_nodes * (nodes - 1) / nodes / (NIC * p[1]), (to_nodes + to_ranks) * p[2] / row["sms"])
    return p[0] + transfer + min((p[3] - 1) * transfer, p[4])


def fit_normal_in_node(rows):
    p = minimise(normal_in_node, rows, [30, 1e-3, .7, .3, .05, 5e-5, 1.6, 20])
    return {"base": time(p[0] - NVLINK_LATENCY), "per_row_byte": time(p[1]), "nvlink_share": number(min(p[2], 1)),
            "work_per_token": time(p[3]), "work_per_copy": time(p[4]), "work_per_byte": time(p[5]),
            "filling": number(p[6]), "longest_filling": time(p[7])}


def fit_normal_across(dispatch, combine):
    """One share of the NICs' rate for both directions: only dispatch comes near it in these runs."""
    p = minimise(normal_across, dispatch, [27, .9, 6e-5, 1.5, 30])
    q = minimise(lambda q, row: normal_across([q[0], p[1], *q[1:]], row), combine, [48, 7.5e-5, 1.6, 40])
    written = [{"base": time(base - FABRIC_LATENCY), "fabric_share": number(p[1]), "work_per_byte": time(work),
                "filling": number(filling), "longest_filling": time(longest)}
               for base, work, filling, longest in ((p[0], *p[2:]), q)]
    # The kernel before a combine that tells the peers what comes, with as many multiprocessors as engines give: with
    # fewer it waits for the exchange before it. That before a dispatch is in an engine's host_time_per_exchange.
    written[1]["notify"] = time(np.median([row["notify_us"] for row in combine if row["sms"] >= 20]))
    return written


# --- writing ----------------------------------------------------------------------------------------------------


def number(value):
    return float(f"{value:.4g}")


def time(us):
    us = us if us >= 1e-6 else 0.0  # the least that is read: 0.001 ns
    return f"{us:.4g} us" if us >= 0.01 or us == 0 else f"{us * 1e3:.4g} ns"


def rate(bytes_per_us):
    return f"{bytes_per_us / 1e3:.4g} GB/s"


def protocol(base, step, ring_hop, tree_hop):
    return {"base": time(base), "step": time(step - NVLINK_LATENCY), "fabric_step": time(ring_hop - FABRIC_LATENCY),
            "tree_step": time(tree_hop - FABRIC_LATENCY)}


# NVLink SHARP: not in the measurements, which end at 4 GPUs. 8 H100s reach 273 GB/s (nccl-tests issue 212, nccl issue
# 1455: also 258 GB/s of 5, as the (1 + 1/n) S that a link carries wants); with 8 GPUs NCCL takes rings to 1 MB and
# NVLS from 2 MB on (nccl-tests issue 309): its latency is put where the two meet. Blackwell: the shares are in the
# ratio of NCCL's own nvlsEfficiency, 0.74 : 0.85 (tuning.cc): 8 B200s 831 GB/s, as 8 GPUs of two GB200 trays reach
# 811 (lixueduan.com/posts/ai/13-gb200-mnnvl-nccl-test); GB200: 72 GPUs reach 425 GB/s (coreweave/nccl-tests pull
# request 43). Between nodes: 16 H20s take 46.3 us (nccl issue 1244), so a step of the tree 8; the share is that of
# tuning.cc's perChMaxNVLSTreeBws, 57.7 and 96 GB/s of bus bandwidth for each of 8 channels of two nodes, beside NVLS
# in one node.
NVLS = {"h100_sxm": ("29 us", 0.682, "6 us", 0.9), "h200_sxm": ("29 us", 0.682, "6 us", 0.9),
        "b200_sxm": ("29 us", 0.594, "6 us", 0.86), "gb200": ("29 us", 0.479, "6 us", 0.86)}
LENT = {"custom": {"a100_sxm": "h100_sxm", "h200_sxm": "h100_sxm", "gb200": "b200_sxm"},
        "deepep": {"a100_sxm": "h100_sxm", "h200_sxm": "h100_sxm", "gb200": "b200_sxm"}}


def fit_deepep(rows, gpu):
    def some(kind, op, nodes, of):
        return [r for r in rows if (r["set"], r["op"], r["nodes"], r["gpu"]) == (kind, op, nodes, of)]

    fitted = {"normal_sms": 20}
    for op in ("dispatch", "combine"):
        fitted["low_latency_" + op] = fit_low_latency(some("deepep_low_latency", "moe_" + op, 1, gpu),
                                                      some("deepep_low_latency", "moe_" + op, 2, "h100_sxm"))
        fitted[f"normal_{op}_in_node"] = fit_normal_in_node(some("deepep_normal", "moe_" + op, 1, gpu))
    fitted["normal_dispatch_across"], fitted["normal_combine_across"] = fit_normal_across(
        *(some("deepep_normal", "moe_" + op, 2, "h100_sxm") for op in ("dispatch", "combine")))
    return fitted


def lent(gpu):
    """Whose kernels these are, where they are of another generation."""
    measured = {"lent_in_node": LENT["deepep"].get(gpu, gpu), "lent_between_nodes": "h100_sxm"}
    return {key: of for key, of in measured.items() if of not in GENERATION[gpu]}


def source(gpu):
    text = f"NCCL on 2 and 4 GPUs of {' and '.join(GENERATION[gpu])}, as published with NVIDIA's AIConfigurator "
    text += "(Apache-2.0), fitted by fit.py; TensorRT-LLM's kernel on 2 and 4 GPUs of "
    text += ("b200_sxm" if "b200_sxm" in GENERATION[gpu] else "h100_sxm and h200_sxm")
    text += "; vLLM's kernel on 2 and 4 GPUs of h100_sxm"
    of = LENT["deepep"].get(gpu, gpu)
    text += f"; DeepEP on 8 GPUs of {of}, between nodes on 16 GPUs of h100_sxm"
    text += "; NCCL between nodes: hops of its tuning.cc, 47 of 50 GB/s a NIC (nccl-tests issue 290)"
    if gpu in NVLS:
        text += "; NVLink SHARP: nccl-tests issues 212 and 309, nccl issues 1244 and 1455, tuning.cc" + {
            "b200_sxm": ", scaled by tuning.cc's nvlsEfficiency", "gb200": ", coreweave/nccl-tests 43"}.get(gpu, "")
    return text


def main(folder):
    rows = [row for row in measurements(folder) if not row["held_out"]]
    vllm = fit_custom([r for r in rows if r["set"] == "custom_vllm"], "custom_vllm", "h100_sxm")
    custom = {gpu: fit_custom([r for r in rows if r["set"] == "custom" and r["gpu"] in GENERATION[gpu]], "custom", gpu)
              for gpu in ("h100_sxm", "b200_sxm")}
    deepep = {gpu: fit_deepep(rows, gpu) for gpu in ("h100_sxm", "b200_sxm")}
    for gpu in NVLINK:
        nccl = [r for r in rows if r["set"] == "nccl" and r["gpu"] in GENERATION[gpu]]
        fitted = {"rings": fit_rings([r for r in nccl if r["op"] != "all_to_all"]),
                  "pairs": fit_pairs([r for r in nccl if r["op"] == "all_to_all"])}
        if gpu in NVLS:
            fitted["nvls"] = dict(zip(("base", "share", "tree_step", "tree_share"), NVLS[gpu]))
        written = {"source": source(gpu), "nccl": fitted,
                   "tensorrt_llm_all_reduce": custom[LENT["custom"].get(gpu, gpu)],
                   "vllm_all_reduce": vllm,
                   "deepep": {"multiprocessors": MULTIPROCESSORS[gpu], **lent(gpu), **deepep[LENT["deepep"].get(gpu, gpu)]}}
        (HERE / "gpus" / f"{gpu}.json").write_text(json.dumps(written, indent=2) + "\n")
        print("wrote", f"gpus/{gpu}.json", flush=True)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
