"""Writes data/scaling.csv: how long whole commands take with more jobs, from their start to the last report.

Usage: python3 scaling.py PROGRAM [JOBS…]   jobs: 1, 2, 4 … up to the machine's cores. Sweeps: the median of three, jobs in turn; the plan once.
"""
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).parent


def sweep(model, deployment, points, requests):
    return "sweep", {"scenario": {"model": model, "deployment": deployment, "engine": {"max_model_len": 4096},
                                  "workload": {"arrivals": {"process": "poisson", "rate": 1}, "num_requests": requests,
                                               "prompt_tokens": {"distribution": "fixed", "value": 500},
                                               "output_tokens": {"distribution": "fixed", "value": 100}}},
                     "sweep": {"/workload/arrivals/rate": [1 + point / 10 for point in range(points)]}}


PLAN = "plan", {  # the benchmark's (sim/study/plan/plan_benchmark.cpp)
    "models": ["llama-3.1-8b", "llama-3.1-70b", "mixtral-8x7b", "qwen3-30b-a3b", "gpt-oss-120b"],
    "gpus": ["h100_sxm", "h200_sxm", "b200_sxm", "a100_sxm"], "budget": {"gpus": 64},
    "workload": {"arrivals": {"process": "poisson", "rate": 40},
                 "prompt_tokens": {"distribution": "lognormal", "mean": 1155, "cv": 0.96, "max": 14050},
                 "output_tokens": {"distribution": "lognormal", "mean": 211, "cv": 0.77, "max": 1000}},
    "slo": {"ttft_p99": "2 s", "tpot_p99": "50 ms"}, "objective": "minimise_gpus"}
CASES = {"sweep: 320 points, llama-3.1-70b": (sweep("llama-3.1-70b", {"tensor_parallel_size": 8}, 320, 1000), 3),
         "sweep: 160 points, mixtral-8x7b dp 8 ep 8":
             (sweep("mixtral-8x7b", {"data_parallel_size": 8, "enable_expert_parallel": True}, 160, 1000), 3),
         "plan: 5 models, 4 GPU types, 64 GPUs": (PLAN, 1)}


def seconds(program, command, study, jobs):
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "study.json"
        path.write_text(json.dumps(study))
        start = time.monotonic()
        subprocess.run([program, command, str(path), "--out", folder + "/out", "--jobs", str(jobs)], check=True,
                       stdout=subprocess.DEVNULL)
        return time.monotonic() - start


def main():
    program, cores = os.path.abspath(sys.argv[1]), len(os.sched_getaffinity(0))
    counts = [int(jobs) for jobs in sys.argv[2:]] or [2**i for i in range(cores.bit_length())]
    rows = ["command,jobs,seconds,times_as_fast_as_one_job"]
    for name, ((command, study), repeats) in CASES.items():
        times = {jobs: [] for jobs in counts}
        for _ in range(repeats):
            for jobs in counts:
                times[jobs].append(seconds(program, command, study, jobs))
        one = statistics.median(times[counts[0]])
        for jobs in counts:
            took = statistics.median(times[jobs])
            rows.append(f'"{name}",{jobs},{took:.2f},{one / took:.2f}')
            print(rows[-1], flush=True)
    (HERE / "data" / "scaling.csv").write_text("\n".join(rows) + "\n")


main()
