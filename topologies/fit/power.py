#!/usr/bin/python3
"""Fits a GPU's power (topologies/power.hpp) to what topologies/profiler/measure_power.py measured, and judges the fit on work
left out of it: whole layers, as serving has them.

    /usr/bin/python3 topologies/fit/power.py [--write]

    P = TDP x min(1, idle + active + compute x FLOP/s / peak + memory x B/s / bandwidth)

idle is read off: nothing runs, but the clocks are those of work. The other three are fitted to all cases but whole layers and
small kernels, whose data stay in the L2: what the L2 draws has no term, and counts as active. --write puts the shares into
topologies/gpus.
"""
import json
import pathlib
import re
import sys

import numpy as np
from scipy.optimize import least_squares

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
DATA = ROOT / "results" / "04-accuracy" / "data"
UNITS = {"W": 1.0, "GB/s": 1e9, "TB/s": 1e12, "TFLOPS": 1e12}


def quantity(text):
    number, unit = text.split()
    return float(number) * UNITS[unit]


class Measured:
    """The rows of one GPU, in shares of its datasheet."""

    def __init__(self, gpu):
        self.file = ROOT / "topologies" / "gpus" / f"{gpu}.json"
        sheet = json.loads(self.file.read_text())
        self.result = json.loads((DATA / f"power_{gpu}.json").read_text())
        self.tdp, bandwidth = quantity(sheet["tdp"]), quantity(sheet["memory_bandwidth"])
        self.rows = []
        for row in self.result["rows"]:
            peak = quantity(sheet["peak"]["fp8" if "fp8" in row["case"] else "bf16"])
            self.rows.append((row["case"], row["watts"] / self.tdp, row["flops_per_s"] / peak,
                              row["bytes_per_s"] / bandwidth))

    def of(self, *starts):
        return [row for row in self.rows if row[0].startswith(starts)]


def power(idle, active, compute, memory, rows):
    f, b = (np.array([row[i] for row in rows]) for i in (2, 3))
    return np.minimum(1.0, idle + active + compute * f + memory * b)


def fit(measured):
    idle = measured.of("idle between steps")[0][1]
    rows = measured.of("gemm", "copy", "read", "silu", "decode", "prefill")
    watts = np.array([row[1] for row in rows])
    shares = least_squares(lambda p: power(idle, *p, rows) - watts, (0.05, 1.0, 0.6), bounds=(0.0, 2.0)).x
    return tuple(round(float(share), 3) for share in (idle, *shares))


def errors(measured, shares, rows):
    off = (power(*shares, rows) - np.array([row[1] for row in rows])) * measured.tdp
    return off, 100.0 * off / (np.array([row[1] for row in rows]) * measured.tdp)


def summary(name, measured, shares, rows):
    watts, percent = errors(measured, shares, rows)
    print(f"  {name}: {len(rows)} cases, mean magnitude {np.mean(np.abs(watts)):.0f} W ({np.mean(np.abs(percent)):.1f} %), "
          f"mean {np.mean(watts):+.0f} W, worst {max(watts, key=abs):+.0f} W")


def write(gpu, measured, shares):
    result = measured.result
    source = (f"Measured by topologies/profiler/measure_power.py on {result['device']}, driver {result['driver']}, "
              f"{result['date']}, and fitted by topologies/fit/power.py")
    names = ("idle", "active", "compute", "memory")
    member = {"source": source, "measured_on": gpu, **dict(zip(names, shares))}
    line = f'  "power": {json.dumps(member)},\n'
    text = re.sub(r'  "power": .*\n', "", measured.file.read_text())
    measured.file.write_text(re.sub(r'(  "tdp": .*\n)', lambda tdp: tdp.group(1) + line, text))


def main():
    for gpu in ("h100_sxm", "h200_sxm"):
        measured = Measured(gpu)
        shares = fit(measured)
        print(f"{gpu}: idle {shares[0]}, active {shares[1]}, compute {shares[2]}, memory {shares[3]}")
        summary("fitted", measured, shares, measured.of("gemm", "copy", "read", "silu", "decode", "prefill"))
        layers = measured.of("layer")
        summary("left out, whole layers", measured, shares, layers)
        for row, watts in zip(layers, errors(measured, shares, layers)[0]):
            print(f"    {row[0]:26s} {row[1] * measured.tdp:4.0f} W, model {watts:+4.0f} W")
        summary("left out, kernels in the L2", measured, shares, measured.of("small"))
        if "--write" in sys.argv:
            write(gpu, measured, shares)


if __name__ == "__main__":
    main()
