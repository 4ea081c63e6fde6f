"""The process of one rank: whatever happens it ends with an outcome in its last line, and what was stopped goes on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed (pip install 'glassdask[ml]')")

from glassdask.learning.training.rank import main
from glassdask.learning.training.recipe import Recipe
from glassdask.learning.training.study import CHECKPOINT, Training, load_trained, run_study
from glassdask.processes.answer import PROGRESS
from tests.learning.synthetic import make_samples
from tests.waiting import HANGS, wait_until

SAMPLES = make_samples(6, n_times=10, n_wavenumbers=20)
TRAINING = Training("network", tuple(range(6)), Recipe("small", options={"layers": (8,)}, epochs=40, validation=0.0), 1)
DONE = {"outcome": "done", "reason": "", "message": "", "results": {}}


@pytest.fixture(autouse=True)
def _signals_are_as_before() -> Iterator[None]:
    """A rank listens to SIGTERM; this process must not go on doing so."""
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


def write_request(folder: Path, training: dict[str, Any] | None = None, **changes: Any) -> Path:
    SAMPLES.write(folder / "samples.npz")
    told = {"samples": str(folder / "samples.npz"), "folder": str(folder), "trainings": [training or TRAINING.plain()]}
    path = folder / "request.json"
    path.write_text(json.dumps(told | changes))
    return path


def outcome(path: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, str]:
    """The last line of a rank that runs in this process."""
    main(str(path))
    return json.loads(capsys.readouterr().out.splitlines()[-1])


# --- what cannot be done ----------------------------------------------------------------------------------------------


def unlisted(folder: Path) -> Path:
    return folder / "nowhere.json"


def no_json(folder: Path) -> Path:
    path = write_request(folder)
    path.write_text("samples: here")
    return path


@pytest.mark.parametrize(
    ("request_of", "reason", "words"),
    [
        (unlisted, "FileNotFoundError", "nowhere.json"),
        (no_json, "JSONDecodeError", "Expecting value"),
        (lambda folder: write_request(folder, surprise=1), "TypeError", "surprise"),
        (lambda folder: write_request(folder, samples=str(folder / "none.npz")), "FileNotFoundError", "none.npz"),
        (lambda folder: write_request(folder, samples=str(folder / "request.json")), "ValueError", ""),
        (lambda folder: write_request(folder, {"name": "x"}), "KeyError", "recipe"),
        (
            lambda folder: write_request(folder, TRAINING.plain() | {"recipe": {"name": "x", "colour": "red"}}),
            "InvalidInput",
            "unknown colour in a recipe; allowed: ",
        ),
    ],
    ids=[
        "no file",
        "no json",
        "unknown key",
        "no samples",
        "foreign samples",
        "no recipe",
        "newer recipe",
    ],
)
def test_a_bad_request_fails_with_its_reason(
    request_of, reason: str, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = outcome(request_of(tmp_path), capsys)
    assert (found["outcome"], found["reason"]) == ("failed", reason)
    assert words in found["message"]
    assert not list(tmp_path.glob("*.pt"))


def test_some_of_torchruns_variables_are_not_enough(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RANK", "1")
    monkeypatch.setenv("MASTER_ADDR", "127.0.0.1")
    found = outcome(write_request(tmp_path), capsys)
    assert (found["outcome"], found["reason"]) == ("failed", "InvalidInput")
    assert found["message"] == (
        "RANK, MASTER_ADDR in the environment, but not MASTER_PORT, WORLD_SIZE; set all, as torchrun does, or none"
    )


# --- what is done, stopped, and gone on with --------------------------------------------------------------------------


def test_a_time_that_has_come_leaves_a_checkpoint(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """After one epoch; the next process does the rest, and ends at the weights of one that was left alone."""
    found = outcome(write_request(tmp_path, stop_at=time.time() - 1), capsys)
    assert found == DONE | {"outcome": "partial", "reason": "stopped", "message": "stopped with a checkpoint"}
    assert (tmp_path / CHECKPOINT).exists()
    assert outcome(write_request(tmp_path), capsys) == DONE
    assert_undisturbed(tmp_path)
    assert outcome(write_request(tmp_path), capsys) == DONE, "nothing is left to do"


def assert_undisturbed(folder: Path) -> None:
    """The weights of a training that nobody stopped, bit by bit."""
    alone = folder / "alone"
    alone.mkdir()
    run_study(SAMPLES, [TRAINING], alone)
    expected, found = load_trained(alone / "network.pt"), load_trained(folder / "network.pt")
    assert expected is not None
    assert found is not None
    assert len(found.history) == 40
    for name, value in expected.weights.items():
        assert found.weights[name].equal(value), name
    assert not (folder / CHECKPOINT).exists()


def test_a_rank_that_is_terminated_goes_on_later(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """SIGTERM in mid-training, as a batch system sends it: "partial" and status 0."""
    endless = TRAINING.plain() | {"recipe": TRAINING.recipe.plain() | {"epochs": 10**6}}
    environment = {name: value for name, value in os.environ.items() if name not in ("RANK", "WORLD_SIZE")}
    child = subprocess.Popen(
        [sys.executable, "-m", "glassdask.learning.training.rank", str(write_request(tmp_path, endless))],
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    )
    try:
        wait_until(lambda: (tmp_path / PROGRESS).exists() or child.poll() is not None)
        child.send_signal(signal.SIGTERM)
        printed, _ = child.communicate(timeout=HANGS)
    finally:
        child.kill()
        child.wait()
    assert child.returncode == 0
    assert json.loads(printed.splitlines()[-1])["outcome"] == "partial"
    told = json.loads((tmp_path / PROGRESS).read_text())
    assert (told["training"], told["number"], told["of"], told["epochs"]) == ("network", 0, 1, 10**6)
    assert told["epoch"] >= 1
    done = len(torch.load(tmp_path / CHECKPOINT, weights_only=True)["history"])
    assert done >= told["epoch"]
    found = outcome(write_request(tmp_path, endless, stop_at=time.time() - 1), capsys)
    assert found["outcome"] == "partial"
    assert len(torch.load(tmp_path / CHECKPOINT, weights_only=True)["history"]) == done + 1, "it went on"
