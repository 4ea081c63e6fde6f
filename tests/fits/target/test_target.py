"""What is said of a measured F before anything is fitted to it: refused, mended with a note, or told as odd."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from glassdask.errors import InvalidInput
from glassdask.fits.refinement.memory_fit import accurate_solution
from glassdask.fits.target.target import ERROR_FLOOR, Target, checked_target, initial_rate, note_on_units
from glassdask.physics.memory.memory_kernels import StretchedMemory

T = np.geomspace(0.01, 100.0, 40)
F = np.exp(-T)
TAU_LJ = np.sqrt(48.0)  # tau_MD


def ballistic(t: np.ndarray, Omega: float) -> np.ndarray:
    """A liquid's F in Newtonian dynamics."""
    memory = StretchedMemory.from_invariants(0.0, [30.0 * Omega, 10.0 * Omega], [0.1, 10.0], [1.5, 0.7])
    return accurate_solution(memory, Omega, t, "newtonian")[0]


# --- good data ------------------------------------------------------------------------------------------------------


def test_good_data_are_left_as_they_are():
    target, notes = checked_target(T, F, np.full(40, 1e-3))
    assert notes == []
    assert target.n == 40
    assert_allclose(target.F, F, rtol=0)
    assert_allclose(target.times, T, rtol=0)
    assert target.blocks is None


def test_F_is_divided_by_its_value_at_0():
    """With its errors and blocks; t = 0 itself is known and not fitted."""
    t, S = np.append(0.0, T), 2.5
    target, notes = checked_target(t, S * np.exp(-t), np.full(41, 0.01), S * np.tile(np.exp(-t), (5, 1)))
    assert notes == ["F: divided by its value at t = 0, 2.5"]
    assert_allclose(target.F, F, rtol=1e-14)
    assert target.error is not None
    assert target.blocks is not None
    assert_allclose(target.error, 0.01 / S, rtol=1e-14)
    assert_allclose(target.blocks, np.tile(F, (5, 1)), rtol=1e-14)
    assert target.times[0] == T[0]


def test_F_that_is_1_at_0_needs_no_note():
    assert checked_target(np.append(0.0, T), np.append(1.0, F))[1] == []


def test_F_at_0_needs_no_error():
    """It divides the others, error or not: F(0) = S is often known exactly."""
    t = np.append(0.0, T)
    target, notes = checked_target(t, 2.5 * np.exp(-t), np.append(np.nan, np.full(40, 0.01)))
    assert_allclose(target.F, F, rtol=1e-14)
    assert notes == ["F: divided by its value at t = 0, 2.5"]


def test_errors_are_believed_down_to_a_thousandth():
    target, _ = checked_target(T, F, np.geomspace(1e-6, 0.1, 40))
    assert target.scale.min() == ERROR_FLOOR
    assert target.scale.max() == pytest.approx(0.1)
    assert (checked_target(T, F)[0].scale == 1.0).all()


# --- refused --------------------------------------------------------------------------------------------------------


def test_F_must_start_at_its_maximum():
    """A hump of 10 % cannot be a correlation function; neither can data in other units than their first row."""
    hump = F + 0.2 * np.exp(-(np.log(T / 0.1) ** 2))
    with pytest.raises(InvalidInput, match=r"F_A is 1\.\d+ of its value at t = 0 at t = .*not start at its maximum"):
        checked_target(T, hump, name="F_A")
    with pytest.raises(InvalidInput, match="or normalised to 1"):
        checked_target(T, 2.5 * F)


def test_noise_above_1_is_no_hump():
    """Two standard errors of 2 % above 1 at the first time."""
    noisy = F.copy()
    noisy[0] = 1.03
    assert checked_target(T, noisy, np.full(40, 0.02))[0].n == 40


@pytest.mark.parametrize("first", [0.0, -1.0])
def test_F_at_0_must_be_above_0(first):
    with pytest.raises(InvalidInput, match=r"F is (-1|0) at t = 0; allowed: a number above 0, its largest value"):
        checked_target(np.append(0.0, T), np.append(first, F))


@pytest.mark.parametrize(
    "times", [T[::-1], np.append(T[:-1], T[-2]), np.append(-1.0, T[1:]), np.append(T[:-1], np.nan), T[:0]]
)
def test_times_must_increase(times):
    with pytest.raises(InvalidInput, match="the times of F do not increase from 0 or later; sort them, each only once"):
        checked_target(times, F[: times.size])


@pytest.mark.parametrize("n", [0, 1, 5])
def test_too_few_points_are_refused(n):
    with pytest.raises(InvalidInput, match=f"F has {n} finite values after t = 0; allowed: 6 or more, better 20"):
        checked_target(np.append(0.0, T[:n]), np.append(1.0, F[:n]))
    assert checked_target(T[:6], F[:6])[0].n == 6


@pytest.mark.parametrize("all_but", [0, 3])
def test_data_that_are_all_NaN_are_too_few(all_but):
    values = np.full(40, np.nan)
    values[:all_but] = F[:all_but]
    with pytest.raises(InvalidInput, match=f"F has {all_but} finite values"):
        checked_target(T, values)


@pytest.mark.parametrize(
    ("values", "error", "blocks"),
    [(F[:-1], None, None), (F, np.ones(3), None), (F, None, np.ones((4, 3))), (np.ones((2, 40)), None, None)],
)
def test_shapes_must_fit(values, error, blocks):
    with pytest.raises(InvalidInput, match="allowed: one value a time"):
        checked_target(T, values, error, blocks)


# --- mended, with a note --------------------------------------------------------------------------------------------


