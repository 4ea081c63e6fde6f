"""The ranks of a training agree how they talk to each other: by NCCL only where no two of them meet on one GPU."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed (pip install 'glassdask[ml]')")
import torch.distributed as dist

from glassdask.learning.training.process_group import agreed_backend
from tests.waiting import HANGS


@pytest.mark.parametrize(
    ("gpus", "expected"),
    [
        (["n1 GPU-a", "n1 GPU-b"], "nccl"),
        (["n1 GPU-a", "n2 GPU-a"], "nccl"),
        (["n1 GPU-a", "n1 GPU-a"], "gloo"),
        (["n1 GPU-a", "n1 GPU-b", "n1 GPU-a"], "gloo"),
        (["n1 GPU-a", ""], "gloo"),
        (["", ""], "gloo"),
    ],
    ids=["one each", "on two hosts", "shared", "two share", "one without", "none"],
)
def test_nccl_is_for_ranks_with_a_gpu_each(gpus: list[str], expected: str) -> None:
    """Whatever the order in which they come; all are told the same."""
    store = dist.HashStore()
    store.set_timeout(timedelta(seconds=HANGS))
    found: dict[int, str] = {}

    def ask(me: int) -> None:
        found[me] = agreed_backend(store, me, len(gpus), gpus[me])

    threads = [threading.Thread(target=ask, args=[me]) for me in reversed(range(len(gpus)))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(HANGS)
    assert found == dict.fromkeys(range(len(gpus)), expected)


#: One GPU, whatever the number of ranks, whose arithmetic is the processor's.
ON_ONE_GPU = """
import json, types, torch, torch.distributed as dist
from glassdask.learning.training import process_group as ranks
torch.cuda.is_available = lambda: True
torch.cuda.device_count = lambda: 1
torch.cuda.get_device_properties = lambda device: types.SimpleNamespace(uuid="GPU-1", index=device.index)
with ranks.process_group():
    backend = dist.get_backend()
    print(json.dumps([backend, ranks.any_rank(dist.get_rank() == 1)]))
"""


def test_ranks_that_share_a_gpu_talk_by_gloo() -> None:
    """Two real ranks, with the variables of a gang on one machine; NCCL would end both."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        world = {"WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(probe.getsockname()[1])}
    environment = {**os.environ, **world, "LOCAL_WORLD_SIZE": "2", "OMP_NUM_THREADS": "1"}
    ranks = [
        subprocess.Popen(
            [sys.executable, "-c", ON_ONE_GPU],
            env={**environment, "RANK": str(rank), "LOCAL_RANK": str(rank)},
            stdout=subprocess.PIPE,
            text=True,
        )
        for rank in (0, 1)
    ]
    try:
        assert [json.loads(rank.communicate(timeout=HANGS)[0]) for rank in ranks] == 2 * [["gloo", True]]
    finally:
        for rank in ranks:
            rank.kill()
            rank.wait()


SAID_BY_MPI = """
import json, os, pathlib, sys
from glassdask.learning.training.mpi_rendezvous import set_rendezvous
set_rendezvous()
said = [os.environ[name] for name in ("RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE")]
# A file each: what the ranks print comes through mpirun's pipes, which may join their lines.
pathlib.Path(sys.argv[1], said[0]).write_text(json.dumps(said))
"""


@pytest.mark.mpi
def test_an_mpi_launcher_s_ranks_know_how_many_they_are_on_their_host(tmp_path: Path) -> None:
    pytest.importorskip("mpi4py", reason="mpi4py is not installed (pip install 'glassdask[mpi]')")
    own = Path(sys.executable).parent / "mpirun"
    mpirun = str(own) if own.exists() else shutil.which("mpirun")
    if mpirun is None:
        pytest.skip("mpirun is not installed (pip install 'glassdask[mpi]')")
    command = [mpirun, "-n", "2", sys.executable, "-c", SAID_BY_MPI, str(tmp_path)]
    subprocess.run(command, capture_output=True, text=True, timeout=HANGS, check=True)
    said = {path.name: json.loads(path.read_text()) for path in tmp_path.iterdir()}
    assert said == {"0": ["0", "2", "0", "2"], "1": ["1", "2", "1", "2"]}
