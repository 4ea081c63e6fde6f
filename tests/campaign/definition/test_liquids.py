"""Liquids that a campaign file declares: what they become, what is refused, and what products of their states depend on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from glassdask.campaign.definition.campaign import Campaign, load_campaign
from glassdask.campaign.work.stage_inputs import expected_inputs
from glassdask.errors import InvalidInput
from glassdask.physics.interactions.pair_potential import FORMS, PairPotential, Shift
from glassdask.physics.interactions.repulsion import InversePower
from glassdask.physics.liquids.catalogue import liquid_named
from glassdask.stages.contract.liquid_section import LiquidSection
from glassdask.stages.contract.registry import STATE_STAGES

STATES = """
[[grid]]
potential = "soft"
density = 1.0
temperature = 1.0
[system]
box_length = 8.0
[equilibration]
length = 90.0
[production]
length = 150.0
"""
SOFT = """
[liquid.soft]
species = ["A", "B"]
composition = [0.5, 0.5]
mass = [1.0, 2.0]
interaction = "inverse power"
exponent = 12
sigma = { AA = 1.0, AB = 1.2, BB = 1.4 }
epsilon = 1.0
cutoff = 2.0
shift = "energy and force"
"""
TABLE = """
[liquid.soft]
species = ["A"]
composition = [1.0]
interaction = "table"
table = "u.csv"
"""


def campaign_of(folder: Path, text: str) -> Campaign:
    (folder / "c.toml").write_text(text, encoding="utf-8")
    return load_campaign(folder / "c.toml")


def lennard_jones_table() -> np.ndarray:
    """r, u and f of the Lennard-Jones potential, shifted to zero at 2.5."""
    r = np.linspace(0.8, 2.5, 400)
    core = r**-6
    return np.array([r, 4 * core * (core - 1) - 4 * 2.5**-6 * (2.5**-6 - 1), 24 / r * core * (2 * core - 1)])


def write_table(folder: Path, columns: np.ndarray, header: str) -> None:
    np.savetxt(folder / "u.csv", columns.T, delimiter=",", header=header, comments="")


def test_a_declared_liquid_is_what_its_table_says(tmp_path: Path) -> None:
    campaign = campaign_of(tmp_path, STATES + SOFT)
    liquid = campaign.liquid_of(campaign.states[0])
    assert liquid.name == liquid.title == "soft"
    assert dict(liquid.composition) == {"A": 0.5, "B": 0.5}
    assert dict(liquid.masses) == {"A": 1.0, "B": 2.0}
    assert liquid.pairs["AB"] == PairPotential(1.0, 1.2, 2.4, InversePower(12.0), Shift.FORCE)


@pytest.mark.parametrize(
    ("mixing", "sigma", "epsilon"),
    [("Lorentz-Berthelot", 1.2, 0.6), ("additive", 1.2, 1.0)],
)
def test_unlike_pairs_follow_the_rule_that_is_named(tmp_path: Path, mixing: str, sigma: float, epsilon: float) -> None:
    values = "{ AA = 1.0, BB = 0.36 }" if mixing == "Lorentz-Berthelot" else "1.0"
    text = SOFT.replace("AB = 1.2, ", "").replace("epsilon = 1.0", f'epsilon = {values}\nmixing = "{mixing}"')
    campaign = campaign_of(tmp_path, STATES + text)
    pair = campaign.liquid_of(campaign.states[0]).pairs["AB"]
    assert (pair.sigma, pair.epsilon) == (pytest.approx(sigma), pytest.approx(epsilon))


@pytest.mark.parametrize("header", ["r,u,f", "r,u"])
def test_a_table_becomes_part_of_the_campaign(tmp_path: Path, header: str) -> None:
    """The folder's record needs the file no more, and the potential is that of the table."""
    write_table(tmp_path, lennard_jones_table()[: len(header.split(","))], header)
    campaign = campaign_of(tmp_path, STATES + TABLE)
    campaign.folder.mkdir()
    campaign.write_record()
    (tmp_path / "u.csv").unlink()
    again = load_campaign(campaign.folder)
    assert again.identity == campaign.identity
    r = np.linspace(0.85, 2.6, 50)
    exact = PairPotential(1.0, 1.0, 2.5)
    np.testing.assert_allclose(
        again.liquid_of(again.states[0]).pairs["AA"].force(r), exact.force(r), rtol=2e-4, atol=2e-4
    )


def test_another_table_is_another_campaign_file(tmp_path: Path) -> None:
    from glassdask.campaign.definition.fingerprint import fingerprint

    write_table(tmp_path, lennard_jones_table(), "r,u,f")
    campaign_of(tmp_path, STATES + TABLE)
    before = fingerprint(tmp_path / "c.toml")
    write_table(tmp_path, lennard_jones_table()[:, 1:], "r,u,f")
    assert fingerprint(tmp_path / "c.toml") != before


