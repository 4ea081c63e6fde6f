"""``glassdask init``: the templates on standard output."""

from __future__ import annotations

from pathlib import Path

import pytest

from glassdask.campaign.definition.campaign import load_campaign


@pytest.mark.parametrize(("arguments", "n_states"), [((), 8), (("quickstart",), 8), (("paper",), 355)])
def test_what_is_printed_is_a_campaign(arguments: tuple[str, ...], n_states: int, call, tmp_path: Path) -> None:
    answer = call("init", *arguments)
    assert (answer.code, answer.err) == (0, "")
    (tmp_path / "campaign.toml").write_text(answer.out, encoding="utf-8")
    assert len(load_campaign(tmp_path / "campaign.toml").states) == n_states
    assert "#" in answer.out, "it is commented"


def test_quickstart_is_the_default(call) -> None:
    assert call("init").out == call("init", "quickstart").out
