"""One's own trajectory is reduced as a campaign's state is: the same numbers, and the same after a stop at any frame."""

from __future__ import annotations

import numpy as np
import pytest

from glassdask.campaign.definition.campaign import Campaign
from glassdask.campaign.files.folder import state_folder
from glassdask.datasets.netcdf import read_netcdf
from glassdask.datasets.trajectories.own_trajectory import OwnTrajectory, TrajectoryOptions, open_trajectory
from glassdask.errors import InvalidInput
from glassdask.observables.catalogue import observables_named
from glassdask.observables.pass_over_frames import measure
from glassdask.physics.motion.lag_pairs import lag_pairs
from glassdask.simulation import TRAJECTORY
from glassdask.stages.reduce import OBSERVABLES
from glassdask.stages.reduce.own_trajectory import OwnAnalysis, OwnSettings
from tests.observables.known_frames import KnownFrames, linear_pairs, setting_of, walkers


def analysis_of(trajectory: OwnTrajectory, **settings) -> OwnAnalysis:
    lags = lag_pairs(trajectory.times)
    return OwnAnalysis(trajectory, trajectory.names, (1.0, 1.0), lags, OwnSettings(**settings))


@pytest.fixture
def own(tiny: Campaign):
    """The trajectory of the tiny campaign's first state as a file of unknown origin, times in tau_MD."""
    folder = state_folder(tiny.folder, tiny.states[0].identifier)
    step = float(read_netcdf(folder / OBSERVABLES)["time_step"])
    with open_trajectory(folder / TRAJECTORY, TrajectoryOptions(time_step=step)) as trajectory:
        yield trajectory


def test_it_is_reduced_to_the_numbers_of_the_campaign(tiny: Campaign, own: OwnTrajectory) -> None:
    analysis = analysis_of(own)
    for _ in analysis.steps():
        pass
    found, told = analysis.result(), read_netcdf(state_folder(tiny.folder, tiny.states[0].identifier) / OBSERVABLES)
    common = np.isclose(found.coordinates["t"][:, None], told["t"].values, rtol=1e-6)
    here, there = np.nonzero(common)
    assert here.size > 10
    assert np.array_equal(found.values["n_origins"][here], told["n_origins"].values[there])
    for name, tolerance in (("self_intermediate_scattering", 1e-6), ("mean_squared_displacement", 1e-5)):
        F, expected = found.values[name][..., here], told[name].values[..., there]
        assert np.allclose(F, expected, rtol=tolerance, atol=tolerance)  # float32 in the campaign's file
    error = np.hypot(found.values["structure_factor_error"], told["structure_factor_error"].values)
    off = np.abs(found.values["structure_factor"] - told["structure_factor"].values) / error
    assert np.nanmedian(off) < 1.0  # other frames of the same run
    assert found.values["peak_wavenumber"] == pytest.approx(float(told["peak_wavenumber"]), abs=0.2)


def test_stopped_after_any_frame_it_goes_on_to_the_same_bits(own: OwnTrajectory) -> None:
    whole = analysis_of(own, observables=("non_gaussian_parameter",))
    n_steps = sum(1 for _ in whole.steps())
    for stop in (1, n_steps // 3, n_steps // 2, n_steps - 1):
        first = analysis_of(own, observables=("non_gaussian_parameter",))
        for number, _ in enumerate(first.steps(), 1):
            if number == stop:
                break
        second = analysis_of(own, observables=("non_gaussian_parameter",))
        assert second.restore(first.saved())
        assert sum(1 for _ in second.steps()) == n_steps - stop
        for name, value in whole.result().values.items():
            assert np.array_equal(second.result().values[name], value, equal_nan=True), (stop, name)


def test_what_was_saved_of_another_analysis_is_not_taken_up(own: OwnTrajectory) -> None:
    first, other = analysis_of(own), analysis_of(own, overlap_distance=0.2)
    next(first.steps())
    assert not other.restore(first.saved())
    assert not analysis_of(own).restore({"rubbish": np.zeros(3)})


def test_lengths_in_other_units_are_refused_with_the_option_that_mends_it() -> None:
    gas = KnownFrames(np.random.default_rng(1).uniform(0, 34.0, (3, 1000, 3)), 34.0)
    with pytest.raises(InvalidInput, match=r"mean distance between particles.* 3\.4 .*--length-unit 3\.62"):
        OwnAnalysis(gas, ("A",), (1.0,), lag_pairs(gas.times), OwnSettings())


def test_self_scattering_of_walkers_is_that_of_a_gaussian(xp) -> None:
    """exp(-k² s² t/2) for steps of standard deviation s along each axis; 3 % is five standard errors."""
    frames, lags, k = walkers(60, 400, 0.3), [0, 1, 4, 16], np.array([0.5, 1.0, 1.5, 2.0])
    setting = setting_of(frames, lags, xp, grid=k, wavenumbers=(1.25,))
    found = measure(frames, linear_pairs(60, lags), observables_named(["self_intermediate_scattering"]), setting)
    expected = np.exp(-0.5 * (k[:, None] * 0.3) ** 2 * np.array(lags))
    assert found["self_intermediate_scattering"][0] == pytest.approx(expected, abs=0.03)
    assert found["peak_scattering"][0] == pytest.approx(np.exp(-0.5 * (1.25 * 0.3) ** 2 * np.array(lags)), abs=0.03)
