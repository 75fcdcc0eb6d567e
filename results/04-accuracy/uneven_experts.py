"""What grouped products take when routing is random, or skewed, or cuts loads on purpose: the table of a profile knows
even loads alone. Run on a GPU: python3 uneven_experts.py >data/uneven_experts_h200.json"""
import json
import os
import sys

import torch

sys.path.insert(0, os.environ.get("PROFILER", os.path.join(os.path.dirname(__file__), "../../topologies/profiler")))
import products  # noqa: E402
from timing import Pool  # noqa: E402

MODELS = ((8, 2, 4096, 14336), (16, 2, 4096, 6400), (64, 8, 2048, 1024), (128, 8, 2048, 768), (128, 8, 4096, 1536))
TOKENS = (4, 16, 64, 128, 256, 384, 512, 768, 1024, 1536, 2048, 4096, 8192)
CUT = ((128, 256), (128, 129), (64, 192), (256, 384), (120, 136), (250, 262), (8, 128), (100, 100), (1, 255),
       (136, 136), (129, 129), (127, 127), (257, 257), (255, 255), (511, 511), (1, 1023))


def routed(tokens, experts, top_k, skew):
    bias = -skew * torch.log(torch.arange(1, experts + 1.0))
    chosen = (1.28 * torch.randn(tokens, experts) + bias).topk(top_k).indices
    return torch.bincount(chosen.reshape(-1), minlength=experts).tolist()


def cases():
    for experts, top_k, hidden, intermediate in MODELS:
        for tokens in TOKENS:
            for skew in (0.0, 1.0):
                loads = routed(tokens, experts, top_k, skew)
                yield dict(tokens=tokens, skew=skew), loads, hidden, intermediate
    for experts, hidden, intermediate in ((8, 4096, 14336), (64, 2048, 1024)):
        for some, others in CUT:
            yield dict(cut=[some, others]), [some] * (experts // 2) + [others] * (experts // 2), hidden, intermediate


@torch.inference_mode()
def main():
    torch.manual_seed(0)
    pool = Pool(16)
    rows = []
    for name, loads, hidden, intermediate in cases():
        time_us = products.grouped(pool, sum(loads), len(loads), hidden, intermediate, loads)
        rows.append(dict(**name, hidden_size=hidden, intermediate_size=intermediate, loads=loads,
                         time_us=round(time_us, 2)))
    lines = ",\n".join(json.dumps(row) for row in rows)
    print(f'{{"device": "{torch.cuda.get_device_name()}", "rows": [\n{lines}\n]}}')


main()
