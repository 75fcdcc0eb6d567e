#!/usr/bin/python3
"""Re-creates every table of results/04-accuracy: steps.md, served.md, the first table of operators.md, public_points.md, and what the
engine `reference` keeps of its errors.

  results/04-accuracy/all.py [--build FOLDER] [--data FOLDER]

FOLDER of a build with tests (build/release). Steps, operators and served requests take a minute; public points, which need
the data of SWITCHYARD_DATA, some minutes more. Build again afterwards: the program carries the engine profile.
"""
import argparse
import os
import re
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.join(HERE, "../..")
OF_GPUS = {"h100": "H100", "h200": "H200"}
HEAD = re.compile(r"(\S+)\.(?:csv|json) .* with the (measured|stated) profile$")


def printed(build, test):
    """Blocks of lines of an accuracy test by file and profile."""
    program = os.path.join(build, "tests/accuracy_tests")
    text = subprocess.run([program, test], capture_output=True, text=True, check=True).stdout
    blocks, block = {}, []
    for line in text.splitlines():
        head = HEAD.match(line)
        if head:
            block = blocks[head.groups()] = []
        elif line.strip() and not line.startswith("="):
            block.append(line)
    return blocks


def table(head, rows):
    return "\n".join(["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
                     + ["| " + " | ".join(row) + " |" for row in rows])


def steps_rows(block):
    """Kind of step: rows, mean absolute error, mean error, worst row."""
    found = (re.match(r"(.+?) +(\d+) +(\S+) % +(\S+) % +(\S+) %", line) for line in block)
    return {m[1]: [m[2]] + [f"{number} %" for number in m.groups()[2:]] for m in found if m}


def steps_page(blocks):
    files = sorted({file for file, _ in blocks}, key=lambda name: (len(name), name))
    measured, stated = ({file: steps_rows(blocks[file, profile]) for file in files} for profile in ("measured", "stated"))
    summary = [[f"`{file}.csv`", stated[file]["all"][0], *stated[file]["all"][1:3], *measured[file]["all"][1:3]]
               for file in files]
    parts = [table(["steps", "rows", "stated profile: mean absolute error", "mean error",
                    "measured profile: mean absolute error", "mean error"], summary)]
    columns = ["rows", "mean absolute error", "mean error", "worst row"]
    for names in (("steps_h100", "steps_h200"), ("other_steps_h100", "other_steps_h200"), ("two_gpu_steps_h100",)):
        head = [f"{OF_GPUS[name[-4:]]}: {columns[0]}" if column == columns[0] else column
                for name in names for column in columns]
        kinds = sorted({kind for name in names for kind in measured[name]}, key=lambda kind: (kind == "all", kind))
        rows = [[kind.replace("decode-skew", "decode, skewed routing")]
                + [cell for name in names for cell in measured[name].get(kind, [""] * 4)] for kind in kinds]
        parts.append(f"`{'`, `'.join(name + '.csv' for name in names)}`, measured profiles:\n\n"
                     + table(["model, kind of step", *head], rows))
    return "\n\n".join(parts)


def served_rows(block):
    """Model and rate: errors of TTFT, TPOT and duration."""
    rows = {}
    for line in block:
        if line.count("%") != 3:
            continue
        model, rate, *figures = line.split()
        rows[model, rate] = [f"{figure.rstrip('%')} %" for figure in figures if figure.endswith("%")]
    return rows


def served_page(blocks):
    parts = []
    for title, files in (("Twelve runs", ("serving_h100", "serving_h200")),
                         ("Eight runs of other requests and models", ("other_serving_h100", "other_serving_h200"))):
        rows = []
        for file in files:
            measured, stated = (served_rows(blocks[file, profile]) for profile in ("measured", "stated"))
            rows += [[f"{OF_GPUS[file[-4:]]}, {model}", "all at once" if rate == "0" else f"{rate}/s", *errors,
                      *stated[model, rate]] for (model, rate), errors in measured.items()]
        numbers = [[abs(float(cell.split()[0])) for cell in row[2:]] for row in rows]
        mean = [f"{sum(column) / len(column):.1f} %" for column in zip(*numbers)]
        rows.append(["mean of magnitudes", "", *mean])
        parts.append(f"{title}, signed errors of mean TTFT, mean TPOT and the duration of the whole:\n\n"
                     + table(["GPU, model", "rate", "TTFT", "TPOT", "duration", "stated profile: TTFT", "TPOT", "duration"],
                             rows))
    return "\n\n".join(parts)


def operators_table(blocks):
    operators = {"gemm": "products", "grouped_gemm": "experts' products, uneven loads among them",
                 "prefill_attention": "prefill attention", "decode_attention": "decode attention"}
    rows = []
    for operator, name in operators.items():
        for gpu in OF_GPUS:
            measured, stated = (next(line.replace("%", "").split() for line in blocks[f"operators_{gpu}", profile]
                                     if line.split()[0] == operator) for profile in ("measured", "stated"))
            _, count, median, mean, bias, worst = measured
            rows.append([name, OF_GPUS[gpu], count, f"{median} %, {mean} %", f"{bias} %", f"{worst} %",
                         f"{stated[2]} %, {stated[3]} %", f"{stated[4]} %"])
    return table(["operator", "GPU", "rows", "measured profile: median, mean absolute error", "mean error", "worst row",
                  "stated profile: median, mean absolute error", "mean error"], rows)


def write(name, text):
    with open(os.path.join(HERE, name), "w") as file:
        file.write(text)
    print(f"{name} is written", flush=True)


def renew_operators(blocks):
    with open(os.path.join(HERE, "operators.md")) as file:
        page = file.read()
    begin = page.index("| operator | GPU | rows | measured profile")
    write("operators.md", page[:begin] + operators_table(blocks) + page[page.index("\n\n", begin):])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default=os.path.join(ROOT, "build/release"))
    parser.add_argument("--data", default=os.environ.get("SWITCHYARD_DATA", os.path.join(ROOT, "../shared/data")))
    arguments = parser.parse_args()
    program = ["--program", os.path.join(arguments.build, "switchyard")]
    steps = printed(arguments.build, "Steps of every measured model and kind are within the stated error")
    write("steps.md", "# Steps: every model and kind\n\nOf [README.md](README.md); written by `all.py`.\n\n"
          + steps_page(steps) + "\n")
    served = printed(arguments.build, "Requests served by real GPUs are served alike in simulation")
    write("served.md", "# Served requests: every run\n\nOf [README.md](README.md); written by `all.py`.\n\n"
          + served_page(served) + "\n")
    renew_operators(printed(arguments.build, "Operators of shapes that no profile holds are within the stated error"))
    subprocess.run(["/usr/bin/python3", os.path.join(HERE, "served.py"), *program, "--write"], check=True)
    if not os.path.isdir(os.path.join(arguments.data, "measured")):
        return print(f"public points are left out: no {arguments.data}/measured")
    subprocess.run(["/usr/bin/python3", os.path.join(HERE, "public_points.py"), *program, "--data", arguments.data],
                   check=True)


if __name__ == "__main__":
    main()
