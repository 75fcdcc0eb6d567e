#!/usr/bin/env python3
"""Writes the workload presets beside this script from the public traces themselves.

    python3 workloads/presets/fit.py FOLDER

FOLDER holds the traces under the file names of PRESETS below; a trace that is absent keeps its preset.
Lengths become a table of quantiles: fractions 0, 0.5, 0.9, 0.99 and 1, then the segment with the largest error
is halved until the area between the table and the trace's own quantiles is below 0.5 % of the mean. Half a
token is no error.
"""

import csv
import json
import math
import statistics
import sys
from datetime import datetime
from pathlib import Path

CLOSE_ENOUGH = 0.005
FINE = 20000  # steps of the grid on which tables are compared


def mooncake(path):
    rows = [json.loads(line) for line in open(path, encoding="utf-8")]
    return [(r["timestamp"] / 1e3, r["input_length"], r["output_length"]) for r in rows]


def azure(path):
    rows = list(csv.DictReader(open(path, encoding="utf-8")))
    times = [datetime.fromisoformat(r["TIMESTAMP"][:26]) for r in rows]
    return [((t - times[0]).total_seconds(), int(r["ContextTokens"]), int(r["GeneratedTokens"]))
            for t, r in zip(times, rows)]


def columns(prompt, output):
    return lambda path: [(None, int(r[prompt]), int(r[output])) for r in csv.DictReader(open(path, encoding="utf-8"))]


def gaps(times):
    """The coefficient of variation of the gaps between arrivals."""
    distances = [b - a for a, b in zip(times, times[1:])]
    return statistics.pstdev(distances) / statistics.fmean(distances)


def counts(times, window=60.0):
    """The coefficient of variation of gamma gaps whose counts in a window vary as the trace's do: its square
    is the index of dispersion. For traces whose times are rounded to seconds, where gaps say nothing."""
    full = int(times[-1] // window)
    numbers = [0] * full
    for time in times:
        if time < full * window:
            numbers[int(time // window)] += 1
    return math.sqrt(statistics.pvariance(numbers) / statistics.fmean(numbers))


CUT = ("Prompts and outputs are drawn independently, gaps too: what connects a prompt with its output, and how the rate "
       "drifts, only the trace itself has.")
PRESETS = {
    "azure-conv-2023": (
        "azure2023_conv.csv", azure, gaps,
        "chat: one hour of an Azure LLM service, November 2023",
        "Azure LLM inference trace 2023, conversation (github.com/Azure/AzurePublicDataset, "
        "data/AzureLLMInferenceTrace_conv.csv, CC-BY-4.0; Patel et al., Splitwise, ISCA 2024)."),
    "azure-code-2023": (
        "azure2023_code.csv", azure, gaps,
        "code completion: one hour of an Azure LLM service, November 2023, in bursts",
        "Azure LLM inference trace 2023, code (github.com/Azure/AzurePublicDataset, "
        "data/AzureLLMInferenceTrace_code.csv, CC-BY-4.0; Patel et al., Splitwise, ISCA 2024)."),
    "mooncake-conversation": (
        "mooncake_fast25_conversation.jsonl", mooncake, counts,
        "chat with long contexts: one hour of Kimi",
        "Mooncake's conversation trace (github.com/kvcache-ai/Mooncake, FAST25-release/traces, Apache-2.0; Qin et al., "
        "FAST 2025). Times are recorded every 3 s: cv is that of the counts in a minute. Prefixes shared between "
        "prompts are not modelled."),
    "mooncake-synthetic": (
        "mooncake_fast25_synthetic.jsonl", mooncake, None,
        "long contexts of public data sets, mixed",
        "Mooncake's synthetic trace, built from public data sets with Poisson arrivals (github.com/kvcache-ai/Mooncake, "
        "FAST25-release/traces, Apache-2.0; Qin et al., FAST 2025). Prefixes shared between prompts are not modelled."),
    "arxiv-summarization": (
        "vidur_arxiv_summarization_llama2tok.csv", columns("num_prefill_tokens", "num_decode_tokens"), None,
        "summaries of papers, at most 4096 tokens in all; lengths alone",
        "arXiv summarisation in tokens of Llama-2, as Vidur has it (github.com/microsoft/vidur, "
        "data/processed_traces, MIT; Agrawal et al., MLSys 2024)."),
    "lmsys-chat-1m": (
        "apexplus_llama_lmsys_05.csv", columns("prompt_tokens", "output_tokens"), None,
        "chat: short prompts to a public arena; lengths alone",
        "1024 requests of LMSYS-Chat-1M (Zheng et al., ICLR 2024) in tokens of Llama, lengths as APEX+ has them "
        "(github.com/microsoft/apex_plus, traces/llama, MIT)."),
}


def quantile(ordered, share):
    """Linear between order statistics, numpy's default."""
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (place - low) * (ordered[high] - ordered[low])


def table_of(lengths):
    ordered = sorted(lengths)
    fine = [quantile(ordered, i / FINE) for i in range(FINE + 1)]
    wanted = CLOSE_ENOUGH * statistics.fmean(ordered) * FINE

    def error(a, b):
        first, last = round(fine[a]), round(fine[b])
        return sum(max(0.0, abs(fine[i] - first - (last - first) * (i - a) / (b - a)) - 0.5) for i in range(a, b))

    knots = [round(share * FINE) for share in (0, 0.5, 0.9, 0.99, 1)]
    segments = {(a, b): error(a, b) for a, b in zip(knots, knots[1:])}
    while sum(segments.values()) > wanted:
        a, b = max((s for s in segments if s[1] - s[0] > 1), key=segments.get)
        del segments[a, b]
        middle = (a + b) // 2
        segments[a, middle] = error(a, middle)
        segments[middle, b] = error(middle, b)
    ends = sorted({a for a, _ in segments} | {FINE})
    return {f"{i / FINE:.15g}": round(fine[i]) for i in ends}


def text_of(name, requests):
    _, _, spread, description, source = PRESETS[name]
    blocks = {"description": description, "source": source + " " + CUT, "num_requests": len(requests)}
    times = [time for time, _, _ in requests]
    if times[0] is not None:
        arrivals = {"process": "gamma" if spread else "poisson", "rate": round(len(times) / (times[-1] - times[0]), 3)}
        if spread:
            arrivals["cv"] = round(spread(times), 2)
        blocks["arrivals"] = arrivals
    lines = [f'  "{key}": {json.dumps(value, ensure_ascii=False)}' for key, value in blocks.items()]
    for key, lengths in (("prompt_tokens", [p for _, p, _ in requests]), ("output_tokens", [o for _, _, o in requests])):
        table = list(table_of(lengths).items())
        rows = [", ".join(f'"{share}": {tokens}' for share, tokens in table[i:i + 8]) for i in range(0, len(table), 8)]
        lines.append(f'  "{key}": {{"distribution": "quantiles", "tokens_at": {{\n    ' + ",\n    ".join(rows) + "}}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    for name, (file, read, *_) in PRESETS.items():
        path = Path(sys.argv[1]) / file
        if not path.exists():
            print(f"{name}: no {file}, left as it is")
            continue
        text = text_of(name, read(path))
        Path(__file__).with_name(name + ".json").write_text(text, encoding="utf-8")
        print(f"{name}: written")


if __name__ == "__main__":
    main()
