"""Errors of predicted times, and tables of them. Times are in milliseconds."""
import numpy
from scipy import stats

MEAN_OF_NOMINAL = 0.9  # the harness draws lengths uniformly from 0.8 to 1.0 of the nominal


def relative(predicted, measured):
    return numpy.asarray(predicted) / numpy.asarray(measured) - 1.0


def figures(predicted, measured):
    """Mean and median absolute error, mean error, rank correlation."""
    error = relative(predicted, measured)
    rank = stats.spearmanr(predicted, measured).correlation if len(error) > 2 else float("nan")
    return {
        "mean": float(numpy.mean(numpy.abs(error))),
        "median": float(numpy.median(numpy.abs(error))),
        "bias": float(numpy.mean(error)),
        "rank": float(rank),
    }


def throughput(point, times):
    """Output tokens a second of a closed loop by Little's law: what the public points leave out."""
    tokens = MEAN_OF_NOMINAL * point.osl
    return 1e3 * point.concurrency * tokens / (times["ttft"] + (tokens - 1.0) * times["tpot"])


def validation_row(pairs):
    """`pairs` of one model and GPU as a row of an engine profile's `validated`; errors are shares."""
    first = pairs[0][0]
    tpot = figures([r["tpot"] for _, r in pairs], [p.tpot for p, _ in pairs])
    ttft = figures([r["ttft"] for _, r in pairs], [p.ttft for p, _ in pairs])
    rate = figures([throughput(p, r) for p, r in pairs],
                   [throughput(p, {"ttft": p.ttft, "tpot": p.tpot}) for p, _ in pairs])
    return {"model": first.model, "gpu": first.gpu, "kind": first.kind, "points": len(pairs),
            "most_gpus": max(p.gpus for p, _ in pairs), "tpot_error": round(tpot["mean"], 3),
            "ttft_error": round(ttft["median"], 3), "throughput_error": round(rate["mean"], 3),
            "tpot_bias": round(tpot["bias"], 3), "ttft_bias": round(ttft["bias"], 3)}


def percent(value, sign=""):
    return f"{100.0 * value:{sign}.1f} %"


def row(name, pairs):
    """`pairs`: (point, prediction). A line of the table."""
    cells = [name, str(len(pairs))]
    for key in ("tpot", "ttft"):
        found = figures([run[key] for _, run in pairs], [getattr(point, key) for point, _ in pairs])
        cells += [percent(found["mean"]), percent(found["median"]), percent(found["bias"], "+"), f"{found['rank']:.3f}"]
    return "| " + " | ".join(cells) + " |"


HEADER = """| model, GPU, engine | points | TPOT: mean | median | bias | rank | TTFT: mean | median | bias | rank |
|---|---|---|---|---|---|---|---|---|---|"""


def table(pairs, key):
    groups = {}
    for point, run in pairs:
        groups.setdefault(key(point), []).append((point, run))
    lines = [HEADER] + [row(name, groups[name]) for name in sorted(groups)]
    return "\n".join(lines + [row("all", pairs)])


def ordering(pairs, models, least=0.03):
    """Which of two models is faster: share of right answers where silicon differs by `least`, and the number asked.

    Two points are set beside each other when GPU, engine, number of GPUs, lengths and concurrency are the same.
    """
    right, asked = 0, 0
    groups = {}
    for point, run in pairs:
        where = (point.gpu, point.engine, point.gpus, point.isl, point.osl, point.concurrency)
        groups.setdefault(where, []).append((point, run))
    for group in groups.values():
        for i, (a, run_a) in enumerate(group):
            for b, run_b in group[:i]:
                if a.model == b.model or {a.model, b.model} - set(models):
                    continue
                if max(a.tpot, b.tpot) < (1.0 + least) * min(a.tpot, b.tpot):
                    continue
                asked += 1
                right += (a.tpot < b.tpot) == (run_a["tpot"] < run_b["tpot"])
    return right, asked