def test_a_changed_parameter_changes_every_product(tmp_path: Path) -> None:
    before = campaign_of(tmp_path, STATES + SOFT)
    after = campaign_of(tmp_path, STATES + SOFT.replace("exponent = 12", "exponent = 18"))
    for stage in STATE_STAGES:
        assert expected_inputs(before, before.states[0], stage) != expected_inputs(after, after.states[0], stage)


def test_another_title_or_source_changes_no_product(tmp_path: Path) -> None:
    before = campaign_of(tmp_path, STATES + SOFT)
    after = campaign_of(tmp_path, STATES + SOFT + 'title = "Soft"\nsource = "another paper"\n')
    for stage in STATE_STAGES:
        assert expected_inputs(before, before.states[0], stage) == expected_inputs(after, after.states[0], stage)


def test_other_liquids_do_not_change_a_product(tmp_path: Path) -> None:
    """A liquid that is added leaves the states of the others alone, and lj is known by its name as ever."""
    lj = STATES.replace('"soft"', '"lj"')
    alone = campaign_of(tmp_path, lj)
    together = campaign_of(tmp_path, lj.replace('"lj"', '["lj", "soft"]') + SOFT)
    assert alone.states[0] == together.states[0]
    assert "liquid" not in alone.record()["specification"]
    for stage in STATE_STAGES:
        assert expected_inputs(alone, alone.states[0], stage) == expected_inputs(together, alone.states[0], stage)
    assert together.liquid_of(together.states[0]) is liquid_named("lj")


WRONG = {
    "unknown interaction": ('"inverse power"', '"inverse powr"', "liquid.soft.interaction = 'inverse powr': did you mean"),
    "missing pair": (", AB = 1.2", "", "liquid.soft.sigma.AB is missing: allowed: one for each of AA, AB, BB"),
    "no such pair": ("BB = 1.4", "BB = 1.4, AC = 1.2", "liquid.soft.sigma.AC is missing: allowed: the pairs AA, AB, BB"),
    "composition": ("[0.5, 0.5]", "[0.5, 0.6]", "liquid.soft.composition = [0.5, 0.6]: allowed: fractions that sum to 1"),
    "one fraction": ("[0.5, 0.5]", "[1.0]", "liquid.soft.composition = [1.0]: allowed: 2 numbers above 0"),
    "cut-off": ("cutoff = 2.0", "cutoff = 3.5", "system.box_length = 8: the liquid 'soft' is cut at 4.9; allowed: at least 10.8"),
    "negative mass": ("mass = [1.0, 2.0]", "mass = [1.0, -2.0]", "liquid.soft.mass = [1.0, -2.0]: allowed: 2 numbers above 0"),
    "mass of A": ("mass = [1.0, 2.0]", "mass = [2.0, 1.0]", "liquid.soft.mass = [2.0, 1.0]: allowed: 1 for A, the unit"),
    "six species": ('["A", "B"]', '["A", "B", "C", "D", "E", "F"]', "allowed: the first one to 5 of A, B, C, D, E"),
    "names of species": ('["A", "B"]', '["Si", "O"]', "liquid.soft.species = ['Si', 'O']: allowed: the first one to 5"),
    "shadows": ("[liquid.soft]", "[liquid.lj]", "'lj' is a liquid of the catalogue; allowed: another name"),
    "not declared": ("[liquid.soft]", "[liquid.softer]", "grid[0].potential[0] = 'soft': did you mean 'softer'? allowed: 'lj'"),
    "no name": ("[liquid.soft]", "[liquid.Soft]", "'Soft' is no name of a liquid; allowed: a small letter"),
    "no exponent": ("exponent = 12", "", "liquid.soft.exponent is missing: allowed: what 'inverse power' needs"),
    "exponent": ("exponent = 12", "exponent = 2", "liquid.soft.exponent: exponent is 2.0; allowed: above 3"),
    "word": ("exponent = 12", 'exponent = "a"', "liquid.soft.exponent = 'a': allowed: a number, or one by pair"),
    "stranger": ("exponent = 12", "exponent = 12\nscreening = 2", "liquid.soft.screening = 2.0: allowed: of 'inverse power'"),
    "no cut-off": ("cutoff = 2.0", "", "liquid.soft.cutoff is missing: allowed: a number above 0"),
    "unit": ("AA = 1.0", "AA = 1.1", "liquid.soft.sigma.AA = 1.1: allowed: 1, as it is the unit"),
    "negative": ("epsilon = 1.0", "epsilon = -1.0", "liquid.soft.epsilon = -1.0: allowed: a number above 0"),
    "rule": ("epsilon = 1.0", 'epsilon = { AA = 1.0, BB = 0.5 }\nmixing = "additive"', "liquid.soft.epsilon.AB is missing"),
    "unknown key": ("epsilon", "epsilonn", "liquid.soft.epsilonn is not a known key: did you mean 'epsilon'?"),
    "cut-off of a form": ('"inverse power"\nexponent = 12', '"harmonic"', "cutoff is 2; allowed for 'harmonic': 1, its own"),
}  # fmt: skip


