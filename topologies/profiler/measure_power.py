"""What a GPU draws while it does one kind of work, two seconds each: watts by NVML's energy counter, clocks, and the
rates reached. topologies/fit/power.py makes shares of the power limit of them.

    python3 measure_power.py --out power.json

on the machine with the GPU; PyTorch with its Triton is all it needs. Two to three minutes. Limits and clocks are left as
they are; nothing else should run on the GPU."""
import argparse
import ctypes
import datetime
import json
import statistics
import sys
import threading
import time

import torch
import torch.nn.functional as F

import attention
from timing import Pool, graph_of

WARM_S, MEASURED_S = 0.8, 2.0
GRAPH_S = 0.004  # work in one graph
QUEUE = 8  # graphs sent ahead
WIDTHS = ((8192, 8192), (28672, 8192))  # columns and depth of products: weights far beyond the L2
ROWS = (1, 16, 64, 128, 256, 512, 1024, 2048, 8192)
HEADS = (32, 8, 128)  # queries, keys and values, width


class Nvml:
    """The few calls needed, without a package for them."""

    def __init__(self):
        self.library = ctypes.CDLL("libnvidia-ml.so.1")
        self.library.nvmlInit_v2()
        self.device = ctypes.c_void_p()
        self.library.nvmlDeviceGetHandleByIndex_v2(0, ctypes.byref(self.device))

    def read(self, name, kind, *arguments):
        value = kind()
        code = getattr(self.library, name)(self.device, *arguments, ctypes.byref(value))
        if code != 0:
            raise RuntimeError(f"{name}: NVML error {code}")
        return value.value

    def joules(self):
        return self.read("nvmlDeviceGetTotalEnergyConsumption", ctypes.c_ulonglong) / 1e3

    def limit_w(self):
        return self.read("nvmlDeviceGetEnforcedPowerLimit", ctypes.c_uint) / 1e3

    def sm_mhz(self):
        return self.read("nvmlDeviceGetClockInfo", ctypes.c_uint, 1)

    def memory_mhz(self):
        return self.read("nvmlDeviceGetClockInfo", ctypes.c_uint, 2)

    def celsius(self):
        return self.read("nvmlDeviceGetTemperature", ctypes.c_uint, 0)

    def slowed_by(self):
        """Bits of nvmlClocksThrottleReasons: 4 is the power limit."""
        return self.read("nvmlDeviceGetCurrentClocksThrottleReasons", ctypes.c_ulonglong)

    def driver(self):
        text = ctypes.create_string_buffer(96)
        self.library.nvmlSystemGetDriverVersion(text, 96)
        return text.value.decode()


def edge_of_counter(nvml):
    """Time and joules just when the counter moves: it does so some ten times a second."""
    before = nvml.joules()
    while True:
        now = nvml.joules()
        if now != before:
            return time.perf_counter(), now
        time.sleep(0.0005)


class Watch(threading.Thread):
    """Power and clocks beside the work that the main thread sends."""

    def __init__(self, nvml):
        super().__init__()
        self.nvml, self.samples = nvml, []
        self.watts = 0.0

    def run(self):
        time.sleep(WARM_S)
        begin, joules = edge_of_counter(self.nvml)
        while time.perf_counter() < begin + MEASURED_S:
            self.samples.append((self.nvml.sm_mhz(), self.nvml.memory_mhz(), self.nvml.celsius(), self.nvml.slowed_by()))
            time.sleep(0.05)
        end, last = edge_of_counter(self.nvml)
        self.watts = (last - joules) / (end - begin)

    def figures(self):
        sm, memory, celsius, reasons = zip(*self.samples)
        return {"watts": round(self.watts, 1), "sm_mhz": statistics.median(sm), "memory_mhz": statistics.median(memory),
                "celsius": statistics.median(celsius),
                "power_capped": round(sum(1 for r in reasons if r & 4) / len(reasons), 2)}


def seconds_of(graph):
    begin, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
    graph.replay()
    begin.record()
    graph.replay()
    end.record()
    end.synchronize()
    return begin.elapsed_time(end) / 1e3


