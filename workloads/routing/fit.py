#!/usr/bin/env python3
"""Makes routing presets from recorded routing, and shows how near they come.

    python3 workloads/routing/fit.py FOLDER                         # the presets of the catalogue
    python3 workloads/routing/fit.py RECORDING.csv --model MODEL    # one from your own recording

FOLDER holds the published recordings: deepseek-v2-lite_esft/ (the experts of every token, layer by layer) and
olmoe_routing_output/ (counts of experts by domain and by token identity); RECORDING.csv is in the project's
format, README.md. Presets are written to presets/ beside this script, or to --out; then the program routes
tokens by them (seeds 1 to 4) and a table compares that with the recording. --csv has the same layer by layer.

Which figure identifies which parameter; logits are in units of their deviation, so that a token's are
bias + N(0, 1), the k largest are chosen, and simulating just that solves for a parameter:

    expert_bias            how often the expert is chosen in this layer and domain, in all
    neighbour_correlation  experts shared with the token before; or repeated first choices
    sequence_share, drift  experts shared with tokens 8 to 48 before, where neighbours have faded
    token_share            experts shared by tokens of the same identity. A recording without identities takes
                           that of OLMoE, less where the overlap of neighbours needs the variance

A domain that is not in FITTED counts for neither shares nor drift. That, and what recordings of three domains
say of a fourth, is shown for each domain of a recording of tokens in turn: with the fourth's own loads (its
neighbours and shares predicted), and wholly unseen (its loads drawn like those of the others).
"""

import argparse
import json
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.stats import norm

from comparison import csv_rows, generated, table
from recordings import BATCHES, load_cosine, measured, overlap, read_counts, read_csv, read_tokens

HERE = Path(__file__).resolve().parent
SAMPLES = 8000  # of the simulated gate: an expert's share is known to about 1 % of itself
FAR = (8, 12, 16, 24, 32, 48)  # distances at which only the sequence part is left
LEAST_FRESH = 0.5  # of a recording without token identities: less could not follow the overlap of neighbours
KNOTS = 6  # of a share over depth
LAYER_CORRELATION = 0.9  # assumed: a hidden state changes little from layer to layer


class SimulatedGate:
    """Tokens with logits bias + N(0, 1), and the tokens after them, whose noise is correlated with theirs."""

    def __init__(self, experts, top_k, seed=0):
        random = np.random.default_rng(seed)
        self.top_k = top_k
        self.noise = random.standard_normal((SAMPLES, experts), dtype=np.float32)
        self.other = random.standard_normal((SAMPLES, experts), dtype=np.float32)

    def chosen(self, logits):
        best = np.argpartition(-logits, self.top_k - 1, axis=1)[:, :self.top_k]
        result = np.zeros(logits.shape, bool)
        np.put_along_axis(result, best, True, 1)
        return result

    def bias(self, share):
        """The threshold of the k-th largest logit hardly varies, so the probit of the share is nearly it."""
        wanted = norm.ppf(np.clip(share, 2e-4, 0.985))
        bias = wanted.copy()
        for _ in range(15):
            bias += 0.8 * (wanted - norm.ppf(np.clip(self.chosen(bias + self.noise).mean(0), 1e-4, 1 - 1e-4)))
        return bias - bias.mean()

    def correlation(self, bias, wanted, agreement):
        """Of the noise of two tokens that agree in so many experts (or first choices): one for each wanted."""
        grid = np.arange(-0.9, 0.96, 0.15)
        here = bias + self.noise
        there = [bias + c * self.noise + np.sqrt(1 - c * c) * self.other for c in grid]
        return np.interp(wanted, [agreement(self, here, other) for other in there], grid)

    def shared(self, here, there):
        return (self.chosen(here) & self.chosen(there)).sum(1).mean()

    def repeated(self, here, there):
        return (here.argmax(1) == there.argmax(1)).mean()


def over_depth(depths, values):
    """KNOTS values at equal distances, a piecewise linear least-squares fit; fewer layers are interpolated."""
    knots = np.linspace(0, 1, KNOTS)
    if len(depths) <= KNOTS:
        return np.interp(knots, depths, values)
    hats = np.maximum(0, 1 - np.abs(depths[:, None] - knots[None, :]) * (KNOTS - 1))
    return np.linalg.lstsq(hats, values, rcond=None)[0]


def sequence_part(depths, far):
    """Share of the sequence part over depth, and its drift: far[L, FAR] = share exp(-distance / drift)."""

    def shares(drift):
        fade = np.exp(-np.array(FAR) / drift)
        return far @ fade / (fade @ fade), fade

    def error(drift):
        share, fade = shares(drift)
        return ((far - share[:, None] * fade) ** 2).sum()

    drift = minimize_scalar(error, bounds=(4, 400), method="bounded").x
    return np.clip(over_depth(depths, shares(drift)[0]), 0, 1), drift


