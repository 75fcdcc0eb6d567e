"""What decode attention takes over caches of unequal length, and over caches in slots, against equal ones without gaps.
Run on a GPU: python3 unequal_decode.py >data/unequal_decode_h200.json"""
import json
import os
import sys

import torch
import triton

sys.path.insert(0, os.environ.get("PROFILER", os.path.join(os.path.dirname(__file__), "../../topologies/profiler")))
import attention  # noqa: E402
from timing import graph_time_us  # noqa: E402

SLOT = 2560  # tokens
SEQUENCES = (8, 16, 32, 64, 128)
KINDS = ("equal", "packed", "uniform", "lognormal", "lognormal_descending", "lognormal_ascending", "one_long",
         "first_long")


def lengths(kind, sequences, mean, random):
    shares = [1.0] * sequences
    if kind == "uniform":
        shares = (2 * torch.rand(sequences, generator=random)).tolist()
    elif kind.startswith("lognormal"):
        shares = torch.exp(0.75 * torch.randn(sequences, generator=random)).tolist()
    elif kind in ("one_long", "first_long"):
        shares[-1 if kind == "one_long" else 0] = 3.0
    scale = mean * sequences / sum(shares)
    return sorted((min(SLOT, max(1, round(share * scale))) for share in shares),
                  reverse=kind.endswith("descending")) if kind.endswith("scending") else [
                      min(SLOT, max(1, round(share * scale))) for share in shares]


def attend(numbers, heads, kv_heads, tokens, parts, slot):
    sequences, group = len(tokens), heads // kv_heads
    size = sequences * kv_heads * SLOT * 128
    k, v = numbers[:size], numbers[size:2 * size]
    q = torch.randn(sequences, heads, 128, device="cuda", dtype=torch.bfloat16)
    of_each = torch.tensor(tokens, device="cuda", dtype=torch.int32)
    partial = torch.empty(sequences, kv_heads, parts, group, 128, device="cuda")
    log_sums = torch.empty(sequences, kv_heads, parts, group, device="cuda")
    kernel = attention._attend_part[(sequences, kv_heads, parts)]
    return graph_time_us(
        lambda i: kernel(q, k, v, of_each, partial, log_sums, kv_heads * slot * 128, slot * 128, 128, 128**-0.5,
                         kv_heads, group, max(16, triton.next_power_of_2(group)), 128, 64, parts, num_warps=4,
                         num_stages=3), 6.0 + 4.0 * sum(tokens) * kv_heads * 128 / 2.5e6)


def cases():
    for heads, kv_heads in ((32, 8), (16, 16), (32, 4)):
        for sequences in SEQUENCES:
            for mean in (300, 600):
                room = 264 // (sequences * kv_heads)
                for parts in dict.fromkeys((max(1, min(16, room)), max(1, min(32, room, mean // 128)))):
                    for kind in KINDS:
                        yield heads, kv_heads, sequences, mean, parts, kind


@torch.inference_mode()
def main():
    random, rows = torch.Generator().manual_seed(1), []
    numbers = torch.empty(2 * 128 * 16 * SLOT * 128, device="cuda", dtype=torch.bfloat16).normal_(0.0, 0.02)
    for heads, kv_heads, sequences, mean, parts, kind in cases():
        tokens = lengths(kind, sequences, mean, random)
        time_us = attend(numbers, heads, kv_heads, tokens, parts, mean if kind == "packed" else SLOT)
        rows.append(dict(heads=heads, kv_heads=kv_heads, parts=parts, kind=kind, lengths=tokens,
                         time_us=round(time_us, 2)))
    print(json.dumps({"device": torch.cuda.get_device_name(), "rows": rows}))


main()
