"""What the program generates by a preset, beside what was recorded. Used by fit.py."""

import json
import subprocess
import tempfile
from pathlib import Path

import numpy as np

from recordings import BATCHES, load_cosine, measured

SEEDS = (1, 2, 3, 4)
FIGURES = ("max_over_mean", "entropy_bits", "previous_token_overlap", "first_choice_repeat", "ep8_imbalance")


def generated(program, model, text, depths):
    """Figures as in measured(), and the cosine: mean of SEEDS, at the recorded depths."""
    answers = []
    with tempfile.TemporaryDirectory() as folder:
        preset, scenario = Path(folder) / "preset.json", Path(folder) / "scenario.json"
        preset.write_text(text, encoding="utf-8")
        for seed in SEEDS:
            scenario.write_text(json.dumps({"model": model, "cluster": "hgx-h100", "seed": seed,
                                            "routing": {"preset": str(preset)}}))
            answer = subprocess.run([program, "routing", str(scenario), "--format", "json"], check=True,
                                    capture_output=True, text=True).stdout
            answers.append(json.loads(answer))
    layers = [round(depth * (len(answers[0]["layers"]) - 1)) for depth in depths]
    result = {name: np.mean([[[domain[name] for domain in answer["layers"][layer]["domains"]] for layer in layers]
                             for answer in answers], 0) for name in FIGURES}
    result["distinct_experts"] = np.mean([[answer["layers"][layer]["distinct_experts"] for layer in layers]
                                          for answer in answers], 0)
    return result, float(np.mean([answer["domain_load_cosine"] for answer in answers]))


def row(name, column, real, made):
    error = made / real - 1
    mean = made.mean() / real.mean() - 1
    beyond = f"{(np.abs(error) > 0.1).sum()} of {error.size}"
    worst = error[np.abs(error).argmax()]
    return (f"| {name} | {column} | {real.mean():.4g} | {made.mean():.4g} | {100 * mean:+.1f} % | {beyond} | "
            f"{100 * worst:+.1f} % |")


def table(recording, made, cosine):
    """Means over layers, and how many layers are more than a tenth off."""
    lines = ["| figure | of | recorded | generated | error of the mean | layers beyond 10 % | worst layer |",
             "|---|---|---|---|---|---|---|"]
    for name, real in measured(recording).items():
        columns = [f"batch of {batch}" for batch in BATCHES] if name == "distinct_experts" else recording.domains
        lines += [row(name, column, real[:, i], made[name][:, i]) for i, column in enumerate(columns)]
    real = load_cosine(recording.share)
    error = f"{100 * (cosine / real - 1):+.1f} %"
    return "\n".join(lines + [f"| domain_load_cosine | pairs of domains | {real:.4g} | {cosine:.4g} | {error} | | |"])


def csv_rows(name, recording, made):
    layers = len(recording.depths)
    for figure, values in measured(recording).items():
        columns = BATCHES if figure == "distinct_experts" else recording.domains
        for layer in range(layers):
            for i, column in enumerate(columns):
                yield (f"{name},{recording.layers[layer]},{column},{figure},{values[layer, i]:.5g},"
                       f"{made[figure][layer, i]:.5g}")