def correlations(recording, gate, bias):
    """[L, D, distances]: of the noise of tokens 1 and FAR apart; nan where a domain's sequences are short."""
    found = np.full(bias.shape[:2] + (1 + len(FAR),), np.nan)
    for d, domain in enumerate(recording.domains):
        shared = [overlap(recording, domain, distance) for distance in (1,) + FAR]
        known = [i for i, value in enumerate(shared) if value is not None]
        for layer in range(len(bias)):
            wanted = [shared[i][layer] for i in known]
            found[layer, d, known] = gate.correlation(bias[layer, d], wanted, SimulatedGate.shared)
    return found


def same_word_part(recording, gate, bias):
    """Share of the part bound to identity over depth: the correlation of two tokens of one identity."""
    known = ~np.isnan(recording.same_word)
    share = [np.mean([gate.correlation(bias[layer, d], recording.same_word[layer, d], SimulatedGate.shared)
                      for d in np.flatnonzero(known[layer])]) for layer in range(len(bias))]
    return np.clip(over_depth(recording.depths, share), 0, 1)


def over(knots, depth):
    return np.interp(depth, np.linspace(0, 1, len(knots)), knots)


@dataclass
class Evidence:
    """What the simulated gate makes of a recording's figures."""

    bias: np.ndarray  # [L, D, E]
    neighbours: np.ndarray = None  # [L, D], correlation of the noise of two tokens that follow each other
    far: np.ndarray = None  # [L, D, FAR], of tokens so far apart
    word: np.ndarray = None  # [KNOTS], of tokens of the same identity; of tokens without, another recording's


def evidence_of(recording):
    gate = SimulatedGate(recording.experts, recording.top_k)
    layers, domains = recording.share.shape[:2]
    bias = np.array([[gate.bias(recording.share[layer, d]) for d in range(domains)] for layer in range(layers)])
    if recording.chosen:
        found = correlations(recording, gate, bias)
        return Evidence(bias, found[:, :, 0], found[:, :, 1:])
    neighbours = None
    if recording.first_repeat is not None:
        neighbours = np.array([[gate.correlation(bias[layer, d], recording.first_repeat[layer, d],
                                                 SimulatedGate.repeated)
                                for d in range(domains)] for layer in range(layers)])
    return Evidence(bias, neighbours, word=same_word_part(recording, gate, bias))


@dataclass
class Fitted:
    """What a preset says of a recording's domains; shares are values over depth."""

    depths: np.ndarray  # [L]
    bias: np.ndarray  # [L, D, E]
    neighbours: np.ndarray  # [L, D], of all parts together
    sequence: np.ndarray  # [KNOTS]
    token: np.ndarray  # [KNOTS]
    drift: float

    def fresh_neighbours(self):
        """[L, D]: the correlation that the fresh part must have so that all parts together have `neighbours`."""
        sequence, token = over(self.sequence, self.depths), over(self.token, self.depths)
        rest = self.neighbours - (sequence * np.exp(-1 / self.drift))[:, None]
        return np.clip(rest / (1 - sequence - token)[:, None], -0.95, 0.95)


def fit_tokens(recording, evidence, fitted_domains):
    mine = [recording.domains.index(name) for name in fitted_domains]
    sequence, drift = sequence_part(recording.depths, np.nanmean(evidence.far[:, mine], 1))
    token = np.minimum(evidence.word, np.maximum(0, 1 - LEAST_FRESH - sequence))
    return Fitted(recording.depths, evidence.bias, evidence.neighbours, sequence, token, drift)


def fit_counts(recording, evidence, lender):
    """`lender`: a Fitted of tokens, for the sequence part and, where not recorded, neighbours."""
    neighbours = evidence.neighbours
    if neighbours is None:
        mean = np.interp(recording.depths, lender.depths, lender.neighbours.mean(1))
        neighbours = np.repeat(mean[:, None], len(recording.domains), 1)
    sequence = np.minimum(lender.sequence, 0.95 - evidence.word)
    return Fitted(recording.depths, evidence.bias, neighbours, sequence, evidence.word, lender.drift)


def with_own_loads(fitted, domain):
    """The domain's neighbours are the mean of the others'."""
    neighbours = fitted.neighbours.copy()
    neighbours[:, domain] = np.delete(neighbours, domain, 1).mean(1)
    return replace(fitted, neighbours=neighbours)


