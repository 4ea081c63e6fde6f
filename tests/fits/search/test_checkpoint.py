"""A fit that is killed goes on where it was, to the last bit, and solves nothing twice (fault 26)."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import psutil
import pytest

from glassdask.fits.fit_options import FitOptions
from glassdask.fits.fitting import fit_memories
from glassdask.fits.refinement.memory_fit import MemoryFit, accurate_solution
from glassdask.fits.search.checkpoint import SearchCheckpoint
from glassdask.fits.target.target import Target
from glassdask.physics.memory.memory_candidates import CandidateSolver
from glassdask.physics.memory.memory_kernels import StretchedMemory
from tests.waiting import wait_until

T = np.geomspace(1e-3, 1e3, 40)
PROBLEM = "two steps, options of this test"
#: One start: no minimum is found twice by least squares alone, and evolution must go on.
OPTIONS = FitOptions((1, 2), "overdamped", seed=5, n_starts=1, rounds=3, n_bootstrap=3)


def fitted(checkpoint: SearchCheckpoint | None, keep_alive: Callable[[], None] = lambda: None) -> list[MemoryFit]:
    """Two searches in step, one of them for several rounds: one mode does not fit two steps."""
    memory = StretchedMemory.from_invariants(0.0, [8.0, 4.0], [0.05, 50.0], [0.8, 0.6])
    target = Target(T, accurate_solution(memory, 1.0, T, "overdamped")[0])
    return fit_memories({"A": target}, {"A": 1.0}, OPTIONS, checkpoint=checkpoint, keep_alive=keep_alive)["A"]


def bits(fits: list[MemoryFit]) -> list[list[float]]:
    """All that the fits found, as numbers; the one of lowest BIC has resampled data too."""
    assert sum(fit.bootstrap_error is not None for fit in fits) == 1
    return [
        [
            *fit.memory.candidate(fit.Omega),
            fit.loss,
            fit.bic,
            *fit.F,
            *(() if fit.bootstrap_error is None else fit.bootstrap_error),
            fit.evaluations,
        ]
        for fit in fits
    ]


@pytest.fixture(scope="module")
def undisturbed() -> list[MemoryFit]:
    return fitted(None)


@pytest.fixture
def solved_rows(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Rows of each call of the solver, which does what it always does."""
    rows: list[int] = []
    solve = CandidateSolver.solve

    def counted(self, candidates, least_rates=0.0):
        F = solve(self, candidates, least_rates)
        rows.append(F[..., 0].size)
        return F

    monkeypatch.setattr(CandidateSolver, "solve", counted)
    return rows


def answered(path: Path) -> dict[str, list[list[float]]]:
    try:
        return json.loads(path.read_bytes())["answers"]
    except FileNotFoundError:
        return {}


def n_rows(answers: dict[str, list[list[float]]]) -> int:
    return sum(len(losses) for generations in answers.values() for losses in generations)


def stand_still_after(path: Path, n_generations: int) -> None:
    if max((len(of) for of in answered(path).values()), default=0) >= n_generations:
        os.kill(os.getpid(), signal.SIGSTOP)


def start_and_kill(path: Path, after_generations: int) -> None:
    """A process that fits with a checkpoint after every generation, and that stands still after some, where it is killed."""
    program = (
        "import sys; from tests.fits.search.test_checkpoint import *; path, n = Path(sys.argv[1]), int(sys.argv[2]); "
        "fitted(SearchCheckpoint(path, PROBLEM, seconds=0.0), lambda: stand_still_after(path, n))"
    )
    command = [sys.executable, "-c", program, str(path), str(after_generations)]
    child = subprocess.Popen(command, cwd=Path(__file__).parents[3])
    try:
        wait_until(lambda: child.poll() is not None or psutil.Process(child.pid).status() == psutil.STATUS_STOPPED)
        assert child.poll() is None, "the fit ended before it could be killed"
    finally:
        os.kill(child.pid, signal.SIGKILL)
        assert child.wait() == -signal.SIGKILL


def test_a_killed_fit_goes_on_where_it_was(tmp_path, undisturbed, solved_rows):
    """SIGKILL twice; each process goes on from the answers of the one before it.

    The last one finds the same memories, losses and errors, bit by bit, and the rows that it solves are those of a whole fit
    less those that were answered.
    """
    path = tmp_path / "answers.json"
    start_and_kill(path, 1)
    first = answered(path)
    start_and_kill(path, 20)
    second = answered(path)
    for name, generations in first.items():
        assert second[name][: len(generations)] == generations
    assert n_rows(second) > n_rows(first) > 0
    assert bits(fitted(SearchCheckpoint(path, PROBLEM))) == bits(undisturbed)
    of_the_rest = sum(solved_rows)
    solved_rows.clear()
    fitted(None)
    assert of_the_rest == sum(solved_rows) - n_rows(second)


