"""The campaign files that ``glassdask init`` prints."""

from __future__ import annotations

import re
import tomllib
from importlib import resources
from pathlib import Path

import pytest

from glassdask.campaign.definition.campaign import load_campaign
from glassdask.campaign.definition.specification import Specification
from glassdask.cli.campaign.init import TEMPLATES


def text_of(template: str) -> str:
    return (resources.files("glassdask.campaign.definition") / "templates" / f"{template}.toml").read_text(
        encoding="utf-8"
    )


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_template_is_valid_and_explains_itself(template: str, tmp_path: Path) -> None:
    path = tmp_path / f"{template}.toml"
    path.write_text(text_of(template), encoding="utf-8")
    assert load_campaign(path).states
    tables = tomllib.loads(text_of(template))
    assert set(tables) | {"liquid"} == set(Specification.model_fields), (
        "a template shows every table but the user's own"
    )
    assert text_of(template).count("#") > 20


def test_the_liquid_that_the_quickstart_would_declare_is_one(tmp_path: Path) -> None:
    """Its lines without the marks of a comment, and a state of it."""
    head, mark, rest = text_of("quickstart").partition("# [liquid.soft]\n")
    declared, _, rest = rest.partition("\n\n")
    declared = re.sub(r"^# ", "", declared, flags=re.MULTILINE)
    text = "\n".join([head.replace('potential = "wca"', 'potential = "soft"'), mark[2:], declared, rest])
    (tmp_path / "q.toml").write_text(text, encoding="utf-8")
    campaign = load_campaign(tmp_path / "q.toml")
    assert {state.potential for state in campaign.states} == {"lj", "soft"}
    assert campaign.specification.liquid_named("soft").pair("B", "A").sigma == 1.2


def test_the_quickstart_is_the_demo_of_the_readme(tmp_path: Path) -> None:
    """LJ and WCA at rho = 1.2 and four temperatures each, T = 1.0 among those of LJ, N = 1200."""
    (tmp_path / "q.toml").write_text(text_of("quickstart"), encoding="utf-8")
    campaign = load_campaign(tmp_path / "q.toml")
    for potential in ("lj", "wca"):
        states = [state for state in campaign.states if state.potential == potential]
        assert len(states) >= 4
        assert {state.density for state in states} == {1.2}
        assert 1.0 in {state.temperature for state in states}
    assert campaign.specification.system.box_length == 10.0
