"""The grids that a campaign file stands for."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glassdask.campaign.definition.campaign import Campaign
from glassdask.campaign.files.folder import state_folder
from glassdask.datasets.netcdf import read_netcdf
from glassdask.stages.collect.campaign_cube import campaign_coordinates, labels_of
from glassdask.stages.contract.grids import (
    base_steps,
    block_bounds,
    mode_coupling_times,
    wavenumber_centres,
    wavenumber_edges,
)
from glassdask.stages.contract.sections import ModeCouplingSection, Sections, WavenumbersSection
from tests.stages.sections import sections


def test_one_k_grid_for_everything() -> None:
    """Decision 7: k_i = (i + 1/2) 0.4, i = 0 … 99, from 0.2 to 39.8; every bin is divided into whole fine bins."""
    edges, fine = wavenumber_edges(WavenumbersSection())
    centres = wavenumber_centres(WavenumbersSection())
    np.testing.assert_allclose(centres, 0.5 * (edges[1:] + edges[:-1]), rtol=1e-12)
    np.testing.assert_allclose(centres, (np.arange(100) + 0.5) * 0.4, rtol=1e-12)
    assert (centres[0], round(centres[-1], 10)) == (pytest.approx(0.2), 39.8)
    np.testing.assert_allclose(fine[::8], edges, rtol=1e-12)


@given(st.floats(10.0, 1e15), st.integers(1, 16))
def test_times_of_the_theory_are_logarithmic_and_end_where_asked(end_time: float, per_octave: int) -> None:
    """From 0 over about 0.01 tau_MD, where atoms still fly freely, to the very end."""
    times = mode_coupling_times(ModeCouplingSection(end_time=end_time, times_per_octave=per_octave))
    assert (times[0], times[-1]) == (0.0, end_time)
    assert times[1] * (1 + 1e-12) > 0.005
    assert times[1] <= 0.01 * (1 + 1e-12)
    np.testing.assert_allclose(times[2:] / times[1:-1], 2 ** (1 / per_octave), rtol=1e-12)


def specification(block_length: int, base_step: float, **production: float) -> Sections:
    return sections(production=production, frames={"block_length": block_length}, time_step={"base_step": base_step})


@given(st.integers(1, 20), st.floats(1e-3, 0.1), st.floats(1.0, 1e6))
def test_blocks_cover_the_length_and_no_more(power: int, base_step: float, length: float) -> None:
    fewest, most = block_bounds(specification(2**power, base_step, length=length))
    block = 2**power * base_step
    assert fewest == most >= 1
    assert most * block >= length * (1 - 1e-9)
    assert most == 1 or (most - 1) * block < length


def test_a_length_of_whole_blocks_is_not_rounded_up_by_rounding_errors() -> None:
    for n_blocks in range(1, 200):
        assert block_bounds(specification(512, 0.03, length=n_blocks * 512 * 0.03)) == (n_blocks, n_blocks)
        assert base_steps(n_blocks * 0.03, 0.03) == n_blocks


def test_bounds_are_those_of_the_file() -> None:
    assert block_bounds(specification(512, 0.03, minimum_length=16.0, maximum_length=160.0)) == (2, 11)


def test_every_state_has_the_campaigns_lag_times(tiny: Campaign) -> None:
    """Decision 8: one t grid, whatever the time step of the state."""
    liquids = [tiny.liquid_of(state) for state in tiny.states]
    coordinates = {**campaign_coordinates(tiny.specification), **labels_of(liquids)}
    for state in tiny.states:
        data = read_netcdf(state_folder(tiny.folder, state.identifier) / "observables.nc")
        np.testing.assert_array_equal(data["t"], coordinates["t"])
        theory = read_netcdf(state_folder(tiny.folder, state.identifier) / "mode_coupling.nc")
        for name in ("t_mct", "k", "pair", "species"):
            np.testing.assert_array_equal(theory[name], coordinates[name])
    assert coordinates["t"][0] == 0
    assert math.isclose(coordinates["t"][1], 0.03)
    # from one lag to the next at most a factor of two: base steps 1, 2, … and blocks 1, 2, …
    assert np.max(coordinates["t"][2:] / coordinates["t"][1:-1]) <= 2 * (1 + 1e-12)
