"""What a kernel waits after one of another kind: a layer's kernels in turn, less what each takes by itself."""
import torch
import torch.nn.functional as F

from timing import graph_time_us

LAYERS = ((2048, 6144), (4096, 12288), (4096, 14336), (8192, 28672))  # hidden and intermediate size
ROWS = (1, 8, 64, 256)


def points():
    return ((rows, *layer) for layer in LAYERS for rows in ROWS)


def small_points():
    return ((rows, hidden) for hidden in (2048, 4096, 8192) for rows in ROWS)


def wait(pool, rows, hidden, intermediate):
    """Of one kernel in a dense layer without attention: ten kernels."""
    def weights(k, n):
        return [w.view(k, n) for w in pool.copies(n * k)[:24]]

    qkv, out = weights(hidden, hidden + hidden // 2), weights(hidden, hidden)
    gate_up, down = weights(hidden, 2 * intermediate), weights(intermediate, hidden)
    scale = torch.ones(hidden, device="cuda", dtype=torch.bfloat16)
    x = torch.randn(rows, hidden, device="cuda", dtype=torch.bfloat16)
    h = torch.randn(rows, intermediate, device="cuda", dtype=torch.bfloat16)
    gate, up = torch.randn(rows, 2 * intermediate, device="cuda", dtype=torch.bfloat16).chunk(2, -1)
    alone = (lambda i: F.rms_norm(x, (hidden,), scale), lambda i: x @ qkv[i % len(qkv)],
             lambda i: x @ out[i % len(out)], lambda i: x + x,
             lambda i: F.rms_norm(x, (hidden,), scale), lambda i: x @ gate_up[i % len(gate_up)],
             lambda i: F.silu(gate), lambda i: gate * up, lambda i: h @ down[i % len(down)], lambda i: x + x)

    def layer(i):
        y = F.rms_norm(x, (hidden,), scale) @ qkv[i % len(qkv)]
        y = x + y[:, :hidden] @ out[i % len(out)]
        a, b = (F.rms_norm(y, (hidden,), scale) @ gate_up[i % len(gate_up)]).chunk(2, -1)
        return y + (F.silu(a) * b) @ down[i % len(down)]

    return (graph_time_us(layer, 100) - sum(graph_time_us(kernel, 10) for kernel in alone)) / len(alone)


def small_wait(pool, rows, hidden):
    """Of one kernel among small ones alone: six kernels."""
    scale = torch.ones(hidden, device="cuda", dtype=torch.bfloat16)
    x = torch.randn(rows, hidden, device="cuda", dtype=torch.bfloat16)
    alone = (lambda i: F.rms_norm(x, (hidden,), scale), lambda i: x + x, lambda i: F.silu(x), lambda i: x * x,
             lambda i: x.float(), lambda i: torch.exp(x))

    def together(i):
        y = F.silu(F.rms_norm(x, (hidden,), scale) + x) * x
        y.float()
        return torch.exp(y)

    return (graph_time_us(together, 15) - sum(graph_time_us(kernel, 3) for kernel in alone)) / len(alone)
