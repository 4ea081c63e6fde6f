"""Two ranks, as torchrun would start them, share each batch: they end at the weights of one process, and stop together."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed (pip install 'glassdask[ml]')")

from glassdask.learning.training.recipe import Recipe, decay_candidates
from glassdask.learning.training.study import CHECKPOINT, Training, load_trained, run_study
from tests.learning.synthetic import make_samples
from tests.waiting import HANGS, wait_until

SAMPLES = make_samples(6, n_times=11, n_wavenumbers=20, noise=0.01)
ROWS = tuple(range(6))
SMALL = Recipe("small", options={"layers": (16, 8)}, epochs=4, batch_size=13, lasso=1e-3, validation=0.2)
PAPER = Training("paper", ROWS, replace(SMALL, precision="float64"), 1)
#: 66 points: of the last batch rank 1 gets nothing.
DECAY = Training("decay", ROWS, replace(decay_candidates()[3], epochs=4, batch_size=13, precision="float64"), 2)
ENDLESS = Training("endless", ROWS, replace(SMALL, epochs=10**6, validation=0.0), 3)


def write_request(folder: Path) -> Path:
    SAMPLES.write(folder / "samples.npz")
    trainings = [training.plain() for training in (PAPER, DECAY, ENDLESS)]
    told = {"samples": str(folder / "samples.npz"), "folder": str(folder), "trainings": trainings}
    (folder / "request.json").write_text(json.dumps(told))
    return folder / "request.json"


@contextmanager
def ranks(requests: Sequence[Path]) -> Iterator[list[subprocess.Popen[str]]]:
    """As many as there are requests, in one world."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    world = {"WORLD_SIZE": str(len(requests)), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    children = [
        subprocess.Popen(
            [sys.executable, "-m", "glassdask.learning.training.rank", str(request)],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, **world, "RANK": str(rank), "LOCAL_RANK": str(rank), "OMP_NUM_THREADS": "1"},
        )
        for rank, request in enumerate(requests)
    ]
    try:
        yield children
    finally:
        for child in children:
            child.kill()
            child.wait()
            if child.stdout is not None:
                child.stdout.close()  # of one that nobody has listened to, it would be complained of in a later test


def assert_equal(folder: Path, alone: Path, training: Training) -> None:
    """To 10⁻⁶ of the norm of each array: sums are added in another order."""
    found, expected = load_trained(folder / f"{training.name}.pt"), load_trained(alone / f"{training.name}.pt")
    assert found is not None
    assert expected is not None
    assert found.weights.keys() == expected.weights.keys()
    for name, value in expected.weights.items():
        assert value.dtype == torch.float64
        assert (found.weights[name] - value).norm() <= 1e-6 * value.norm(), name
    of_states_apart = np.array([(a[1], b[1]) for a, b in zip(found.history, expected.history, strict=True)])
    np.testing.assert_allclose(of_states_apart[:, 0], of_states_apart[:, 1], rtol=1e-6)


def test_two_ranks_are_one_process(tmp_path: Path) -> None:
    """Losses, penalty, states set apart, and batches that cannot be shared evenly.

    They take up the checkpoint of one process, although rank 1 has a folder of its own where none is seen, as on a file
    system that is slow to tell. In the last training rank 1's job ends: rank 0, which is not told, leaves a checkpoint too.
    """
    alone, first, second = (tmp_path / name for name in ("alone", "first", "second"))
    for folder in (alone, first, second):
        folder.mkdir()
    assert run_study(SAMPLES, [PAPER, DECAY], alone)
    is_enough = iter([False, True])
    assert not run_study(SAMPLES, [PAPER], first, should_stop=lambda: next(is_enough))
    assert len(torch.load(first / CHECKPOINT, weights_only=True)["history"]) == 2

    with ranks([write_request(first), write_request(second)]) as children:
        wait_until(lambda: (first / "decay.pt").exists() or any(child.poll() is not None for child in children))
        children[1].send_signal(signal.SIGTERM)
        told = [json.loads(child.communicate(timeout=HANGS)[0].splitlines()[-1])["outcome"] for child in children]
        assert told == ["partial", "partial"]
        assert [child.returncode for child in children] == [0, 0]

    for training in (PAPER, DECAY):
        assert_equal(first, alone, training)
    assert len(torch.load(first / CHECKPOINT, weights_only=True)["history"]) >= 1
    assert sorted(path.name for path in second.iterdir()) == ["request.json", "samples.npz"], "rank 0 writes alone"


ONE_RANK = """
import sys
import torch.distributed as dist
from glassdask.learning.training.rank import main
dist.init_process_group(sys.argv[3], init_method=f"tcp://127.0.0.1:{sys.argv[2]}", rank=0, world_size=1)
assert dist.get_backend() == sys.argv[3]
sys.exit(main(sys.argv[1]))
"""


@pytest.mark.parametrize("backend", ["gloo", pytest.param("nccl", marks=pytest.mark.gpu)])
def test_a_world_of_one_rank_trains_as_a_process_does(backend: str, tmp_path: Path) -> None:
    """Its gradients go through the backend, NCCL on one GPU; in float64, to 10⁻⁶ of each array."""
    if backend == "nccl" and not torch.cuda.is_available():
        pytest.skip("no CUDA device, or a torch without CUDA")
    alone, there = tmp_path / "alone", tmp_path / "there"
    for folder in (alone, there):
        folder.mkdir()
        request = json.loads(write_request(folder).read_text())
        request["trainings"] = request["trainings"][:2]
        (folder / "request.json").write_text(json.dumps(request))
    quiet = {**os.environ, "OMP_NUM_THREADS": "1"}
    on_cpu = [sys.executable, "-m", "glassdask.learning.training.rank", str(alone / "request.json")]
    subprocess.run(on_cpu, env={**quiet, "CUDA_VISIBLE_DEVICES": ""}, check=True, timeout=300)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    in_a_world = [sys.executable, "-c", ONE_RANK, str(there / "request.json"), str(port), backend]
    subprocess.run(in_a_world, env=quiet, check=True, timeout=300)
    for training in (PAPER, DECAY):
        assert_equal(there, alone, training)