def unseen(fitted, domain, donor, seed):
    """The domain has the donor's biases, but on other experts: in the order of the mean of the other domains plus
    the donor's deviation from it, dealt to experts at random. A domain deviates more from a mean of n domains that
    it is no part of than from one that it is, in variance by (n + 1) / (n - 1)."""
    random = np.random.default_rng(seed)
    others = np.delete(fitted.bias, domain, 1)
    larger = np.sqrt((others.shape[1] + 1) / (others.shape[1] - 1))
    bias = fitted.bias.copy()
    for layer, mean in enumerate(others.mean(1)):
        deviation = random.permutation(fitted.bias[layer, donor] - mean)
        bias[layer, domain, np.argsort(mean + larger * deviation)] = np.sort(fitted.bias[layer, donor])
    return replace(with_own_loads(fitted, domain), bias=bias)


def numbers(values, digits):
    return "[" + ", ".join(f"{round(float(value), digits) + 0.0:g}" for value in values) + "]"  # 0.0: no -0


def preset_text(fitted, recording, source):
    figures = measured(recording)
    fresh = fitted.fresh_neighbours()
    lines = [f'  "source": {json.dumps(source, ensure_ascii=False)}', f'  "domains": {len(recording.domains)}',
             f'  "sequence_share": {numbers(fitted.sequence, 3)}', f'  "token_share": {numbers(fitted.token, 3)}',
             f'  "drift_tokens": {fitted.drift:.1f}', f'  "layer_correlation": {LAYER_CORRELATION}',
             f'  "measured_domain_load_cosine": {load_cosine(recording.share):.4f}']
    profiles = []
    for layer, depth in enumerate(fitted.depths):
        bias = ",\n        ".join(numbers(row, 2) for row in fitted.bias[layer])
        known = ",\n        ".join(f'"{name}": {numbers(values[layer], 4)}' for name, values in figures.items())
        profiles.append(f'{{\n      "depth": {depth:.4f},\n      "neighbour_correlation": {numbers(fresh[layer], 3)},\n'
                        f'      "expert_bias": [\n        {bias}],\n      "measured": {{\n        {known}}}}}')
    lines.append('  "profiles": [\n    ' + ",\n    ".join(profiles) + "]")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def held_out_row(domain, name, real, own_loads, *drawn):
    cells = [f"{value:.3f} | {100 * (value / real - 1):+.1f} %" for value in (own_loads, np.mean(drawn))]
    return f"| {domain} | {name} | {real:.3f} | {cells[0]} | {cells[1]} |"


def held_out_table(program, model, recording, evidence):
    """One row a domain: errors of means over layers, of its figures when it is predicted from the others."""
    lines = ["| held out | figure | recorded | own loads | | unseen | |", "|---|---|---|---|---|---|---|"]
    figures = measured(recording)
    for d, domain in enumerate(recording.domains):
        others = [name for name in recording.domains if name != domain]
        fitted = fit_tokens(recording, evidence, others)
        guesses = [with_own_loads(fitted, d)] + [unseen(fitted, d, recording.domains.index(donor), seed)
                                                 for seed, donor in enumerate(others)]
        mine, *drawn = [generated(program, model, preset_text(guess, recording, "held out"), recording.depths)[0]
                        for guess in guesses]
        for name in ("max_over_mean", "entropy_bits", "previous_token_overlap", "ep8_imbalance"):
            lines.append(held_out_row(domain, name, *[made[name][:, d].mean() for made in (figures, mine, *drawn)]))
        for i, batch in enumerate(BATCHES[1:4], 1):
            lines.append(held_out_row(domain, f"distinct experts of {batch} tokens, all domains",
                                      *[made["distinct_experts"][:, i].mean() for made in (figures, mine, *drawn)]))
    return "\n".join(lines)


