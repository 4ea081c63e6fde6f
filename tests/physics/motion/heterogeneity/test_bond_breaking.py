"""Bonds: counted one by one, unmoved by all that leaves neighbours together."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import ncx2

from glassdask.errors import InvalidInput
from glassdask.physics.motion.heterogeneity.bond_breaking import BondBreaking, bond_breaking
from tests.reference import neighbours as reference

CELLS = {
    "cube": 5.0 * np.eye(3),
    "triclinic": np.array([[5.0, 0.0, 0.0], [2.0, 4.0, 0.0], [-1.5, 1.0, 6.0]]),
    "oblique": np.array([[6.0, 0.0], [2.5, 5.0]]),
}
WITHIN = np.array([[1.4, 1.2], [1.2, 1.0]])
BEYOND = np.array([[1.6, 1.5], [1.5, 1.4]])


@pytest.mark.parametrize("name", CELLS)
def test_equals_the_counts_as_they_are_written(xp, name):
    cell = CELLS[name]
    random = np.random.default_rng(0)
    cells = np.array([1.0, 1.1, 0.97, 0.9])[:, None, None] * cell
    steps = random.normal(scale=0.05, size=(4, 30, len(cell)))
    steps[0] = random.random((30, len(cell)))
    positions = np.cumsum(steps, axis=0) @ cells
    species, pairs = np.arange(30) % 2, np.array([[0, 0], [0, 1], [1, 3], [0, 3]])
    given = {"bonded_within": WITHIN, "broken_beyond": BEYOND}
    found = bond_breaking(xp.asarray(positions), species, pairs, **given, box_lengths=cells, dimension=len(cell))
    expected = reference.bonds_left(positions, species.tolist(), cells, pairs, WITHIN, BEYOND)
    np.testing.assert_allclose(found, expected, rtol=1e-14)
    breaking = BondBreaking(species, **given, xp=xp)
    states = [breaking.state(xp.asarray(r), h) for r, h in zip(positions, cells, strict=True)]
    np.testing.assert_array_equal(breaking.of_pairs(states, pairs), found)


def crystal(n: int) -> np.ndarray:
    return np.stack(np.meshgrid(*3 * [np.arange(float(n))], indexing="ij"), axis=-1).reshape(-1, 3)


def test_of_a_crystal_each_particle_that_leaves_takes_six_bonds(xp):
    """Simple cubic, 3 N bonds: k particles that are no neighbours, moved to the middle of their cells, break 6 k."""
    sites, moved = crystal(6), crystal(6)
    gone = [0, 2 * 36 + 2 * 6 + 2, 4 * 36 + 4 * 6 + 4]
    moved[gone] += 0.5
    left = bond_breaking(
        xp.asarray(np.stack([sites, moved])),
        np.zeros(216, int),
        [[0, 1]],
        bonded_within=1.1,
        broken_beyond=1.2,
        box_lengths=6.0,
    )
    # the bonds of a particle at (½,½,½) to its old neighbours are now 0.866 or 1.66 long: half of them are broken
    np.testing.assert_allclose(left, 1 - len(gone) * 3 / (3 * 216), rtol=1e-14)
    moved[gone] += 2.0
    assert bond_breaking(
        xp.asarray(np.stack([sites, moved])),
        np.zeros(216, int),
        [[0, 1]],
        bonded_within=1.1,
        broken_beyond=1.2,
        box_lengths=6.0,
    )[0, 0] == pytest.approx(1 - len(gone) * 6 / (3 * 216), rel=1e-14)


def test_of_a_harmonic_crystal_bonds_break_as_the_noncentral_chi_square(xp):
    """Ends have independent Gaussian displacements u: |e + δ|²/(2u²), e of length 1, has 3 degrees of freedom and the parameter
    1/(2u²). Bonds that share a particle are correlated: 5 standard errors of independent ones, twice."""
    n, u, r_2 = 6, 0.2, 1.4
    sites = crystal(n)
    frames = np.stack([sites, *(sites + np.random.default_rng(3).normal(scale=u, size=(20, n**3, 3)))])
    pairs = [[0, i] for i in range(1, 21)]
    left = bond_breaking(
        xp.asarray(frames), np.zeros(n**3, int), pairs, bonded_within=1.1, broken_beyond=r_2, box_lengths=float(n)
    )
    p = ncx2.cdf(r_2**2 / (2 * u**2), 3, 1 / (2 * u**2))
    assert left[:, -1].mean() == pytest.approx(p, abs=2 * 5 * np.sqrt(p * (1 - p) / (20 * 3 * n**3)))


def test_of_an_ideal_gas_that_forgets_what_is_left_is_chance(xp):
    """Independent frames: a bond is left with the probability that any pair is within r_2, 4π r_2³/3V, to 5 standard errors."""
    frames, L, r_2 = 10.0 * np.random.default_rng(4).random((20, 200, 3)), 10.0, 3.0
    left = bond_breaking(
        xp.asarray(frames),
        np.zeros(200, int),
        np.arange(20).reshape(-1, 2),
        bonded_within=2.5,
        broken_beyond=r_2,
        box_lengths=L,
    )
    p = 4 / 3 * np.pi * r_2**3 / L**3
    n_bonds = 10 * 200 * 199 / 2 * 4 / 3 * np.pi * 2.5**3 / L**3
    assert left[:, -1].mean() == pytest.approx(p, abs=5 * np.sqrt(p * (1 - p) / n_bonds))


def test_neither_motion_of_the_whole_nor_long_waves_nor_rattling_break_bonds(xp):
    sites = crystal(8)
    wave = sites + [10.0, -3.0, 0.7] + 0.5 * np.sin(2 * np.pi * sites[:, :1] / 8) * [0.0, 1.0, 1.0]
    rattled = sites + np.random.default_rng(1).uniform(-0.08, 0.08, sites.shape)
    breathed = 1.2 * sites
    frames = xp.asarray(np.stack([sites, wave, rattled, breathed]))
    cells = 8.0 * np.array([1.0, 1.0, 1.0, 1.2])[:, None, None] * np.eye(3)
    left = bond_breaking(
        frames, np.zeros(512, int), [[0, 1], [0, 2], [0, 3]], bonded_within=1.3, broken_beyond=1.6, box_lengths=cells
    )
    assert np.all(left == 1.0)


def test_an_origin_without_bonds_of_a_kind_says_so():
    far = np.array([[[0.0, 0, 0], [1.0, 0, 0], [5.0, 5, 5]]])
    left = bond_breaking(far, [0, 0, 1], [[0, 0]], bonded_within=1.5, broken_beyond=2.0, box_lengths=10.0)
    np.testing.assert_array_equal(left, [[1.0, np.nan, np.nan, 1.0]])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"bonded_within": -1.0}, "bonded_within is -1.0; allowed: a length above 0"),
        ({"bonded_within": [[1.0, 2.0], [1.0, 1.0]]}, "bonded_within is"),
        ({"broken_beyond": 0.5}, "broken_beyond is 0.5; allowed: not below bonded_within"),
        ({"broken_beyond": 6.0}, r"broken_beyond is 6.0; allowed: above 0 and at most 4.999"),
        ({"frame_pairs": [[0, 2]]}, "names the frames 0 … 2"),
        ({"dimension": 4}, "dimension is 4; allowed: 2, 3"),
    ],
)
def test_bad_input_is_named(arguments, words):
    given = {"frame_pairs": [[0, 1]], "bonded_within": 1.0, "broken_beyond": 1.5, "box_lengths": 10.0, **arguments}
    with pytest.raises(InvalidInput, match=words):
        bond_breaking(np.zeros((2, 4, 3)), np.zeros(4, int), **given)


def test_a_frame_that_is_not_finite_is_named(xp):
    positions = np.random.default_rng(2).random((3, 4, 3))
    positions[1, 2, 0] = np.nan
    with pytest.raises(InvalidInput, match="not finite in frame 1"):
        bond_breaking(
            xp.asarray(positions),
            np.zeros(4, int),
            [[0, 2], [0, 1]],
            bonded_within=1.0,
            broken_beyond=1.5,
            box_lengths=10.0,
        )
