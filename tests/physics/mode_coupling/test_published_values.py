"""The numbers of the paper are those that are printed in it."""

from __future__ import annotations

import math

import pytest

from glassdask.physics.mode_coupling.published_values import table_1

#: Table 1 as printed: densities, and k_B T_mct / epsilon_AA of each potential.
DENSITIES = (1.2, 1.4, 1.6, 1.8)
PRINTED = {"wca": (0.74, 1.77, 3.49, 5.10), "lj": (0.90, 1.87, 3.53, 5.10)}


@pytest.mark.parametrize("potential", PRINTED)
def test_table_1_is_as_printed(potential):
    assert tuple(table_1(potential, rho) for rho in DENSITIES) == PRINTED[potential]


def test_attraction_raises_the_critical_temperature_the_less_the_denser():
    """By 0.16, 0.10, 0.04 and 0: what a column put into the wrong row would break."""
    raised = [table_1("lj", rho) - table_1("wca", rho) for rho in DENSITIES]
    assert raised == sorted(raised, reverse=True)
    assert raised[-1] == 0.0


@pytest.mark.parametrize(("potential", "density"), [("lj", 1.3), ("kob-andersen", 1.2)])
def test_what_the_table_does_not_hold_is_not_a_number(potential, density):
    assert math.isnan(table_1(potential, density))
