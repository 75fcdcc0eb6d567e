"""Attention of one layer: PyTorch's flash attention over a prompt, a split-KV kernel for decoding."""
import torch
import torch.nn.functional as F
import triton
import triton.language as tl

from timing import cold_time_us, graph_time_us

SHAPES = ((32, 8, 128), (64, 8, 128), (32, 4, 128), (16, 16, 128), (8, 1, 128), (32, 32, 128), (64, 8, 64))
PROMPTS = (16, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384)
CONTEXTS_BEFORE = (0, 2048, 16384)
BATCHES = (1, 2, 4, 8, 16, 32, 64, 128, 256)
CONTEXTS = (128, 512, 1024, 2048, 4096, 8192, 32768)
LARGEST_CACHE = 9 * 2**30  # elements
THREAD_BLOCKS = 264  # two for each of Hopper's 132 multiprocessors
TILE = 64


def prefill_points():
    for heads, kv_heads, head_dim in SHAPES:
        for context in CONTEXTS_BEFORE:
            for tokens in PROMPTS:
                if context == 0 or (tokens <= 8192 and (heads, kv_heads) in ((32, 8), (64, 8), (16, 16))):
                    yield tokens, context, heads, kv_heads, head_dim


def prefill(pool, tokens, context, heads, kv_heads, head_dim):
    """Causal attention of a chunk of `tokens` after `context` cached ones: the last query sees every key."""
    def rows(count, width):
        return torch.randn(1, count, width, head_dim, device="cuda", dtype=torch.bfloat16)

    q, k, v = rows(tokens, heads), rows(tokens + context, kv_heads), rows(tokens + context, kv_heads)
    pairs = tokens * context + tokens * tokens / 2
    likely_us = 8.0 + 4.0 * pairs * heads * head_dim / 4e8
    return graph_time_us(
        lambda i: torch.ops.aten._flash_attention_forward(q, k, v, None, None, tokens, tokens + context, 0.0, True,
                                                          False), likely_us)


def torch_prompt_points():
    for heads, kv_heads, head_dim in SHAPES:
        for tokens in PROMPTS + (384, 768, 1536, 3072, 6144):
            yield tokens, heads, kv_heads, head_dim


def torch_prompt(pool, tokens, heads, kv_heads, head_dim):
    """Causal attention of a whole prompt by the kernel that PyTorch chooses (on Hopper cuDNN's), of a projection's
    output, with all that PyTorch puts around it."""
    z = torch.randn(tokens, heads + 2 * kv_heads, head_dim, device="cuda", dtype=torch.bfloat16)
    q, k, v = (w[None].transpose(1, 2) for w in z.split((heads, kv_heads, kv_heads), 1))
    likely_us = 15.0 + 2.0 * tokens * tokens * heads * head_dim / 5e8
    return cold_time_us(
        pool, lambda: z.mul_(1.0),
        lambda: F.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=True).transpose(1, 2).reshape(
            tokens, -1), likely_us)


@triton.jit
def _attend_part(queries, keys, values, lengths, partial, log_sums, row, head, token, scale, KV_HEADS: tl.constexpr,
                 GROUP: tl.constexpr, GROUP_PADDED: tl.constexpr, DIM: tl.constexpr, TILE: tl.constexpr,
                 PARTS: tl.constexpr):
    """One part of one sequence's cache for the queries that share a KV head: online softmax, fp32 sums."""
    sequence, kv_head, part = tl.program_id(0), tl.program_id(1), tl.program_id(2)
    length = tl.load(lengths + sequence)
    stretch = tl.cdiv(tl.cdiv(length, PARTS), TILE) * TILE
    first = part * stretch
    last = tl.minimum(first + stretch, length)
    members = tl.arange(0, GROUP_PADDED)
    dims = tl.arange(0, DIM)
    real = members[:, None] < GROUP
    q_at = (sequence * KV_HEADS + kv_head) * GROUP + members
    q = tl.load(queries + q_at[:, None] * DIM + dims[None, :], mask=real, other=0.0)
    highest = tl.full([GROUP_PADDED], -1e30, tl.float32)
    total = tl.zeros([GROUP_PADDED], tl.float32)
    sums = tl.zeros([GROUP_PADDED, DIM], tl.float32)
    base = sequence.to(tl.int64) * row + kv_head * head
    for begin in range(first, last, TILE):
        at = begin + tl.arange(0, TILE)
        inside = at < last
        offsets = base + at[:, None].to(tl.int64) * token + dims[None, :]
        k = tl.load(keys + offsets, mask=inside[:, None], other=0.0)
        scores = tl.where(inside[None, :], tl.dot(q, tl.trans(k)) * scale, -1e30)
        higher = tl.maximum(highest, tl.max(scores, 1))
        weights = tl.exp(scores - higher[:, None])
        shrink = tl.exp(highest - higher)
        v = tl.load(values + offsets, mask=inside[:, None], other=0.0)
        sums = sums * shrink[:, None] + tl.dot(weights.to(v.dtype), v)
        total = total * shrink + tl.sum(weights, 1)
        highest = higher
    out_at = ((sequence * KV_HEADS + kv_head) * PARTS + part) * GROUP + members
    safe = tl.maximum(total, 1e-20)
    tl.store(partial + out_at[:, None] * DIM + dims[None, :], sums / safe[:, None], mask=real)
    tl.store(log_sums + out_at, tl.where(total > 0, highest + tl.log(safe), -1e30), mask=members < GROUP)


def decode_points():
    for heads, kv_heads, head_dim in SHAPES:
        for context in CONTEXTS:
            for sequences in BATCHES:
                if 2 * sequences * context * kv_heads * head_dim <= LARGEST_CACHE:
                    yield sequences, context, heads, kv_heads, head_dim


def decode(pool, sequences, context, heads, kv_heads, head_dim):
    """One query of each of `sequences` over `context` cached tokens, without the kernels that join parts."""
    parts = max(1, min(32, THREAD_BLOCKS // (sequences * kv_heads), context // 128))
    group = heads // kv_heads
    q = torch.randn(sequences, heads, head_dim, device="cuda", dtype=torch.bfloat16)
    lengths = torch.full((sequences,), context, device="cuda", dtype=torch.int32)
    partial = torch.empty(sequences, kv_heads, parts, group, head_dim, device="cuda")
    log_sums = torch.empty(sequences, kv_heads, parts, group, device="cuda")
    cache = sequences * kv_heads * context * head_dim
    caches = [(w[:cache], w[cache:]) for w in pool.copies(2 * cache)]

    def attend(i):
        k, v = caches[i % len(caches)]
        _attend_part[(sequences, kv_heads, parts)](
            q, k, v, lengths, partial, log_sums, kv_heads * context * head_dim, context * head_dim, head_dim,
            head_dim**-0.5, kv_heads, group, max(16, triton.next_power_of_2(group)), head_dim, TILE, parts,
            num_warps=4, num_stages=3)

    return graph_time_us(attend, 6.0 + 4.0 * cache / 2.5e6)