ESFT = "github.com/deepseek-ai/ESFT, results/expert_scores, commit 579a771, MIT"
OLMOE = "github.com/allenai/OLMoE, scripts/routing_output, commit 357454f, Apache-2.0"
DEEPSEEK, OLMOE_MODEL, MIXTRAL = "deepseek-v2-lite", "olmoe-1b-7b", "mixtral-8x7b"
FITTED = ["intent", "law", "translation"]  # of DeepSeek-V2-Lite; summary is held out
SOURCES = {
    DEEPSEEK: f"Fitted by workloads/routing/fit.py to the experts of 33,279 tokens in all 26 MoE layers of "
              f"DeepSeek-V2-Lite ({ESFT}). Domains in order: intent, law, summary, translation. Shares and drift are "
              "fitted on all but summary; loads and neighbours are each domain's own. token_share is OLMoE's, limited: "
              "this recording has no token identities. Recorded figures stand in each profile, what is reached in "
              "results/02-routing.",
    OLMOE_MODEL: f"Fitted by workloads/routing/fit.py to counts of experts by domain and token identity in layers 0, 7 "
                 f"and 15 of OLMoE-1B-7B ({OLMOE}). Domains in order: arxiv, book, c4, github, wikipedia, tulu. What "
                 "counts do not tell, how alike tokens of one sequence are, is DeepSeek-V2-Lite's. Recorded figures "
                 "stand in each profile; distinct_experts is that of independent tokens with the recorded loads.",
    MIXTRAL: f"Fitted by workloads/routing/fit.py to counts of experts by domain and token identity in layers 0, 15 "
             f"and 31 of Mixtral-8x7B ({OLMOE}) and to how often the first choice repeats that of the token before "
             "(Jiang et al., Mixtral of Experts, arXiv:2401.04088, table 5: 14, 27 and 22 %, mean of its domains). "
             "Domains in order: arxiv, book, c4, github, wikipedia. The sequence part is DeepSeek-V2-Lite's. Recorded "
             "figures stand in each profile; distinct_experts is that of independent tokens with the recorded loads.",
}


def read_recordings(folder):
    """By the name of model and preset."""
    counts, texts = folder / "olmoe_routing_output", ["arxiv", "book", "c4", "github", "wikipedia"]
    mixtral = read_counts(counts, texts, "mistral", 8, 2, [0, 15, 31], 32)
    mixtral.first_repeat = np.repeat(np.array([[0.14], [0.27], [0.22]]), len(mixtral.domains), 1)
    return {
        DEEPSEEK: read_tokens(folder / "deepseek-v2-lite_esft", ["intent", "law", "summary", "translation"]),
        OLMOE_MODEL: read_counts(counts, texts + ["tulu"], "olmoe", 64, 8, [0, 7, 15], 16),
        MIXTRAL: mixtral,
    }


def published(folder):
    """(name, recording, evidence, fitted, source) of each of the published recordings."""
    recordings = read_recordings(folder)
    evidence = {name: evidence_of(recording) for name, recording in recordings.items()}
    evidence[DEEPSEEK].word = evidence[OLMOE_MODEL].word
    fitted = {DEEPSEEK: fit_tokens(recordings[DEEPSEEK], evidence[DEEPSEEK], FITTED)}
    for name in (OLMOE_MODEL, MIXTRAL):
        fitted[name] = fit_counts(recordings[name], evidence[name], fitted[DEEPSEEK])
    return [(name, recordings[name], evidence[name], fitted[name], SOURCES[name]) for name in recordings]


def own(path, model, program):
    """Likewise of a recording in the project's format; what it does not tell is OLMoE's, from its preset."""
    about = subprocess.run([program, "model", model, "--format", "json"], check=True, capture_output=True, text=True)
    recording = read_csv(path, json.loads(about.stdout)["experts"])
    evidence = evidence_of(recording)
    evidence.word = np.array(json.loads((HERE / "presets" / f"{OLMOE_MODEL}.json").read_text())["token_share"])
    source = (f"Fitted by workloads/routing/fit.py to {path.name}, {model}. Domains in order: "
              f"{', '.join(recording.domains)}. token_share is OLMoE's, limited.")
    return [(path.stem, recording, evidence, fit_tokens(recording, evidence, recording.domains), source)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recording", type=Path, help="the folder of the published recordings, or a .csv")
    parser.add_argument("--model", help="of a .csv: a name of the catalogue or a config.json")
    parser.add_argument("--program", default=str(HERE.parents[1] / "build/release/switchyard"))
    parser.add_argument("--out", type=Path, default=HERE / "presets", help="folder of the presets")
    parser.add_argument("--csv", type=Path, help="writes the comparison layer by layer")
    options = parser.parse_args()
    if options.recording.suffix == ".csv" and not options.model:
        parser.error("a .csv needs --model")
    fits = own(options.recording, options.model, options.program) if options.model else published(options.recording)

    rows = ["model,layer,column,figure,recorded,generated"]
    for name, recording, evidence, fitted, source in fits:
        text = preset_text(fitted, recording, source)
        (options.out / f"{name}.json").write_text(text, encoding="utf-8")
        model = options.model or name
        made, cosine = generated(options.program, model, text, recording.depths)
        print(f"\n{name}\n\n{table(recording, made, cosine)}")
        rows += csv_rows(name, recording, made)
        if recording.chosen and len(recording.domains) > 2:
            print(f"\n{name}, one domain held out\n")
            print(held_out_table(options.program, model, recording, evidence))
    if options.csv:
        options.csv.write_text("\n".join(rows) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
