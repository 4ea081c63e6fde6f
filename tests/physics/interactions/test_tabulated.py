"""A table stands for the potential that it was made of, to an accuracy that its rows set."""

from __future__ import annotations

import numpy as np
import pytest

from glassdask.physics.interactions.pair_potential import PairPotential
from glassdask.physics.interactions.tabulated import Tabulated

LJ = PairPotential(1.0, 1.0, 2.5)


def table(rows: int, has_forces: bool) -> PairPotential:
    """Lennard-Jones from 0.8 on, at equal distances."""
    r = np.linspace(0.8, 2.5, rows)
    force = np.append(LJ.force(r[:-1]), LJ.force_jump * -1)
    form = Tabulated(tuple(r), tuple(LJ.energy(r)), tuple(force) if has_forces else None)
    return PairPotential(1.0, 1.0, 2.5, form)


def errors(rows: int, has_forces: bool) -> tuple[float, float]:
    """Largest errors of energy and force between the rows, from 0.85 on where no end of the spline is felt."""
    pair, r = table(rows, has_forces), np.linspace(0.85, 2.45, 1601)
    return np.abs(pair.energy(r) - LJ.energy(r)).max(), np.abs(pair.force(r) - LJ.force(r)).max()


@pytest.mark.parametrize("has_forces", [True, False])
def test_500_rows_are_lennard_jones_to_a_part_in_1e5_of_its_contact_force(has_forces: bool) -> None:
    """Of energies up to 16 epsilon and forces up to 300 epsilon/sigma."""
    energy, force = errors(500, has_forces)
    assert energy < 2e-5
    assert force < 3e-3


@pytest.mark.parametrize("has_forces", [True, False])
def test_errors_fall_with_the_fourth_and_third_power_of_the_spacing(has_forces: bool) -> None:
    (energy, force), (finer_energy, finer_force) = (errors(rows, has_forces) for rows in (201, 401))
    assert np.log2(energy / finer_energy) == pytest.approx(4.0, abs=0.4)
    assert np.log2(force / finer_force) == pytest.approx(3.0, abs=0.4)


def test_below_its_first_row_a_table_goes_on_straight() -> None:
    """With the force of the first row: hard enough that no particle gets there, and finite."""
    pair = table(400, has_forces=True)
    assert pair.force([0.5, 0.79]) == pytest.approx([float(LJ.force(0.8))] * 2)
    assert pair.energy(0.5) == pytest.approx(LJ.energy(0.8) + 0.3 * LJ.force(0.8))


def test_a_table_ends_where_it_ends_and_attracts_where_it_has_a_well() -> None:
    pair = table(400, has_forces=False)
    assert pair.form.usual_cutoff == 2.5
    assert pair.form.minimum == pytest.approx(2 ** (1 / 6), abs=0.005)  # at a row
    assert not pair.is_repulsive
