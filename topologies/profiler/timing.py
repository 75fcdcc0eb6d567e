"""Times of kernels as a CUDA graph replays them: launch gaps of a graph are in, the host is out."""
import statistics

import torch

GRAPH_US = 1000.0  # a graph repeats its operator until it takes about this long
LEAST_US = 12000.0  # replays add up to at least this, so that clocks are those of work, not of rest


class Pool:
    """Random bf16 numbers to cut operands from. A weight or a cache that is read once a step comes from
    memory, so repeats within a graph walk through the pool; what was just written is found in the L2."""

    def __init__(self, gib):
        self.numbers = torch.empty(int(gib * 2**29), device="cuda", dtype=torch.bfloat16)
        for part in self.numbers.split(2**28):
            part.normal_(0.0, 0.02)
        self.cold = 3 * torch.cuda.get_device_properties(0).L2_cache_size // 2  # elements: thrice the L2

    def holds(self, elements):
        return elements <= self.numbers.numel()

    def copies(self, elements):
        """Different stretches of so many elements, enough of them that none is in the L2 when it comes again."""
        wanted = -(-self.cold // elements) + 1
        count = max(1, min(wanted, self.numbers.numel() // elements))
        return [self.numbers[i * elements:(i + 1) * elements] for i in range(count)]


def graph_of(call, repeats):
    """A CUDA graph of so many `call(i)`, i from 0, after two to warm up."""
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        call(0)
        call(1)
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        for i in range(repeats):
            call(i)
    return graph


def graph_time_us(call, likely_us):
    """Median time of `call(i)` in microseconds; `i` counts repeats, for operands that differ from repeat to
    repeat. `likely_us` is a guess that chooses how many repeats one graph holds."""
    repeats = max(2, min(64, round(GRAPH_US / likely_us)))
    graph = graph_of(call, repeats)
    times = []
    graph.replay()
    while len(times) < 5 or (sum(times) < LEAST_US and len(times) < 25):
        begin, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        begin.record()
        graph.replay()
        end.record()
        end.synchronize()
        times.append(begin.elapsed_time(end) * 1000.0)
    return statistics.median(times) / repeats


def cold_time_us(pool, prepare, call, likely_us):
    """The same of `call()` in a step: products have passed through the L2 since it last ran, so that what it reads
    comes from memory, its instructions too, but for what `prepare()` has just written."""
    passing = pool.copies(pool.cold // 3)[:2]  # together twice the L2

    def before(i):
        torch.mul(passing[0], 1.0, out=passing[1])
        prepare()

    def all_of_it(i):
        before(i)
        call()

    with_rest_us = likely_us + 2 * pool.cold / 3e6
    return graph_time_us(all_of_it, with_rest_us) - graph_time_us(before, with_rest_us)
