#!/usr/bin/env python3
"""Plans chat, code and summarisation traffic on 8, 16 and 64 GPUs, and keeps who wins where.

  python3 results/07-plan/plan.py build/release/switchyard [TRAFFIC GPUS]

Writes data/wins.csv (a row a traffic, budget and model, best first), data/by_gpu.csv (the same, a row a GPU type), data/crossover.csv
(which model needs least, by demand), data/frontier.csv and data/map.csv (the figure's). Whole answers, with report.html, go to
build/plan/TRAFFIC-GPUS.
"""
import csv
import json
import pathlib
import shutil
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
ANSWERS = HERE.parents[1] / "build/plan"
BUDGETS = (64, 16, 8)  # the smaller take what the larger have simulated from their journal
MODELS = ["llama-3.1-70b", "qwen3-32b", "qwen3-30b-a3b", "gpt-oss-120b", "snowflake-arctic"]
GPUS = ["h100_sxm", "h200_sxm", "b200_sxm"]
TRAFFIC = {
    "chat": ({"preset": "azure-conv-2023", "arrivals": {"process": "poisson", "rate": 1}}, {"ttft_p99": "2 s", "tpot_p99": "50 ms"}),
    "code": ({"preset": "azure-code-2023", "arrivals": {"process": "poisson", "rate": 1}}, {"ttft_p99": "1 s", "tpot_p99": "30 ms"}),
    "summarisation": ({"arrivals": {"process": "poisson", "rate": 1},
                       "prompt_tokens": {"distribution": "lognormal", "mean": 6000, "cv": 0.6, "max": 16000},
                       "output_tokens": {"distribution": "lognormal", "mean": 250, "cv": 0.5, "max": 1000}},
                      {"ttft_p99": "5 s", "tpot_p99": "50 ms"}),
}
FIGURES = ["model", "kind", "gpu", "gpus", "layout", "precision", "goodput_requests_per_s", "usd_per_hour",
           "usd_per_million_output_tokens", "energy_per_output_token_j", "tokens_per_s_per_gpu", "tokens_per_s_per_user", "error",
           "ties_with_best"]


def study(traffic, gpus):
    workload, slo = TRAFFIC[traffic]
    return {"title": f"{traffic} on {gpus} GPUs", "models": MODELS, "gpus": GPUS, "budget": {"gpus": gpus}, "workload": workload,
            "slo": slo, "objective": "maximise_goodput", "engine": {"max_model_len": 20000}}


def answer(program, traffic, gpus):
    folder = ANSWERS / f"{traffic}-{gpus}"
    folder.mkdir(parents=True, exist_ok=True)
    larger = ANSWERS / f"{traffic}-64" / "journal.jsonl"
    if gpus < 64 and larger.exists():
        shutil.copy(larger, folder)
    path = folder / "asked.json"
    path.write_text(json.dumps(study(traffic, gpus), indent=2))
    began = time.monotonic()
    subprocess.run([program, "plan", str(path), "--out", str(folder)], check=True, stdout=subprocess.DEVNULL)
    print(f"{traffic}, {gpus} GPUs: {time.monotonic() - began:.0f} s", flush=True)
    return json.loads((folder / "plan.json").read_text())


def write(name, rows):
    with open(HERE / "data" / name, "w", newline="") as file:
        table = csv.DictWriter(file, rows[0].keys(), lineterminator="\n")
        table.writeheader()
        table.writerows({key: f"{value:.4g}" if isinstance(value, float) else value for key, value in row.items()} for row in rows)


def best_of(winners, kind):
    """Goodput of the best model of a kind; 0 when none meets the SLO."""
    return max((winner["goodput_requests_per_s"] for winner in winners if winner["kind"] == kind), default=0.0)


def rate(value):
    return f"{value:.3g}" if value < 1000 else f"{value:.0f}"


def text_of(winners):
    """A cell of the map: the winner, where, and how it stands to the best of the other kinds."""
    best = winners[0]
    lines = [best["model"], f"{best['gpu']}, {best['layout']}", f"{rate(best['goodput_requests_per_s'])} requests/s"]
    dense = best_of(winners, "dense")
    if best["kind"] != "dense" and dense > 0:
        lines.append(f"{best['goodput_requests_per_s'] / dense:.2g} x the best dense model")
    return "\n".join(lines)


def main():
    program = sys.argv[1]
    cases = [(traffic, gpus) for traffic in TRAFFIC for gpus in BUDGETS]
    if len(sys.argv) > 2:
        cases = [(sys.argv[2], int(sys.argv[3]))]
    wins, by_gpu, crossover, frontier, cells = [], [], [], [], []
    for traffic, gpus in cases:
        plan = answer(program, traffic, gpus)
        place = {"traffic": traffic, "budget_gpus": gpus}
        winners = plan["winners"]
        wins += [{**place, **{key: winner.get(key) for key in FIGURES}} for winner in winners]
        by_gpu += [{**place, "model": row["model"], "kind": row["kind"], "gpu": row["gpu"], "verdict": row["verdict"],
                    "layout": (row["deployment"] or {}).get("layout"),
                    "goodput_requests_per_s": (row["deployment"] or {}).get("goodput_requests_per_s")} for row in plan["by_gpu"]]
        crossover += [{**place, "compared": plan["crossover"]["objective_label"], **segment} for segment in plan["crossover"]["segments"]]
        frontier += [{**place, "model": series["model"], "kind": series["kind"], **point} for series in plan["frontier"]
                     for point in series["points"]]
        if winners:
            cells.append({**place, "winner": winners[0]["model"], "kind": winners[0]["kind"], "gpu": winners[0]["gpu"],
                          "text": text_of(winners),
                          "best_dense": best_of(winners, "dense"), "best_moe": best_of(winners, "moe"),
                          "best_hybrid": best_of(winners, "hybrid")})
    cells.sort(key=lambda cell: cell["budget_gpus"])
    for name, rows in (("wins.csv", wins), ("by_gpu.csv", by_gpu), ("crossover.csv", crossover), ("frontier.csv", frontier),
                       ("map.csv", cells)):
        if rows and len(cases) > 1:
            write(name, rows)


main()
