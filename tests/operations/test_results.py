"""`glassdask.collect`, `report`, `figures`, `plan`, `job_scripts`, `verify`: their values."""

from __future__ import annotations

from pathlib import Path

import pytest

import glassdask
from glassdask.campaign.definition.campaign import load_campaign
from glassdask.campaign.files.driver_lock import driver_lock
from glassdask.errors import InvalidInput


def test_collect_gives_the_cube_of_what_there_is(tiny_copy: Path) -> None:
    """Made again only where a state has changed; also beside a driver."""
    folder = tiny_copy.with_suffix("")
    before = (folder / "observables.nc").stat().st_mtime_ns
    with driver_lock(folder, 60), glassdask.collect(tiny_copy) as cube:
        assert cube.sizes["T"] == 2
    assert (folder / "observables.nc").stat().st_mtime_ns == before

    (folder / "states" / "wca_rho1.2_T2.0_r0" / "reduce.json").unlink()
    with driver_lock(folder, 60), glassdask.collect(tiny_copy) as cube:
        assert cube.glass.states("missing") == [("wca", 1.0, 1.2), ("wca", 2.0, 1.2)]


def test_a_report_is_a_page_and_its_data(tiny_file: Path, tmp_path: Path) -> None:
    written = glassdask.report(tiny_file, tmp_path / "page.html")
    assert written.page == tmp_path / "page.html"
    assert {path.parent for path in written.data} == {tmp_path / "data"}
    assert all(path.is_file() for path in written.data)
    with pytest.raises(InvalidInput, match=r"allowed: a name ending in \.html"):
        glassdask.report(tiny_file, tmp_path / "page.pdf")


def test_figures_that_cannot_be_drawn_yet_say_why(tiny_file: Path, tmp_path: Path) -> None:
    drawn = glassdask.draw_figures(tiny_file, tmp_path, only=["scattering"], file_format="svg")
    assert drawn.files == {"scattering": tmp_path / "scattering.svg"}
    assert drawn.missing == {}
    with pytest.raises(InvalidInput, match="'glassdask train"):
        glassdask.draw_figures(tiny_file, tmp_path, only=["transfer"])


def test_a_plan_has_a_row_for_each_state(tiny_file: Path, tmp_path: Path) -> None:
    planned = glassdask.plan(tiny_file, steps_per_second=1000.0)
    assert len(planned.table) == planned.sizes.total.states == 3
    total, hours = planned.sizes.total, planned.table["core_hours"].sum()
    assert hours + total.stages["collect"] == pytest.approx(total.core_hours)
    assert planned.table["reduce_core_hours"].sum() == pytest.approx(total.stages["reduce"])
    assert planned.jobs == ()
    (tmp_path / "site.toml").write_text('scheduler = "local"\n')
    with pytest.raises(InvalidInput, match="has no pools of batch jobs"):
        glassdask.plan(tiny_file, tmp_path / "site.toml", pilot=False)


def test_job_scripts_are_text_by_pool(tiny_file: Path) -> None:
    site = Path(__file__).parents[2] / "deploy" / "slurm.toml"
    scripts = glassdask.job_scripts(tiny_file, site)
    assert all(text.startswith("#!") for text in scripts.values())
    name = next(iter(scripts))
    assert glassdask.job_scripts(tiny_file, site, pool=name) == {name: scripts[name]}


def test_verify_gives_a_verdict_for_each_product(tiny_copy: Path) -> None:
    product = load_campaign(tiny_copy).folder / "states" / "lj_rho1.2_T1.0_r0" / "memory.nc"
    product.write_bytes(product.read_bytes()[:-1])
    verdicts = {(check.state, check.stage): check.verdict for check in glassdask.verify(tiny_copy, repair=True)}
    assert [item for item, verdict in verdicts.items() if verdict == "damaged"] == [("lj_rho1.2_T1.0_r0", "fit_memory")]
    assert glassdask.status(tiny_copy).loc["lj_rho1.2_T1.0_r0", "stage"] == "fit_memory"


def test_a_state_has_numbers_curves_and_a_history(tiny_file: Path) -> None:
    found = glassdask.state(tiny_file, "lj", "T1")
    assert found.status.state.identifier == "lj_rho1.2_T1.0_r0"
    assert found.attempts["simulate"] == 1
    assert found.status.summary["measured_temperature"] == pytest.approx(1.0, abs=0.1)
    assert {"t", "F_A", "k", "S_AA"} <= found.curves.keys()
    with pytest.raises(InvalidInput, match="'lj' selects 2 states"):
        glassdask.state(tiny_file, "lj")
