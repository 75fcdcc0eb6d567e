#!/usr/bin/python3
"""Runs every public serving point and writes how far off it is: the tables in public_points.md, errors alone.

  results/04-accuracy/public_points.py [--data FOLDER] [--program FILE] [--cache FOLDER] [--jobs N]

The points stay outside of the project; SWITCHYARD_DATA names the folder. A few minutes on two cores; a second run takes
what is unchanged from the cache.
"""
import argparse
import json
import os

from errors import ordering, percent, table
from points import GENERATION, data_folder, read_points, scenario
from runs import Runs

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.join(HERE, "../..")
ENGINES = os.path.join(ROOT, "sim/cost/engines")


def left_out_table():
    """Errors on what the fits had not seen, as the engine profiles keep them."""
    lines = ["| engine, generation | left out | points | TPOT: mean | bias | TTFT: median | bias | throughput: mean |",
             "|---|---|---|---|---|---|---|---|"]
    for engine in ("vllm", "trtllm", "sglang"):
        with open(os.path.join(ENGINES, engine + ".json")) as file:
            generations = json.load(file)["generations"]
        for generation in generations:
            for row in generation["validated"]:
                name = f"{engine}, {GENERATION[row['gpu']]}" + (" (thin)" if "thin" in generation else "")
                cells = [name, f"{row['model']}, {row['gpu']}", str(row["points"]), percent(row["tpot_error"]),
                         percent(row["tpot_bias"], "+"), percent(row["ttft_error"]), percent(row["ttft_bias"], "+"),
                         percent(row["throughput_error"])]
                lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def page(pairs, left_out):
    plain = [(p, r) for p, r in pairs if not p.outlier]
    waiting = [(p, r) for p, r in plain if p.waits]
    usual = [(p, r) for p, r in plain if not p.waits]
    outliers = [(p, r) for p, r in pairs if p.outlier]
    right, asked = ordering(plain, {p.model for p, _ in plain})
    name = lambda p: f"{p.model} {p.precision}, {p.gpu}, {p.engine}"  # noqa: E731
    return "\n\n".join([
        "# Public serving points: errors\n\nWritten by `results/04-accuracy/public_points.py`; rank: Spearman's. Of points that "
        "were left out of the fit, by `sim/cost/engines/fit.py` (each model by parameters fitted to the others; where there is "
        "one model, each number of GPUs):",
        left_out_table(),
        "With the profiles of `sim/cost/engines` as they are, points that were fitted among them:",
        table(usual, name),
        "TensorRT-LLM's runs whose script makes prompts wait for others, which no scheduler here does (not fitted):",
        table(waiting, name),
        "Runs that imply up to 87 % of fp8's peak beside what others reach (not fitted):",
        table(outliers, name),
        f"Which of two models is faster on the same GPUs, engine, lengths and concurrency, where measured TPOT differs by "
        f"3 %: right {right} of {asked} times. {left_out} points do not fit in memory here and are left out.",
    ]) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default=data_folder())
    parser.add_argument("--program", default=os.path.join(ROOT, "build/release/switchyard"))
    parser.add_argument("--cache", default=os.path.join(ROOT, "build/public_points"))
    parser.add_argument("--jobs", type=int, default=2)
    arguments = parser.parse_args()
    points = read_points(os.path.join(arguments.data, "measured/serving_points.csv"))
    results = Runs(arguments.program, arguments.cache, arguments.jobs).all(
        [scenario(p, os.path.join(ENGINES, p.engine + ".json")) for p in points], progress=True)
    pairs = [(point, result) for point, result in zip(points, results) if result]
    text = page(pairs, len(points) - len(pairs))
    with open(os.path.join(HERE, "public_points.md"), "w") as file:
        file.write(text)
    print(text)


if __name__ == "__main__":
    main()
