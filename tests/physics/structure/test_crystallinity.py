"""Crystals are seen, also small ones and under thermal noise; fluids are not."""

from __future__ import annotations

import builtins

import numpy as np
import pytest

from glassdask.errors import InvalidInput, MissingComponent
from glassdask.physics.structure import crystallinity as module
from glassdask.physics.structure.crystallinity import crystallinity, is_crystallised, majority_species
from glassdask.physics.structure.neighbours.freud_box import freud_module

BOX = 10.0


def fcc(cells: int = 6, noise: float = 0.0, seed: int = 0):
    """Sites of fcc in the box, each displaced by a Gaussian of `noise` nearest-neighbour distances along each axis."""
    basis = np.array([[0, 0, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]])
    corners = np.stack(np.meshgrid(*3 * [np.arange(cells)], indexing="ij"), axis=-1).reshape(-1, 1, 3)
    sites = (corners + basis).reshape(-1, 3) * BOX / cells
    spacing = BOX / cells / np.sqrt(2)
    return sites + noise * spacing * np.random.default_rng(seed).normal(size=sites.shape)


def fluid(n: int, diameter: float, seed: int = 0, keep_clear_of=None, radius: float = 0.0):
    """Spheres put in at random without overlap, optionally outside of a hole."""
    random = np.random.default_rng(seed)
    placed = np.empty((0, 3))
    while len(placed) < n:
        trial = BOX * random.random(3)
        apart = placed - trial
        apart -= BOX * np.rint(apart / BOX)
        in_hole = keep_clear_of is not None and np.linalg.norm(trial - keep_clear_of) < radius
        if not in_hole and np.all((apart**2).sum(axis=1) > diameter**2):
            placed = np.vstack([placed, trial])
    return placed


def test_perfect_fcc_has_the_known_q6():
    """q6 of the 12 neighbours of fcc is 0.5745; all equal, so the average is the same."""
    result = crystallinity(fcc(), BOX, np.zeros(864, int))
    np.testing.assert_allclose(result.q6, 0.57452, atol=1e-4)
    assert result.solid_fraction == 1.0
    assert result.largest_cluster == 864


def test_crystal_is_seen_under_thermal_noise_and_among_b():
    """Displacements of 8 % of the neighbour distance, near melting; B at random places between."""
    crystal = fcc(noise=0.08)
    positions = np.concatenate([crystal, BOX * np.random.default_rng(1).random((216, 3))])
    species = np.repeat([0, 1], [864, 216])
    shuffle = np.random.default_rng(2).permutation(len(positions))
    result = crystallinity(positions[shuffle], BOX, species[shuffle])
    assert 0.41 < result.q6.mean() < 0.56
    assert result.solid_fraction > 0.95
    assert result.largest_cluster > 800


def test_the_crystal_is_sought_in_the_majority():
    """Whatever its name, the first of equals."""
    crystal, others = fcc(noise=0.08), BOX * np.random.default_rng(1).random((216, 3))
    of_b = crystallinity(np.concatenate([others, crystal]), BOX, np.repeat([0, 1], [216, 864]))
    of_a = crystallinity(np.concatenate([crystal, others]), BOX, np.repeat([0, 1], [864, 216]))
    np.testing.assert_array_equal(of_b.q6, of_a.q6)
    assert majority_species([1, 0, 2, 1, 2]) == 1


@pytest.mark.parametrize("diameter", [0.0, 0.88])
def test_fluid_is_not_solid(diameter):
    """An ideal gas, and spheres that fill a quarter of the volume."""
    result = crystallinity(fluid(700, diameter), BOX, np.zeros(700, int))
    assert result.solid_fraction <= 1e-3
    assert result.largest_cluster <= 2
    assert not is_crystallised([result.solid_fraction] * 5, result.largest_cluster)


def test_small_nucleus_is_found_by_its_cluster():
    """A ball of fcc of 2.9 spacings in a fluid of the same spacing: too small for the fraction to be large."""
    centre, radius = np.full(3, BOX / 2), 2.9
    sites = fcc(cells=7, noise=0.03)
    ball = sites[np.linalg.norm(sites - centre, axis=1) < radius]
    around = fluid(700, 0.85, keep_clear_of=centre, radius=radius + 0.3)
    result = crystallinity(np.concatenate([ball, around]), BOX, np.zeros(len(ball) + 700, int))
    assert 30 < result.largest_cluster < 1.2 * len(ball)
    assert is_crystallised([0.0], [result.largest_cluster])


def test_a_cluster_is_not_held_together_by_liquid():
    """Solid 0 and 1, liquid 2 between them and solid 3."""
    bonds = np.array([[0, 1], [1, 2], [2, 3]])
    assert module._largest_cluster(bonds, np.array([True, True, False, True])) == 2


def test_moving_across_the_boundary_changes_nothing():
    positions = fcc(noise=0.08)
    before = crystallinity(positions, BOX, np.zeros(864, int))
    after = crystallinity(positions + 37.3, BOX, np.zeros(864, int))
    # freud works in single precision.
    np.testing.assert_allclose(after.q6, before.q6, atol=1e-3)


@pytest.mark.parametrize(
    ("fractions", "clusters", "verdict"),
    [
        ([0.0, 0.001], [2, 1], False),
        ([0.03], [5], False),
        ([0.03, 0.01, 0.03], [5], False),
        ([0.0, 0.03, 0.021], [5], True),
        ([0.0, 0.0], [31], True),
        ([0.0, 0.0], [30], False),
        ([0.03, 0.03], [], True),
    ],
)
def test_verdict_needs_two_blocks_or_one_large_cluster(fractions, clusters, verdict):
    assert is_crystallised(fractions, clusters) is verdict


@pytest.mark.parametrize("tilts", [(10.0, -10.0, 10.0), (30.0, -20.0, 20.0)])
def test_one_crystal_in_a_cube_and_in_skewed_cells_has_one_order(tilts):
    """Lattice vectors of the same lattice, turned in space and mirrored as well: q̄6 knows neither. Single precision."""
    positions = fcc(noise=0.08)
    expected = crystallinity(positions, BOX, np.zeros(864, int))
    skewed = np.array([[BOX, 0.0, 0.0], [tilts[0], BOX, 0.0], [tilts[1], tilts[2], BOX]])
    turn, _ = np.linalg.qr(np.random.default_rng(3).normal(size=(3, 3)))
    for turned in (np.eye(3), turn, -turn):
        found = crystallinity(positions @ turned, skewed @ turned, np.zeros(864, int))
        np.testing.assert_allclose(found.q6, expected.q6, atol=1e-3)
        assert found.largest_cluster == pytest.approx(expected.largest_cluster, abs=3)


def test_bad_input_is_named():
    with pytest.raises(InvalidInput, match="12 A particles; needed: more than 12"):
        crystallinity(np.random.default_rng(0).random((20, 3)), 1.0, np.repeat([0, 1], [12, 8]))
    with pytest.raises(InvalidInput, match="finite"):
        crystallinity(np.full((20, 3), np.nan), 1.0, np.zeros(20, int))
    with pytest.raises(InvalidInput, match=r"\(20, 3\)"):
        crystallinity(np.zeros((20, 3)), 1.0, np.zeros(19, int))


def test_missing_freud_is_said_with_its_remedy(monkeypatch: pytest.MonkeyPatch):
    import_any = builtins.__import__

    def import_without_freud(name, *args, **kwargs):
        if name == "freud":
            raise ImportError(name)
        return import_any(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", import_without_freud)
    with pytest.raises(MissingComponent, match="pip install freud-analysis"):
        freud_module()
