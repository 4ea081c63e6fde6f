"""Motion relative to the cage: nothing of what neighbours do together, more than their own of independent particles."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from glassdask.arrays import to_host
from glassdask.errors import InvalidInput
from glassdask.physics.motion.heterogeneity.cage_relative import CageRelative, cage_relative_motion
from glassdask.physics.motion.intermediate_scattering import self_intermediate_scattering
from tests.reference import cage_relative as reference

CELLS = {
    "cube": 6.0 * np.eye(3),
    "triclinic": np.array([[6.0, 0.0, 0.0], [2.0, 5.0, 0.0], [-1.5, 1.0, 7.0]]),
    "oblique": np.array([[7.0, 0.0], [2.5, 6.0]]),
}


@pytest.mark.parametrize("name", CELLS)
def test_equals_the_sums_as_they_are_written(xp, name):
    cell, random = CELLS[name], np.random.default_rng(0)
    d = len(cell)
    start = random.random((1, 25, d)) @ cell
    unwrapped = start + np.cumsum(random.normal(scale=0.3, size=(4, 25, d)), axis=0)
    wrapped = (unwrapped @ np.linalg.inv(cell) % 1.0) @ cell
    species, pairs, k = np.arange(25) % 2, np.array([[0, 0], [0, 1], [1, 3], [0, 3]]), [2.0, 7.0]
    moved = [reference.displacements(wrapped, unwrapped, cell, origin, end, 1.8) for origin, end in pairs]
    frames = np.stack([np.zeros((25, d)), *moved])
    of_moved = np.array([[0, 1 + i] for i in range(len(pairs))])
    F = self_intermediate_scattering(frames, species, k, of_moved, box_lengths=np.inf, remove_drift=False, dimension=d)
    squared = np.array([[(step[species == a] ** 2).sum(axis=1) for a in (0, 1)] for step in moved], dtype=object)
    given: dict[str, Any] = {"neighbours_within": 1.8, "box_lengths": cell, "dimension": d, "remove_drift": False}
    for positions, is_unwrapped in ((wrapped, False), (unwrapped, True)):
        found = cage_relative_motion(xp.asarray(positions), species, k, pairs, is_unwrapped=is_unwrapped, **given)
        np.testing.assert_allclose(found.scattering, F, rtol=0, atol=1e-12)
        for row, per_species in enumerate(squared):
            for a, r_2 in enumerate(per_species):
                assert found.second[row, a] == pytest.approx(np.mean(r_2), rel=1e-12, abs=1e-13)
                assert found.fourth[row, a] == pytest.approx(np.mean(np.square(r_2)), rel=1e-12, abs=1e-13)


def lattice(n: int, d: int) -> np.ndarray:
    return np.stack(np.meshgrid(*d * [np.arange(float(n))], indexing="ij"), axis=-1).reshape(-1, d)


@pytest.mark.parametrize("d", [2, 3])
def test_a_motion_of_the_whole_is_none(xp, d):
    sites = lattice(6, d)
    frames = np.stack([sites, sites + 0.7])
    moved = cage_relative_motion(
        xp.asarray(frames),
        np.zeros(len(sites), int),
        [7.2],
        [[0, 1]],
        neighbours_within=1.2,
        box_lengths=6.0,
        remove_drift=False,
        dimension=d,
    )
    np.testing.assert_allclose(moved.second, 0.0, atol=1e-28)
    np.testing.assert_allclose(moved.scattering, 1.0, rtol=1e-14)


def test_long_waves_in_a_plane_make_f_s_decay_and_leave_the_cage_as_it_is(xp):
    """A transverse wave of length L and amplitude u: the displacement relative to the mean of two of four neighbours along the
    wave is u (1 − cos q)/2 sin q x, q = 2π/L: 0.0012 of the wave's own at L = 64."""
    n, u = 64, 0.8
    sites = lattice(n, 2)
    q = 2 * np.pi / n
    wave = u * np.sin(q * sites[:, :1]) * [0.0, 1.0]
    frames, species = np.stack([sites, sites + wave]), np.zeros(n * n, int)
    plain = self_intermediate_scattering(frames, species, [7.2], [[0, 1]], dimension=2, box_lengths=np.inf)
    relative = cage_relative_motion(
        xp.asarray(frames), species, [7.2], [[0, 1]], neighbours_within=1.2, box_lengths=float(n), dimension=2
    )
    assert plain[0, 0, 0] < 0.2
    assert relative.scattering[0, 0, 0] > 0.9999
    expected = 0.5 * (u * 0.5 * (1 - np.cos(q))) ** 2
    assert relative.second[0, 0] == pytest.approx(expected, rel=1e-9)
    assert relative.fourth[0, 0] == pytest.approx(1.5 * expected**2, rel=1e-9)  # <sin⁴> = 3/8, of a half squared 3/2


