"""Writes data/routed.csv: wall_s of runs whose tokens are routed by a bank and of the same runs with uniform draws.

Usage: python3 routed.py PROGRAM [RUNS]   the modes alternate; the median of RUNS (5) runs of each is kept.
"""
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).parent
MODES = ["uniform", "bank"]
CASES = [
    ("mixtral-8x7b", "8 H100: dp 8, ep 8", []),
    ("mixtral-8x7b", "2 H100: tp 2", ["/deployment={\"tensor_parallel_size\": 2}"]),
    ("deepseek-v3", "32 H100: dp 32, ep 32", []),
    ("deepseek-v3", "32 H100: dp 32, ep 32, pairwise", ["/deployment/all2all_backend=pairwise"]),
]


def summary_of(program, scenario, settings):
    with tempfile.TemporaryDirectory() as folder:
        command = [program, "run", str(scenario), "--out", folder]
        for setting in settings:
            command += ["--set", setting]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        return json.loads((pathlib.Path(folder) / "summary.json").read_text())


def main():
    program, runs = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 5
    rows = ["model,deployment,mode,steps,wall_s,bank_s"]
    for model, deployment, settings in CASES:
        walls = {mode: [] for mode in MODES}
        banks = {mode: [] for mode in MODES}
        steps = {}
        for _ in range(runs):
            for mode in MODES:
                summary = summary_of(program, HERE / f"{model}.json", settings + [f"/routing/mode={mode}"])
                walls[mode].append(summary["wall_s"])
                banks[mode].append(summary["bank_s"])
                steps[mode] = summary["steps"]
        for mode in MODES:
            rows.append(f'{model},"{deployment}",{mode},{steps[mode]},{statistics.median(walls[mode]):.3f},'
                        f"{statistics.median(banks[mode]):.3f}")
    (HERE / "data" / "routed.csv").write_text("\n".join(rows) + "\n")


main()
