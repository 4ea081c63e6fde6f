"""The plan of a campaign: what it says before is what the run takes."""

from __future__ import annotations

from pathlib import Path

import pytest

from glassdask.campaign.definition.campaign import Campaign
from glassdask.campaign.files.folder import state_folder
from glassdask.campaign.files.products import read_record
from glassdask.campaign.work.plan import plan_campaign
from glassdask.simulation.engines.engine_choice import choose_engine
from tests.campaign.campaign_files import campaign_from, changed


def test_the_plan_is_what_the_run_took(tiny: Campaign) -> None:
    plans = {plan.state: plan for plan in plan_campaign(tiny, with_pilot=False).states}
    for state in tiny.states:
        record = read_record(state_folder(tiny.folder, state.identifier), "simulate")
        assert record is not None
        run, plan = record.provenance["simulation"], plans[state.identifier]
        assert plan.n_particles == run["n_particles"]
        assert plan.n_frames == run["n_frames"]
        assert plan.n_steps == run["n_steps"] + run["equilibration_steps"]
        assert plan.core_hours is None
        # the trajectory dominates; index and padding of the file are not counted exactly
        assert plan.disk_bytes == pytest.approx(record.files["trajectory.gsd"]["bytes"], rel=0.25)


def test_totals_add_up(tiny: Campaign) -> None:
    plan = plan_campaign(tiny, with_pilot=False)
    total = plan.total
    assert total.states == 3
    assert total.steps == sum(item.n_steps for item in plan.states)
    assert total.disk_bytes == sum(item.disk_bytes for item in plan.states)
    assert total.core_hours is None
    assert not total.is_upper_bound


def test_relaxation_times_are_planned_at_their_largest(tmp_path: Path) -> None:
    bounds = "relaxation_times = 5\nminimum_length = 10.0\nmaximum_length = 300.0"
    longest = plan_campaign(campaign_from(tmp_path, changed(("length = 30.0", "length = 300.0"))), with_pilot=False)
    bounded = plan_campaign(campaign_from(tmp_path, changed(("length = 30.0", bounds))), with_pilot=False)
    assert bounded.total.steps == longest.total.steps
    assert bounded.total.is_upper_bound


def test_production_is_planned_in_whole_blocks(tmp_path: Path) -> None:
    """A block of 512 base steps of 0.03 tau_MD is 15.36 tau_MD long; 15.36 is one block, a little more is two."""
    for length, n_blocks in ((15.36, 1), (15.37, 2), (1.0, 1)):
        campaign = campaign_from(tmp_path, changed(("length = 30.0", f"length = {length}")))
        (plan,) = plan_campaign(campaign, with_pilot=False).states
        divisor = round(0.03 / plan.time_step)
        equilibration = 667  # 20 tau_MD, rounded up
        assert plan.n_steps == (n_blocks * 512 + equilibration) * divisor


def test_a_pilot_measures_this_machine_and_writes_nothing(tmp_path: Path) -> None:
    text = changed(("box_length = 10.0", "box_length = 6.5"), ("temperature = 1.0", "temperature = [1.0, 2.0, 3.0]"))
    campaign = campaign_from(tmp_path, text)
    said: list[str] = []
    plan = plan_campaign(campaign, say=said.append)
    pilot = plan.pilots["lj"]
    assert said == ["pilot: lj_rho1.2_T2.0_r0 …"]
    assert (pilot.engine, pilot.state) == (choose_engine("auto"), "lj_rho1.2_T2.0_r0")
    assert pilot.steps_per_second > 10
    hours = plan.states[1].stages["simulate"]
    assert hours == pytest.approx(plan.states[1].n_steps / pilot.steps_per_second / 3600)
    assert not campaign.folder.exists()
