"""Self intermediate scattering: exact sums, Gaussian motion, wavevectors, and another program."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glassdask.errors import InvalidInput
from glassdask.physics.motion import intermediate_scattering
from glassdask.physics.motion.intermediate_scattering import self_intermediate_scattering
from glassdask.physics.structure.structure_factor import structure_factor
from tests.reference.intermediate_scattering import (
    displacements,
    eq_1_of_the_paper,
    mean_over_directions,
    mean_over_plane,
    per_particle_over_vectors,
)
from tests.reference.structure_factor import lattice_vectors

GRID = np.asarray((np.arange(100) + 0.5) * 0.4, dtype=np.float64)


def random_walk(n: int = 100, n_frames: int = 4, step: float = 0.3, seed: int = 0):
    random = np.random.default_rng(seed)
    start = 5.0 * random.random((1, n, 3))
    steps = np.concatenate([start, random.normal(scale=step, size=(n_frames - 1, n, 3))])
    return np.cumsum(steps, axis=0), random.permutation((np.arange(n) % 5 == 0).astype(int))


@pytest.mark.parametrize(
    "wavenumbers", [GRID, np.array([7.2]), np.geomspace(0.1, 40, 7)], ids=["grid", "one", "uneven"]
)
def test_equals_the_sum_over_particles(xp, wavenumbers):
    positions, species = random_walk()
    pairs = np.array([[0, 0], [0, 1], [1, 3], [3, 0]])
    F = self_intermediate_scattering(xp.asarray(positions), species, wavenumbers, pairs)
    assert F.shape == (4, 2, wavenumbers.size)
    for i, (origin, end) in enumerate(pairs):
        expected = [mean_over_directions(positions[origin], positions[end], species, k) for k in wavenumbers]
        np.testing.assert_allclose(F[i].T, expected, rtol=0, atol=1e-12)


def test_whole_array_operations_give_the_same_as_compiled_loops():
    """What runs on a device, here on the host."""
    positions, species = random_walk()
    groups, pairs = [np.flatnonzero(species == s) for s in (0, 1)], np.array([[0, 0], [0, 3]])
    F = self_intermediate_scattering(positions, species, GRID, pairs)
    by_arrays = intermediate_scattering._by_arrays(positions, groups, GRID, pairs, True)
    np.testing.assert_allclose(by_arrays, F, rtol=0, atol=1e-13)


def test_nothing_has_moved_at_lag_zero(xp):
    positions, species = random_walk()
    F = self_intermediate_scattering(xp.asarray(positions), species, GRID, [[1, 1]])
    np.testing.assert_allclose(F, 1.0, rtol=0, atol=1e-14)


def test_gaussian_displacements_give_a_gaussian(xp):
    """exp(−k² s²/2) for displacements of variance s² along each axis, within 5 standard errors at every k."""
    n, s = 20_000, 0.15
    random = np.random.default_rng(3)
    moved = random.normal(scale=s, size=(n, 3))
    positions = np.stack([np.zeros((n, 3)), moved])
    F = self_intermediate_scattering(xp.asarray(positions), np.zeros(n, int), GRID, [[0, 1]])[0, 0]
    r = np.linalg.norm(moved, axis=1)
    error = np.sinc(GRID * r[:, None] / np.pi).std(axis=0) / np.sqrt(n)
    # Taking off the centre of mass makes each variance s² (1 − 1/n).
    assert np.all(np.abs(F - np.exp(-0.5 * (GRID * s) ** 2 * (1 - 1 / n))) < 5 * error)


@given(st.tuples(*3 * [st.floats(-100, 100)]))
def test_drift_of_the_whole_system_does_not_count(drift):
    positions, species = random_walk()
    pairs = [[0, 1], [1, 2]]
    F = self_intermediate_scattering(positions, species, GRID, pairs)
    drifting = positions + np.arange(4)[:, None, None] * np.array(drift)
    # Positions of order 300 are stored to 3e-14, times k = 40.
    np.testing.assert_allclose(self_intermediate_scattering(drifting, species, GRID, pairs), F, rtol=0, atol=5e-12)


def test_wrapped_and_unwrapped_agree_on_lattice_vectors():
    """exp(ik·Δr) does not see whole boxes if k is of the lattice; sin(kr)/(kr) does: it needs unwrapped positions."""
    positions, species = random_walk(n=400, step=2.0, seed=4)
    vectors = lattice_vectors(np.full(3, 5.0), 9.0)
    moved = positions[2] - positions[0]
    wrapped = positions[2] % 5.0 - positions[0] % 5.0
    assert np.abs(moved - wrapped).max() > 4
    unwrapped_F = per_particle_over_vectors(moved, vectors)
    np.testing.assert_allclose(per_particle_over_vectors(wrapped, vectors), unwrapped_F, rtol=0, atol=1e-12)
    wrapped_sinc = self_intermediate_scattering(positions % 5.0, species, [7.2], [[0, 2]], box_lengths=np.inf)
    unwrapped_sinc = self_intermediate_scattering(positions, species, [7.2], [[0, 2]])
    assert np.abs(wrapped_sinc - unwrapped_sinc).max() > 1e-3


def shell(k_p: float, box: float = 10.0):
    """Lattice vectors whose length is one value close to k_p, and that value."""
    vectors = lattice_vectors(np.full(3, box), k_p + 0.3)
    length = np.linalg.norm(vectors, axis=1)
    chosen = length[np.argmin(np.abs(length - k_p))]
    return vectors[np.abs(length - chosen) < 1e-9], float(chosen)


def test_dynasor_kernel_and_lattice_average_agree():
    """dynasor averages cos(k·Δr) over the vectors of a shell: exactly our reference's sum, and F_s within 5 errors."""
    from dynasor.core.reciprocal import calc_rho_q

    n = 4000
    random = np.random.default_rng(5)
    positions = np.stack([np.zeros((n, 3)), random.normal(scale=0.2, size=(n, 3))])
    moved = displacements(positions[0], positions[1])
    vectors, k = shell(7.2)
    theirs = calc_rho_q(moved, vectors).real.mean() / n
    on_lattice = per_particle_over_vectors(moved, vectors)
    assert theirs == pytest.approx(on_lattice.mean(), abs=1e-6)
    F = self_intermediate_scattering(positions, np.zeros(n, int), [k], [[0, 1]])[0, 0, 0]
    per_particle = on_lattice - np.sinc(k * np.linalg.norm(moved, axis=1) / np.pi)
    assert abs(theirs - F) < 5 * per_particle.std() / np.sqrt(n)


