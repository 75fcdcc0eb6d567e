# slurm_test.py PROGRAM TREE: the recipe sim/study/sweep/slurm/sweep_array on Slurm's own daemons, started for it
# alone on this machine: keys, sockets, ports and states of their own, no service of the system's.
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time

from sweeps import Bench, require, skip

NEEDED = ("munged", "slurmctld", "slurmd", "sbatch", "squeue", "scancel", "sinfo")
SHARDS = 3

CONFIGURATION = """
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldPort={ports[0]}
SlurmdPort={ports[1]}
MailProg=/bin/true
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus} State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def wait_until(condition, seconds):
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            return False
        time.sleep(0.2)
    return True


class Slurm:
    """A cluster of this machine, while the `with` lasts."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.daemons = []
        self.environment = dict(os.environ, SLURM_CONF=str(self.folder / "slurm.conf"))

    def __enter__(self):
        host = socket.gethostname().split(".")[0]
        (self.folder / "slurm.conf").write_text(
            CONFIGURATION.format(host=host, folder=self.folder, ports=free_ports(2), cpus=os.cpu_count()))
        for name in ("state", "spool"):
            (self.folder / name).mkdir()
        key = self.folder / "key"
        key.write_bytes(os.urandom(1024))
        key.chmod(0o400)
        own = [f"--{what}={self.folder}/munge.{what.split('-')[0]}" for what in ("socket", "pid-file", "log-file", "seed-file")]
        self.start("munged", "--foreground", "--force", f"--key-file={key}", *own)
        require(wait_until((self.folder / "munge.socket").exists, 20), f"munged has a socket: {self.said('munged')}")
        self.start("slurmctld", "-D")
        self.start("slurmd", "-D", "-N", host)
        ready = wait_until(lambda: "idle" in self.ask("sinfo", "--noheader", "--format=%T"), 60)
        if not ready:
            said = self.said("slurmctld") + self.said("slurmd")
            self.__exit__()
            skip("Slurm does not get ready here: " + " ".join(said.split())[-600:])
        return self

    def __exit__(self, *_):
        for daemon in reversed(self.daemons):
            daemon.terminate()
            try:
                daemon.wait(timeout=20)
            except subprocess.TimeoutExpired:
                daemon.kill()

    def start(self, program, *arguments):
        with open(self.folder / f"{program}.said", "w") as said:
            self.daemons.append(subprocess.Popen([shutil.which(program), *arguments], env=self.environment, stdout=said,
                                                 stderr=subprocess.STDOUT, cwd=self.folder))

    def said(self, program):
        return (self.folder / f"{program}.said").read_text()

    def ask(self, *command):
        return subprocess.run(command, env=self.environment, capture_output=True, text=True, timeout=60).stdout

    def queue(self):
        return self.ask("squeue", "--noheader").strip()


def require_joined(slurm, bench, recipe, name):
    done = bench.run([recipe, bench.study, name, SHARDS], env=slurm.environment)
    require(done.returncode == 0, f"the recipe submits its jobs: {done.stderr}")
    require(wait_until(lambda: not slurm.queue(), 120), f"its jobs end: {slurm.queue()}")
    log = bench.folder / name / "join.log"
    require((bench.folder / name / "sweep.csv").exists(), f"the last job joins: {log.read_text() if log.exists() else 'no log'}")
    bench.require_whole(name)


def main():
    program, tree = sys.argv[1:3]
    os.environ["PATH"] += ":/usr/sbin"
    missing = [name for name in NEEDED if shutil.which(name) is None]
    if missing:
        skip(f"no {', '.join(missing)}: install slurm-wlm")
    if os.getuid() != 0:
        skip("Slurm's daemons want root")
    recipe = pathlib.Path(tree) / "sim/study/sweep/slurm/sweep_array"
    with tempfile.TemporaryDirectory(prefix="sy-slurm-") as folder, Slurm(folder) as slurm:
        (pathlib.Path(folder) / "sweeps").mkdir()
        slurm.environment["SWITCHYARD"] = program
        bench = Bench(pathlib.Path(folder) / "sweeps", program)
        require_joined(slurm, bench, recipe, "joined")

        bench.run([recipe, bench.study, "cut", SHARDS], env=slurm.environment)
        require(wait_until(lambda: bench.journal_lines("cut/shard-1") >= 1, 60), "the first shard finishes a point")
        slurm.ask("scancel", "--name=sweep")
        require(wait_until(lambda: not slurm.queue(), 60), f"jobs end when cancelled: {slurm.queue()}")
        said = (bench.folder / "cut/join.log").read_text()
        require("journal" in said and not (bench.folder / "cut/sweep.csv").exists(), f"what lacks is named: {said}")
        require_joined(slurm, bench, recipe, "cut")


main()
