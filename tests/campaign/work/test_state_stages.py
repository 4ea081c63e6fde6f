"""A product's inputs: its hash changes with what changes its numbers, and with nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from glassdask.campaign.definition.campaign import Campaign
from glassdask.campaign.definition.specification import Specification
from glassdask.campaign.files.folder import state_folder
from glassdask.campaign.files.status import STAGE_FILES
from glassdask.campaign.work.stage_inputs import expected_inputs
from glassdask.campaign.work.state_stages import changed_products, next_stage, relative_cost, stage_job
from glassdask.stages.contract.registry import STATE_STAGES
from glassdask.stages.correlate import STAGE as CORRELATE
from glassdask.stages.fit_memory import STAGE as FIT_MEMORY
from glassdask.stages.reduce import STAGE as REDUCE
from glassdask.stages.simulate import STAGE as SIMULATE
from glassdask.stages.solve_mct import STAGE as SOLVE_MCT
from tests.campaign.campaign_files import campaign_from, changed

NAME = 'name = "short"'
ALL = {"simulate", "reduce", "solve_mct", "fit_memory", "correlate"}
ALL_BUT_FIRST, THEORY, NONE = ALL - {"simulate"}, {"solve_mct", "fit_memory"}, set[str]()
MEMORY, OBSERVED = {"fit_memory"}, {"correlate"}


@pytest.mark.parametrize(
    ("change", "touched"),
    [
        (("box_length = 10.0", "box_length = 9.0"), ALL),
        (("[frames]", "[time_step]\nbase_step = 0.02\n[frames]"), ALL),
        (("length = 20.0", "length = 21.0"), ALL),
        (("length = 20.0", "length = 20.0\nthermostat_time = 2.0"), ALL),
        (("length = 30.0", "length = 31.0"), ALL),
        (("block_length = 512", "block_length = 1024"), ALL),
        ((NAME, "seed = 2"), ALL),
        (("[frames]", "[wavenumbers]\ncount = 50\n[frames]"), ALL_BUT_FIRST),
        (("[frames]", "[quality]\nrelaxation_times = 5.0\n[frames]"), ALL_BUT_FIRST),
        (("[frames]", "[mode_coupling]\nn_half = 16\n[frames]"), THEORY),
        (("[frames]", '[mode_coupling]\ndynamics = "overdamped"\n[frames]'), THEORY),
        (("[frames]", "[memory]\nn_exp = 2\n[frames]"), MEMORY),
        (("[frames]", "[memory]\nbootstrap = 0\n[frames]"), MEMORY),
        (("[frames]", "[observables]\noverlap_distance = 0.25\n[frames]"), OBSERVED),
        (("[frames]", "[observables]\ncompute = []\n[frames]"), OBSERVED),
        ((NAME, 'name = "other"'), NONE),
        ((NAME, 'folder = "elsewhere"'), NONE),
        ((NAME, "replicas = 3"), NONE),
        (("temperature = 1.0", "temperature = [0.9, 1.0]"), NONE),
        (("temperature = 1.0", "temperature = {start = 1, stop = 1, count = 1}"), NONE),
        (("retries = 1", 'engine = "lammps"\ncheckpoint_seconds = 5\nlease_seconds = 60'), NONE),
    ],
)
def test_inputs_depend_on_exactly_what_changes_the_numbers(
    change: tuple[str, str], touched: set[str], tmp_path: Path
) -> None:
    before, after = campaign_from(tmp_path), campaign_from(tmp_path, changed(change))
    state = before.states[0]
    assert state in after.states
    found = {
        stage.name
        for stage in STATE_STAGES
        if expected_inputs(before, state, stage) != expected_inputs(after, state, stage)
    }
    assert found == touched


def test_every_table_of_the_file_has_its_place() -> None:
    """A new table either changes a product, or is one of the four that change no number; a declared liquid is part of its states."""
    placed = {section for stage in STATE_STAGES for section in stage.sections}
    assert placed | {"campaign", "grid", "execution", "notify", "liquid"} == set(Specification.model_fields)


def test_every_state_has_inputs_of_its_own(tmp_path: Path) -> None:
    text = changed(("temperature = 1.0", "temperature = [1.0, 2.0]"), (NAME, "replicas = 2"))
    campaign = campaign_from(tmp_path, text)
    hashes = {expected_inputs(campaign, state, stage) for state in campaign.states for stage in STATE_STAGES}
    assert len(hashes) == 4 * 5


def test_a_job_is_small_plain_data(tmp_path: Path) -> None:
    """Jobs travel through Dask: they hold no open file and no list of all states."""
    campaign = campaign_from(
        tmp_path, changed(("temperature = 1.0", "temperature = {start = 1, stop = 2, count = 9999}"))
    )
    job = stage_job(campaign, campaign.states[0], SIMULATE)
    assert len(repr(job)) < 3000
    assert job.folder.is_absolute()
    assert job.inputs == expected_inputs(campaign, campaign.states[0], SIMULATE)


def test_work_grows_with_particles_steps_and_neighbours(tmp_path: Path) -> None:
    text = changed(('"lj"', '["lj", "wca"]'), ("density = 1.2", "density = [1.2, 1.6]"))
    campaign = campaign_from(tmp_path, text)
    lj, dense, wca, _ = (relative_cost(campaign, state, SIMULATE) for state in campaign.states)
    assert dense > lj > wca
    longer = campaign_from(tmp_path, changed(("length = 30.0", "length = 3000.0")))
    assert relative_cost(longer, longer.states[0], SIMULATE) > 10 * lj


def test_the_work_of_theory_depends_on_the_wavenumbers_alone(tmp_path: Path) -> None:
    """It takes as long as some 2,000 steps of 1200 LJ particles: in the demo 0.6 s, a sixth of the structure factors of 40 frames
    (80 take 9 to 17 s), which do not know of forces."""
    text = changed(('"lj"', '["lj", "wca"]'), ("length = 30.0", "length = 3000.0"))
    campaign = campaign_from(tmp_path, text.replace("[frames]", "[wavenumbers]\nstructure_frames = 40\n[frames]"))
    costs = {relative_cost(campaign, state, SOLVE_MCT) for state in campaign.states}
    assert len(costs) == 1
    lj, wca = campaign.states
    assert costs.pop() == pytest.approx(relative_cost(campaign, lj, REDUCE) / 6)
    assert relative_cost(campaign, wca, REDUCE) == relative_cost(campaign, lj, REDUCE)
    fewer = campaign_from(tmp_path, changed(("[frames]", "[wavenumbers]\ncount = 50\n[frames]")))
    assert relative_cost(fewer, lj, SOLVE_MCT) == pytest.approx(relative_cost(campaign, lj, SOLVE_MCT) / 4)


def test_the_work_of_memory_fits_grows_with_their_number(tmp_path: Path) -> None:
    """Half a second for each equation and number of modes with errors: about as 1000 steps of 1200 LJ particles."""
    costs = []
    for table in ('dynamics = "newtonian"\nn_exp = 2', "n_exp = 2", "n_exp = [1, 2, 3, 4]"):
        campaign = campaign_from(tmp_path, changed(("[frames]", f"[memory]\n{table}\n[frames]")))
        costs.append(relative_cost(campaign, campaign.states[0], FIT_MEMORY))
    assert costs == pytest.approx([costs[0], 2 * costs[0], 8 * costs[0]])


def test_stages_follow_each_other(tiny: Campaign, tmp_path: Path) -> None:
    assert all(next_stage(tiny, state) is None for state in tiny.states)
    assert all(changed_products(tiny, state) == [] for state in tiny.states)
    assert next_stage(tiny, tiny.states[0], after=SIMULATE) is None
    fresh = campaign_from(tmp_path)
    assert next_stage(fresh, fresh.states[0]) is SIMULATE
    assert next_stage(fresh, fresh.states[0], after=SIMULATE) is REDUCE
    assert next_stage(fresh, fresh.states[0], after=SOLVE_MCT) is FIT_MEMORY
    assert next_stage(fresh, fresh.states[0], after=FIT_MEMORY) is CORRELATE
    assert next_stage(fresh, fresh.states[0], after=CORRELATE) is None
    assert REDUCE.needs == (SIMULATE.name,)
    assert SOLVE_MCT.needs == (REDUCE.name,)
    assert FIT_MEMORY.needs == (REDUCE.name, SOLVE_MCT.name)
    assert CORRELATE.needs == (SIMULATE.name, REDUCE.name)


def test_status_knows_the_files_of_every_stage(tiny: Campaign) -> None:
    """`status` names them by itself, since it may not load the stages."""
    assert list(STAGE_FILES) == [stage.name for stage in STATE_STAGES]
    for state in tiny.states:
        found = (path for path in state_folder(tiny.folder, state.identifier).iterdir() if path.is_file())
        files = {path.name for path in found if not path.name.startswith(".")}
        assert files - {"journal.jsonl"} == {name for names in STAGE_FILES.values() for name in names}
