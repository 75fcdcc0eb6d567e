"""Runs scenarios with the built program, one process each, and keeps results by what they depend on."""
import concurrent.futures
import hashlib
import json
import os
import subprocess
import sys
import tempfile


class Runs:
    """`cache`: a folder; results there are named by a hash of program, engine profile and scenario."""

    def __init__(self, program, cache, jobs=2):
        self.program = program
        self.cache = cache
        self.jobs = jobs
        self.version = digest(open(program, "rb").read())
        os.makedirs(cache, exist_ok=True)

    def all(self, scenarios, progress=False):
        """Summaries in order; None where the scenario does not fit."""
        with concurrent.futures.ThreadPoolExecutor(self.jobs) as pool:
            results = []
            for done, result in enumerate(pool.map(self.one, scenarios), 1):
                results.append(result)
                if progress and sys.stderr.isatty():
                    print(f"\r{done}/{len(scenarios)} points", end="", file=sys.stderr)
        return results

    def one(self, scenario):
        text = json.dumps(scenario, sort_keys=True)
        profile = scenario["engine"]["profile"]
        named = text.encode()
        if os.path.exists(profile):  # what it says counts, not where it lies
            with open(profile, "rb") as file:
                named = text.replace(json.dumps(profile), "").encode() + file.read()
        path = os.path.join(self.cache, digest(self.version.encode() + named))
        if not os.path.exists(path):
            result = self.run(text)
            with open(path + ".new", "w") as file:
                json.dump(result, file)
            os.replace(path + ".new", path)
        with open(path) as file:
            return json.load(file)

    def run(self, text):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "scenario.json")
            with open(path, "w") as file:
                file.write(text)
            done = subprocess.run([self.program, "run", path, "--out", folder], capture_output=True, text=True)
            if done.returncode == 1:
                return None
            if done.returncode != 0:
                raise RuntimeError(f"{done.stderr}\n{text}")
            with open(os.path.join(folder, "summary.json")) as file:
                summary = json.load(file)
        return {
            "ttft": summary["mean_ttft_ms"],
            "tpot": summary["mean_tpot_ms"],
            "throughput": summary["output_throughput"],
            "steps": summary["steps"],
            "breakdown": summary["breakdown"]["ms"],
        }


def digest(data):
    return hashlib.sha256(data).hexdigest()[:24]