def test_paper_convention_is_ours_times_the_structure_factor():
    """Eq. 1, mended: F_s(k_p, 0) = S_aa(k_p) exactly, and later F_s(k_p, t) S_aa(k_p) within 5 standard errors."""
    positions, species = random_walk(n=1000, step=0.1, seed=6)
    positions *= 2.0
    vectors, k_p = shell(7.2)
    S = structure_factor(positions[0], 10.0, species, [k_p - 1e-6, k_p + 1e-6], "float64").partials[[0, 2], 0]
    F = self_intermediate_scattering(positions, species, [k_p], [[0, 0], [0, 1]])[:, :, 0]
    still = positions[1] - (positions[1] - positions[0]).mean(axis=0)
    for kind in (0, 1):
        at_once = eq_1_of_the_paper(positions[0], positions[0], species, kind, vectors)
        assert at_once == pytest.approx(F[0, kind] * S[kind], rel=1e-12)
        moved = (still - positions[0])[species == kind]
        difference = per_particle_over_vectors(moved, vectors) - np.sinc(k_p * np.linalg.norm(moved, axis=1) / np.pi)
        later = eq_1_of_the_paper(positions[0], still, species, kind, vectors)
        error = S[kind] * difference.std() / np.sqrt(len(moved))
        assert abs(later - F[1, kind] * S[kind]) < 5 * error


def test_single_precision_positions_lose_nothing_that_matters():
    """GSD stores float32 positions with images: 1e-9 in F_s from rounding of 2^-24 of a box of 10 (docs/equations.md)."""
    positions, species = random_walk(n=1000, step=0.05)
    positions *= 2.0
    F = self_intermediate_scattering(positions, species, [7.2], [[0, 1]])
    stored = (positions % 10.0 - 5.0).astype(np.float32).astype(float) + 10.0 * np.floor(positions / 10.0)
    # The rounding of one particle is 2e-7 at random; the mean over 200 particles and sin(kr)/(kr) leave 1e-8.
    assert np.abs(self_intermediate_scattering(stored, species, [7.2], [[0, 1]]) - F).max() < 1e-7


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"positions_unwrapped": np.zeros((4, 99, 3))}, r"\(4, 99, 3\); expected \(n_frames, 100, 3\)"),
        ({"positions_unwrapped": np.full((4, 100, 3), np.inf)}, "not finite"),
        ({"positions_unwrapped": 1e7 * np.arange(1200.0).reshape(4, 100, 3) ** 2}, "moved by more than"),
        # as seen by the largest of the wavenumbers, not by the smallest
        (
            {"positions_unwrapped": 1e6 * np.eye(4, 100)[:, :, None] * np.ones(3), "box_lengths": np.inf},
            "moved by more than",
        ),
        ({"species": np.full(100, 1)}, "counted 0, 1"),
        ({"wavenumbers": [0.0, 1.0]}, "wavenumbers must be positive"),
        ({"wavenumbers": []}, "wavenumbers must be positive"),
        ({"frame_pairs": [[0, 4]]}, "names the frames 0 … 4; there are 0 … 3"),
        ({"frame_pairs": [[-1, 0]]}, "names the frames -1 … 0"),
        ({"frame_pairs": [0, 1]}, "frame_pairs"),
        ({"frame_pairs": [[0.0, 1.0]]}, "expected integers"),
    ],
)
def test_bad_input_is_named(change, message):
    positions, species = random_walk()
    arguments = {"positions_unwrapped": positions, "species": species, "wavenumbers": GRID, "frame_pairs": [[0, 1]]}
    with pytest.raises(InvalidInput, match=message):
        self_intermediate_scattering(**(arguments | change))


