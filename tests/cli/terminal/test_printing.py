"""Any locale: what cannot be printed is replaced, and what is written to files stays UTF-8."""

from __future__ import annotations

import importlib
import io
import os
import subprocess
import sys
from importlib import resources
from pathlib import Path

import pytest

from glassdask.campaign.definition.campaign import load_campaign
from glassdask.cli import VERBS, main
from glassdask.cli.campaign.init import TEMPLATES
from tests.command_line import environment


class _Terminal:
    """Standard output and error of an encoding, strict as Python opens them."""

    def __init__(self, encoding: str, patch: pytest.MonkeyPatch):
        self.encoding, self._patch = encoding, patch

    def call(self, *arguments: str | Path) -> tuple[int, str, str]:
        streams = [io.TextIOWrapper(io.BytesIO(), encoding=self.encoding, errors="strict") for _ in range(2)]
        self._patch.setattr("sys.stdout", streams[0])
        self._patch.setattr("sys.stderr", streams[1])
        self._patch.setattr("sys.argv", ["glassdask", *map(str, arguments)])
        with pytest.raises(SystemExit) as end:
            main()
        texts = []
        for stream in streams:
            stream.flush()
            texts.append(stream.buffer.getvalue().decode(self.encoding))  # type: ignore[attr-defined]
        return int(end.value.code or 0), texts[0], texts[1]


@pytest.fixture(params=["ascii", "iso-8859-1", "koi8-r"])
def terminal(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> _Terminal:
    return _Terminal(request.param, monkeypatch)


@pytest.mark.parametrize("verb", VERBS)
def test_the_help_of_every_verb_is_printed(verb: str, terminal: _Terminal) -> None:
    code, out, err = terminal.call(verb, "--help")
    assert (code, err) == (0, "")
    assert f"glassdask {verb}" in out


@pytest.mark.parametrize(
    "arguments",
    [("plan", "--no-pilot"), ("status",), ("ls",), ("verify",), ("fit",), ("show", "lj_rho1.2_T1.0_r0"), ("mct",)],
    ids=lambda arguments: arguments[0],
)
def test_tables_are_printed(arguments: tuple[str, ...], tiny_file: Path, terminal: _Terminal) -> None:
    verb, *rest = arguments
    code, out, _ = terminal.call(verb, tiny_file, *rest)
    assert code == 0
    assert out


def test_a_message_is_printed_with_greek_letters_in_ascii(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "c.toml").write_text('[grid]\npotential = "τ"\n[equilibration]\nlength = 1\n', encoding="utf-8")
    code, _, err = _Terminal("ascii", monkeypatch).call("plan", tmp_path / "c.toml")
    assert code == 2
    assert "'tau'" in err


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_campaign_file_is_the_same_in_every_encoding(template: str, terminal: _Terminal, tmp_path: Path) -> None:
    """TOML is UTF-8, and `init > campaign.toml` writes what the terminal's encoding makes of it."""
    code, out, _ = terminal.call("init", template)
    there = resources.files("glassdask.campaign.definition") / "templates" / f"{template}.toml"
    assert (code, out) == (0, there.read_text(encoding="utf-8"))
    (tmp_path / "c.toml").write_bytes(out.encode(terminal.encoding))
    assert load_campaign(tmp_path / "c.toml").states


def test_a_process_in_such_a_locale(tmp_path: Path) -> None:
    """Without UTF-8 mode and coercion the C locale is ASCII; a file's name keeps its bytes."""
    plain = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    command = [sys.executable, "-m", "glassdask"]
    done = subprocess.run([*command, "mct", "--help"], env=environment() | plain, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"Percus-Yevick" in done.stdout
    name = os.fsencode(tmp_path) + b"/\xff.toml"
    Path(os.fsdecode(name)).write_text("x = 1")
    done = subprocess.run([*command, "plan", name], env=environment() | plain, capture_output=True, check=False)
    assert done.returncode == 2
    assert b"/\xff.toml is not a valid campaign file" in done.stderr


def test_the_users_own_choice_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii", errors="ignore")
    monkeypatch.setattr("sys.stdout", stream)
    importlib.import_module("glassdask.cli.terminal.printing").print_anything()
    assert stream.errors == "ignore"
