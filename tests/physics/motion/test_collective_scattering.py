"""Collective scattering: an ideal gas, independent walkers and a crystal in closed form, and what it may not depend on."""

from __future__ import annotations

import numpy as np
import pytest

from glassdask.arrays import to_host
from glassdask.errors import InvalidInput
from glassdask.physics.motion.collective_scattering import (
    CollectiveScattering,
    collective_scattering,
    modes_correlation,
)
from glassdask.physics.numerics import density_modes
from glassdask.physics.numerics.wavevector_shell import reciprocal_vectors, wavevector_shell
from glassdask.physics.structure.structure_factor import structure_factor
from tests.reference import collective_scattering as reference

CELLS = {
    "cube": 5.0 * np.eye(3),
    "triclinic": np.array([[5.0, 0.0, 0.0], [2.0, 4.0, 0.0], [-1.5, 1.0, 6.0]]),
    "square": 6.0 * np.eye(2),
    "oblique": np.array([[6.0, 0.0], [2.5, 5.0]]),
}


@pytest.mark.parametrize("name", CELLS)
def test_equals_the_sums_as_they_are_written(xp, name):
    """To the rounding of phases: positions far outside of the cell, 40 particles."""
    cell, random = CELLS[name], np.random.default_rng(0)
    d = len(cell)
    positions = 100.0 * (random.random((5, 40, d)) - 0.5)
    species = np.arange(40) % 3
    shells = [wavevector_shell(cell, k, 0.5, 9, dimension=d) for k in (2.0, 6.0)]
    pairs = np.array([[0, 0], [0, 3], [2, 4], [4, 1]])
    F = collective_scattering(xp.asarray(positions), species, shells, pairs, box_lengths=cell, dimension=d)
    expected = [reference.collective_scattering(positions, species, 5 * [cell], shell, pairs) for shell in shells]
    np.testing.assert_allclose(F, np.stack(expected, axis=-1), rtol=0, atol=1e-12)


def test_at_lag_zero_it_is_the_structure_factor(xp):
    random = np.random.default_rng(1)
    positions, species = 7.0 * random.random((3, 60, 3)), (np.arange(60) > 47).astype(int)
    S = structure_factor(positions, 7.0, species, [5.0, 6.0], precision="float64")
    shell = wavevector_shell(7.0, 5.5, 0.5)
    assert 2 * len(shell) == S.count[0]
    F = collective_scattering(xp.asarray(positions), species, [shell], [[0, 0], [1, 1], [2, 2]], box_lengths=7.0)
    np.testing.assert_allclose(F[..., 0].mean(axis=0), S.partials[:, 0], rtol=1e-12)


def test_of_independent_walkers_it_is_the_self_part(xp):
    """<F_aa> = x_a exp(−k² s² t / 2), <F_AB> = 0; of each pair, the mean over n_v vectors has a variance of about x_a x_b/n_v."""
    n, s, n_pairs, cell = 100, 0.1, 40, CELLS["cube"]
    random = np.random.default_rng(2)
    steps = random.normal(scale=s, size=(2 * n_pairs, 2, n, 3))
    steps[:, 0] = 5.0 * random.random((2 * n_pairs, n, 3))
    positions = np.cumsum(steps, axis=1).reshape(-1, n, 3)
    shell = wavevector_shell(cell, 7.0, 0.5)
    species = (np.arange(n) >= 80).astype(int)
    pairs = 2 * np.arange(2 * n_pairs)[:, None] + [0, 1]
    F = collective_scattering(xp.asarray(positions), species, [shell], pairs, box_lengths=cell)[..., 0]
    k = np.linalg.norm(shell @ reciprocal_vectors(cell), axis=1)
    decay = np.exp(-0.5 * (k * s) ** 2).mean()
    error = 5 / np.sqrt(len(shell) * len(pairs))
    np.testing.assert_allclose(F.mean(axis=0), [0.8 * decay, 0.0, 0.2 * decay], atol=0.8 * error)