@pytest.mark.parametrize(("old", "new", "named"), WRONG.values(), ids=WRONG)
def test_a_wrong_liquid_is_refused_with_its_key(tmp_path: Path, old: str, new: str, named: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        campaign_of(tmp_path, STATES + SOFT.replace(old, new))
    assert named in str(caught.value)
    assert list(tmp_path.iterdir()) == [tmp_path / "c.toml"], "nothing is written"


def test_a_liquid_that_no_state_is_of_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"liquid\.soft is declared and not used; allowed: potential = 'soft'"):
        campaign_of(tmp_path, STATES.replace('"soft"', '"lj"') + SOFT)


def test_a_species_without_a_particle_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="512 particles and none of B; allowed: a box with some of each species"):
        campaign_of(tmp_path, STATES + SOFT.replace("[0.5, 0.5]", "[0.9999, 0.0001]"))


def test_a_liquid_of_a_list_of_states_is_known(tmp_path: Path) -> None:
    text = STATES.replace('potential = "soft"\ndensity = 1.0\ntemperature = 1.0', 'states = "states.csv"')
    (tmp_path / "states.csv").write_text("potential,rho,T\nsoft,1.0,1.0\n", encoding="utf-8")
    assert [state.identifier for state in campaign_of(tmp_path, text + SOFT).states] == ["soft_rho1.0_T1.0_r0"]
    (tmp_path / "states.csv").write_text("potential,rho,T\nsaft,1.0,1.0\n", encoding="utf-8")
    with pytest.raises(InvalidInput, match="line 2: potential is 'saft'; did you mean 'soft'"):
        campaign_of(tmp_path, text + SOFT)


def damaged(name: str) -> np.ndarray:
    columns = lennard_jones_table()
    if name == "short":
        return columns[:, :5]
    if name == "jump":
        columns[1] -= 0.3
    if name == "force":
        columns[2] *= 1.2
    if name == "order":
        columns[0, 10] = columns[0, 8]
    if name == "nan":
        columns[1, 3] = np.nan
    return columns


@pytest.mark.parametrize(
    ("name", "named"),
    {
        "short": "liquid.soft.table: the table has 5 rows; allowed: at least 16",
        "jump": "the table ends with u = -0.3 at r = 2.5, a jump at the cut-off; allowed: a last u within",
        "force": "the table's force is 785.4",
        "order": "r of the table is 0.834085 in row 11; allowed: above 0 and above the row before",
        "nan": "the table's column u has no finite number in row 4; allowed: finite numbers",
    }.items(),
)
def test_a_wrong_table_is_refused(tmp_path: Path, name: str, named: str) -> None:
    write_table(tmp_path, damaged(name), "r,u,f")
    with pytest.raises(InvalidInput) as caught:
        campaign_of(tmp_path, STATES + TABLE)
    assert named in str(caught.value)


@pytest.mark.parametrize(
    ("text", "named"),
    {
        None: "liquid.soft.table = 'u.csv': No such file or directory; allowed: a CSV file with the columns r,u",
        "": "liquid.soft.table = 'u.csv': empty",
        "x,y\n1,2\n": "its first line is 'x,y'",
        "r,u\n1,2,3\n": "row 1: 3 values",
        "r,u\n1,two\n": "row 1: u is 'two'; allowed: a finite number",
    }.items(),
)
def test_a_file_that_is_no_table_is_refused(tmp_path: Path, text: str | None, named: str) -> None:
    if text is not None:
        (tmp_path / "u.csv").write_text(text, encoding="utf-8")
    with pytest.raises(InvalidInput) as caught:
        campaign_of(tmp_path, STATES + TABLE)
    assert named in str(caught.value)


def test_the_page_on_liquids_names_every_key_and_interaction_and_its_example_is_one(tmp_path: Path) -> None:
    page = (Path(__file__).parents[3] / "docs" / "liquids.md").read_text(encoding="utf-8")
    assert [key for key in LiquidSection.model_fields if f"`{key}`" not in page] == []
    assert [name for name in FORMS if f'| `"{name}"` |' not in page] == []
    example = page.split("```toml\n")[1].split("```")[0]
    assert list(campaign_of(tmp_path, STATES + example).specification.liquid) == ["soft"]
