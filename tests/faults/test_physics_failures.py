"""Faults 21 to 23: runs that explode, crystallise or do not come to equilibrium are told apart, kept, and masked."""

from __future__ import annotations

import json
import shutil
import signal
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import glassdask
from glassdask.campaign.files.products import describe_files, read_record, remove_product, write_record
from glassdask.datasets.netcdf import read_netcdf
from glassdask.simulation.particles.particles import Particles
from glassdask.simulation.records.checkpoint import CheckpointStore
from glassdask.simulation.records.trajectory import Trajectory, gsd_chunks, write_gsd
from tests.faults.campaigns import RunningDriver, checkpointed_step, events, home, run, write_campaign
from tests.faults.standing_still import standing_still
from tests.same_process import glassdask_here

#: 256 A on a face-centred cubic lattice of 4 x 4 x 4 cells, and 64 B: N = 320 at L = 6.5.
DENSITY, BOX, CELLS = 1.1652, 6.5, 4
REPLICAS = [f"wca_rho{DENSITY}_T2.0_r0", f"wca_rho{DENSITY}_T2.0_r1"]
QUENCHED = [f"lj_rho{DENSITY}_T0.3_r0", f"lj_rho{DENSITY}_T0.3_r1"]


def test_an_exploding_run_fails_as_diverged_and_keeps_its_seed_and_last_good_frames(tmp_path):
    """Particles that are suddenly a thousand times too fast stand for whatever makes a run explode half-way."""
    file = write_campaign(tmp_path, execution={"retries": 1})
    with standing_still(tmp_path), RunningDriver(file, "--workers", "1") as driver:
        driver.wait_until(lambda: checkpointed_step(home(file)) > 0)
        driver.process.send_signal(signal.SIGTERM)
        driver.wait()
    (work,) = home(file).glob("work/simulate/*/*")
    store = CheckpointStore(work)
    checkpoint = store.load()
    assert checkpoint is not None
    checkpoint.particles.velocities *= 1000.0
    store.save(checkpoint)

    failed = run(file)
    assert failed.returncode == 1
    assert f"{home(file).name}: diverged: " in failed.stdout
    assert events(file, "simulate") == ["started", "partial", "started", "failed", "started", "failed"]
    failure = json.loads((home(file) / "simulate.failed.json").read_text())
    assert failure["reason"] == "diverged"
    assert failure["seed"] == json.loads((work / "request.json").read_text())["seed"]
    last_good = max((home(file) / failure["work"] / "segments").glob("*.gsd"))
    with Trajectory(last_good) as trajectory:
        assert np.all(np.isfinite(trajectory[len(trajectory) - 1].positions))
    assert not (home(file) / "trajectory.gsd").exists()
    cube = glassdask.open_campaign(file)
    assert cube.status.item() == cube.status.attrs["flag_meanings"].split().index("failed")
    assert np.isnan(cube.structure_factor).all()


@pytest.fixture(scope="module")
def flagged(an_engine: str, tmp_path_factory: pytest.TempPathFactory) -> Path:  # noqa: ARG001
    """The file of a campaign of a hot liquid and of a deep quench, two replicas each."""
    grid = [{"potential": p, "density": DENSITY, "temperature": t} for p, t in (("wca", 2.0), ("lj", 0.3))]
    file = write_campaign(tmp_path_factory.mktemp("flagged"), grid, campaign={"replicas": 2})
    done = run(file)
    assert done.returncode == 0, done.stderr
    return file


def test_a_quench_that_is_not_in_equilibrium_is_flagged_and_kept(flagged):
    """A random start relaxes for 8 tau_MD at T = 0.3, where the relaxation time is beyond 1e6."""
    cube = glassdask.open_campaign(flagged)
    words = cube.status.attrs["flag_meanings"].split()
    for state in QUENCHED:
        record = read_record(home(flagged, state), "reduce")
        assert record is not None
        assert record.status == "not_equilibrated"
        assert "did not fall to 1/e" in record.summary["reasons"]
    assert words[int(cube.status.sel(potential="lj", T=0.3).item())] == "not_equilibrated"
    assert np.isfinite(cube.structure_factor.sel(potential="lj", T=0.3)).all()
    assert "2 not_equilibrated" in glassdask_here("status", flagged).stdout


def crystal(step: int, images: np.ndarray, species: np.ndarray, random: np.random.Generator) -> Particles:
    """A on the fcc lattice, B in octahedral holes, both with thermal displacements of 3 % of the cell."""
    corner = np.array([(i, j, k) for i in range(CELLS) for j in range(CELLS) for k in range(CELLS)], dtype=float)
    basis = np.array([(0, 0, 0), (0, 0.5, 0.5), (0.5, 0, 0.5), (0.5, 0.5, 0)])
    lattice = (corner[:, None] + basis + 0.25).reshape(-1, 3)
    holes = corner + np.array([0.5, 0, 0]) + 0.25
    sites = np.empty((species.size, 3))
    sites[species == 0], sites[species == 1] = lattice, holes
    sites += random.normal(scale=0.03, size=sites.shape)
    positions = (sites / CELLS % 1.0 - 0.5) * BOX
    return Particles(positions, np.zeros_like(positions), images, species, BOX, step)


def make_crystal(folder: Path) -> None:
    """Puts the trajectory of a crystal in the place of a state's own, as if the run had crystallised."""
    random = np.random.default_rng(4)
    with Trajectory(folder / "trajectory.gsd") as liquid:
        steps, species = liquid.steps, liquid.species
    images = np.zeros((species.size, 3), dtype=np.int32)
    frames = (gsd_chunks(crystal(int(step), images, species, random), "lj", step == 0) for step in steps)
    write_gsd(folder / "trajectory.gsd", frames)
    record = read_record(folder, "simulate")
    assert record is not None
    write_record(folder, replace(record, files=describe_files(folder, list(record.files))))
    for stage in ("reduce", "solve_mct", "fit_memory", "correlate"):
        remove_product(folder, stage)


def test_a_crystallised_run_is_flagged_masked_from_averages_and_kept(flagged, tmp_path):
    """One of two replicas: the average is the other one. Both: there is no value, and the status says why."""
    shutil.copytree(flagged.parent, tmp_path / "copy")
    file = tmp_path / "copy" / flagged.name
    for state in (REPLICAS[1], *QUENCHED):
        make_crystal(home(file, state))
    again = run(file)
    assert again.returncode == 0, again.stderr
    assert "1 done, 3 crystallised" in again.stdout
    assert "solid-like" in json.loads((home(file, REPLICAS[1]) / "reduce.json").read_text())["summary"]["reasons"]
    cube = glassdask.open_campaign(file)
    words = cube.status.attrs["flag_meanings"].split()
    liquid, solid = cube.sel(potential="wca", T=2.0), cube.sel(potential="lj", T=0.3)
    kept = read_netcdf(home(file, REPLICAS[0]) / "observables.nc")
    assert words[int(liquid.status.item())] == "done"
    np.testing.assert_allclose(liquid.structure_factor.squeeze(), kept.structure_factor, rtol=1e-6)
    assert words[int(solid.status.item())] == "crystallised"
    assert np.isnan(solid.structure_factor).all()
    for state in (REPLICAS[1], *QUENCHED):
        record = read_record(home(file, state), "fit_memory")
        assert record is not None
        assert (record.status, record.summary["mct_state"]) == ("crystallised", "unusable")
        assert record.summary["memory_reason"] == "the run has crystallised"
        assert (home(file, state) / "observables.nc").exists()
        assert (home(file, state) / "trajectory.gsd").exists()
