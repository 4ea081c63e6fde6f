"""A campaign file that was edited after its run: one line says what, and what a run would do."""

from __future__ import annotations

from pathlib import Path

import pytest

from glassdask.campaign.definition.campaign import load_campaign
from glassdask.campaign.definition.fingerprint import fingerprint, recorded_fingerprint
from glassdask.campaign.work.source_file import file_difference
from tests.campaign.campaign_files import campaign_from, changed


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A campaign file whose record lies in its folder."""
    campaign = campaign_from(tmp_path)
    campaign.folder.mkdir()
    campaign.write_record()
    return tmp_path / "short.toml"


def difference(file: Path, *changes: tuple[str, str]) -> str:
    """The line after these changes."""
    file.write_text(changed(*changes))
    line = file_difference(file)
    assert line is not None
    assert "\n" not in line
    assert f"Shown is the record of that run; 'glassdask run {file}' goes by the file: " in line
    return line


def test_an_unchanged_file_differs_in_nothing(file: Path) -> None:
    assert recorded_fingerprint(file.with_suffix("")) == fingerprint(file)
    assert file_difference(file) is None
    assert file_difference(file.with_suffix("")) is None, "a folder is its own source"


def test_a_comment_is_no_change(file: Path) -> None:
    file.write_text("# a remark\n" + changed())
    assert recorded_fingerprint(file.with_suffix("")) != fingerprint(file)
    assert file_difference(file) is None


def test_keys_are_named_with_both_values_and_the_products_they_touch(file: Path) -> None:
    line = difference(file, ("length = 30.0", "length = 25.0"))
    assert "production.length: 30.0 -> 25.0" in line
    assert (
        "finished products of simulate, reduce, solve_mct, fit_memory, correlate stay as they are, and --redo-changed"
        in line
    )
    line = difference(file, ("[execution]", "[memory]\nstarts = 65\n[execution]"))
    assert "memory.starts: 64 -> 65" in line
    assert "products of fit_memory stay" in line


def test_longer_runs_go_on(file: Path) -> None:
    """Unless something else of the simulation has changed, too."""
    line = difference(file, ("length = 30.0", "length = 60.0"))
    assert "production.length: 30.0 -> 60.0" in line
    assert "finished simulations go on from their checkpoints and what follows from them is made again" in line
    line = difference(file, ("length = 30.0", "length = 60.0"), ("box_length = 10.0", "box_length = 9.0"))
    assert "products of simulate, reduce, solve_mct, fit_memory, correlate stay" in line


def test_what_changes_no_number_touches_no_product(file: Path) -> None:
    assert difference(file, ("retries = 1", "retries = 3")).endswith("goes by the file: no finished product is touched")


def test_states_that_are_new_or_gone_are_counted_and_named(file: Path) -> None:
    line = difference(file, ("temperature = 1.0", "temperature = [0.9, 0.95]"))
    assert (
        "2 states (lj_rho1.2_T0.9_r0, lj_rho1.2_T0.95_r0) new; 1 state (lj_rho1.2_T1.0_r0) no longer asked for" in line
    )
    assert line.endswith("it runs the new states, it keeps the files of the others")


def test_a_list_of_states_belongs_to_the_file(tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_text("potential,rho,T\nlj,1.2,1.0\n")
    grid = 'potential = "lj"\ndensity = 1.2\ntemperature = 1.0'
    campaign = campaign_from(tmp_path, changed((grid, 'states = "s.csv"')))
    campaign.folder.mkdir()
    campaign.write_record()
    assert file_difference(tmp_path / "short.toml") is None
    (tmp_path / "s.csv").write_text("potential,rho,T\nlj,1.2,1.0\nlj,1.2,2.0\n")
    assert "1 state (lj_rho1.2_T2.0_r0) new" in (file_difference(tmp_path / "short.toml") or "")


def test_a_file_that_is_wrong_by_now_is_told_of(file: Path) -> None:
    file.write_text(changed(("length = 30.0", "lenght = 30.0")))
    assert "is no valid campaign any more; shown is the record of the last run" in (file_difference(file) or "")


def test_a_run_from_the_folder_keeps_the_fingerprint(file: Path) -> None:
    load_campaign(file.with_suffix("")).write_record()
    assert recorded_fingerprint(file.with_suffix("")) == fingerprint(file)


def test_a_record_of_an_older_version_is_compared_by_its_content(file: Path) -> None:
    record = file.with_suffix("") / "campaign.json"
    record.write_text("{" + record.read_text().split("\n", 2)[2])
    assert recorded_fingerprint(file.with_suffix("")) is None
    assert file_difference(file) is None
    assert "production.length" in difference(file, ("length = 30.0", "length = 60.0"))
