"""What every verb has: help with an example, and messages without tracebacks."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import glassdask
from glassdask.cli import VERBS, verb_command

#: Verbs that print a table.
TABLES = (
    "analyse",
    "import",
    "liquids",
    "plan",
    "run",
    "status",
    "ls",
    "show",
    "collect",
    "mct",
    "fit",
    "train",
    "predict",
    "verify",
    "doctor",
    "report",
    "compare",
)
#: Verbs that need nothing but a campaign.
OF_A_CAMPAIGN = ("plan", "run", "status", "ls", "retry", "cancel", "verify", "report", "figures")


def test_the_help_names_every_verb(call) -> None:
    answer = call("--help")
    assert answer.code == 0
    assert all(re.search(rf"^  {verb} +\w", answer.out, re.MULTILINE) for verb in VERBS)
    assert call("-h").out == answer.out


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help_with_an_example(verb: str, call) -> None:
    answer = call(verb, "--help")
    assert answer.code == 0
    example = answer.out[answer.out.index("Example:") :]
    assert f"glassdask {verb}" in example
    command = verb_command(verb)
    assert command.short_help == VERBS[verb]
    options = {option for parameter in command.params for option in parameter.opts}
    assert ("--json" in options) == (verb in TABLES)


def test_the_version(call) -> None:
    answer = call("--version")
    assert answer.out.split()[-1] == glassdask.__version__


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("stauts",), "No such command 'stauts'"),
        (("init", "papre"), "'papre' is not one of 'quickstart', 'paper'"),
        (("status",), "Missing argument 'CAMPAIGN'"),
        (("status", "nowhere.toml"), "'nowhere.toml' does not exist"),
        (("plan", "nowhere.toml"), "'nowhere.toml' does not exist"),
        (("run", "nowhere"), "'nowhere' does not exist"),
        (("run", "nowhere.toml", "--workers", "0"), "0 is not in the range"),
        (("verify", "nowhere"), "'nowhere' does not exist"),
        (("status", "x.toml", "--jsno"), "--jsno"),
        (("status", "x.toml", "--watch", "0"), "0.0 is not in the range"),
        (("ls", "nowhere"), "'nowhere' does not exist"),
        (("show", "nowhere"), "'nowhere' does not exist"),
        (("retry", "nowhere"), "'nowhere' does not exist"),
        (("cancel", "nowhere"), "'nowhere' does not exist"),
    ],
)
def test_a_slip_of_the_keyboard_is_answered_with_exit_code_2(
    arguments: tuple[str, ...], words: str, call, tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.chdir(tmp_path)
    answer = call(*arguments)
    assert answer.code == 2
    assert words in answer.err
    assert answer.out == ""
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("verb", OF_A_CAMPAIGN)
def test_a_folder_that_is_no_campaign_is_refused(verb: str, call, tmp_path: Path) -> None:
    answer = call(verb, tmp_path)
    assert answer.code == 2
    assert answer.err.startswith("glassdask: ")
    assert "is not a campaign's folder: it holds no campaign.json" in answer.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("verb", OF_A_CAMPAIGN)
def test_a_file_that_is_no_campaign_is_refused(verb: str, call, tmp_path: Path) -> None:
    (tmp_path / "notes.toml").write_text("these are notes")
    answer = call(verb, tmp_path / "notes.toml")
    assert answer.code == 2
    assert "notes.toml is not TOML" in answer.err
    assert [path.name for path in tmp_path.iterdir()] == ["notes.toml"]
