#!/usr/bin/python3
"""The reference server's host time of a decode step, from data/serving_parts_*.json: a line over the padded batch through the
medians of each server, and the mean of the lines. Of eight servers only the time between steps is known; the whole is so many
times that, by batch, as on the four whose loop had a clock. What it takes to launch a graph is added.
"""
import glob
import json
import os
import statistics

DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "data")


def decodes(rows):
    return [row for row in rows if row["kind"] == "decode"]


def line(points):
    x, y = (statistics.mean(column) for column in zip(*points))
    slope = sum((a - x) * (b - y) for a, b in points) / sum((a - x) ** 2 for a, _ in points)
    return y - slope * x, slope


def main():
    files = [json.load(open(path)) for path in sorted(glob.glob(os.path.join(DATA, "serving_parts_*.json")))]
    ratios, launches, lines = {}, [], []
    for file in files:
        for name, model in file["models"].items():
            rows = decodes(model["host"])
            for row in rows:
                ratios.setdefault(row["rows"], []).append(row["host_us"] / row["between_us"])
            launches += [1e3 * (row["single_ms"] - row["queued_ms"]) for row in model["decode"]]
            lines.append((file["device"], name, *line([(row["rows"], row["host_us"]) for row in rows])))
    for file in files:
        for name, rows in file["between_steps_of_other_runs"].items():
            points = [(row["rows"], row["between_us"] * statistics.mean(ratios[row["rows"]]))
                      for row in decodes(rows) if row["rows"] in ratios]
            lines.append((file["device"], name, *line(points)))
    launch = statistics.median(launches)
    for device, name, start, slope in lines:
        print(f"{device:24} {name:16} {start:5.0f} us a step, {slope:4.1f} us a sequence")
    starts, slopes = ([row[i] for row in lines] for i in (2, 3))
    print(f"mean of {len(lines)}: {statistics.mean(starts) + launch:.0f} us a step, {launch:.0f} of them the launch, "
          f"and {statistics.mean(slopes):.1f} us a sequence")


if __name__ == "__main__":
    main()
