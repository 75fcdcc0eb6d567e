# What the tests of sweeps on a cluster share: a study, running the program, comparing results.
import pathlib
import subprocess
import sys

POINTS = 10
STUDY = """{"title": "Ten rates", "scenario": {"model": "mixtral-8x7b", "cluster": "hgx-h200",
  "deployment": {"data_parallel_size": 8, "enable_expert_parallel": true},
  "workload": {"arrivals": {"process": "poisson", "rate": 1}, "num_requests": 400,
    "prompt_tokens": {"distribution": "fixed", "value": 300}, "output_tokens": {"distribution": "fixed", "value": 100}}},
  "sweep": {"/workload/arrivals/rate": [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]}}"""


def require(holds, what):
    if not holds:
        sys.exit(f"FAILED: {what}")


def skip(why):
    print(f"skipped: {why}")
    sys.exit(0)


class Bench:
    """A folder with the study, and the whole sweep of it in `whole`."""

    def __init__(self, folder, program):
        self.folder = pathlib.Path(folder)
        self.study = self.folder / "study.json"
        self.study.write_text(STUDY)
        done = self.run([program, "sweep", self.study, "--out", self.folder / "whole"])
        require(done.returncode == 0, f"the whole sweep: {done.stderr}")

    def run(self, command, **options):
        return subprocess.run([str(part) for part in command], cwd=self.folder, capture_output=True, text=True, timeout=120,
                              **options)

    def journal_lines(self, name):
        journal = self.folder / name / "journal.jsonl"
        return journal.read_text().count("\n") if journal.exists() else 0

    def require_whole(self, name):
        for file in ("sweep.csv", "report.html"):
            same = (self.folder / name / file).read_bytes() == (self.folder / "whole" / file).read_bytes()
            require(same, f"{name}/{file} is that of the whole sweep")
        require(self.journal_lines(name) == POINTS, f"{name}/journal.jsonl has every point once")
