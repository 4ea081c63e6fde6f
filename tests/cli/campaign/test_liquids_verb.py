"""``glassdask liquids``: the catalogue, all of one liquid, and its u(r); with a campaign, its own as well."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import glassdask
from glassdask.physics.liquids.catalogue import LIQUIDS
from glassdask.physics.liquids.liquid import Liquid

_CAMPAIGN = """
[campaign]
name = "soft"
seed = 1
[[grid]]
potential = "yukawa"
density = 0.5
temperature = 1.0
[liquid.yukawa]
species = ["A", "B", "C"]
composition = [0.5, 0.25, 0.25]
interaction = "Yukawa"
screening = 4.0
sigma = { AA = 1.0, BB = 1.2, CC = 1.4 }
mixing = "additive"
cutoff = 2.5
[equilibration]
length = 10.0
[production]
length = 10.0
"""


@pytest.fixture
def campaign(tmp_path: Path) -> Path:
    path = tmp_path / "soft.toml"
    path.write_text(_CAMPAIGN, encoding="utf-8")
    return path


def test_all_liquids_are_listed_with_their_source(call) -> None:
    header, *lines = call("liquids").out.splitlines()
    assert header.split() == ["name", "title", "species", "interaction", "cut-off", "source"]
    assert [line.split()[0] for line in lines] == list(LIQUIDS)
    assert all(liquid.source in line for line, liquid in zip(lines, LIQUIDS.values(), strict=True))


def test_records_are_whole(call) -> None:
    """A liquid is made again of what is printed of it."""
    assert [Liquid.from_record(record) for record in json.loads(call("liquids", "--json").out)] == list(
        LIQUIDS.values()
    )
    assert Liquid.from_record(json.loads(call("liquids", "ka31", "--json").out)) == LIQUIDS["ka31"]


def test_all_parameters_of_one_are_shown(call) -> None:
    out = call("liquids", "wahnstrom").out
    assert "masses       A 1, B 0.5" in out
    assert ["AB", "1", "0.916667", "2.5", "energy", "Lennard-Jones"] in [line.split() for line in out.splitlines()]
    assert "T_mct        0.9 (rho = 1.2)" in call("liquids", "lj").out
    assert "inverse power (exponent 15.48, prefactor 1.69)" in call("liquids", "ipl-ka").out


def test_a_well_is_drawn_below_zero_and_a_repulsion_ends_there(call) -> None:
    well, repulsion = (call("liquids", name, "--plot").out.split("u(r)")[1] for name in ("lj", "wca5050"))
    assert "-1.0" in well or "-0.9" in well or "-1.4" in well
    assert "x: AB" in well
    assert "-0." not in repulsion


def test_a_figure_is_written(call, tmp_path: Path) -> None:
    answer = call("liquids", "ka21", "--figure", tmp_path / "u.png")
    assert answer.out.splitlines()[-1] == str(tmp_path / "u.png")
    assert (tmp_path / "u.png").read_bytes().startswith(b"\x89PNG")


def test_a_campaigns_own_are_there_as_well(call, campaign: Path) -> None:
    assert "yukawa" in call("liquids", "--campaign", campaign).out.splitlines()[-1]
    out = call("liquids", "yukawa", "--campaign", campaign, "--plot").out
    assert "BC" in out
    assert "1.3" in out
    found = glassdask.liquid("yukawa", campaign)
    assert found.pair("C", "B").sigma == pytest.approx(1.3)
    assert list(glassdask.liquids(campaign)) == [*LIQUIDS, "yukawa"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("wahnström",), "did you mean 'wahnstrom'? allowed: 'lj', 'wca'"),
        (("--plot",), "--plot without NAME"),
        (("lj", "--figure", "u.txt"), "allowed: .png, .pdf, .svg"),
        (("lj", "--figure", "nowhere/u.png"), "its folder does not exist"),
    ],
)
def test_what_cannot_be_is_refused(arguments: tuple[str, ...], said: str, call) -> None:
    answer = call("liquids", *arguments)
    assert answer.code == 2
    assert said in answer.err
