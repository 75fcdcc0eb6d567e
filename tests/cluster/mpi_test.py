# mpi_test.py PROGRAM TREE [PROGRAM_FOR_MPIRUN]: a sweep on ranks of MPI, several on this machine.
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from sweeps import POINTS, Bench, require, skip

RANKS = 4


def processes():
    """(process, parent, program) of everything that runs."""
    found = []
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            text = (folder / "stat").read_text()
            found.append((int(folder.name), int(text.rsplit(")", 1)[1].split()[1]), os.readlink(folder / "exe")))
        except OSError:
            pass  # it has ended meanwhile
    return found


def ranks_and_forks(mpirun, program):
    """The ranks below a process, and what they have forked."""
    all_processes = processes()
    below = {mpirun}
    while more := {p for p, parent, _ in all_processes if parent in below} - below:
        below |= more
    ours = {p: parent for p, parent, path in all_processes if p in below and path == program}
    return [p for p in ours if ours[p] not in ours], [p for p in ours if ours[p] in ours]


class Mpirun:
    def __init__(self, bench, program):
        self.bench, self.program = bench, os.path.realpath(program)
        self.environment = dict(os.environ, TMPDIR=str(bench.folder))
        if os.getuid() == 0:
            self.environment |= {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}

    def command(self, *arguments, program=None):
        return ["mpirun", "--oversubscribe", "-n", RANKS, program or self.program, "sweep", self.bench.study, *arguments]

    def run(self, *arguments, program=None):
        return self.bench.run(self.command(*arguments, program=program), env=self.environment)

    def run_and_kill(self, name, victims, lines):
        """Kills one of victims(ranks, forks) as soon as the journal has some lines; the exit status."""
        command = [str(part) for part in self.command("--out", name)]
        running = subprocess.Popen(command, cwd=self.bench.folder, env=self.environment, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        killed = False
        while running.poll() is None and not killed:
            time.sleep(0.002)
            if self.bench.journal_lines(name) < lines:
                continue
            chosen = victims(*ranks_and_forks(running.pid, self.program))
            if chosen:
                os.kill(chosen, signal.SIGKILL)
                killed = True
        require(killed, f"{name}: something was killed before the sweep's end")
        return running.wait(timeout=120)


def main():
    plain, for_mpirun = sys.argv[1], sys.argv[3] if len(sys.argv) > 3 else None
    if for_mpirun is None or shutil.which("mpirun") is None:
        skip("no MPI: install libopenmpi-dev and openmpi-bin")
    if "Open MPI" not in subprocess.run(["mpirun", "--version"], capture_output=True, text=True).stdout:
        skip("this mpirun is not Open MPI's")
    with tempfile.TemporaryDirectory(prefix="sy-mpi-") as folder:
        bench = Bench(folder, plain)
        mpirun = Mpirun(bench, for_mpirun)

        done = mpirun.run("--out", "ranks")
        require(done.returncode == 0, f"a sweep on {RANKS} ranks: {done.stderr}")
        bench.require_whole("ranks")

        status = mpirun.run_and_kill("lost-fork", lambda ranks, forks: forks[-1] if forks else None, 2)
        require(status == 0, "a point whose process was killed is tried again by its rank")
        bench.require_whole("lost-fork")

        for name, which in (("lost-first", min), ("lost-last", max)):
            status = mpirun.run_and_kill(name, lambda ranks, forks: which(ranks) if len(ranks) == RANKS else None, 2)
            require(status != 0, f"{name}: the job ends when a rank dies")
            finished = bench.journal_lines(name)
            require(2 <= finished < POINTS, f"{name}: {finished} points were finished")
            require(not (bench.folder / name / "sweep.csv").exists(), f"{name}: there is no table yet")
            done = mpirun.run("--out", name)
            require(done.returncode == 0, f"{name}: the same command goes on: {done.stderr}")
            bench.require_whole(name)

        for arguments, says in ((("--out", "wrong", "--set", "/seed=-1"), "/seed"), (("--out", "wrong", "--jobs", "2"), "--jobs")):
            done = mpirun.run(*arguments)
            require(done.returncode == 2 and done.stderr.count(says) == 1, f"what is wrong is said once: {done.stderr}")
        done = mpirun.run("--out", "wrong", program=plain)
        require(done.returncode == 2 and "without MPI" in done.stderr, "the program without MPI refuses to run several times")
        require(not (bench.folder / "wrong").exists(), "nothing is written when the input is wrong")


main()
