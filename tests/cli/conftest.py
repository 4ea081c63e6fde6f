"""The command line called in this process: the real entry point, its output and its exit code."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from glassdask.cli import main


@dataclass(frozen=True)
class Answer:
    """What a user sees."""

    code: int
    out: str
    err: str


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Answer]:
    """``call("status", path)`` answers as ``glassdask status path`` does."""

    def run(*arguments: str | Path) -> Answer:
        monkeypatch.setattr("sys.argv", ["glassdask", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as end:
            main()
        captured = capsys.readouterr()
        code = end.value.code
        return Answer(code if isinstance(code, int) else 0, captured.out, captured.err)

    return run
