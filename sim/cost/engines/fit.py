#!/usr/bin/python3
"""Fits an engine profile's generations to measured serving points and validates them on what was left out.

  sim/cost/engines/fit.py ENGINE [--data FOLDER] [--program FILE] [--cache FOLDER] [--write]

Few parameters an engine and generation of GPUs (H100 and H200 are one), never one per model or row: host time a step, a
request's way to the scheduler, a kernel's overhead, and what matrix products, grouped products and attention reach beside
the GPU profile's. Gauss-Newton over the program itself: logarithms of errors of TPOT and, at half the weight, TTFT; rows far
off count less; each parameter is held near its stated start, so that what the points do not tell stays as stated.
A round moves none by more than a factor of two.

Validation: each model is left out whole and predicted by parameters fitted to the rest (by the same Jacobian, then run). A
generation with one model leaves out each number of GPUs instead, and is thin. So is an engine of too few points, which borrows another's
times; all of its points are then unseen.
"""
import argparse
import copy
import json
import math
import os
import sys

import numpy

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.join(HERE, "../../..")
sys.path.insert(0, os.path.join(ROOT, "results/04-accuracy"))
from engine_profiles import written  # noqa: E402
from errors import validation_row  # noqa: E402
from points import data_folder, read_points, scenario  # noqa: E402
from runs import Runs, digest  # noqa: E402

GENERATIONS = {"hopper": ["h100_sxm", "h200_sxm", "h800_sxm", "h20"], "blackwell": ["b200_sxm", "b300_sxm", "gb200"]}
# path in the generation, unit, stated start, how far (as a logarithm) it may stray before it costs as much as a whole error
PARAMETERS = [
    (("host_time_per_step",), "us", 1000.0, 1.0),
    (("request_time",), "ms", 20.0, 1.0),
    (("efficiency", "kernel_overhead"), None, 1.0, 0.5),
    (("efficiency", "gemm", "compute"), None, 0.9, 0.3),
    (("efficiency", "grouped_gemm", "compute"), None, 0.8, 0.5),
    (("efficiency", "grouped_gemm", "memory"), None, 1.0, 0.3),
    (("efficiency", "prefill_attention", "compute"), None, 1.0, 0.3),
    (("efficiency", "decode_attention", "memory"), None, 1.0, 0.3),
]
# What is fitted of grouped products belongs to the format of the models that it was fitted to: kernels of other formats are
# others. Those stay as stated: the start, and DeepGEMM's contiguous products of DeepSeek-V3's shapes where the engine takes
# them, 1217 TFLOPS on H800 (github.com/deepseek-ai/DeepGEMM, README of May 2025) beside 38 % of 1979 in the GPU's profile.
EXPERT_FORMAT = {"gpt-oss-120b": "mxfp4", "deepseek-r1": "fp8_block"}
STATED_EXPERTS = {"compute": 0.8}
STATED_FORMATS = {("vllm", "hopper"): {"fp8_block": {"compute": 1.62}}}
STEP = 0.15  # of a logarithm, for the Jacobian
SCALE = 0.3  # an error beyond this counts less and less
TTFT_WEIGHT = 0.5
MOST_POINTS = 10  # of a model that are fitted; validation is on all
BORROWED = {"sglang": "vllm"}  # fitted to one of its two models, the other came out worse than with vLLM's times
MOST_CONCURRENCY = 32  # of a point that is fitted, where a model has such: they take the least time
PRIOR_WEIGHT = 0.05
MOST_CHANGE = 0.7  # of a logarithm, in a round
BOUNDS = (-2.0, 1.5)  # of a parameter's logarithm beside its start
MOST_MEMORY = math.log(1.25)  # grouped products' share of bandwidth is stated as 0.75: no engine reads faster than 0.94 of it


def stated(engine, name, points):
    """What the points do not tell: factors of grouped products, and the format that has them fitted, if any."""
    formats = sorted({EXPERT_FORMAT[point.model] for point in points if point.kind == "moe"})
    assert len(formats) <= 1, "one format's experts an engine and generation"
    return {**STATED_EXPERTS, **STATED_FORMATS.get((engine, name), {})}, formats[0] if formats else None


def generation_of(values, gpus, experts, expert_format):
    """Parameters as a profile states them."""
    generation = {"gpus": gpus, "schedules_ahead": True, "efficiency": {"grouped_gemm": copy.deepcopy(experts)}}
    for (path, unit, _, _), value in zip(PARAMETERS, values):
        if "grouped_gemm" in path:
            if not expert_format:
                continue
            path = (*path[:-1], expert_format, path[-1])
        place = generation
        for key in path[:-1]:
            place = place.setdefault(key, {})
        place[path[-1]] = f"{value:.4g} {unit}" if unit else float(f"{value:.3g}")
    return generation


