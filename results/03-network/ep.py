"""Writes data/all_to_all.csv, data/eplb.csv, data/kernels.csv and data/turns.csv: what expert parallelism costs
DeepSeek-V3.

Usage: python3 ep.py PROGRAM

all_to_all.csv: time of one layer's dispatch and combine, mean over the MoE layers of a step, by cluster, kernels, routing
and number of ranks. eplb.csv: rows and busy links of each of 64 ranks with EPLB and without. kernels.csv: decode steps
with the normal and the low-latency kernels. turns.csv: steps with and without enable_dbo. Everything is an answer of
`switchyard step`.
"""
import csv
import json
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).parent
H100 = {"base": "hgx-h100"}
THIN = {"base": "hgx-h100", "name": "hgx-h100, 2:1", "fabric": {"oversubscription": 2}}
NVL72 = {"base": "gb200-nvl72", "name": "gb200-nvl72, 64 GPUs of each rack", "gpus_per_node": 64,
         "fabric": {"nics_per_node": 64}}


def step(program, ranks, cluster, deployment, settings, query):
    gpus_per_node = cluster.get("gpus_per_node", 8)
    scenario = {"model": "deepseek-v3", "cluster": {**cluster, "nodes": -(-ranks // gpus_per_node)},
                "deployment": {"data_parallel_size": ranks, "enable_expert_parallel": True, **deployment},
                "engine": {"max_model_len": 16384, "max_num_batched_tokens": 16384}}
    path = HERE / "data" / "scenario.json"
    path.write_text(json.dumps(scenario))
    try:
        command = [program, "step", str(path), "--format", "json", *query]
        for setting in settings:
            command += ["--set", setting]
        return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    finally:
        path.unlink()


def exchange_us(answer, direction):
    times = [entry["ms"] * 1e3 for entry in answer["timetable"] if entry["operator"] == direction]
    return sum(times) / len(times)


def balanced(ranks):
    """EPLB with the fewest replicas, from 32 on, that the ranks can share."""
    return {"enable_eplb": True, "num_redundant_experts": max(32, ranks)}


def write(name, rows):
    with open(HERE / "data" / name, "w", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys(), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def all_to_all(program):
    # Five MoE layers, so that eight GPUs hold the experts; the profile `reference` hides nothing: the whole time shows.
    settings = ["/model_overrides/num_hidden_layers=8", "/engine/profile=reference"]
    rows = []
    for kernels, query in (("deepep_low_latency", ["--decode", "128", "--context", "4096"]),
                           ("deepep_normal", ["--prefill", "4096"])):
        for name, cluster in (("H100, 400 Gb/s", H100), ("H100, 400 Gb/s, 2:1", THIN), ("GB200 NVL72", NVL72)):
            for routing, mode, eplb in (("even", "balanced", False), ("skewed", "bank", False),
                                        ("skewed, EPLB", "bank", True)):
                for ranks in (8, 16, 32, 64, 128, 256):
                    deployment = {"all2all_backend": kernels, **(balanced(ranks) if eplb else {})}
                    answer = step(program, ranks, cluster, deployment, settings + [f"/routing/mode={mode}"], query)
                    busiest = answer["expert_parallel"]["busiest_link"]
                    dispatch, combine = exchange_us(answer, "dispatch"), exchange_us(answer, "combine")
                    rows.append({"kernels": kernels, "cluster": name, "routing": routing, "ranks": ranks,
                                 "dispatch_us": f"{dispatch:.1f}", "combine_us": f"{combine:.1f}",
                                 "sum_us": f"{dispatch + combine:.1f}", "busiest_link": busiest["kind"],
                                 "system": f"{name}, {routing}"})
    write("all_to_all.csv", rows)


def eplb(program):
    deployment = {"all2all_backend": "deepep_low_latency", **balanced(64)}
    answer = step(program, 64, H100, deployment, [], ["--decode", "128", "--context", "4096"])["expert_parallel"]
    rows = []
    for name, figures in (("linear", answer["without_eplb"]), ("EPLB", answer)):
        for rank, (load, links) in enumerate(zip(figures["rank_rows"], figures["link_busy_ms"])):
            rows.append({"placement": name, "rank": rank, "rows": f"{load:.1f}",
                         **{f"{key}_ms": f"{links[key]:.3f}"
                            for key in ("in_node_out", "in_node_in", "fabric_out", "fabric_in")}})
    write("eplb.csv", rows)
    keys = ("step_ms", "lost_to_imbalance_ms", "exposed_communication_ms", "hidden_communication_ms",
            "rank_imbalance")
    write("eplb_step.csv", [{"placement": name, **{key: f"{figures[key]:.3f}" for key in keys},
                             "busiest_link": figures["busiest_link"]["link"],
                             "busy_ms": f"{figures['busiest_link']['busy_ms']:.3f}"}
                            for name, figures in (("linear", answer["without_eplb"]), ("EPLB", answer))])


def kernels(program):
    rows = []
    for load, deployment, settings in (("in order", {}, []), ("EPLB", balanced(64), []),
                                       ("even", {}, ["/routing/mode=balanced"])):
        for name in ("deepep_low_latency", "deepep_normal"):
            answer = step(program, 64, H100, {"all2all_backend": name, **deployment}, settings,
                          ["--decode", "64", "--context", "4096"])
            rows.append({"experts": load, "kernels": name, "step_ms": f"{answer['step_ms']:.3f}",
                         "communication_ms": f"{answer['breakdown_ms']['communication']:.3f}"})
    write("kernels.csv", rows)


def turns(program):
    """The published deployments: decode on nine nodes with 32 replicas, prefill on four (LMSYS, 2025-05-05)."""
    cases = [("decode, EP72", 72, "deepep_low_latency", tokens, ["--decode", str(tokens), "--context", "2000"])
             for tokens in (16, 32, 64, 96, 128, 192, 256, 384)]
    cases += [("prefill, EP32", 32, "deepep_normal", tokens, ["--prefill", str(tokens)])
              for tokens in (256, 512, 1024, 2048, 4096, 8192)]
    rows = []
    for name, ranks, kernels, tokens, query in cases:
        deployment = {"all2all_backend": kernels, "enable_eplb": True, "num_redundant_experts": 32}
        thresholds = ["/deployment/dbo_decode_token_threshold=2", "/deployment/dbo_prefill_token_threshold=2"]
        one = step(program, ranks, H100, deployment, [], query)["step_ms"]
        two = step(program, ranks, H100, {**deployment, "enable_dbo": True}, thresholds, query)["step_ms"]
        rows.append({"case": name, "tokens": tokens, "one_batch_ms": f"{one:.3f}", "two_halves_ms": f"{two:.3f}",
                     "gain_percent": f"{100 * (one / two - 1):.1f}"})
    write("turns.csv", rows)


def main():
    program = sys.argv[1]
    (HERE / "data").mkdir(exist_ok=True)
    for study in (all_to_all, eplb, kernels, turns):
        study(program)


main()
