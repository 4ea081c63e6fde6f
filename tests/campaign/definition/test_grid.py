"""The states of a campaign: products, CSV files, replicas."""

from __future__ import annotations

import csv
from importlib import resources
from pathlib import Path

import pytest

from glassdask.campaign.definition.campaign import load_campaign
from glassdask.errors import InvalidInput
from tests.campaign.campaign_files import SHORT, campaign_from, changed

PAPER_STATES = Path(__file__).parents[3] / "deploy" / "campaigns" / "paper-states.csv"
FROM_CSV = SHORT.replace('potential = "lj"\ndensity = 1.2\ntemperature = 1.0', 'states = "states.csv"')


def campaign_of_csv(folder: Path, content: bytes | str):
    (folder / "states.csv").write_bytes(content if isinstance(content, bytes) else content.encode())
    return campaign_from(folder, FROM_CSV)


def test_a_grid_is_a_product_and_grids_may_be_ragged(tmp_path: Path) -> None:
    second = '[[grid]]\npotential = "wca"\ndensity = [1.4, 1.6]\ntemperature = 3.0\n[system]'
    campaign = campaign_from(tmp_path, changed(("temperature = 1.0", "temperature = [1.0, 2.0]"), ("[system]", second)))
    assert [(s.potential, s.density, s.temperature) for s in campaign.states] == [
        ("lj", 1.2, 1.0),
        ("lj", 1.2, 2.0),
        ("wca", 1.4, 3.0),
        ("wca", 1.6, 3.0),
    ]


def test_replicas_are_copies_of_every_state(tmp_path: Path) -> None:
    campaign = campaign_from(tmp_path, changed(('name = "short"', "replicas = 3")))
    assert [state.replica for state in campaign.states] == [0, 1, 2]
    assert len({campaign.seed_of(state) for state in campaign.states}) == 3


def test_the_same_state_in_two_grids_is_refused(tmp_path: Path) -> None:
    second = '[[grid]]\npotential = "lj"\ndensity = 1.2\ntemperature = {start = 0.8, stop = 1.2, step = 0.1}\n[system]'
    with pytest.raises(
        InvalidInput, match=r"grid\[0\] and grid\[1\]: .* density = 1\.2, temperature = 1\.0 appears twice"
    ):
        campaign_from(tmp_path, changed(("[system]", second)))


def test_the_states_of_the_paper_load(tmp_path: Path) -> None:
    """355 states: 52 to 65 temperatures for each of two potentials and three densities."""
    campaign = campaign_of_csv(tmp_path, PAPER_STATES.read_bytes())
    assert len(campaign.states) == 355
    assert {(s.potential, s.density) for s in campaign.states} == {
        (potential, density) for potential in ("lj", "wca") for density in (1.2, 1.4, 1.6)
    }


def test_the_paper_template_holds_the_same_states(tmp_path: Path) -> None:
    template = resources.files("glassdask.campaign.definition") / "templates" / "paper.toml"
    (tmp_path / "paper.toml").write_text(template.read_text(encoding="utf-8"), encoding="utf-8")
    from_template = load_campaign(tmp_path / "paper.toml").states
    with PAPER_STATES.open(newline="") as stream:
        rows = {(row["potential"], float(row["rho"]), float(row["T"])) for row in csv.DictReader(stream)}
    assert {(s.potential, s.density, s.temperature) for s in from_template} == rows
    assert len(from_template) == 355


@pytest.mark.parametrize(
    "content",
    [
        "potential,rho,T\nlj,1.2,1.0\n",
        "potential,density,temperature\nlj,1.2,1.0",
        "T, rho ,potential\n1, 1.20, lj\n",
        b"\xef\xbb\xbfpotential,rho,T\r\nlj,1.2,1.0\r\n",
        "potential,rho,T\n\nlj,1.2,1.0\n\n",
    ],
    ids=["plain", "in words", "other order, blanks", "from a spreadsheet", "empty lines"],
)
def test_a_csv_file_is_read_as_it_comes(content: bytes | str, tmp_path: Path) -> None:
    assert [state.identifier for state in campaign_of_csv(tmp_path, content).states] == ["lj_rho1.2_T1.0_r0"]


