"""g_ab(r): every pair counted once, gases, crystals, other programs."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from glassdask.errors import InvalidInput
from glassdask.physics.structure.neighbours import cell_lists
from glassdask.physics.structure.neighbours.pair_distribution import PairDistributionPlan, pair_distribution
from tests.reference import pair_distribution as reference

CELLS = {
    "cube": np.diag([6.0, 6.0, 6.0]),
    "long": np.diag([3.0, 5.0, 14.0]),
    "triclinic": np.array([[6.0, 0.0, 0.0], [2.0, 5.0, 0.0], [-1.0, 2.0, 7.0]]),
    "turned": np.array([[4.0, 1.0, 0.5], [0.2, 7.0, 1.0], [1.0, 2.0, 5.0]]),
    "rectangle": np.diag([9.0, 14.0]),
    "parallelogram": np.array([[10.0, 0.0], [4.0, 9.0]]),
}


def mixture(cell: np.ndarray, n: int = 150, n_frames: int = 1, seed: int = 0):
    """Positions that spread over three cells along each axis, and species in mixed order, a fifth of them B."""
    random = np.random.default_rng(seed)
    positions = (3.0 * random.random((n_frames, n, len(cell))) - 1.0) @ cell
    return positions, random.permutation((np.arange(n) % 5 == 0).astype(int))


@pytest.mark.parametrize("r_max", [0.6, 1.45])
@pytest.mark.parametrize("name", CELLS)
def test_every_pair_is_counted_once(xp, name, r_max):
    """Cutoffs with two blocks along an axis, and with many."""
    cell = CELLS[name]
    positions, species = mixture(cell)
    for edges in (np.linspace(0.0, r_max, 30), np.geomspace(0.2, r_max, 12)):
        g = pair_distribution(xp.asarray(positions), cell, species, edges, dimension=len(cell))
        expected = reference.pair_distribution(positions[0], cell, species, edges)
        np.testing.assert_allclose(g[0], expected, rtol=1e-12)


@pytest.mark.parametrize(("fewest", "enough", "pairs"), [(1, 1, 1), (2, 4, 10**6), (40, 10**6, 500)])
def test_result_does_not_depend_on_blocks_or_batches(xp, fewest, enough, pairs, monkeypatch):
    cell, edges = CELLS["triclinic"], np.linspace(0.1, 2.2, 25)
    positions, species = mixture(cell)
    frames = xp.asarray(positions)
    default = pair_distribution(frames, cell, species, edges)
    for name, value in (("_FEWEST", fewest), ("_ENOUGH", enough), ("_PAIRS_AT_ONCE", pairs)):
        monkeypatch.setattr(cell_lists, name, value)
    np.testing.assert_allclose(pair_distribution(frames, cell, species, edges), default, rtol=1e-13)


def test_pairs_that_find_no_room_on_a_device_come_in_smaller_batches(device):
    import cupy

    cell, edges = CELLS["triclinic"], np.linspace(0.1, 2.2, 25)
    positions, species = mixture(cell, n=1000)
    expected = pair_distribution(positions, cell, species, edges)
    frames = cupy.asarray(positions)
    device.memory = device.used + 3_000_000  # a distance between each two particles takes 8 MB
    np.testing.assert_allclose(pair_distribution(frames, cell, species, edges), expected, rtol=1e-12)
    assert device.pools_freed > 0


def test_a_droplet_in_a_large_cell(xp):
    """Most blocks are empty: nothing of the size of the cell is made."""
    positions = 2.0 * np.random.default_rng(0).random((200, 3)) + 49.0
    cell, species, edges = 60.0 * np.eye(3), np.zeros(200, int), np.linspace(0.0, 3.0, 40)
    g = pair_distribution(xp.asarray(positions), cell, species, edges)
    np.testing.assert_allclose(g[0], reference.pair_distribution(positions, cell, species, edges), rtol=1e-12)


@pytest.mark.parametrize("name", ["cube", "parallelogram"])
def test_ideal_gas_has_one_less_the_particle_itself(name):
    """g_aa = 1 − 1/N_a and g_ab = 1: with N = 20, 5 % and 25 % below 1. The number of pairs of a bin is nearly Poissonian."""
    cell, n, n_frames = CELLS[name], 20, 1000
    positions, species = (
        np.random.default_rng(1).random((n_frames, n, len(cell))) @ cell,
        (np.arange(n) >= 16).astype(int),
    )
    edges = np.array([0.5, 1.5, 2.2, 2.9])
    g = pair_distribution(positions, cell, species, edges, dimension=len(cell))
    expected = np.array([1 - 1 / 16, 1.0, 1 - 1 / 4])
    error = g.std(axis=0) / np.sqrt(n_frames)
    assert error.max() < 0.05
    assert np.all(np.abs(g.mean(axis=0) - expected[:, None]) < 4 * error)


def test_shells_of_fcc(xp):
    """12, 6, 24, 12 and 24 neighbours at sqrt(1/2, 1, 3/2, 2, 5/2) edges of its cube, in its primitive cell."""
    primitive = np.array([[0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]])
    sites = np.stack(np.meshgrid(*3 * [np.arange(6.0)], indexing="ij"), axis=-1).reshape(-1, 3) @ primitive
    shells = np.sqrt([0.5, 1.0, 1.5, 2.0, 2.5])
    edges = np.sort(np.concatenate([shells - 0.01, shells + 0.01]))
    g = pair_distribution(xp.asarray(sites), 6.0 * primitive, np.zeros(len(sites), int), edges)[0, 0]
    neighbours = g * 4.0 * 4 / 3 * np.pi * np.diff(edges**3)
    np.testing.assert_allclose(neighbours[::2], [12, 6, 24, 12, 24], rtol=1e-12)
    np.testing.assert_array_equal(neighbours[1::2], 0.0)


def test_triangular_lattice_has_six_neighbours(xp):
    cell = np.array([[1.0, 0.0], [0.5, np.sqrt(0.75)]])
    sites = np.stack(np.meshgrid(np.arange(8.0), np.arange(8.0), indexing="ij"), axis=-1).reshape(-1, 2) @ cell
    edges = np.array([0.9, 1.1])
    g = pair_distribution(xp.asarray(sites), 8 * cell, np.zeros(64, int), edges, dimension=2)
    density = 1 / np.sqrt(0.75)
    assert g[0, 0, 0] * density * np.pi * (1.1**2 - 0.9**2) == pytest.approx(6, rel=1e-12)


def test_beyond_half_of_the_least_width_there_is_no_number():
    cell = CELLS["triclinic"]
    positions, species = mixture(cell)
    half = 0.5 / np.linalg.norm(np.linalg.inv(cell), axis=0).max()
    edges = np.append(np.linspace(0.0, half, 11), [half + 0.1, half + 5.0])
    g = pair_distribution(positions, cell, species, edges)[0]
    assert np.isfinite(g[:, :10]).all()
    assert np.isnan(g[:, 10:]).all()


def test_each_frame_has_its_own_cell(xp):
    """Cells that breathe with what is in them: in units of the cell all frames are one."""
    cell, edges = CELLS["triclinic"], np.linspace(0.0, 2.0, 21)
    positions, species = mixture(cell)
    scales = np.array([1.0, 1.3, 0.8])[:, None, None]
    g = pair_distribution(xp.asarray(scales * positions), scales * cell, species, edges)
    for scale, found in zip(scales.ravel(), g, strict=True):
        expected = reference.pair_distribution(positions[0], cell, species, edges / scale)
        is_known = ~np.isnan(found)
        np.testing.assert_allclose(found[is_known], expected[is_known], rtol=1e-12)
    assert np.isnan(g[2, 0]).any()


def test_some_centres_stand_for_all():
    """A crystal's centres are all alike; a gas differs by the noise of the pairs counted."""
    random = np.random.default_rng(2)
    sites = np.stack(np.meshgrid(*3 * [np.arange(8.0)], indexing="ij"), axis=-1).reshape(-1, 3)
    species, edges = random.permutation(np.arange(512) % 4 // 3), np.linspace(0.9, 3.9, 16)
    total = [pair_distribution(sites, 8.0, 0 * species, edges, max_centres=limit) for limit in (None, 50)]
    np.testing.assert_allclose(total[1], total[0], rtol=1e-12)
    gas = 8.0 * random.random((100, 512, 3))
    full, some = (pair_distribution(gas, 8.0, species, edges, max_centres=limit) for limit in (None, 128))
    error = some.std(axis=0) / np.sqrt(len(gas))
    assert np.all(np.abs((some - full).mean(axis=0)) < 4.5 * error)
    # A quarter of the ordered pairs, which are independent, has twice the scatter of all, where each pair counts twice: √2.
    np.testing.assert_allclose((some.std(axis=0) / full.std(axis=0))[1].mean(), 2.0, rtol=0.15)


def test_a_species_that_no_centre_is_of_has_no_number():
    positions, species = mixture(CELLS["cube"])
    g = PairDistributionPlan(species, [0.0, 1.0, 2.0], max_centres=1).of_frame(positions[0], CELLS["cube"])
    assert np.isnan(g).all(axis=1).tolist() == [False, False, True]


def test_freud_finds_the_same_with_its_normalisation_named():
    """Its "exact" divides by N_a N_b as ours; "finite_size" by N_a (N_a − 1). It works in single precision: pairs within 1e-6 of
    an edge change bins."""
    import freud

    positions, species = mixture(CELLS["triclinic"], n=600)
    box = freud.box.Box.from_matrix(CELLS["triclinic"].T)
    edges = np.linspace(0.0, 2.1, 22)
    g = pair_distribution(positions, CELLS["triclinic"], species, edges)[0]
    points = [box.wrap(positions[0][species == a].astype(np.float32)) for a in (0, 1)]
    for i, (a, b) in enumerate([(0, 0), (0, 1), (1, 1)]):
        exact = freud.density.RDF(bins=21, r_max=2.1, normalization_mode="exact")
        exact.compute((box, points[b]), query_points=points[a] if a != b else None)
        counts = (len(points[a]) * len(points[b])) * 4 / 3 * np.pi * np.diff(edges**3) / 210.0
        assert np.all(np.abs(exact.rdf - g[i]) * counts < 4.5)
    finite = freud.density.RDF(bins=21, r_max=2.1, normalization_mode="finite_size").compute((box, points[0]))
    n = len(points[0])
    np.testing.assert_allclose(finite.rdf[5:], g[0, 5:] * n / (n - 1), rtol=2e-3)


def test_mdanalysis_finds_the_same_with_its_normalisation_named():
    """It divides by N_A N_B, and by N (N − 1) where particles are excluded from their own neighbours."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import MDAnalysis
        from MDAnalysis.analysis.rdf import InterRDF

        positions, species = mixture(CELLS["cube"], n=400)
        positions = positions.astype(np.float32).astype(float)
        universe = MDAnalysis.Universe.empty(400, trajectory=True)
        universe.atoms.positions, universe.dimensions = positions[0], [6, 6, 6, 90, 90, 90]
        groups = [universe.atoms[species == a] for a in (0, 1)]
        of_unlike = InterRDF(*groups, nbins=20, range=(0.0, 2.0)).run().results.rdf
        of_like = InterRDF(groups[0], groups[0], nbins=20, range=(0.0, 2.0), exclusion_block=(1, 1)).run().results.rdf
    g = pair_distribution(positions, 6.0, species, np.linspace(0.0, 2.0, 21))[0]
    # A pair in 10,000 lies within single precision of an edge.
    np.testing.assert_allclose(of_unlike[3:], g[1, 3:], rtol=5e-3)
    n = int((species == 0).sum())
    np.testing.assert_allclose(of_like[3:], g[0, 3:] * n / (n - 1), rtol=5e-3)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"positions": np.zeros((2, 150, 2))}, r"\(150, 2\) must be finite, \(150, 3\)"),
        ({"positions": np.full((2, 150, 3), np.nan)}, "not finite in frame 0"),
        ({"positions": np.zeros(3)}, "expected"),
        ({"box_lengths": np.ones((5, 3, 3))}, "box_lengths"),
        ({"r_edges": [1.0, 0.5]}, "r_edges"),
        ({"r_edges": [-1.0, 0.5]}, "r_edges"),
        ({"max_centres": 0}, "max_centres is 0; allowed: 1 and above"),
        ({"species": np.full(150, 7)}, "0 for A"),
    ],
)
def test_bad_input_is_named(change, message):
    positions, species = mixture(CELLS["cube"], n_frames=2)
    arguments = {"positions": positions, "box_lengths": 6.0, "species": species, "r_edges": [0.0, 1.0]}
    with pytest.raises(InvalidInput, match=message):
        pair_distribution(**(arguments | change))
