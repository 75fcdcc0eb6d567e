#!/usr/bin/env python3
"""Writes the workload presets beside this script from the public traces themselves.

    python3 workloads/presets/fit.py FOLDER

FOLDER holds the traces under the file names of PRESETS below; a trace that is absent keeps its preset.
Where only statistics of a trace are published (STATISTICS below) the table goes through them, see table_through.
Lengths of a trace become a table of quantiles: fractions 0, 0.5, 0.9, 0.99 and 1, then the segment with the largest error
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


MODELLED = ("Modelled: straight lines up to the median, above it growth by one exponent that gives the published mean. "
            "Prompts and outputs are drawn independently, gaps too.")
BURSTGPT = ("Wang et al., BurstGPT, arXiv 2401.17644; github.com/HPMLL/BurstGPT, BurstGPT_3.csv, 110 days of an Azure "
            "OpenAI region, CC-BY-4.0. Known, computed from the file by others, are mean, median, 90 and 99 % of {rows} rows, {failed} % of them failures "
            "without an answer, left out here as rows of no tokens; the whole file's longest prompt{longest} and its "
            "longest answer; the rate; and the median cv of gaps in windows of 5 minutes. ")
# What is published of a trace that is not at hand. failed: the share of rows that count as zeros in the statistics.
STATISTICS = {
    "burstgpt": {
        "description": "requests through an API to GPT-3.5 and GPT-4, 95 % of BurstGPT: short answers, in bursts",
        "source": BURSTGPT.format(rows="5,110,404", failed="7.56", longest=""),
        "num_requests": 45000, "arrivals": {"process": "gamma", "rate": 0.497, "cv": 1.5}, "failed": 0.0756,
        "prompt_tokens": ({0: 1, 0.5: 326, 0.9: 794, 0.99: 3141, 1: 125591}, 457),
        "output_tokens": ({0: 1, 0.5: 14, 0.9: 111, 0.99: 804, 1: 5383}, 68.9)},
    "burstgpt-conversation": {
        "description": "chat with GPT-3.5 and GPT-4: the conversations of BurstGPT",
        "source": BURSTGPT.format(rows="233,617", failed="0.79", longest=" of a conversation"),
        "num_requests": 15000, "arrivals": {"process": "gamma", "rate": 0.0244, "cv": 0.92}, "failed": 0.0079,
        "prompt_tokens": ({0: 1, 0.5: 517, 0.9: 2354, 0.99: 5630, 1: 71197}, 953),
        "output_tokens": ({0: 1, 0.5: 187, 0.9: 669, 0.99: 1067, 1: 5383}, 272)},
    "mooncake-toolagent": {
        "description": "tools and agents with long contexts and short answers: one hour of Kimi",
        "source": "Mooncake's toolagent trace (github.com/kvcache-ai/Mooncake, FAST25-release/traces, Apache-2.0; Qin et "
                  "al., FAST 2025: 23,608 requests, 8,596 and 182 tokens on average). Known besides, computed "
                  "from the file by others, are rate, median, 90 "
                  "and 99 %, and the longest prompt. Taken from the conversation trace of the same service: shortest "
                  "prompt, longest answer, and cv. Prefixes shared between prompts are not "
                  "modelled. ",
        "num_requests": 23608, "arrivals": {"process": "gamma", "rate": 6.67, "cv": 1.7}, "failed": 0.0,
        "prompt_tokens": ({0: 891, 0.5: 6346, 0.9: 16810, 0.99: 61671, 1: 126195}, 8596),
        "output_tokens": ({0: 1, 0.5: 30, 0.9: 507, 0.99: 898, 1: 2000}, 182)},
}
BETWEEN = (0.25, 0.5, 0.75, 0.875, 0.9375)  # where table_through bends between two known quantiles


def mean_of(table):
    rows = sorted(table.items())
    return sum((a + b) / 2 * (last - first) for (first, a), (last, b) in zip(rows, rows[1:]))


def table_through(known, mean, failed):
    """The table through the known quantiles whose mean is the published one: above the median a length grows from one
    to the next as ratio ** (t ** bend). A share of `failed` rows of nothing is taken out first."""
    known = {share and round((share - failed) / (1 - failed), 4): tokens for share, tokens in known.items()}
    mean /= 1 - failed

    def bent(bend):
        table = dict(known)
        rows = sorted(known.items())
        for (first, a), (last, b) in zip(rows[1:], rows[2:]):
            table |= {round(first + (last - first) * t, 5): round(a * (b / a) ** (t ** bend)) for t in BETWEEN}
        return table

    low, high = 0.1, 50.0
    if not mean_of(bent(high)) < mean < mean_of(bent(low)):
        sys.exit(f"no table through {known} has the mean {mean}")
    while high - low > 1e-6:
        middle = (low + high) / 2
        low, high = (middle, high) if mean_of(bent(middle)) > mean else (low, middle)
    return {f"{share:.15g}": tokens for share, tokens in sorted(bent(low).items())}


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


def written(name, blocks, tables):
    lines = [f'  "{key}": {json.dumps(value, ensure_ascii=False)}' for key, value in blocks.items()]
    for key, table in tables.items():
        pairs = [f'"{share}": {tokens}' for share, tokens in table.items()]
        rows = [", ".join(pairs[i:i + 8]) for i in range(0, len(pairs), 8)]
        lines.append(f'  "{key}": {{"distribution": "quantiles", "tokens_at": {{\n    ' + ",\n    ".join(rows) + "}}")
    text = "{\n" + ",\n".join(lines) + "\n}\n"
    Path(__file__).with_name(name + ".json").write_text(text, encoding="utf-8")
    print(f"{name}: written")


def from_trace(name, requests):
    _, _, spread, description, source = PRESETS[name]
    blocks = {"description": description, "source": source + " " + CUT, "num_requests": len(requests)}
    times = [time for time, _, _ in requests]
    if times[0] is not None:
        arrivals = {"process": "gamma" if spread else "poisson", "rate": round(len(times) / (times[-1] - times[0]), 3)}
        if spread:
            arrivals["cv"] = round(spread(times), 2)
        blocks["arrivals"] = arrivals
    written(name, blocks, {"prompt_tokens": table_of([prompt for _, prompt, _ in requests]),
                           "output_tokens": table_of([output for _, _, output in requests])})


def from_statistics(name, facts):
    blocks = {key: facts[key] for key in ("description", "source", "num_requests", "arrivals")}
    blocks["source"] += MODELLED
    written(name, blocks, {key: table_through(*facts[key], facts["failed"])
                           for key in ("prompt_tokens", "output_tokens")})


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    for name, (file, read, *_) in PRESETS.items():
        path = Path(sys.argv[1]) / file
        if path.exists():
            from_trace(name, read(path))
        else:
            print(f"{name}: no {file}, left as it is")
    for name, facts in STATISTICS.items():
        from_statistics(name, facts)


if __name__ == "__main__":
    main()