class Fit:
    """One engine on one generation."""

    def __init__(self, profile, name, gpus, points, runs, folder):
        self.profile, self.gpus, self.points, self.runs, self.folder = profile, gpus, points, runs, folder
        self.stated = stated(profile["name"], name, points)
        self.start = numpy.log([start for _, _, start, _ in PARAMETERS])
        self.width = numpy.array([width for *_, width in PARAMETERS])

    def scenarios(self, logs, points):
        profile = copy.deepcopy(self.profile)
        profile["generations"] = [self.generation(logs)]
        text = json.dumps(profile, sort_keys=True)
        path = os.path.join(self.folder, f"{profile['name']}-{digest(text.encode())}.json")
        with open(path, "w") as file:
            file.write(text)
        return [scenario(point, path) for point in points]

    def generation(self, logs):
        return generation_of(numpy.exp(logs), self.gpus, *self.stated)

    def residuals(self, points, results):
        """Errors as logarithms, TPOT's and TTFT's of each point."""
        rows = []
        for point, result in zip(points, results):
            for key, weight in (("tpot", 1.0), ("ttft", TTFT_WEIGHT)):
                rows.append(weight * math.log(result[key] / getattr(point, key)) if result else 0.0)
        return numpy.array(rows)

    def linearise(self, logs, points):
        batches = [self.scenarios(logs, points)]
        matters = [i for i, (path, *_) in enumerate(PARAMETERS)
                   if "grouped_gemm" not in path or any(point.kind == "moe" for point in points)]
        for i in matters:
            moved = logs.copy()
            moved[i] += STEP
            batches.append(self.scenarios(moved, points))
        results = self.runs.all([one for batch in batches for one in batch])
        n = len(points)
        at = self.residuals(points, results[:n])
        jacobian = numpy.zeros((len(at), len(logs)))
        for batch, i in enumerate(matters, 1):
            jacobian[:, i] = (self.residuals(points, results[n * batch:n * (batch + 1)]) - at) / STEP
        return at, jacobian

    def solve(self, logs, at, jacobian, keep, iterations=4):
        """Robust least squares of the linearised errors: where to go from `logs`."""
        change = numpy.zeros(len(logs))
        prior = math.sqrt(PRIOR_WEIGHT) / self.width
        for _ in range(iterations):
            error = (at + jacobian @ change)[keep]
            weight = (1.0 + (error / SCALE) ** 2) ** -0.5
            a = numpy.vstack([jacobian[keep] * weight[:, None], numpy.diag(prior)])
            b = numpy.concatenate([-at[keep] * weight, prior * (self.start - logs)])
            change = numpy.linalg.lstsq(a, b, rcond=None)[0]
        moved = numpy.clip(logs + numpy.clip(change, -MOST_CHANGE, MOST_CHANGE), self.start + BOUNDS[0], self.start + BOUNDS[1])
        for i, (path, *_) in enumerate(PARAMETERS):
            if path[-1] == "memory":
                moved[i] = min(moved[i], MOST_MEMORY)
        return moved

    def fit(self, rounds):
        fitted = chosen(self.points)
        logs = self.start.copy()
        for step in range(rounds):
            at, jacobian = self.linearise(logs, fitted)
            report(f"round {step}", fitted, at)
            self.last = logs, at, jacobian, fitted
            logs = self.solve(logs, at, jacobian, numpy.ones(len(at), bool))
            print("  " + ", ".join(f"{'.'.join(p[-2:])} {v:.3g}" for (p, *_), v in zip(PARAMETERS, numpy.exp(logs))), flush=True)
        return logs

    def without(self, left_out):
        """Parameters fitted to the points for which left_out is false."""
        logs, at, jacobian, fitted = self.last
        keep = numpy.repeat([not left_out(point) for point in fitted], 2)
        return self.solve(logs, at, jacobian, keep)


