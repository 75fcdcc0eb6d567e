"""Kernels that move data: element-wise ones, and what unfused PyTorch does to route tokens to experts."""
import torch

from timing import graph_time_us

SIZES = tuple(2**e for e in range(10, 32))  # bytes read and written together
TOKENS = (1, 4, 16, 64, 256, 1024, 4096, 8192)
GATES = ((8, 2), (16, 4), (64, 8), (128, 8), (256, 8))
ROW_WIDTHS = (2048, 4096, 7168)


def elementwise_points():
    return ((size,) for size in SIZES)


def elementwise(pool, size):
    """a + b, bf16, found in the L2 where it fits: the kernel before has just written it."""
    a, b, c = (torch.randn(max(1, size // 6), device="cuda", dtype=torch.bfloat16) for _ in range(3))
    return graph_time_us(lambda i: torch.add(a, b, out=c), 2.0 + size / 2.5e6)


def routing_points():
    return ((tokens, experts, top_k) for experts, top_k in GATES for tokens in TOKENS)


def routing(pool, tokens, experts, top_k):
    """From logits to the order and ends of the experts' rows: softmax, top-k, renormalisation, sort, counts."""
    logits = torch.randn(tokens, experts, device="cuda", dtype=torch.bfloat16)

    def route(i):
        weights, chosen = torch.topk(torch.softmax(logits.float() + 0.0, -1), top_k, -1)
        weights = weights / weights.sum(-1, keepdim=True)
        flat = chosen.reshape(-1)
        order = torch.argsort(flat)
        counts = torch.zeros(experts, device="cuda", dtype=torch.int32)
        counts = counts.scatter_add_(0, flat, torch.ones_like(flat, dtype=torch.int32))
        return order, torch.cumsum(counts, 0).to(torch.int32)

    return graph_time_us(route, 60.0)


def permutation_points():
    return ((tokens, top_k, hidden) for hidden in ROW_WIDTHS for top_k in (2, 8) for tokens in TOKENS)


def permutation(pool, tokens, top_k, hidden):
    """The rows' way to their experts and back: gather, then cast, weigh and add up in fp32."""
    order = torch.argsort(torch.randint(0, 64, (tokens * top_k,), device="cuda"))
    x = torch.randn(tokens, hidden, device="cuda", dtype=torch.bfloat16)
    rows = torch.randn(tokens * top_k, hidden, device="cuda", dtype=torch.bfloat16)
    weights = torch.rand(tokens, top_k, device="cuda")

    def permute(i):
        x[order // top_k]
        out = torch.zeros(tokens, hidden, device="cuda")
        weighed = rows.float() * weights.reshape(-1)[order][:, None]
        return out.index_add_(0, order // top_k, weighed).to(x.dtype)

    return graph_time_us(permute, 30.0 + tokens * top_k * hidden * 32 / 2.5e6)