WRONG_FILES = {
    "no T": ("potential,rho\nlj,1.2\n", ["no column for temperature", "allowed: potential,rho,T"]),
    "unknown column": ("potential,rho,Tee\nlj,1.2,1\n", ["unknown column 'Tee'"]),
    "misspelt column": ("potential,rho,temprature\nlj,1.2,1\n", ["did you mean 'temperature'?"]),
    "semicolons": ("potential;rho;T\nlj;1.2;1\n", ["unknown column 'potential;rho;T'"]),
    "no header": ("lj,1.2,1.0\n", ["unknown column 'lj'", "allowed: potential,rho,T"]),
    "T twice": ("potential,rho,T,T\nlj,1.2,1.0,2.0\n", ["two columns for temperature"]),
    "rho twice": ("potential,rho,density,T\nlj,1.2,1.3,2.0\n", ["two columns for density, 'rho' and 'density'"]),
    "too short": ("potential,rho,T\nlj,1.2\n", ["line 2", "one value for each column"]),
    "too long": ("potential,rho,T\nlj,1.2,1.0,5\n", ["line 2", "one value for each column"]),
    "a word": ("potential,rho,T\nlj,1.2,1.0\nlj,1.2,cold\n", ["line 3", "temperature is 'cold'", "a finite number"]),
    "nan": ("potential,rho,T\nlj,nan,1.0\n", ["line 2", "density is nan", "a finite number above 0"]),
    "negative": ("potential,rho,T\nlj,1.2,-1\n", ["line 2", "temperature is -1.0"]),
    "potential": ("potential,rho,T\nhs,1.2,1\n", ["line 2", "potential is 'hs'", "'lj', 'wca'"]),
    "empty": ("", ["no column for"]),
    "header only": ("potential,rho,T\n", ["no state"]),
    "not text": (b"\x80\x81\x82", ["no CSV file", "UTF-8"]),
    "endless field": (b"potential,rho,T\n" + b"a" * 200_000 + b",1.2,1\n", ["no CSV file"]),
    "endless file": ("potential,rho,T\n" + "lj,1.2,1.0\n" * 100_001, ["more than 100000 states"]),
}


@pytest.mark.parametrize(("content", "words"), WRONG_FILES.values(), ids=WRONG_FILES.keys())
def test_a_wrong_csv_file_is_named_with_its_line(content: bytes | str, words: list[str], tmp_path: Path) -> None:
    with pytest.raises(InvalidInput) as caught:
        campaign_of_csv(tmp_path, content)
    assert all(word in str(caught.value) for word in ["grid[0].states", "states.csv", *words]), str(caught.value)


def test_a_state_twice_in_a_csv_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"grid\[0\]: the state .* temperature = 1\.0 appears twice"):
        campaign_of_csv(tmp_path, "potential,rho,T\nlj,1.2,1.0\nlj,1.2,1\n")


def test_the_papers_campaign_is_that_of_its_template(tmp_path: Path) -> None:
    """deploy/campaigns/paper.toml reads the states from the authors' table; ``glassdask init paper`` spells them out."""
    deployed = load_campaign(Path(__file__).parents[3] / "deploy" / "campaigns" / "paper.toml")
    template = resources.files("glassdask.campaign.definition") / "templates" / "paper.toml"
    (tmp_path / "paper.toml").write_text(template.read_text(encoding="utf-8"))
    spelled_out = load_campaign(tmp_path / "paper.toml")
    assert len(deployed.states) == 355
    assert set(deployed.states) == set(spelled_out.states)
    tables = [{name: table for name, table in one.tables.items() if name != "grid"} for one in (deployed, spelled_out)]
    assert tables[0] == tables[1]