def test_a_crystal_keeps_its_bragg_peaks_with_the_debye_waller_factor(xp):
    """Sites with independent Gaussian displacements u in each frame: N exp(−k²u²) at a Bragg vector, 0 elsewhere, for t > 0; at
    t = 0 both have 1 − exp(−k²u²) more."""
    sites = np.stack(np.meshgrid(*3 * [np.arange(6.0)], indexing="ij"), axis=-1).reshape(-1, 3)
    n, u, n_frames = len(sites), 0.05, 30
    positions = sites + np.random.default_rng(3).normal(scale=u, size=(n_frames, n, 3))
    bragg, other = np.array([[6, 0, 0], [0, 6, 0], [0, 0, 6]]), wavevector_shell(6.0, 5.0, 0.5)
    same, later = [[i, i] for i in range(n_frames)], [[i, i + 1] for i in range(n_frames - 1)]
    F = collective_scattering(xp.asarray(positions), np.zeros(n, int), [bragg, other], same + later, box_lengths=6.0)
    F_0, F_1 = F[:n_frames, 0].mean(axis=0), F[n_frames:, 0].mean(axis=0)
    waller = np.exp(-((2 * np.pi * u) ** 2))
    k = np.linalg.norm(other, axis=1) * 2 * np.pi / 6
    # the amplitude's relative variance is (1 − w)²/(2 N w); an uncorrelated mode's mean over frames and vectors is 0 to 1/√n
    tolerance = 5 * 2 * n * waller * (1 - waller) / np.sqrt(2 * n * waller * 3 * n_frames)
    np.testing.assert_allclose([F_0[0], F_1[0]], [n * waller + 1 - waller, n * waller], atol=tolerance)
    diffuse = 1 - np.exp(-((k * u) ** 2)).mean()
    assert F_0[1] == pytest.approx(diffuse, abs=5 * diffuse / np.sqrt(len(other) * n_frames))
    assert F_1[1] == pytest.approx(0.0, abs=5 * diffuse / np.sqrt(len(other) * (n_frames - 1)))


def test_what_does_not_move_scatters_as_at_the_beginning():
    frame = 5.0 * np.random.default_rng(4).random((1, 30, 3))
    shell = wavevector_shell(5.0, 6.0, 0.5)
    F = collective_scattering(
        np.repeat(frame, 3, axis=0), np.arange(30) % 2, [shell], [[0, 0], [0, 2]], box_lengths=5.0
    )
    np.testing.assert_allclose(F[0], F[1], rtol=1e-13)


def test_another_description_of_the_same_cell_changes_nothing(xp):
    """A cube with other lattice vectors, positions moved by whole lattice vectors: the same set of wavevectors."""
    random = np.random.default_rng(5)
    positions, species = 5.0 * random.random((4, 50, 3)), np.arange(50) % 2
    sheared = np.array([[5.0, 0, 0], [5.0, 5.0, 0], [-10.0, 5.0, 5.0]])
    elsewhere = positions + 5.0 * random.integers(-3, 4, positions.shape)
    pairs = [[0, 1], [1, 3], [2, 2]]
    F, G = (
        collective_scattering(xp.asarray(r), species, [wavevector_shell(cell, 6.0, 0.6)], pairs, box_lengths=cell)
        for r, cell in ((positions, 5.0), (elsewhere, sheared))
    )
    np.testing.assert_allclose(F, G, rtol=0, atol=1e-12)


def test_a_cell_that_breathes_takes_its_wavevectors_with_it(xp):
    random = np.random.default_rng(6)
    s, species = random.random((4, 30, 3)), np.arange(30) % 2
    cells = CELLS["triclinic"] * np.array([1.0, 1.01, 0.97, 1.1])[:, None, None]
    shell, pairs = wavevector_shell(cells[0], 5.0, 0.5), [[0, 1], [2, 3]]
    breathing = collective_scattering(xp.asarray(s @ cells), species, [shell], pairs, box_lengths=cells)
    rigid = collective_scattering(xp.asarray(s @ cells[0]), species, [shell], pairs, box_lengths=cells[0])
    np.testing.assert_allclose(breathing, rigid, rtol=0, atol=1e-12)


