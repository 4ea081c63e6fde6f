"""The report as a product of the campaign: made once, made again where something has changed, checked like all others."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

import glassdask
from glassdask.campaign.definition.campaign import load_campaign
from glassdask.campaign.files.failure import write_failure
from glassdask.campaign.files.folder import state_folder
from glassdask.campaign.files.journal import record_event
from glassdask.campaign.files.products import read_record
from glassdask.campaign.files.status import campaign_status
from glassdask.campaign.work.campaign_product import campaign_inputs
from glassdask.figures.catalogue import FIGURES
from glassdask.operations.products import verify
from glassdask.stages.report import PAGE, STAGE, page


@pytest.fixture(scope="module", autouse=True)
def _few_figures() -> Iterator[None]:
    """Two figures are enough to see what becomes of files."""
    few = {name: FIGURES[name] for name in ("relaxation_time", "transfer")}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(page, "FIGURES", few)
        yield


@pytest.fixture(scope="module")
def reported(tiny_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a campaign with a report."""
    copy = tmp_path_factory.mktemp("reported") / "copy"
    shutil.copytree(tiny_file.with_suffix(""), copy)
    glassdask.report(copy)
    return copy


@pytest.fixture
def folder(reported: Path, tmp_path: Path) -> Path:
    """A copy that a test may change."""
    return Path(shutil.copytree(reported, tmp_path / "copy"))


def verdict(folder: Path) -> str:
    (check,) = (check for check in verify(folder) if check.stage == "report")
    return check.verdict


def parts_made(folder: Path, **options: bool) -> list[str]:
    """Which parts of a report are made, as it says them."""
    said: list[str] = []
    glassdask.report(folder, say=said.append, **options)
    return said


def test_a_report_has_a_record_of_its_files(folder: Path) -> None:
    record = read_record(folder, "report")
    assert record is not None
    there = {str(path.relative_to(folder)) for path in (folder / "report").rglob("*.*")}
    assert set(record.files) == there
    assert next(iter(record.files)) == PAGE
    assert verdict(folder) == "whole"


def test_what_is_up_to_date_is_not_made_again_unless_forced(folder: Path) -> None:
    before = (folder / PAGE).stat().st_mtime_ns
    assert parts_made(folder) == []
    assert (folder / PAGE).stat().st_mtime_ns == before
    assert len(parts_made(folder, force=True)) == 2
    assert (folder / PAGE).stat().st_mtime_ns > before


def test_a_try_a_failure_or_another_cube_make_it_a_report_of_something_else(folder: Path) -> None:
    """Hours, states and figures: each stands on the page."""
    campaign = load_campaign(folder)
    home = state_folder(folder, campaign.states[0].identifier)
    seen = [campaign_inputs(campaign, STAGE, list(campaign_status(folder)))]
    record_event(home, "simulate", "started", attempt=2)
    seen.append(campaign_inputs(campaign, STAGE, list(campaign_status(folder))))
    (home / "fit_memory.json").unlink()
    write_failure(home, "fit_memory", "code", "it broke", 1)
    seen.append(campaign_inputs(campaign, STAGE, list(campaign_status(folder))))
    (folder / "collect.json").unlink()
    seen.append(campaign_inputs(campaign, STAGE, list(campaign_status(folder))))
    assert len(set(seen)) == len(seen)
    assert verdict(folder) == "changed"


def test_a_damaged_page_is_told_of_and_made_again(folder: Path) -> None:
    with (folder / PAGE).open("a") as stream:
        stream.write("something of another's")
    assert verdict(folder) == "damaged"
    assert len(parts_made(folder)) == 2
    assert verdict(folder) == "whole"
