"""Recorded routing: reading it, and the figures that presets are to reproduce. Used by fit.py.

A folder of recordings holds

* deepseek-v2-lite_esft/DOMAIN.json with n_experts, top_k, layers, tokens_per_layer and seq_lens_layer1 (the lengths of the
  sequences), and DOMAIN.ids.u8.gz: uint8 [layers, tokens, top_k] of the experts that ESFT's expert_scores list;
* olmoe_routing_output/MODEL__KIND__DOMAIN.json.gz: OLMoE's files, gzipped, of the kinds expert_counts and eid2token.
"""

import csv
import gzip
import json
from dataclasses import dataclass, field

import numpy as np

BATCHES = (1, 4, 16, 64, 256)


@dataclass
class Recording:
    """Shapes: L recorded layers, D domains, E experts."""

    domains: list
    experts: int
    top_k: int
    layers: list  # [L], their numbers
    depths: np.ndarray  # [L], 0 the first MoE layer of the model, 1 the last
    share: np.ndarray  # [L, D, E], of tokens that choose an expert
    chosen: dict = field(default_factory=dict)  # domain: [L, tokens, E] of 0 and 1
    sequence: dict = field(default_factory=dict)  # domain: [tokens], its number
    same_word: np.ndarray = None  # [L, D], experts shared by two tokens of the same identity
    first_repeat: np.ndarray = None  # [L, D]


def read_tokens(folder, names):
    """ids [layers, tokens, k] of each domain, the same sequences in every layer."""
    chosen, sequence = {}, {}
    for name in names:
        about = json.loads((folder / f"{name}.json").read_text())
        layers, tokens = len(about["layers"]), about["tokens_per_layer"][0]
        ids = np.frombuffer(gzip.decompress((folder / f"{name}.ids.u8.gz").read_bytes()), dtype=np.uint8)
        ids = ids.reshape(layers, tokens, about["top_k"])
        chosen[name] = np.zeros((layers, tokens, about["n_experts"]), np.float32)
        np.put_along_axis(chosen[name], ids.astype(int), 1, axis=2)
        lengths = about["seq_lens_layer1"]
        sequence[name] = np.repeat(np.arange(len(lengths)), lengths)
    share = np.stack([chosen[name].mean(1) for name in names], 1)
    return Recording(list(names), about["n_experts"], about["top_k"], about["layers"], np.linspace(0, 1, layers), share,
                     chosen=chosen, sequence=sequence)


def counts_by_word(by_expert, experts):
    """[token identities, E] from {expert: {token: count}}."""
    counts = {}
    for expert, tokens in by_expert.items():
        for token, number in tokens.items():
            counts.setdefault(token, np.zeros(experts))[int(expert)] += number
    return np.array(list(counts.values()))


def read_counts(folder, names, prefix, experts, top_k, layers, of):
    """OLMoE's format: counts per layer, as {expert: count}, and counts per layer, expert and token identity."""

    def load(kind, name):
        path = folder / f"{prefix}__{kind}__{name}.json.gz"
        return json.loads(gzip.decompress(path.read_bytes())) if path.exists() else None

    def table(kind):
        return np.array([[[layer.get(str(e), 0) for e in range(experts)] for layer in load(kind, name)]
                         for name in names]).swapaxes(0, 1).astype(float)

    counts = table("expert_counts")
    share = counts * top_k / counts.sum(2, keepdims=True)
    same = np.full(share.shape[:2], np.nan)
    for d, name in enumerate(names):
        for layer, by_expert in enumerate(load("eid2token", name) or []):
            words = counts_by_word(by_expert, experts)  # below: without the pairs of a token with itself
            number = words.sum(1) / top_k
            often = number >= 20
            pairs = (words * (words - 1)).sum(1)[often] / (number * (number - 1))[often]
            same[layer, d] = np.average(pairs, weights=number[often])
    return Recording(list(names), experts, top_k, layers, np.array(layers) / (of - 1), share, same_word=same)