def test_neither_slabs_nor_squares_nor_a_pass_over_frames_change_the_result(xp, monkeypatch):
    random = np.random.default_rng(7)
    positions, species = 5.0 * random.random((90, 300, 3)), (np.arange(300) > 200).astype(int)
    shells = [wavevector_shell(5.0, 6.0, 0.5), wavevector_shell(5.0, 9.0, 0.1)]
    pairs = np.concatenate([random.integers(0, 90, (300, 2)), [[i, i + 1] for i in range(60)]])
    F = collective_scattering(xp.asarray(positions), species, shells, pairs, box_lengths=5.0)
    scattering = CollectiveScattering(shells, species, xp)
    states = [scattering.state(xp.asarray(frame), 5.0) for frame in positions]
    monkeypatch.setattr(density_modes, "_NUMBERS", 100)
    states[3] = scattering.state(xp.asarray(positions[3]), 5.0)
    np.testing.assert_allclose(scattering.of_pairs(states, pairs), F, rtol=0, atol=1e-12)
    origin, end = (states[i][..., : len(shells[0])] for i in pairs[0])
    np.testing.assert_allclose(to_host(modes_correlation(origin[None], end, 300))[0], F[0, :, 0], rtol=0, atol=1e-12)


def test_a_drift_of_the_whole_turns_the_phases_unless_it_is_taken_off(xp):
    random = np.random.default_rng(9)
    steps = random.normal(scale=0.05, size=(5, 40, 3))
    steps -= steps.mean(axis=1, keepdims=True)
    resting = 5.0 * random.random((40, 3)) + np.cumsum(steps, axis=0)
    drifting = (resting + 0.4 * np.arange(5)[:, None, None]) % 5.0
    species, pairs = np.arange(40) % 2, np.array([[0, 1], [0, 4]])
    shells = [wavevector_shell(5.0, 6.0, 0.5)]
    at_rest, turned, taken_off = (
        collective_scattering(xp.asarray(r), species, shells, pairs, box_lengths=5.0, remove_drift=is_removed)
        for r, is_removed in ((resting, False), (drifting, False), (drifting, True))
    )
    np.testing.assert_allclose(taken_off, at_rest, rtol=0, atol=1e-12)
    assert np.abs(turned - at_rest).max() > 0.1
    scattering = CollectiveScattering(shells, species, xp)
    centres = resting.mean(axis=1) + 0.4 * np.arange(5)[:, None]
    states = [scattering.state(xp.asarray(r), 5.0, xp.asarray(c)) for r, c in zip(drifting, centres, strict=True)]
    np.testing.assert_allclose(scattering.of_pairs(states, pairs), at_rest, rtol=0, atol=1e-12)


def test_a_frame_that_is_not_finite_is_named(xp):
    positions = np.random.default_rng(8).random((4, 10, 3))
    positions[2, 5, 1] = np.nan
    shell, frames = [[1, 0, 0]], xp.asarray(positions)
    with pytest.raises(InvalidInput, match="not finite in frame 2"):
        collective_scattering(frames, np.zeros(10, int), [shell], [[1, 2]], box_lengths=1.0)
    collective_scattering(frames, np.zeros(10, int), [shell], [[1, 3]], box_lengths=1.0)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"shells": [[[0.5, 0.0, 0.0]]]}, "vectors is float64"),
        ({"shells": [[[1, 0]]]}, r"vectors of 2 components"),
        ({"frame_pairs": [[0, 4]]}, "names the frames 0 … 4"),
        ({"box_lengths": np.stack(3 * [np.eye(3)])}, "of which there are 2"),
        ({"dimension": 4}, "dimension is 4; allowed: 2, 3"),
    ],
)
def test_bad_input_is_named(arguments, words):
    given = {"shells": [[[1, 0, 0]]], "frame_pairs": [[0, 1]], "box_lengths": 1.0, **arguments}
    with pytest.raises(InvalidInput, match=words):
        collective_scattering(np.zeros((2, 4, 3)), np.zeros(4, int), **given)
