"""``glassdask ls``: the states that are asked for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from glassdask.campaign.files.failure import write_failure
from glassdask.campaign.files.folder import state_folder

FAILED = "lj_rho1.2_T2.0_r0"


@pytest.fixture
def file(tiny_copy: Path) -> Path:
    """A finished campaign with one failed state."""
    home = state_folder(tiny_copy.with_suffix(""), FAILED)
    (home / "reduce.json").unlink()
    write_failure(home, "reduce", "input", "no peak", 1)
    return tiny_copy


def test_states_of_other_lengths_are_marked(call, tiny_copy: Path) -> None:
    """As `status` marks them: the file asks for more than there is."""
    folder = tiny_copy.with_suffix("")
    record = json.loads((folder / "campaign.json").read_text())
    record["specification"]["production"]["length"] = 1000.0
    (folder / "campaign.json").write_text(json.dumps(record))
    answer = call("ls", folder)
    assert answer.out.count(" †\n") == 3
    assert answer.out.splitlines()[-1].startswith("† of another length than asked for (")
    assert [item["mark"] for item in json.loads(call("ls", folder, "--json").out)] == ["†"] * 3


def test_all_states(call, tiny_file: Path) -> None:
    answer = call("ls", tiny_file)
    assert (answer.code, answer.err) == (0, "")
    header, *lines = answer.out.splitlines()
    assert header.split()[0] == "state"
    assert [line.split()[0] for line in lines] == [
        "lj_rho1.2_T1.0_r0",
        "lj_rho1.2_T2.0_r0",
        "wca_rho1.2_T2.0_r0",
    ]
    assert call("ls", tiny_file.with_suffix("")).out == answer.out


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (("--status", "failed"), [FAILED]),
        (("--status", "failed", "--status", "running"), [FAILED]),
        (("--potential", "wca"), ["wca_rho1.2_T2.0_r0"]),
        (("--stage", "reduce"), [FAILED]),
        (("--stage", "simulate"), []),
        (("--potential", "wca", "--status", "failed"), []),
    ],
)
def test_every_option_narrows_the_list(options: tuple[str, ...], expected: list[str], call, file: Path) -> None:
    assert call("ls", file, *options, "--identifiers").out.split() == expected
    assert [item["state"] for item in json.loads(call("ls", file, *options, "--json").out)] == expected
    answer = call("ls", file, *options)
    assert answer.code == 0
    assert all(name in answer.out for name in expected or ["no state is like this"])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (
            ("--status", "faild"),
            "'faild'; did you mean 'failed'? allowed: 'done', 'not_equilibrated', 'crystallised', 'failed', 'running',",
        ),
        (("--potential", "hard"), "'hard'; allowed: 'lj', 'wca'"),
        (("--stage", "md"), "'md'; allowed: 'simulate', 'reduce', 'solve_mct', 'fit_memory', 'correlate'"),
        (("--json", "--identifiers"), "exclude each other"),
    ],
)
def test_an_unknown_word_names_the_allowed_ones(options: tuple[str, ...], words: str, call, tiny_file: Path) -> None:
    answer = call("ls", tiny_file, *options)
    assert (answer.code, answer.out) == (2, "")
    assert words in answer.err
