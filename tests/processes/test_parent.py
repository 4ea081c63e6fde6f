"""Questions to child processes, and answers that are none; children at work: tests/simulation/run/test_simulation_faults.py."""

from __future__ import annotations

import os

import pytest

from glassdask.outcome import Outcome
from glassdask.processes.answer import Answer
from glassdask.processes.parent import ChildFailed, ask_child, child_environment


def test_the_last_line_is_the_answer() -> None:
    """Whatever libraries have printed before."""
    code = "import json, sys; print('a banner'); print(json.dumps([1.5, sys.stdin.read()]))"
    assert ask_child(["-c", code], 60, "asked") == [1.5, "asked"]


@pytest.mark.parametrize(
    ("code", "seconds", "words"),
    [
        ("raise ValueError('no such device')", 60, "ValueError: no such device"),
        ("import os; os._exit(3)", 60, "ended with code 3"),
        ("print('ready')", 60, "it gave no answer, but 'ready"),
        ("import time; time.sleep(60)", 0.1, "no answer within 0.1 s"),
    ],
)
def test_a_child_without_an_answer_is_told_of_in_a_line(code: str, seconds: float, words: str) -> None:
    with pytest.raises(ChildFailed) as error:
        ask_child(["-c", code], seconds)
    assert words in str(error.value)
    assert "\n" not in str(error.value)


def test_a_launcher_s_variables_do_not_reach_a_child(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PMI_RANK", "OMPI_COMM_WORLD_SIZE", "MPIR_CVAR"):
        monkeypatch.setenv(name, "1")
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")
    found = child_environment(RANK="2")
    assert not [name for name in found if name.startswith(("PMI", "MPI", "OMPI"))]
    assert (found["RANK"], found["OMP_NUM_THREADS"]) == ("2", "1")
    assert found["PYTHONPATH"].split(os.pathsep)[-1] == "/elsewhere"


@pytest.mark.parametrize("text", ["", "[1]", "{}", '{"outcome": "asleep"}', '{"outcome": "done", "more": 1}'])
def test_what_is_no_answer_is_none(text: str) -> None:
    assert Answer.from_json(text) is None


def test_an_answer_reads_back_as_it_was() -> None:
    answer = Answer(Outcome.FAILED, "memory", "not enough", {"step": 3})
    assert Answer.from_json(answer.to_json()) == answer
