"""Kernels that move data: element-wise ones, norms, activations, and what unfused PyTorch does to route tokens to
experts and to join the parts of decode attention."""
import torch
import torch.nn.functional as F
import triton
import triton.language as tl

from timing import cold_time_us

SIZES = tuple(2**e for e in range(10, 32))  # bytes read and written together
TOKENS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192)
NORM_ROWS = (1, 4, 16, 64, 128, 256, 512, 1024, 2048, 4096, 8192)
NORM_WIDTHS = (1024, 2048, 4096, 8192)
GATED_ROWS = (1, 4, 16, 64, 128, 256, 512, 1024, 4096, 16384, 65536)
GATED_WIDTHS = (768, 1536, 4096, 14336, 28672)
LARGEST_GATED = 2**28  # elements
GATES = ((8, 2), (16, 4), (64, 8), (128, 8), (256, 8))
ROW_WIDTHS = (2048, 4096, 7168)
VOCABULARIES = (32000, 50304, 128256, 151936)


def elementwise_points():
    return ((size,) for size in SIZES)


def elementwise(pool, size):
    """a + b, bf16, as of a residual: b the kernel before has just written, a is older."""
    a, b, c = (torch.randn(max(1, size // 6), device="cuda", dtype=torch.bfloat16) for _ in range(3))
    return cold_time_us(pool, lambda: b.mul_(1.0), lambda: torch.add(a, b, out=c), 2.0 + size / 2.5e6)


def norm_points():
    return ((rows, width) for width in NORM_WIDTHS for rows in NORM_ROWS)


def norm(pool, rows, width):
    """RMS norm, bf16, PyTorch's one kernel, of what an addition has just written."""
    x, y = (torch.randn(rows, width, device="cuda", dtype=torch.bfloat16) for _ in range(2))
    scale = torch.ones(width, device="cuda", dtype=torch.bfloat16)
    return cold_time_us(pool, lambda: torch.add(x, x, out=y), lambda: F.rms_norm(y, (width,), scale),
                        5.0 + rows * width * 4 / 2.5e6)


def activation_points():
    return ((rows, width) for width in GATED_WIDTHS for rows in GATED_ROWS if rows * width <= LARGEST_GATED)


@triton.jit
def _gate(both, out, width, BLOCK: tl.constexpr):
    row = tl.program_id(0).to(tl.int64)
    columns = tl.program_id(1) * BLOCK + tl.arange(0, BLOCK)
    inside = columns < width
    gate = tl.load(both + row * 2 * width + columns, mask=inside, other=0.0).to(tl.float32)
    up = tl.load(both + row * 2 * width + width + columns, mask=inside, other=0.0).to(tl.float32)
    tl.store(out + row * width + columns, (gate * tl.sigmoid(gate) * up).to(tl.bfloat16), mask=inside)


def activation(pool, rows, width):
    """silu(gate) * up of the halves of [rows, 2 width], bf16, one kernel."""
    both = torch.randn(rows, 2 * width, device="cuda", dtype=torch.bfloat16)
    out = torch.empty(rows, width, device="cuda", dtype=torch.bfloat16)
    blocks = (rows, triton.cdiv(width, 1024))
    return cold_time_us(pool, lambda: both.mul_(1.0), lambda: _gate[blocks](both, out, width, 1024, num_warps=4),
                        3.0 + rows * width * 6 / 2.5e6)


def torch_activation(pool, rows, width):
    """The same by PyTorch: silu, then the product; neither reads its halves in one piece."""
    both = torch.randn(rows, 2 * width, device="cuda", dtype=torch.bfloat16)
    gate, up = both.chunk(2, -1)
    return cold_time_us(pool, lambda: both.mul_(1.0), lambda: F.silu(gate) * up, 5.0 + rows * width * 10 / 1.5e6)


def reduction_points():
    for kv_heads, group in ((8, 4), (8, 8), (4, 8), (16, 1), (32, 1), (4, 16), (1, 16)):
        for sequences in (1, 2, 4, 8, 16, 32, 64, 128, 256):
            most = max(1, min(32, 264 // (sequences * kv_heads)))
            for parts in sorted({1, 2, 4, 8, 16, 32, most}):
                if parts == 1 or (parts <= most and sequences in (1, 4, 16)) or parts == most:
                    yield sequences, parts, kv_heads * group, kv_heads, 128


def reduction(pool, sequences, parts, heads, kv_heads, head_dim):
    """Joins the parts of split decode attention, by PyTorch: softmax, product, sum, cast; of one part the cast."""
    group = heads // kv_heads
    partial = torch.randn(sequences, kv_heads, parts, group, head_dim, device="cuda")
    log_sums = torch.randn(sequences, kv_heads, parts, group, device="cuda")

    def written():
        partial.mul_(1.0)
        log_sums.mul_(1.0)

    def join():
        if parts == 1:
            return partial[:, :, 0].reshape(sequences, -1).to(torch.bfloat16)
        weights = torch.softmax(log_sums, dim=2)
        return (partial * weights[..., None]).sum(2).reshape(sequences, -1).to(torch.bfloat16)

    return cold_time_us(pool, written, join, 10.0)


def cache_write_points():
    return ((sequences, heads, kv_heads, 128) for heads, kv_heads in ((32, 8), (32, 4), (16, 16), (64, 8))
            for sequences in (1, 2, 4, 8, 16, 32, 64, 128, 256))


def cache_write(pool, sequences, heads, kv_heads, head_dim):
    """New keys and values of decoding sequences to their slots of a cache, and queries in one piece: PyTorch's
    assignments by index, of a projection's output."""
    width = (heads + 2 * kv_heads) * head_dim
    z = torch.randn(sequences, width, device="cuda", dtype=torch.bfloat16).view(sequences, -1, head_dim)
    keys = torch.zeros(sequences + 1, kv_heads, 64, head_dim, device="cuda", dtype=torch.bfloat16)
    values = torch.zeros_like(keys)
    slots = torch.arange(sequences, device="cuda", dtype=torch.int32)
    lengths = torch.ones(sequences, device="cuda", dtype=torch.int32)
    places = lengths.long()

    def put():
        q, k, v = z[:, :heads].contiguous(), z[:, heads:heads + kv_heads], z[:, heads + kv_heads:]
        keys[slots, :, places] = k
        values[slots, :, places] = v
        return q, lengths + 1

    return cold_time_us(pool, lambda: z.mul_(1.0), put, 20.0)


def prompt_write_points():
    return ((tokens, heads, kv_heads, 128) for heads, kv_heads in ((32, 8), (32, 4), (16, 16), (64, 8))
            for tokens in (16, 64, 256, 1024, 4096))


def prompt_write(pool, tokens, heads, kv_heads, head_dim):
    """The same of a prompt."""
    width = (heads + 2 * kv_heads) * head_dim
    z = torch.randn(tokens, width, device="cuda", dtype=torch.bfloat16).view(1, tokens, -1, head_dim).transpose(1, 2)
    k, v = z[:, heads:heads + kv_heads], z[:, heads + kv_heads:]
    keys = torch.zeros(2, kv_heads, tokens, head_dim, device="cuda", dtype=torch.bfloat16)
    values = torch.zeros_like(keys)
    slot = torch.ones(1, device="cuda", dtype=torch.long)

    def put():
        keys[:, :, :tokens].index_copy_(0, slot, k)
        values[:, :, :tokens].index_copy_(0, slot, v)

    return cold_time_us(pool, lambda: z.mul_(1.0), put, 10.0 + tokens * kv_heads * head_dim * 8 / 1e6)


def sampling_points():
    return ((sequences, vocabulary) for vocabulary in VOCABULARIES
            for sequences in (1, 2, 4, 8, 16, 32, 64, 128, 256))


def sampling(pool, sequences, vocabulary):
    """Tokens to vectors of 4096 and logits to the likeliest token: PyTorch's embedding and argmax."""
    table = torch.randn(vocabulary, 4096, device="cuda", dtype=torch.bfloat16)
    tokens = torch.randint(0, vocabulary, (sequences,), device="cuda")
    logits = torch.randn(sequences, vocabulary, device="cuda", dtype=torch.bfloat16)

    def sample():
        return table[tokens], logits.argmax(-1)

    return cold_time_us(pool, lambda: logits.mul_(1.0), sample, 20.0)


def routing_points():
    return ((tokens, experts, top_k) for experts, top_k in GATES for tokens in TOKENS)


def routing(pool, tokens, experts, top_k):
    """From logits to the order and ends of the experts' rows: softmax, top-k, renormalisation, sort, counts."""
    logits = torch.randn(tokens, experts, device="cuda", dtype=torch.bfloat16)

    def route():
        weights, chosen = torch.topk(torch.softmax(logits.float() + 0.0, -1), top_k, -1)
        weights = weights / weights.sum(-1, keepdim=True)
        flat = chosen.reshape(-1)
        order = torch.argsort(flat)
        counts = torch.zeros(experts, device="cuda", dtype=torch.int32)
        counts = counts.scatter_add_(0, flat, torch.ones_like(flat, dtype=torch.int32))
        return order, torch.cumsum(counts, 0).to(torch.int32)

    return cold_time_us(pool, lambda: logits.mul_(1.0), route, 60.0)


def permutation_points():
    return ((tokens, top_k, hidden) for hidden in ROW_WIDTHS for top_k in (2, 8) for tokens in TOKENS)


def permutation(pool, tokens, top_k, hidden):
    """The rows' way to their experts and back: gather, then cast, weigh and add up in fp32."""
    order = torch.argsort(torch.randint(0, 64, (tokens * top_k,), device="cuda"))
    x = torch.randn(tokens, hidden, device="cuda", dtype=torch.bfloat16)
    rows = torch.randn(tokens * top_k, hidden, device="cuda", dtype=torch.bfloat16)
    weights = torch.rand(tokens, top_k, device="cuda")

    def permute():
        x[order // top_k]
        out = torch.zeros(tokens, hidden, device="cuda")
        weighed = rows.float() * weights.reshape(-1)[order][:, None]
        return out.index_add_(0, order // top_k, weighed).to(x.dtype)

    def written():
        x.mul_(1.0)
        rows.mul_(1.0)

    return cold_time_us(pool, written, permute, 30.0 + tokens * top_k * hidden * 32 / 2.5e6)
