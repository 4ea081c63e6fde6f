"""A campaign is its file or its folder; seeds and identity depend on what they should."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

import glassdask
from glassdask.campaign.definition.campaign import load_campaign
from glassdask.errors import InvalidInput
from glassdask.files.folder_rule import CAMPAIGN_RECORD, campaign_folder
from tests.campaign.campaign_files import SHORT, campaign_from, changed

NAME = 'name = "short"'


def test_the_folder_is_the_files_stem_beside_it(tmp_path: Path) -> None:
    assert campaign_from(tmp_path).folder == tmp_path / "short"
    assert campaign_folder(tmp_path / "short.toml") == tmp_path / "short"


@pytest.mark.parametrize("named", ["elsewhere", "a/b"])
def test_the_file_may_name_its_folder(named: str, tmp_path: Path) -> None:
    assert campaign_from(tmp_path, changed((NAME, f'folder = "{named}"'))).folder == tmp_path / named
    absolute = tmp_path / "x" / "y"
    assert campaign_from(tmp_path, changed((NAME, f'folder = "{absolute}"'))).folder == absolute


@pytest.mark.parametrize("name", ["camp.toml", "camp.conf", "camp.v2.toml"])
def test_every_reader_goes_by_the_same_rule(name: str, tmp_path: Path) -> None:
    file = tmp_path / name
    file.write_text(changed())
    folder = load_campaign(file).folder
    assert folder == campaign_folder(file) == file.with_suffix("")
    with pytest.raises(InvalidInput, match=re.escape(f"{folder}/observables.nc does not exist")):
        glassdask.open_campaign(file)


@pytest.mark.parametrize("named", ["3", "[]", '""', '"../x"', '"a\\u0000b"'])
def test_what_cannot_be_a_folder_is_refused_by_every_reader(named: str, tmp_path: Path) -> None:
    file = tmp_path / "camp.toml"
    file.write_text(changed((NAME, f"folder = {named}")))
    for reader in (load_campaign, campaign_folder, glassdask.open_campaign):
        with pytest.raises(InvalidInput, match=r"campaign\.folder = .*: allowed: a path in quotes without '\.\.'"):
            reader(file)


def test_a_campaign_that_is_no_table_is_refused(tmp_path: Path) -> None:
    (tmp_path / "camp.toml").write_text("campaign = 3\n")
    with pytest.raises(InvalidInput, match=r"campaign = 3; allowed: a table, \[campaign\]"):
        campaign_folder(tmp_path / "camp.toml")


def test_file_and_folder_are_the_same_campaign(tmp_path: Path) -> None:
    """The record in the folder spells everything out: it serves without the file, and a list of states without its CSV."""
    (tmp_path / "states.csv").write_text("potential,rho,T\nlj,1.2,1.0\nwca,1.4,0.30000000000000004\n")
    grid = SHORT[SHORT.index("potential") : SHORT.index("[system]")]
    from_file = campaign_from(tmp_path, SHORT.replace(grid, 'states = "states.csv"\n'))
    from_file.folder.mkdir()
    from_file.write_record()
    moved = shutil.move(from_file.folder, tmp_path / "moved")
    (tmp_path / "states.csv").unlink()
    from_folder = load_campaign(moved)
    assert from_folder.identity == from_file.identity
    assert from_folder.states == from_file.states
    assert from_folder.specification == from_file.specification


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "holds no campaign.json"),
        (b"{", "is damaged"),
        (b"[]", "is damaged"),
        (b"\xff\xfe", "is damaged"),
        (b'{"specification": {}, "states": [["lj", -1.0, 1.2, 0]]}', "is damaged"),
        (b'{"specification": {}, "states": []}', "grid is missing"),
    ],
)
def test_a_folder_that_is_none_is_refused_with_a_way_out(content: bytes | None, words: str, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / CAMPAIGN_RECORD).write_bytes(content)
    with pytest.raises(InvalidInput) as caught:
        load_campaign(tmp_path)
    assert words in str(caught.value)
    assert str(tmp_path) in str(caught.value)


def test_a_file_without_suffix_cannot_have_a_folder_of_its_name(tmp_path: Path) -> None:
    (tmp_path / "campaign").write_text(SHORT)
    with pytest.raises(InvalidInput, match=r"name it .*campaign\.toml"):
        load_campaign(tmp_path / "campaign")


def test_the_seed_of_a_state_does_not_depend_on_the_other_states(tmp_path: Path) -> None:
    one = campaign_from(tmp_path)
    many = campaign_from(tmp_path, changed(("temperature = 1.0", "temperature = [0.7, 1.0, 2.0]")))
    state = one.states[0]
    assert state in many.states
    assert one.seed_of(state) == many.seed_of(state)
    seeds = {many.seed_of(other) for other in many.states}
    assert len(seeds) == 3
    assert all(0 <= seed < 2**63 for seed in seeds)


def test_another_seed_of_the_campaign_is_another_seed_of_every_state(tmp_path: Path) -> None:
    first, second = (campaign_from(tmp_path, changed((NAME, f"seed = {seed}"))) for seed in (1, 2))
    assert first.seed_of(first.states[0]) != second.seed_of(second.states[0])


def test_identity_changes_with_the_file_and_not_with_its_spelling(tmp_path: Path) -> None:
    plain = campaign_from(tmp_path).identity
    assert campaign_from(tmp_path, changed(("temperature = 1.0", "temperature = [1]  # one"))).identity == plain
    assert campaign_from(tmp_path, changed(("temperature = 1.0", "temperature = 1.1"))).identity != plain
    assert campaign_from(tmp_path, changed(("length = 30.0", "length = 31.0"))).identity != plain