def read_csv(path, experts):
    """The project's own format (README.md beside this script): a row for each token and layer."""
    found = {}
    with open(path, encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            ids = [int(row[name]) for name in row if name.startswith("expert_") and row[name] != ""]
            tokens = found.setdefault(row.get("domain", ""), {}).setdefault(row["sequence"], {})
            tokens.setdefault(int(row["position"]), {})[int(row["layer"])] = ids
    chosen, sequence = {}, {}
    for domain, sequences in found.items():
        ids = np.array([[tokens[position][layer] for layer in sorted(tokens[position])]
                        for tokens in sequences.values() for position in sorted(tokens)]).swapaxes(0, 1)
        chosen[domain] = np.zeros(ids.shape[:2] + (experts,), np.float32)
        np.put_along_axis(chosen[domain], ids, 1, axis=2)
        sequence[domain] = np.repeat(np.arange(len(sequences)), [len(tokens) for tokens in sequences.values()])
    names, layers = list(found), len(ids)
    share = np.stack([chosen[name].mean(1) for name in names], 1)
    return Recording(names, experts, ids.shape[2], list(range(layers)), np.linspace(0, 1, layers), share,
                     chosen=chosen, sequence=sequence)


# What a recording says.


def max_over_mean(share):
    return share.max(-1) / share.mean(-1)


def entropy_bits(share):
    p = share / share.sum(-1, keepdims=True)
    return -(p * np.log2(np.where(p > 0, p, 1))).sum(-1)


def overlap(recording, domain, distance):
    """[L]: experts shared by tokens of a sequence this far apart; None without such pairs in number."""
    chosen, sequence = recording.chosen[domain], recording.sequence[domain]
    same = sequence[distance:] == sequence[:-distance]
    if same.sum() < 1000:
        return None
    return (chosen[:, distance:][:, same] * chosen[:, :-distance][:, same]).sum(2).mean(1)


def ep8_imbalance(chosen):
    """[L]: mean over batches of 256 tokens of max / mean load of 8 equal blocks of experts."""
    layers, tokens, experts = chosen.shape
    ranks, batch = min(8, experts), min(256, tokens)
    blocks = np.eye(ranks, dtype=np.float32)[np.arange(experts) * ranks // experts]
    load = chosen[:, :tokens // batch * batch].reshape(layers, -1, batch, experts).sum(2) @ blocks
    return (load.max(2) / load.mean(2)).mean(1)


def distinct_experts(recording):
    """[L, batches]. Tokens of different sequences, one domain after the other. Where experts of single tokens
    are recorded, mean of 300 batches: sequences in random order (over again where a domain has too few), a
    random token of each. Else what independent tokens with the recorded shares visit."""
    count = len(recording.domains)
    if not recording.chosen:
        visits = np.zeros((len(recording.depths), len(BATCHES)))
        for first in range(count):
            for i, batch in enumerate(BATCHES):
                of_domain = np.bincount((first + np.arange(batch)) % count, minlength=count)
                missed = np.prod((1 - recording.share) ** of_domain[None, :, None], axis=1)
                visits[:, i] += (1 - missed).sum(1) / count
        return visits
    random = np.random.default_rng(1)
    visits = np.zeros((len(recording.depths), len(BATCHES)))
    for turn in range(300):
        first = turn % count
        for i, batch in enumerate(BATCHES):
            seen = np.zeros(visits.shape[:1] + (recording.experts,), bool)
            of_domain = np.bincount((first + np.arange(batch)) % count, minlength=count)
            for domain, number in zip(recording.domains, of_domain):
                sequence = recording.sequence[domain]
                starts = np.flatnonzero(np.diff(sequence, prepend=-1))
                ends = np.append(starts[1:], len(sequence))
                picked = np.resize(random.permutation(len(starts)), number)
                tokens = starts[picked] + (random.random(number) * (ends - starts)[picked]).astype(int)
                seen |= recording.chosen[domain][:, tokens].any(1)
            visits[:, i] += seen.sum(1) / 300
    return visits


def load_cosine(share):
    """Mean over pairs of domains and layers."""
    unit = share / np.linalg.norm(share, axis=2, keepdims=True)
    domains = share.shape[1]
    pairs = [(a, b) for a in range(domains) for b in range(a)]
    return float(np.mean([(unit[:, a] * unit[:, b]).sum(1) for a, b in pairs])) if pairs else 1.0


def measured(recording):
    """Names as in the program's answer: [L, D] each, but distinct_experts [L, batches]."""
    result = {"max_over_mean": max_over_mean(recording.share), "entropy_bits": entropy_bits(recording.share)}
    if recording.chosen:
        domains = recording.domains
        result["previous_token_overlap"] = np.stack([overlap(recording, d, 1) for d in domains], 1)
        result["ep8_imbalance"] = np.stack([ep8_imbalance(recording.chosen[d]) for d in domains], 1)
    if recording.first_repeat is not None:
        result["first_choice_repeat"] = recording.first_repeat
    result["distinct_experts"] = distinct_experts(recording)
    return result