def chosen(points):
    """Evenly over the points of each model."""
    result = []
    for model in sorted({point.model for point in points}):
        own = [point for point in points if point.model == model and point.concurrency <= MOST_CONCURRENCY] or points
        most = min(MOST_POINTS, len(own))
        result += [own[i * len(own) // most] for i in range(most)]
    return result


def report(name, points, errors):
    tpot = numpy.abs(numpy.expm1(errors[0::2]))
    ttft = numpy.abs(numpy.expm1(errors[1::2] / TTFT_WEIGHT))
    print(f"{name}: {len(points)} points, TPOT mean {100 * tpot.mean():.1f} %, TTFT median {100 * numpy.median(ttft):.1f} %",
          flush=True)


def validate(fit, points):
    """Of each model (or number of GPUs): errors where it was left out."""
    models = sorted({point.model for point in points})
    by_model = len(models) > 1
    name_of = (lambda point: point.model) if by_model else (lambda point: point.gpus)
    pairs = []
    for name in sorted({name_of(point) for point in points}):
        own = [point for point in points if name_of(point) == name]
        results = fit.runs.all(fit.scenarios(fit.without(lambda point: name_of(point) == name), own))
        pairs += [(point, result) for point, result in zip(own, results) if result]
    return rows_of(pairs), "the model was left out" if by_model else "the number of GPUs was left out"


def rows_of(pairs):
    """A row of errors for each model and GPU."""
    rows = []
    for place in sorted({(point.model, point.gpu) for point, _ in pairs}):
        rows.append(validation_row([(point, result) for point, result in pairs if (point.model, point.gpu) == place]))
        print(rows[-1], flush=True)
    return rows


def fitted(profile, name, gpus, points, runs, arguments):
    """A generation with its errors where it was left out of the fit."""
    fit = Fit(profile, name, gpus, points, runs, arguments.cache)
    logs = fit.fit(arguments.rounds)
    rows, how = validate(fit, points)
    models = sorted({point.model for point in points})
    thin = {"thin": f"one model, {models[0]}"} if len(models) == 1 else {}
    return {**fit.generation(logs), "validation": f"fit.py, {len(points)} public points, each predicted where "
            f"{how}: mean absolute errors, of TTFT the median", **thin, "validated": rows}


def borrowed(profile, lender, points, runs, arguments):
    """The lender's times, and how far off the points of the engine are with them."""
    with open(os.path.join(HERE, lender + ".json")) as file:
        generations = json.load(file)["generations"]
    result = []
    for generation in generations:
        own = [point for point in points if point.gpu in generation["gpus"]]
        if not own:
            continue
        lent = {key: value for key, value in generation.items() if key not in ("validation", "thin", "validated")}
        path = os.path.join(arguments.cache, profile["name"] + "-borrowed.json")
        with open(path, "w") as file:
            json.dump({**profile, "generations": [lent]}, file)
        pairs = [(p, r) for p, r in zip(own, runs.all([scenario(p, path) for p in own])) if r]
        models = sorted({point.model for point in own})
        result.append({**lent, "validation": f"fit.py, {len(own)} public points, none of them fitted to: mean absolute errors, "
                       "of TTFT the median", "thin": f"its times are {lender}'s, set against {len(models)} models",
                       "validated": rows_of(pairs)})
    return result


def fit_engine(arguments):
    path = arguments.profile or os.path.join(HERE, arguments.engine + ".json")
    with open(path) as file:
        profile = json.load(file)
    os.makedirs(arguments.cache, exist_ok=True)
    runs = Runs(arguments.program, os.path.join(arguments.cache, "runs"), arguments.jobs)
    points = [p for p in read_points(os.path.join(arguments.data, "measured/serving_points.csv"))
              if p.engine == arguments.engine and not (p.outlier or p.waits)]
    if arguments.engine in BORROWED:
        profile["generations"] = borrowed(profile, BORROWED[arguments.engine], points, runs, arguments)
        return path, profile
    old = {tuple(generation["gpus"]): generation for generation in profile.get("generations", [])}
    profile["generations"] = []
    for name, gpus in GENERATIONS.items():
        own = [point for point in points if point.generation == name]
        if own and arguments.generation in (None, name):
            profile["generations"].append(fitted(profile, name, gpus, own, runs, arguments))
        elif tuple(gpus) in old:
            profile["generations"].append(old[tuple(gpus)])
    return path, profile


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("engine")
    parser.add_argument("--profile", help="another file than the catalogue's")
    parser.add_argument("--data", default=data_folder())
    parser.add_argument("--program", default=os.path.join(ROOT, "build/release/switchyard"))
    parser.add_argument("--cache", default=os.path.join(ROOT, "build/fit"))
    parser.add_argument("--generation", choices=sorted(GENERATIONS), help="only this one; the others stay")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--write", action="store_true", help="write the profile")
    arguments = parser.parse_args()
    path, profile = fit_engine(arguments)
    if arguments.write:
        with open(path, "w") as file:
            file.write(written(profile))


if __name__ == "__main__":
    main()
