"""Matrix products: dense ones by cuBLAS, experts' by PyTorch's grouped product."""
import torch

from timing import graph_time_us

ROWS = (1, 2, 4, 8, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048, 4096, 8192)
COLUMNS = (64, 256, 512, 1024, 1536, 2048, 3072, 4096, 6144, 8192, 12288, 16384, 24576, 32768, 65536, 131072)
DEPTHS = (512, 1024, 2048, 4096, 8192, 14336, 28672)
LARGEST_WEIGHT = 2**29 + 2**28  # elements
# cuBLAS chooses kernels by rules that no grid foresees: the products of published models are measured themselves.
# (hidden size, columns of q, k and v together, depth of the output projection, intermediate size, vocabulary)
DENSE_MODELS = (
    (4096, 6144, 4096, 14336, 128256),  # Llama-3.1-8B; its attention is Mixtral-8x7B's too
    (4096, 6144, 4096, 12288, 151936),  # Qwen3-8B
    (4096, 12288, 4096, 11008, 32000),  # Llama-2-7B
    (5120, 15360, 5120, 13824, 32000),  # Llama-2-13B
    (5120, 7168, 5120, 17408, 151936),  # Qwen3-14B
    (5120, 10240, 8192, 25600, 151936),  # Qwen3-32B
    (3584, 4608, 3584, 18944, 152064),  # Qwen2.5-7B
    (8192, 10240, 8192, 28672, 32000),  # Llama-2-70B, Llama-3.1-70B
    (8192, 10240, 8192, 29568, 152064),  # Qwen2.5-72B
)
# the same without an FFN, and the number of experts: the gate's columns
MOE_MODELS = (
    (4096, 6144, 4096, 8, 32000),  # Mixtral-8x7B
    (6144, 8192, 6144, 8, 32768),  # Mixtral-8x22B
    (4096, 6144, 4096, 16, 32064),  # Phi-3.5-MoE
    (2048, 6144, 2048, 64, 50304),  # OLMoE-1B-7B
    (2048, 5120, 4096, 128, 151936),  # Qwen3-30B-A3B
    (4096, 9216, 8192, 128, 151936),  # Qwen3-235B-A22B
    (2880, 5120, 4096, 128, 201088),  # gpt-oss-120b
    (7168, 24576, 16384, 256, 129280),  # DeepSeek-V3, without its latents
    (3072, 8192, 6144, 256, 200064),  # MiniMax-M2.5
    (5120, 14336, 12288, 160, 151552),  # GLM-4.5
    (5120, 7168, 5120, 16, 202048),  # Llama-4-Scout
    (3584, 4608, 3584, 64, 151936),  # Qwen2-57B-A14B
)
PUBLISHED_ROWS = (1, 2, 4, 8, 16, 32, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048, 4096, 8192)
# Batches that engines pad decodes to and prompts between: cuBLAS may change its kernel at any of them. 448 and 128 rows can take
# twice what a few rows more or less do, so that their neighbours are there too.
ROWS_BETWEEN = (24, 40, 48, 56, 72, 80, 88, 104, 112, 120, 136, 320, 432, 448, 464, 640, 896, 1280, 1792)
SEQUENCES = 512  # of a decode batch: the vocabulary's product takes one row of each
LARGEST_OUTPUT = 2**28

# hidden and intermediate sizes of published experts, fine to coarse
EXPERTS = ((2048, 768), (2048, 1408), (4096, 1536), (2880, 2880), (7168, 2048), (6144, 10752), (4096, 14336))
ROWS_PER_EXPERT = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)
BETWEEN_TILES = (96, 144, 160, 192, 224, 320, 384, 448, 640, 768)  # tiles have 128 rows
ACTIVE = (1, 2, 4, 8, 16, 32, 64, 128)
LARGEST_EXPERTS = 5 * 2**30  # elements of all active experts
MOST_ROWS = 65536


def gemm_points():
    for k in DEPTHS:
        for n in COLUMNS:
            for m in ROWS:
                if n * k <= LARGEST_WEIGHT and m * n <= LARGEST_OUTPUT:
                    yield m, n, k


def published_shapes():
    """Columns, depth and most rows of the products of published models, whole and cut for tensor parallelism."""
    shapes = {}
    for hidden, qkv, out, inner, vocabulary in DENSE_MODELS:
        for cut in (1, 2, 4, 8) if hidden >= 8192 else (1, 2, 4):
            shapes[qkv // cut, hidden] = shapes[hidden, out // cut] = ROWS[-1]
            shapes[2 * inner // cut, hidden] = shapes[hidden, inner // cut] = ROWS[-1]
        shapes[vocabulary, hidden] = SEQUENCES
    for hidden, qkv, out, experts, vocabulary in MOE_MODELS:
        for cut in (1, 2):
            shapes[qkv // cut, hidden] = shapes[hidden, out // cut] = ROWS[-1]
        shapes[experts, hidden] = ROWS[-1]
        shapes[vocabulary, hidden] = SEQUENCES
    return shapes


def gemm_published_points():
    """Those that the grid lacks."""
    for (n, k), most_rows in published_shapes().items():
        for m in PUBLISHED_ROWS:
            if n * k <= LARGEST_WEIGHT and m <= most_rows and m * n <= LARGEST_OUTPUT:
                if n not in COLUMNS or k not in DEPTHS:
                    yield m, n, k


def gemm_between_points():
    """All published shapes at further rows."""
    known = set(gemm_points())
    for (n, k), most_rows in published_shapes().items():
        for m in ROWS_BETWEEN:
            if n * k <= LARGEST_WEIGHT and m <= most_rows and m * n <= LARGEST_OUTPUT and (m, n, k) not in known:
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


def grouped_between_points():
    """Loads between whole tiles."""
    for hidden, intermediate in ((2048, 768), (2048, 1024), (4096, 1536), (4096, 14336)):
        for active in (1, 4, 8, 16, 64):
            for each in BETWEEN_TILES if (hidden, intermediate) in EXPERTS else ROWS_PER_EXPERT + BETWEEN_TILES:
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
