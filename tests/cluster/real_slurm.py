"""A real SLURM on this machine: munged, slurmctld and three slurmd as virtual nodes with two GPUs each.

Everything lies under one temporary folder and listens on loopback; nothing of the machine's own configuration is
touched. Debian's packages slurm-wlm and munge are enough; root is not needed.
"""

from __future__ import annotations

import getpass
import os
import secrets
import shutil
import signal
import socket
import stat
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from tests.waiting import HANGS, wait_until

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "squeue", "scancel", "sinfo")
_CONFIGURATION = """
ClusterName=glassdask
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={port}
AuthType=auth/munge
AuthInfo=socket={root}/munge.socket
CryptoType=crypto/munge
SlurmUser={user}
SlurmdUser={user}
SlurmdParameters=config_overrides
StateSaveLocation={root}/state
SlurmdSpoolDir={root}/spool.%n
SlurmctldPidFile={root}/slurmctld.pid
SlurmdPidFile={root}/slurmd.%n.pid
SlurmctldLogFile={root}/slurmctld.log
SlurmdLogFile={root}/slurmd.%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerParameters=bf_interval=2,sched_interval=2,sched_min_interval=100000,batch_sched_delay=0
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/filetxt
JobCompLoc={root}/jobcomp.txt
JobAcctGatherType=jobacct_gather/none
KillWait=2
MpiDefault=none
SwitchType=switch/none
ReturnToService=2
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
GresTypes=gpu
MaxJobCount=2000
MinJobAge=20
NodeName=g[1-3] NodeHostname={host} NodeAddr=127.0.0.1 Port=[{node_ports}] CPUs=4 RealMemory=8000 Gres=gpu:2
PartitionName=gpu Nodes=g[1-2] MaxTime=INFINITE State=UP
PartitionName=cpu Nodes=g3 Default=YES MaxTime=INFINITE State=UP
"""


def missing_programs() -> list[str]:
    """Programs of SLURM and munge that are not installed."""
    path = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])
    return [name for name in PROGRAMS if shutil.which(name, path=path) is None]


@dataclass
class RealSlurm:
    """The daemons, and the environment in which clients find them."""

    root: Path
    processes: list[subprocess.Popen] = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        """Variables for clients, and for everything that calls them."""
        path = os.pathsep.join([os.environ["PATH"], "/usr/sbin", "/sbin"])
        return {**os.environ, "SLURM_CONF": str(self.root / "slurm.conf"), "PATH": path}

    def start(self) -> None:
        """Starts all daemons and waits until the three nodes are idle."""
        for name in ("state", "spool.g1", "spool.g2", "spool.g3", "dev"):
            (self.root / name).mkdir()
        self._write_configuration()
        self._start_munge()
        self._spawn("slurmctld", "-D", "-f", str(self.root / "slurm.conf"))
        for node in ("g1", "g2", "g3"):
            self._spawn("slurmd", "-D", "-f", str(self.root / "slurm.conf"), "-N", node)
        self._wait_idle()

    def stop(self) -> None:
        """Ends every daemon and what they started."""
        subprocess.run(["scancel", "--user", getpass.getuser()], env=self.environment, check=False, capture_output=True)
        for process in reversed(self.processes):
            process.send_signal(signal.SIGTERM)
        for process in self.processes:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()

    def run(self, *command: str) -> str:
        """Output of a client's command."""
        done = subprocess.run(command, env=self.environment, check=True, capture_output=True, text=True, timeout=HANGS)
        return done.stdout

    def _write_configuration(self) -> None:
        ports = _free_ports(4)
        text = _CONFIGURATION.format(
            host=socket.gethostname(),
            user=getpass.getuser(),
            root=self.root,
            port=ports[0],
            node_ports=",".join(map(str, ports[1:])),
        )
        (self.root / "slurm.conf").write_text(text)
        for number in range(2):
            _make_device(self.root / "dev" / f"nvidia{number}", number)
        (self.root / "gres.conf").write_text(f"Name=gpu File={self.root}/dev/nvidia[0-1] Flags=nvidia_gpu_env\n")

    def _start_munge(self) -> None:
        key = self.root / "munge.key"
        key.write_bytes(secrets.token_bytes(128))
        key.chmod(0o600)
        files = {name: str(self.root / f"munge.{name}") for name in ("socket", "pid", "log", "seed")}
        self._spawn(
            "munged", "--foreground", "--force", f"--key-file={key}", f"--socket={files['socket']}",
            f"--pid-file={files['pid']}", f"--log-file={files['log']}", f"--seed-file={files['seed']}",
        )  # fmt: skip
        wait_until((self.root / "munge.socket").exists)

    def _spawn(self, *command: str) -> None:
        with (self.root / f"{command[0]}-{len(self.processes)}.out").open("w") as log:
            self.processes.append(subprocess.Popen(command, env=self.environment, stdout=log, stderr=log))

    def _wait_idle(self) -> None:
        def are_idle() -> bool:
            command = ["sinfo", "-h", "-N", "-t", "idle", "-o", "%N"]
            done = subprocess.run(command, env=self.environment, capture_output=True, text=True, check=False)
            return done.stdout.split() == ["g1", "g2", "g3"]

        wait_until(are_idle, pause=0.1)


def _make_device(path: Path, number: int) -> None:
    """A GPU by name: as a device, SLURM gives each job its own CUDA_VISIBLE_DEVICES; as a plain file, it counts only."""
    try:
        os.mknod(path, 0o600 | stat.S_IFCHR, os.makedev(195, number))
    except OSError:
        path.touch()


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return sorted(one.getsockname()[1] for one in sockets)
    finally:
        for one in sockets:
            one.close()