def test_values_that_are_not_finite_are_left_out():
    """And values without an error where others have one; their neighbours stay at their own times."""
    values, error, blocks = F.copy(), np.full(40, 1e-3), np.tile(F, (4, 1))
    values[[3, 7]], values[9], error[11] = np.nan, np.inf, np.nan
    target, notes = checked_target(T, values, error, blocks)
    assert notes == ["F: 4 of 40 values are not finite or have no error and are left out"]
    gone = [3, 7, 9, 11]
    assert_allclose(target.times, np.delete(T, gone), rtol=0)
    assert_allclose(target.F, np.delete(F, gone), rtol=0)
    assert target.blocks is not None
    assert target.blocks.shape == (4, 36)


# --- odd ------------------------------------------------------------------------------------------------------------


def test_short_times_that_are_not_monotone_are_told():
    """A vibration (boson peak) or a bad row: above F = ½, by more than five errors."""
    values = F.copy()
    values[10] += 0.1
    note = checked_target(T, values)[1][0]
    assert note.startswith(f"F rises from {values[9]:.3g} at t = {T[9]:g} to {values[10]:.3g} at t = {T[10]:g}")
    assert "no overdamped memory equation does that" in note


def test_noise_is_no_rise():
    noisy = F + 0.01 * np.random.default_rng(1).standard_normal(40)
    assert checked_target(T, noisy, np.full(40, 0.01))[1] == []


def test_a_plateau_that_never_decays_is_told():
    """F(t_max) = 0.6: the slowest time, or M(∞), is a bound."""
    _, notes = checked_target(T, 0.6 + 0.4 * F)
    assert notes == ["F has not decayed at the last time (0.6 at t = 100): the slowest time and M(∞) are bounds"]


def test_a_beginning_that_is_missing_is_told():
    _, notes = checked_target(T[20:], F[20:])
    assert notes == [f"F has fallen to {F[20]:.3g} at the first time, {T[20]:g}: its beginning is not known"]


# --- units ----------------------------------------------------------------------------------------------------------


def test_times_in_the_wrong_unit_are_found_by_the_ballistic_slope():
    """Ω of tau_MD with times in tau_LJ: they are √48 = 6.93 times too short. 10 %: the memory has begun to act."""
    t, Omega = np.geomspace(0.1, 1e3, 40), 1.0
    values = ballistic(t, Omega)
    assert note_on_units(Target(t, values), Omega, "newtonian") == []
    (note,) = note_on_units(Target(t / TAU_LJ, values), Omega, "newtonian", "F_A")
    assert note.startswith("F_A begins with a rate")
    assert "(tau_LJ = 6.928 tau_MD)" in note
    factor = float(note.split("another unit, ")[1].split(" times")[0])
    assert factor == pytest.approx(TAU_LJ, rel=0.1)
    (other,) = note_on_units(Target(t * TAU_LJ, values), Omega, "newtonian")
    assert float(other.split("another unit, ")[1].split(" times")[0]) == pytest.approx(1 / TAU_LJ, rel=0.1)


def test_overdamped_data_say_only_that_they_fall_too_fast():
    """−ln F / t is at most Ω: times that are 6.93 too short contradict that, times that are too long do not."""
    memory = StretchedMemory.from_invariants(0.0, [3.0], [5.0], [0.8])
    t = np.geomspace(1e-3, 100.0, 40)
    values, _ = accurate_solution(memory, 1.0, t, "overdamped")
    (note,) = note_on_units(Target(t / TAU_LJ, values), 1.0, "overdamped")
    assert float(note.split("another unit, ")[1].split(" times")[0]) == pytest.approx(TAU_LJ, rel=0.01)
    for factor in (1.0, TAU_LJ):
        assert note_on_units(Target(t * factor, values), 1.0, "overdamped") == []


@pytest.mark.parametrize("dynamics", ["newtonian", "overdamped"])
def test_noise_at_the_beginning_is_no_other_unit(dynamics):
    """1 − F is 1e-4 or less at the first times and the noise 1e-3: what counts is the first point above it."""
    t = np.geomspace(1e-3, 1e3, 60)
    values = ballistic(t, 1.0) if dynamics == "newtonian" else np.exp(-t)
    for seed in range(20):
        noisy = values + 1e-3 * np.random.default_rng(seed).standard_normal(t.size)
        assert note_on_units(Target(t, noisy, np.full(t.size, 1e-3)), 1.0, dynamics) == []


def test_data_without_a_beginning_say_nothing_of_units():
    assert note_on_units(Target(T[30:], F[30:]), 1e6, "newtonian") == []
    assert note_on_units(Target(T, F, np.full(40, 10.0)), 1e6, "newtonian") == []


def test_initial_rate_is_that_of_the_first_point():
    """(1 − F) → Ω t or Ω t²/2: 1 % at 1 − F = 0.01 or less."""
    t = np.geomspace(0.01, 1.0, 10)
    assert initial_rate(Target(t, np.exp(-3.0 * t)), "overdamped") == pytest.approx(3.0, rel=1e-9)
    assert initial_rate(Target(t, np.cos(np.sqrt(3.0) * t)), "newtonian") == pytest.approx(3.0, rel=1e-3)


# --- t_min ----------------------------------------------------------------------------------------------------------


def test_early_times_may_be_left_out():
    target = Target(T, F, np.full(40, 0.01), np.tile(F, (4, 1))).later_than(T[10])
    assert target.times[0] == T[10]
    assert target.error is not None
    assert target.blocks is not None
    assert target.n == target.error.size == target.blocks.shape[1] == 30


def test_t_min_must_leave_some():
    with pytest.raises(
        InvalidInput, match=r"t_min is 90: 1 points from 0.01 to 100 are left; allowed: 6 points or more, so an earlier"
    ):
        Target(T, F).later_than(90.0)
