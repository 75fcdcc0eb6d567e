"""What the kernels of a dense layer take alone, and what their sequence takes: the difference is what a kernel
waits after one of another kind. Run on a GPU: python3 small_kernels.py >data/small_kernels_h200.json"""
import json
import os
import sys

import torch
import torch.nn.functional as F

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../../topologies/profiler"))
from timing import Pool, graph_time_us  # noqa: E402


def layer(pool, rows, hidden, intermediate):
    """Times in microseconds; attention itself is left out."""
    def weights(k, n):
        return [w.view(k, n) for w in pool.copies(n * k)[:24]]

    qkv, o = weights(hidden, hidden + hidden // 2), weights(hidden, hidden)
    gate_up, down = weights(hidden, 2 * intermediate), weights(intermediate, hidden)
    scale = torch.ones(hidden, device="cuda", dtype=torch.bfloat16)
    x = torch.randn(rows, hidden, device="cuda", dtype=torch.bfloat16)
    z = torch.randn(rows, 2 * intermediate, device="cuda", dtype=torch.bfloat16)
    gate, up = z.chunk(2, -1)
    alone = {
        "norm": lambda i: F.rms_norm(x, (hidden,), scale), "qkv": lambda i: x @ qkv[i % len(qkv)],
        "o": lambda i: x @ o[i % len(o)], "add": lambda i: x + x,
        "gate_up": lambda i: x @ gate_up[i % len(gate_up)], "silu": lambda i: F.silu(gate),
        "product": lambda i: gate * up, "down": lambda i: gate @ down[i % len(down)],
    }
    times = {name: round(graph_time_us(kernel, 10), 2) for name, kernel in alone.items()}

    def sequence(i):
        y = F.rms_norm(x, (hidden,), scale) @ qkv[i % len(qkv)]
        y = x + y[:, :hidden] @ o[i % len(o)]
        a, b = (F.rms_norm(y, (hidden,), scale) @ gate_up[i % len(gate_up)]).chunk(2, -1)
        return y + (F.silu(a) * b) @ down[i % len(down)]

    together = graph_time_us(sequence, 100)
    expected = sum(times.values()) + times["norm"] + times["add"]
    return {"rows": rows, "hidden": hidden, "intermediate": intermediate, **times, "sequence": round(together, 2),
            "wait_per_kernel": round((together - expected) / 10, 2)}


@torch.inference_mode()
def main():
    pool = Pool(16)
    layers = [layer(pool, rows, *sizes) for sizes in ((4096, 12288), (2048, 6144)) for rows in (1, 8, 64, 256)]
    print(json.dumps({"device": torch.cuda.get_device_name(), "unit": "us", "layers": layers}, indent=1))


main()
