"""One pass: the same numbers however the work is divided and wherever it was stopped, with memory that does not grow."""

from __future__ import annotations

import numpy as np
import pytest

from glassdask.datasets.schema.variables import Variable
from glassdask.errors import InvalidInput
from glassdask.observables import pass_over_frames
from glassdask.observables.catalogue import OBSERVABLES, observables_named
from glassdask.observables.observable import Needs, Observable
from glassdask.observables.pass_over_frames import PassOverFrames, measure
from glassdask.physics.motion.lag_average import lag_average
from glassdask.physics.motion.mean_squared_displacement import mean_squared_displacement
from tests.observables.known_frames import KnownFrames, linear_pairs, setting_of, walkers

LAGS = [0, 1, 2, 5, 11]


class MeanPosition:
    """Rows of frames: the mean position."""

    def __init__(self, setting):
        self.xp = setting.xp

    def of_frame(self, frame):
        return np.asarray(frame.unwrapped).mean(axis=0)


MEAN = Observable(
    title="mean position",
    needs=Needs.FRAMES,
    rows=MeanPosition,
    values=lambda average, _: {"mean_position": average.mean, "mean_position_error": average.standard_error},
    variables={"mean_position": Variable(("axis",), "sigma_AA", "mean position")},
    source="none",
    oracle="the mean",
)
CHOSEN = {"mean": MEAN, **{name: OBSERVABLES[name] for name in ("mean_squared_displacement", "non_gaussian_parameter")}}


def whole(frames: KnownFrames) -> PassOverFrames:
    return PassOverFrames(frames, linear_pairs(len(frames), LAGS), CHOSEN, setting_of(frames, LAGS))


def values_of(going: PassOverFrames) -> dict:
    list(going.steps())
    return going.values()


def test_averages_over_frames_and_origins_are_those_of_all_rows_at_once() -> None:
    frames = walkers(40, 30, 0.1)
    found = measure(frames, linear_pairs(40, LAGS), CHOSEN, setting_of(frames, LAGS))
    positions = np.array([frames.unwrapped(i) for i in range(40)])
    pairs = linear_pairs(40, LAGS)
    rows = mean_squared_displacement(
        positions, frames.species, np.concatenate(pairs), box_lengths=np.inf, remove_drift=False
    )
    expected = lag_average(rows, pairs, frames.times)
    # Sums in another order: rounding of at most 40 additions.
    np.testing.assert_allclose(found["mean_squared_displacement"], expected.mean.T, rtol=1e-14)
    np.testing.assert_allclose(found["mean_squared_displacement_error"], expected.standard_error.T, rtol=1e-10)
    np.testing.assert_allclose(found["mean_position"], positions.mean(axis=(0, 1)), rtol=1e-14)


@pytest.mark.parametrize("most", [(1, 1), (3, 2**30), (1000, 2**30)])
def test_batches_change_no_bit(most: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    frames = walkers(40, 30, 0.1)
    expected = values_of(whole(frames))
    monkeypatch.setattr(pass_over_frames, "_ON_HOST", most)
    for name, value in values_of(whole(frames)).items():
        np.testing.assert_array_equal(value, expected[name], err_msg=name)


def test_a_pass_that_was_stopped_at_any_frame_goes_on_to_the_same_bits() -> None:
    frames = walkers(24, 10, 0.1)
    expected = values_of(whole(frames))
    for stop in range(25):
        first = whole(frames)
        for done in first.steps():
            if done >= stop:
                break
        second = whole(frames)
        second.restore({name: array.copy() for name, array in first.saved().items()})
        assert second.n_done == max(stop, 1)
        for name, value in values_of(second).items():
            np.testing.assert_array_equal(value, expected[name], err_msg=f"{name}, stopped after {stop}")


def test_products_of_matrices_round_alike_wherever_the_pass_was_stopped() -> None:
    """A product rounds by the pairs that are worked on together, so these must be the same ones."""
    frames = walkers(90, 300, 0.1)
    setting = setting_of(frames, LAGS, wavenumbers=(5.0, 9.0))

    def passed() -> PassOverFrames:
        return PassOverFrames(frames, linear_pairs(90, LAGS), observables_named(["collective_scattering"]), setting)

    expected = values_of(passed())["collective_scattering"]
    for stop in (3, 8, 30, 31, 89, 90):
        first = passed()
        for done in first.steps():
            if done >= stop:
                break
        second = passed()
        second.restore(first.saved())
        np.testing.assert_array_equal(values_of(second)["collective_scattering"], expected, err_msg=f"after {stop}")


def test_what_was_saved_of_other_frames_is_refused() -> None:
    saved = whole(walkers(24, 10, 0.1)).saved()
    other = walkers(24, 10, 0.1)
    other.times = other.times * 2
    with pytest.raises(InvalidInput, match="begin again without it"):
        whole(other).restore(saved)


def test_frames_are_asked_for_in_their_order_each_once() -> None:
    frames = walkers(30, 5, 0.1)
    values_of(whole(frames))
    assert frames.read == sorted(set(frames.read))


def test_origins_are_held_only_while_ends_are_to_come() -> None:
    frames = walkers(200, 5, 0.1)
    going = PassOverFrames(frames, linear_pairs(200, LAGS), CHOSEN, setting_of(frames, LAGS))
    most = max(len(going._held) for _ in going.steps())
    assert most <= max(LAGS) + 1 + pass_over_frames._ON_HOST[0]


def test_only_chosen_frames_are_looked_at() -> None:
    frames = walkers(30, 5, 0.1)
    single = [0, 10, 29]
    found = measure(frames, [], {"mean": MEAN}, setting_of(frames, []), single)
    assert frames.read == single
    expected = np.mean([frames.unwrapped(i).mean(axis=0) for i in single], axis=0)
    np.testing.assert_allclose(found["mean_position"], expected, rtol=1e-14)


def test_pairs_that_do_not_fit_are_refused() -> None:
    frames = walkers(5, 5, 0.1)
    with pytest.raises(InvalidInput, match="pairs of 0 lags and 1 lag times"):
        measure(frames, [], CHOSEN, setting_of(frames, [1]))
    with pytest.raises(InvalidInput, match=r"allowed: 0 … 4"):
        measure(frames, [[[0, 5]]], CHOSEN, setting_of(frames, [5]))


def test_an_observable_of_three_dimensions_is_refused_in_two() -> None:
    frames = walkers(5, 5, 0.1, dimension=2)
    flat = {"mean": Observable(**{**MEAN.__dict__, "dimensions": (3,)})}
    with pytest.raises(InvalidInput, match="mean is defined in 3 dimensions; this trajectory has 2"):
        measure(frames, [], flat, setting_of(frames, []))