def measure(nvml, call, flops, moved):
    """Of `call(i)`, which does so many operations and moves so many bytes, repeated without a gap."""
    once = seconds_of(graph_of(call, 4)) / 4
    repeats = max(2, min(256, round(GRAPH_S / once)))
    graph = graph_of(call, repeats)
    torch.cuda.synchronize()
    watch = Watch(nvml)
    watch.start()
    sent, marks = 0, []
    first = torch.cuda.Event(enable_timing=True)
    first.record()
    while watch.is_alive():
        graph.replay()
        sent += 1
        mark = torch.cuda.Event(enable_timing=True)
        mark.record()
        marks.append(mark)
        if len(marks) > QUEUE:
            marks.pop(0).synchronize()
    torch.cuda.synchronize()
    each = first.elapsed_time(mark) / 1e3 / (sent * repeats)
    return {**watch.figures(), "seconds": each, "flops_per_s": flops / each, "bytes_per_s": moved / each}


def rest(nvml, seconds):
    """Nothing runs."""
    time.sleep(seconds)
    watch = Watch(nvml)
    watch.start()
    watch.join()
    return {**watch.figures(), "flops_per_s": 0.0, "bytes_per_s": 0.0}


def product(pool, m, n, k):
    x = torch.randn(m, k, device="cuda", dtype=torch.bfloat16)
    y = torch.empty(m, n, device="cuda", dtype=torch.bfloat16)
    weights = [w.view(k, n) for w in pool.copies(k * n)]
    return lambda i: torch.mm(x, weights[i % len(weights)], out=y), 2 * m * n * k, 2 * (n * k + m * n + m * k)


def product_fp8(pool, m, n, k):
    x = torch.randn(m, k, device="cuda", dtype=torch.bfloat16).to(torch.float8_e4m3fn)
    weights = [(w.view(n, k) * 50.0).to(torch.float8_e4m3fn).t() for w in pool.copies(k * n)]
    one = torch.ones((), device="cuda")
    return (lambda i: torch._scaled_mm(x, weights[i % len(weights)], one, one, out_dtype=torch.bfloat16),
            2 * m * n * k, n * k + 2 * m * n + m * k)


def moving(pool, size, read_only):
    x = pool.numbers[:size]
    y = torch.empty(1 if read_only else size, device="cuda", dtype=torch.bfloat16)
    if read_only:
        return lambda i: torch.sum(x, 0, keepdim=True, out=y), 0, 2 * size
    return lambda i: y.copy_(x), 0, 4 * size


def small_kernels(size):
    x = torch.randn(size, device="cuda", dtype=torch.bfloat16)
    return lambda i: x.mul_(1.0), 0, 0  # what it moves stays in the L2


def gating(pool, rows, width):
    gate, up = pool.numbers[:rows * width], pool.numbers[rows * width:2 * rows * width]
    out = torch.empty(rows * width, device="cuda", dtype=torch.bfloat16)

    def both(i):
        torch.ops.aten.silu.out(gate, out=out)
        out.mul_(up)

    return both, 0, 10 * rows * width


