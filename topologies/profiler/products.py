"""Matrix products: dense ones by cuBLAS, experts' by PyTorch's grouped product."""
import torch

from timing import graph_time_us

ROWS = (1, 2, 4, 8, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048, 4096, 8192)
COLUMNS = (64, 256, 512, 1024, 1536, 2048, 3072, 4096, 6144, 8192, 12288, 16384, 24576, 32768, 65536, 131072)
DEPTHS = (512, 1024, 2048, 4096, 8192, 14336, 28672)
LARGEST_WEIGHT = 2**29 + 2**28  # elements
LARGEST_OUTPUT = 2**28

# hidden and intermediate sizes of published experts, fine to coarse
EXPERTS = ((2048, 768), (2048, 1408), (4096, 1536), (2880, 2880), (7168, 2048), (6144, 10752), (4096, 14336))
ROWS_PER_EXPERT = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)
ACTIVE = (1, 2, 4, 8, 16, 32, 64, 128)
LARGEST_EXPERTS = 5 * 2**30  # elements of all active experts
MOST_ROWS = 65536


def gemm_points():
    for k in DEPTHS:
        for n in COLUMNS:
            for m in ROWS:
                if n * k <= LARGEST_WEIGHT and m * n <= LARGEST_OUTPUT:
                    yield m, n, k


def gemm(pool, m, n, k):
    """y[m, n] = x[m, k] w[k, n], bf16."""
    x = torch.randn(m, k, device="cuda", dtype=torch.bfloat16)
    y = torch.empty(m, n, device="cuda", dtype=torch.bfloat16)
    weights = [w.view(k, n) for w in pool.copies(n * k)]
    likely_us = 3.0 + 2.0 * n * k / 3e6 + 2.0 * m * n * k / 6e8
    return graph_time_us(lambda i: torch.mm(x, weights[i % len(weights)], out=y), likely_us)


def gemm_fp8_points():
    for m, n, k in gemm_points():
        if n >= 512 and n * k >= 2**20:
            if m in (1, 16, 64, 128, 256, 512, 1024, 2048, 8192) and n in (1024, 4096, 8192, 16384, 32768):
                yield m, n, k


def gemm_fp8(pool, m, n, k):
    """The same with both operands in e4m3, one scale each."""
    x = torch.randn(m, k, device="cuda").to(torch.float8_e4m3fn)
    one = torch.ones((), device="cuda")
    weights = [w[:n * k].view(n, k).to(torch.float8_e4m3fn).t() for w in pool.copies(n * k)[:24]]
    likely_us = 3.0 + n * k / 3e6 + 2.0 * m * n * k / 1.2e9
    return graph_time_us(
        lambda i: torch._scaled_mm(x, weights[i % len(weights)], scale_a=one, scale_b=one,
                                   out_dtype=torch.bfloat16, use_fast_accum=True), likely_us)


def grouped_points():
    for hidden, intermediate in EXPERTS:
        for active in ACTIVE:
            for each in ROWS_PER_EXPERT:
                if active * 3 * hidden * intermediate <= LARGEST_EXPERTS and active * each <= MOST_ROWS:
                    yield active * each, active, hidden, intermediate


def grouped(pool, rows, active, hidden, intermediate, loads=None):
    """Gate-up and down product of `active` experts that share `rows` evenly, or by `loads`."""
    loads = loads or [rows // active + (e < rows % active) for e in range(active)]
    ends = torch.tensor(loads, device="cuda").cumsum(0).to(torch.int32)
    x = torch.randn(rows, hidden, device="cuda", dtype=torch.bfloat16)
    h = torch.randn(rows, intermediate, device="cuda", dtype=torch.bfloat16)
    experts = len(loads)
    up = 2 * experts * hidden * intermediate
    weights = [(w[:up].view(experts, hidden, 2 * intermediate), w[up:].view(experts, intermediate, hidden))
               for w in pool.copies(up + up // 2)]

    def both(i):
        gate_up, down = weights[i % len(weights)]
        torch._grouped_mm(x, gate_up, offs=ends)
        torch._grouped_mm(h, down, offs=ends)

    likely_us = 10.0 + active * 6.0 * hidden * intermediate / 2.5e6 + 6.0 * rows * hidden * intermediate / 5e8
    return graph_time_us(both, likely_us)