def test_a_finished_fit_is_only_polished_again(tmp_path, undisturbed, solved_rows):
    """All searches are answered: not one generation is solved, nor waited for."""
    path = tmp_path / "answers.json"
    assert bits(fitted(SearchCheckpoint(path, PROBLEM))) == bits(undisturbed)
    whole, of_searches = sum(solved_rows), n_rows(answered(path))
    solved_rows.clear()
    assert bits(fitted(SearchCheckpoint(path, PROBLEM))) == bits(undisturbed)
    assert sum(solved_rows) == whole - of_searches


# --- the file -------------------------------------------------------------------------------------------------------


def kept(tmp_path: Path) -> tuple[Path, bytes]:
    """A good file, and its bytes."""
    path = tmp_path / "answers.json"
    answers = SearchCheckpoint(path, PROBLEM)
    answers.add("A/1", np.array([0.1, 1.0 / 3.0, 1e-300, 1e6]))
    answers.add("A/1", np.array([5e-324]))
    answers.save()
    return path, path.read_bytes()


def test_every_bit_of_a_loss_is_kept(tmp_path):
    path, _ = kept(tmp_path)
    read = SearchCheckpoint(path, PROBLEM).of("A/1")
    assert [losses.tolist() for losses in read] == [[0.1, 1.0 / 3.0, 1e-300, 1e6], [5e-324]]
    assert SearchCheckpoint(path, PROBLEM).of("A/2") == []


def test_the_file_is_JSON_and_nothing_else(tmp_path):
    """Nothing is unpickled: strings, lists and numbers, readable by anything; and no other file is left behind."""
    path, content = kept(tmp_path)
    assert json.loads(content) == {
        "problem": PROBLEM,
        "answers": {"A/1": [[0.1, 1.0 / 3.0, 1e-300, 1e6], [5e-324]]},
    }
    assert list(tmp_path.iterdir()) == [path]


def test_answers_to_another_problem_are_ignored(tmp_path):
    """Other data or options: their losses say nothing, and are overwritten."""
    path, _ = kept(tmp_path)
    other = SearchCheckpoint(path, "another problem")
    assert other.of("A/1") == []
    other.save()
    assert json.loads(path.read_bytes()) == {"problem": "another problem", "answers": {}}


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda content: content[:0],
    "cut": lambda content: content[:-20],
    "zeros": lambda content: bytes(len(content)),
    "no text": lambda content: b"\xff\xfe" + content,
    "a pickle": lambda content: b"\x80\x04\x95" + content,
    "a number": lambda content: b"1.0",  # noqa: ARG005
    "no answers": lambda content: json.dumps({"problem": PROBLEM}).encode(),  # noqa: ARG005
    "answers without names": lambda content: json.dumps({"problem": PROBLEM, "answers": [1.0]}).encode(),  # noqa: ARG005
    "no losses": lambda content: json.dumps({"problem": PROBLEM, "answers": {"A/1": [["x"]]}}).encode(),  # noqa: ARG005
    "no generations": lambda content: json.dumps({"problem": PROBLEM, "answers": {"A/1": 2.0}}).encode(),  # noqa: ARG005
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
def test_a_damaged_file_is_ignored(tmp_path, damage):
    path, content = kept(tmp_path)
    path.write_bytes(damage(content))
    answers = SearchCheckpoint(path, PROBLEM)
    assert answers.of("A/1") == []
    answers.add("A/1", np.array([1.0]))
    answers.save()
    assert [losses.tolist() for losses in SearchCheckpoint(path, PROBLEM).of("A/1")] == [[1.0]]


def test_a_fit_over_a_damaged_file_is_a_new_fit(tmp_path, undisturbed):
    path = tmp_path / "answers.json"
    path.write_bytes(b'{"problem": "' + PROBLEM.encode() + b'", "answers": {"A/ove')
    assert bits(fitted(SearchCheckpoint(path, PROBLEM))) == bits(undisturbed)


def test_the_file_is_written_now_and_then(tmp_path):
    """Not before its time; at once where no time is to pass."""
    for seconds, is_written in ((1e6, False), (0.0, True)):
        path = tmp_path / f"{seconds}.json"
        answers = SearchCheckpoint(path, PROBLEM, seconds)
        answers.add("A/1", np.array([1.0]))
        answers.save_now_and_then()
        assert path.exists() == is_written