def decode(pool, sequences, context):
    heads, kv_heads, width = HEADS
    parts = max(1, min(32, attention.THREAD_BLOCKS // (sequences * kv_heads), context // 128))
    group = heads // kv_heads
    q = torch.randn(sequences, heads, width, device="cuda", dtype=torch.bfloat16)
    lengths = torch.full((sequences,), context, device="cuda", dtype=torch.int32)
    partial = torch.empty(sequences, kv_heads, parts, group, width, device="cuda")
    log_sums = torch.empty(sequences, kv_heads, parts, group, device="cuda")
    cache = sequences * kv_heads * context * width
    caches = [(w[:cache], w[cache:]) for w in pool.copies(2 * cache)]

    def attend(i):
        k, v = caches[i % len(caches)]
        attention._attend_part[(sequences, kv_heads, parts)](
            q, k, v, lengths, partial, log_sums, kv_heads * context * width, context * width, width, width**-0.5,
            kv_heads, group, max(16, group), width, attention.TILE, parts, num_warps=4, num_stages=3)

    return attend, 4 * sequences * context * heads * width, 4 * cache


def prefill(tokens):
    heads, kv_heads, width = HEADS

    def rows(count):
        return torch.randn(1, count, tokens, width, device="cuda", dtype=torch.bfloat16)

    q, k, v = rows(heads), rows(kv_heads), rows(kv_heads)
    return (lambda i: F.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=True),
            2 * tokens * tokens * heads * width, 4 * tokens * (heads + kv_heads) * width)


def layer(pool, rows, attend):
    """Products of a layer of Llama-3.1-8B and attention between them: what serving is made of."""
    calls = [product(pool, rows, n, k) for n, k in ((6144, 4096), (4096, 4096))] + [attend] + [
        product(pool, rows, n, k) for n, k in ((28672, 4096), (4096, 14336))]

    def all_of_it(i):
        for call, _, _ in calls:
            call(i)

    return all_of_it, sum(c[1] for c in calls), sum(c[2] for c in calls)


def cases(pool):
    """Name and what makes the work: held-out ones are for judging a fit by."""
    for n, k in WIDTHS:
        for m in ROWS:
            yield f"gemm_bf16 {m} x {n} x {k}", lambda m=m, n=n, k=k: product(pool, m, n, k)
    for m in (16, 64, 256, 1024, 8192):
        yield f"gemm_fp8 {m} x 8192 x 8192", lambda m=m: product_fp8(pool, m, 8192, 8192)
    yield "copy", lambda: moving(pool, 2**30, False)
    yield "read", lambda: moving(pool, 2**31, True)
    for size in (2**10, 2**16, 2**20, 2**23):
        yield f"small kernels of {size}", lambda size=size: small_kernels(size)
    yield "silu and product", lambda: gating(pool, 8192, 14336)
    for sequences, context in ((8, 2048), (64, 1024), (64, 8192), (256, 2048)):
        yield f"decode attention {sequences} x {context}", lambda s=sequences, c=context: decode(pool, s, c)
    for tokens in (512, 2048, 8192):
        yield f"prefill attention {tokens}", lambda t=tokens: prefill(t)
    for sequences, context in ((1, 1024), (16, 1024), (64, 1024), (64, 4096), (256, 1024)):
        yield (f"layer, decode {sequences} x {context}",
               lambda s=sequences, c=context: layer(pool, s, decode(pool, s, c)))
    for tokens in (256, 2048, 8192):
        yield f"layer, prefill {tokens}", lambda t=tokens: layer(pool, t, prefill(t))


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--out", required=True, help="the JSON file to write")
    options.add_argument("--seconds", type=float, default=600.0, help="begin no further case after this long")
    given = options.parse_args()
    started = time.monotonic()
    nvml = Nvml()
    rows = [{"case": "before any context", **rest(nvml, 0.0)}]
    torch.cuda.init()
    pool = Pool(8)
    device = torch.cuda.get_device_properties(0)
    result = {"device": device.name, "driver": nvml.driver(), "date": datetime.date.today().isoformat(),
              "libraries": {"torch": torch.__version__, "cuda": torch.version.cuda}, "power_limit_w": nvml.limit_w(),
              "multiprocessors": device.multi_processor_count, "rows": rows}
    for name, make in cases(pool):
        if time.monotonic() - started > given.seconds:
            break
        call, flops, moved = make()
        rows.append({"case": name, **measure(nvml, call, flops, moved)})
        print(json.dumps(rows[-1]), file=sys.stderr, flush=True)
        with open(given.out, "w") as file:
            json.dump(result, file, indent=1)
        if len(rows) == 2:  # of a GPU that has just worked and will again
            rows.append({"case": "idle between steps", **rest(nvml, 0.0)})
    rows.append({"case": "idle after work", **rest(nvml, 3.0)})
    with open(given.out, "w") as file:
        json.dump(result, file, indent=1)


if __name__ == "__main__":
    main()