def test_independent_particles_move_more_relative_to_their_cage(xp):
    """Gaussian steps s on a lattice with six neighbours: <Δ²> = 3 s² (1 + 1/6), F_s = exp(−k² s² (1 + 1/6)/2)."""
    n, s, k = 8, 0.15, 5.0
    sites = lattice(n, 3)
    random = np.random.default_rng(1)
    frames = np.stack([sites, *(sites + random.normal(scale=s, size=(20, len(sites), 3)))])
    pairs = np.array([[0, i] for i in range(1, 21)])
    moved = cage_relative_motion(
        xp.asarray(frames), np.zeros(len(sites), int), [k], pairs, neighbours_within=1.1, box_lengths=float(n)
    )
    # relative variance of <Δ²>: 2/(3 n) times Σ of squared correlations, at most 1 + 6 (2/7)² + 18 (1/3.5/6)² < 2
    error = np.sqrt(2 * 2 / 3 / (len(sites) * len(pairs)))
    assert moved.second.mean() == pytest.approx(3 * s**2 * 7 / 6, rel=5 * error)
    assert moved.scattering.mean() == pytest.approx(np.exp(-((k * s) ** 2) * 7 / 12), rel=5 * error)


def test_a_particle_that_hops_is_seen_and_its_neighbours_little(xp):
    """One of a lattice with six neighbours hops by h: h² of its own, (h/6)² of each of the six."""
    sites = lattice(6, 3)
    hopped = sites.copy()
    hopped[100] += [0.0, 0.0, 0.9]
    frames = np.stack([sites, hopped])
    moved = cage_relative_motion(
        xp.asarray(frames),
        np.zeros(216, int),
        [5.0],
        [[0, 1]],
        neighbours_within=1.1,
        box_lengths=6.0,
        remove_drift=False,
    )
    assert moved.second[0, 0] == pytest.approx(0.81 * (1 + 1 / 6) / 216, rel=1e-12)


def test_a_particle_without_neighbours_has_its_own_displacement():
    frames = np.array([[[0.0, 0, 0], [4.0, 4, 4]], [[0.1, 0, 0], [4.0, 4, 4.5]]])
    moved = cage_relative_motion(frames, [0, 1], [5.0], [[0, 1]], neighbours_within=1.0, box_lengths=9.0)
    np.testing.assert_allclose(moved.second, [[0.01, 0.25]], rtol=1e-12)


def test_a_cell_that_breathes_carries_its_particles_along(xp):
    sites = lattice(6, 3)
    cells = 6.0 * np.array([1.0, 1.02, 0.97])[:, None, None] * np.eye(3)
    frames = sites / 6.0 @ cells
    moved = cage_relative_motion(
        xp.asarray(frames), np.zeros(216, int), [7.2], [[0, 1], [1, 2]], neighbours_within=1.2, box_lengths=cells
    )
    np.testing.assert_allclose(moved.second, 0.0, atol=1e-25)


def test_pairs_in_a_pass_equal_pairs_of_whole_arrays(xp):
    random = np.random.default_rng(2)
    positions = lattice(6, 3) + np.cumsum(random.normal(scale=0.1, size=(12, 216, 3)), axis=0)
    species, pairs, k = np.arange(216) % 3, random.integers(0, 12, (30, 2)), np.array([1.0, 7.0])
    whole = cage_relative_motion(xp.asarray(positions), species, k, pairs, neighbours_within=1.4, box_lengths=6.0)
    cage = CageRelative(species, k, 1.4, None, xp)
    states = [cage.state(xp.asarray(frame), xp.asarray(frame), 6.0 * np.eye(3)) for frame in positions]
    rows = cage.of_pairs(states, pairs)
    for found, expected in (
        (rows[..., 0], whole.second),
        (rows[..., 1], whole.fourth),
        (rows[..., 2:], whole.scattering),
    ):
        np.testing.assert_allclose(found, expected, rtol=1e-11, atol=1e-14)
    assert to_host(cage.displacements(states[3], states[3])).max() == 0.0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"neighbours_within": 0.0}, "neighbours_within is 0.0; allowed: a length above 0"),
        ({"neighbours_within": 6.0}, "neighbours_within is 6.0; allowed: above 0 and at most 4.999"),
        ({"frame_pairs": [[0, 2]]}, "names the frames 0 … 2"),
        ({"wavenumbers": [0.0]}, "wavenumbers must be positive"),
    ],
)
def test_bad_input_is_named(arguments, words):
    given = {"wavenumbers": [7.0], "frame_pairs": [[0, 1]], "neighbours_within": 1.0, "box_lengths": 10.0, **arguments}
    with pytest.raises(InvalidInput, match=words):
        cage_relative_motion(np.zeros((2, 4, 3)), np.zeros(4, int), **given)


def test_a_frame_that_is_not_finite_is_named(xp):
    positions = np.random.default_rng(3).random((3, 4, 3))
    positions[1, 2, 0] = np.nan
    with pytest.raises(InvalidInput, match="not finite in frame 1"):
        cage_relative_motion(
            xp.asarray(positions), np.zeros(4, int), [7.0], [[0, 1]], neighbours_within=1.0, box_lengths=10.0
        )
