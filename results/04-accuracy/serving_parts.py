"""What a step of the measured server is made of: the host's time around the GPU's, decodes of equal and unequal sequences,
and how long the same step takes when it goes on for seconds. On a GPU:

    SERVER=FOLDER python3 serving_parts.py MODEL[:LAYERS] … >data/serving_parts_h100.json

FOLDER has the server's serve.py and steps.py; no clock of the GPU is touched. About 70 s a model.
"""
import json
import os
import statistics
import sys
import time

WISHES, sys.argv = sys.argv[1:], [sys.argv[0], "[]"]  # serve.py runs the plan of its own argument: an empty one
sys.path.insert(0, os.environ.get("SERVER", os.path.dirname(os.path.abspath(__file__))))
clock = time.perf_counter
BATCHES = (1, 2, 4, 8, 16, 24, 32, 48, 64, 96, 120, 128)
LOADS = ((9, 90), (0, 150))  # requests a second (0: all at once), requests
IDLE_S = 2e-3  # a longer time between two steps is waiting for requests


def bucket(sequences):
    return next(size for size in (1, 2, 4, *range(8, 1025, 8)) if size >= sequences)


def host_rows(steps):
    """Medians by kind and batch, in microseconds: the host's time in and between steps, that between them alone."""
    groups = {}
    for kind, between, in_step, device, contexts in steps:
        if between < IDLE_S:
            rows = bucket(len(contexts)) if kind == "d" else 1
            groups.setdefault((kind, rows), []).append((1e6 * (between + in_step) - 1e3 * device, 1e6 * between))
    return [{"kind": {"d": "decode", "p": "prefill"}[kind], "rows": rows, "steps": len(times),
             "host_us": round(statistics.median(t[0] for t in times), 1),
             "between_us": round(statistics.median(t[1] for t in times), 1)}
            for (kind, rows), times in sorted(groups.items()) if len(times) >= 8]


class Parts:
    def __init__(self, torch, engine):
        self.torch, self.engine = torch, engine
        self.begin, self.end = (torch.cuda.Event(enable_timing=True) for _ in range(2))

    def replay(self, graph, times=1):
        """Milliseconds on the GPU, its launch included, of one replay, or of each of several in a row."""
        self.begin.record()
        for _ in range(times):
            graph.replay()
        self.end.record()
        self.end.synchronize()
        return self.begin.elapsed_time(self.end) / times

    def serve(self, arrivals, prompts, outputs):
        """The server's loop with a clock: (kind, s since the last step, s in this, ms on the GPU, contexts)."""
        torch, engine = self.torch, self.engine
        texts = [torch.randint(0, engine.c["V"], (int(n),), device="cuda") for n in prompts]
        steps, waiting, running, free, coming, done = [], [], [], list(range(engine.S)), 0, 0
        start = last = clock()
        while done < len(arrivals):
            while coming < len(arrivals) and arrivals[coming] <= clock() - start:
                waiting.append(coming)
                coming += 1
            now = clock()
            if waiting and free:
                i, slot = waiting.pop(0), free.pop()
                graph, io = engine.pgraphs[texts[i].shape[0]]
                io["tok"].copy_(texts[i])
                io["slot"].fill_(slot)
                device, token = self.replay_then(graph, lambda: io["out"].item())
                steps.append(("p", now - last, clock() - now, device(), [int(prompts[i])]))
                running.append([i, slot, int(prompts[i]), token, 1])
            elif running:
                size = next(b for b in engine.buckets if b >= len(running))
                (graph, io), pad = engine.graphs[size], size - len(running)
                rows = torch.tensor([[r[3] for r in running] + [0] * pad, [r[2] for r in running] + [0] * pad,
                                     [r[1] for r in running] + [engine.S] * pad], pin_memory=True)
                rows = rows.to("cuda", non_blocking=True)
                for name, row in zip(("tok", "lens", "slots"), rows):
                    io[name].copy_(row)
                device, tokens = self.replay_then(graph, lambda: io["out"].tolist())
                steps.append(("d", now - last, clock() - now, device(), [r[2] for r in running]))
                for r, token in zip(running, tokens):
                    r[2], r[3], r[4] = r[2] + 1, token, r[4] + 1
                free += [r[1] for r in running if r[4] >= outputs[r[0]]]
                done += sum(r[4] >= outputs[r[0]] for r in running)
                running = [r for r in running if r[4] < outputs[r[0]]]
            last = clock()
        return steps

    def replay_then(self, graph, read):
        self.begin.record()
        graph.replay()
        self.end.record()
        tokens = read()
        return lambda: self.begin.elapsed_time(self.end), tokens

    def decode(self, lengths, slots):
        torch, (graph, io) = self.torch, self.engine.graphs[len(lengths)]
        io["lens"].copy_(torch.tensor(lengths, device="cuda", dtype=torch.int32))
        io["slots"].copy_(torch.tensor(slots, device="cuda"))
        self.replay(graph, 3)
        return {"queued_ms": round(statistics.median(self.replay(graph, 12) for _ in range(3)), 4),
                "single_ms": round(statistics.median(self.replay(graph) for _ in range(9)), 4)}

    def prefill(self, tokens):
        def rested():
            time.sleep(0.03)
            return self.replay(self.engine.pgraphs[tokens][0])
        return {"tokens": tokens, "single_ms": round(statistics.median(rested() for _ in range(5)), 4)}

    def sustained(self, graph, seconds):
        """Every replay's milliseconds, one after another from rest."""
        time.sleep(0.7)
        times, start = [], clock()
        while clock() - start < seconds:
            times.append(round(self.replay(graph), 3))
        return times


def measured(torch, serve, numpy, name, layers):
    engine = serve.Engine(name, 128, 2560)
    engine.capture()
    serve.serve(engine, *serve.workload(8, 50, 1, 256, 32, 2560))
    parts, random = Parts(torch, engine), numpy.random.default_rng(3)
    result = {"layers": layers, "host": [], "decode": [], "prefill": [], "sustained": []}
    for rate, requests in LOADS:
        rows = host_rows(parts.serve(*serve.workload(requests, rate, 11, 600, 160, 2560)))
        result["host"] += [{"rate": rate, **row} for row in rows]
    for size in BATCHES:
        shares = random.lognormal(0, 0.75, size)
        unequal = [int(min(2500, max(16, x))) for x in 600 * size * shares / shares.sum()]
        slots = random.permutation(128)[:size].tolist()
        for kind, lengths in (("equal", [600] * size), ("unequal", unequal)):
            result["decode"].append({"kind": kind, "lengths": lengths, **parts.decode(lengths, slots)})
    result["prefill"] = [parts.prefill(tokens) for tokens in serve.PROMPTS]
    for tokens in (2048, 512, 128):
        times = parts.sustained(engine.pgraphs[tokens][0], 1.5)
        result["sustained"].append({"tokens": tokens, "times_ms": times})
    return result


def main():
    import numpy
    import serve
    import steps
    import torch

    models = {}
    with torch.inference_mode():
        for wish in WISHES:
            name, _, layers = wish.partition(":")
            steps.MODELS[name]["L"] = int(layers or steps.MODELS[name]["L"])
            models[name] = measured(torch, serve, numpy, name, steps.MODELS[name]["L"])
            torch.cuda.empty_cache()
    print(json.dumps({"device": torch.cuda.get_device_name(), "models": models}))


if __name__ == "__main__":
    main()