@pytest.mark.parametrize("wavenumbers", [[3.0], GRID], ids=["one", "grid"])
def test_one_particle_scatters_as_it_moves(xp, wavenumbers):
    """sin(kr)/(kr) of its own step: with its drift taken off F_s would be 1 at every time."""
    positions = np.array([[[0.0, 0.0, 0.0]], [[0.3, -0.4, 1.2]]])
    F = self_intermediate_scattering(xp.asarray(positions), [0], wavenumbers, [[0, 1]])
    np.testing.assert_allclose(F[0, 0], np.sinc(np.asarray(wavenumbers) * 1.3 / np.pi), rtol=0, atol=1e-13)


# --- two dimensions ---------------------------------------------------------------------------------------------------


def plane_walk(**parameters):
    positions, species = random_walk(**parameters)
    return np.ascontiguousarray(positions[..., :2]), species


@pytest.mark.parametrize("wavenumbers", [GRID, np.array([7.2])], ids=["grid", "one"])
def test_in_a_plane_it_is_the_mean_over_its_directions(xp, wavenumbers):
    positions, species = plane_walk()
    pairs = np.array([[0, 0], [0, 1], [1, 3], [3, 0]])
    F = self_intermediate_scattering(xp.asarray(positions), species, wavenumbers, pairs)
    for i, (origin, end) in enumerate(pairs):
        expected = [mean_over_plane(positions[origin], positions[end], species, k) for k in wavenumbers]
        np.testing.assert_allclose(F[i].T, expected, rtol=0, atol=1e-12)


def test_walkers_in_a_plane_scatter_as_a_gaussian(xp):
    """exp(−k² D t) of walks whose steps have the variance 2 D t along each axis, within 5 standard errors."""
    n, D = 20_000, 0.02
    random = np.random.default_rng(8)
    walk = np.cumsum(np.concatenate([np.zeros((1, n, 2)), random.normal(scale=np.sqrt(2 * D), size=(6, n, 2))]), axis=0)
    pairs, k = np.array([[0, t] for t in range(7)]), GRID[:20]
    F = self_intermediate_scattering(xp.asarray(walk), np.zeros(n, int), k, pairs, remove_drift=False)[:, 0]
    expected = np.exp(-(k**2) * D * np.arange(7)[:, None])
    # var J_0 = <J_0²> − <J_0>² is below 1/2 − … of cos; a bound that needs no other program
    error = np.sqrt((1 - expected**2) / n)
    assert np.all(np.abs(F - expected) <= 5 * error + 1e-12)


def test_a_plane_given_with_three_coordinates_is_not_taken_for_space(xp):
    positions, species = plane_walk()
    flat = np.concatenate([positions, np.full((4, 100, 1), 0.5)], axis=-1)
    pairs = [[0, 1]]
    expected = self_intermediate_scattering(xp.asarray(positions), species, GRID, pairs)
    with pytest.raises(InvalidInput, match=r"moves along z.*give dimension = 2 .*dimension = 3 if it has three"):
        self_intermediate_scattering(xp.asarray(flat), species, GRID, pairs)
    F = self_intermediate_scattering(xp.asarray(flat), species, GRID, pairs, dimension=2)
    np.testing.assert_array_equal(F, expected)
    in_space = self_intermediate_scattering(xp.asarray(flat), species, GRID, pairs, dimension=3)
    assert np.abs(in_space - expected).max() > 0.05


def test_dimensions_that_are_not_there_are_refused():
    positions, species = plane_walk()
    with pytest.raises(InvalidInput, match=r"dimension is 3, and .*\(4, 100, 2\): two coordinates"):
        self_intermediate_scattering(positions, species, GRID, [[0, 1]], dimension=3)
    with pytest.raises(InvalidInput, match="dimension is 4; allowed: 2, 3"):
        self_intermediate_scattering(positions, species, GRID, [[0, 1]], dimension=4)


def test_wrapped_walkers_in_a_plane_are_followed():
    walk = np.cumsum(np.random.default_rng(2).normal(scale=0.2, size=(40, 60, 2)), axis=0)
    cell = np.array([[5.0, 0.0], [2.0, 4.0]])
    s = walk @ np.linalg.inv(cell)
    wrapped, species = (s - np.floor(s)) @ cell, np.zeros(60, int)
    F = self_intermediate_scattering(walk, species, [1.0, 7.0], [[0, 39]], box_lengths=np.inf)
    found = self_intermediate_scattering(wrapped, species, [1.0, 7.0], [[0, 39]], box_lengths=cell)
    np.testing.assert_allclose(found, F, rtol=0, atol=1e-12)
