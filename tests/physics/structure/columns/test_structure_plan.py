"""S_ab(k) in cells of any shape, in a plane, in cells that change, and from a sample of the wavevectors."""

from __future__ import annotations

import numpy as np
import pytest

from glassdask.errors import InvalidInput
from glassdask.physics.structure.columns import column_plan as column_plan_module
from glassdask.physics.structure.columns import structure_plan as structure_plan_module
from glassdask.physics.structure.columns.column_plan import ColumnPlan
from glassdask.physics.structure.columns.lattice_columns import lattice_columns
from glassdask.physics.structure.columns.structure_plan import structure_plan
from glassdask.physics.structure.structure_factor import structure_factor
from glassdask.physics.structure.structure_factor_plan import StructureFactorPlan
from tests.command_line import python
from tests.reference.structure_factor import binned, partial_structure_factors, vectors_of_cell, vectors_of_columns

#: No lattice vector of a cell below has exactly the length of an edge.
EDGES = np.asarray(np.arange(26) * 0.4 + 0.0013, dtype=np.float64)
CELLS = {
    "cube": np.diag([5.0, 5.0, 5.0]),
    "orthorhombic": np.diag([7.0, 3.0, 4.5]),
    "triclinic": np.array([[5.0, 0.0, 0.0], [2.0, 4.0, 0.0], [-1.0, 0.7, 6.0]]),
    "skewed by more than a length": np.array([[5.0, 0.0, 0.0], [12.0, 4.0, 0.0], [-9.0, 0.7, 3.0]]),
    "turned": np.array([[3.0, 1.0, 0.5], [0.2, 7.0, 1.0], [1.0, 2.0, 4.0]]),
    "left-handed": np.array([[0.0, 5.0, 0.0], [4.0, 0.0, 1.0], [0.0, 0.0, 6.0]]),
    "rectangle": np.diag([9.0, 6.0]),
    "parallelogram": np.array([[8.0, 0.0], [3.0, 7.0]]),
}


def mixture(cell: np.ndarray, n: int = 80, n_frames: int = 1, seed: int = 0):
    """Positions that spread over three cells along each axis, and species in mixed order, a fifth of them B."""
    random = np.random.default_rng(seed)
    positions = (3.0 * random.random((n_frames, n, len(cell))) - 1.0) @ cell
    return positions, random.permutation((np.arange(n) % 5 == 0).astype(int))


def direct(positions: np.ndarray, cell: np.ndarray, species: np.ndarray, edges: np.ndarray = EDGES) -> np.ndarray:
    """One complex sum for each of all vectors."""
    vectors = vectors_of_cell(cell, edges[-1])
    return binned(partial_structure_factors(positions, species, vectors), vectors, edges)


@pytest.mark.parametrize(("precision", "tolerance"), [("float64", 1e-12), ("float32", 1e-6)])
@pytest.mark.parametrize("name", CELLS)
def test_every_partial_equals_the_direct_sum(xp, name, precision, tolerance):
    cell = CELLS[name]
    positions, species = mixture(cell, n_frames=2)
    plan = ColumnPlan(cell, species, EDGES, precision, xp=xp)
    expected = [direct(frame, cell, species) for frame in positions]
    xp.testing.assert_allclose(plan.of_frames(xp.asarray(positions)), xp.asarray(expected), rtol=0, atol=tolerance)
    length = np.linalg.norm(vectors_of_cell(cell, EDGES[-1]), axis=1)
    count, _ = np.histogram(length, EDGES)
    assert plan.count.tolist() == count.tolist()
    total, _ = np.histogram(length, EDGES, weights=length)
    np.testing.assert_allclose(plan.wavenumber[count > 0], (total / count.clip(1))[count > 0], rtol=1e-12)


@pytest.mark.parametrize("n_species", [1, 3])
def test_any_number_of_species(xp, n_species):
    cell = CELLS["triclinic"]
    positions, _ = mixture(cell)
    species = np.random.default_rng(5).permutation(np.arange(80) % n_species)
    found = ColumnPlan(cell, species, EDGES, "float64", xp=xp).of_frames(xp.asarray(positions))[0]
    xp.testing.assert_allclose(found, xp.asarray(direct(positions[0], cell, species)), rtol=0, atol=1e-12)


def test_columns_and_the_octant_agree(xp):
    """Two ways through one lattice, with vectors on the edges of bins."""
    positions, species = mixture(CELLS["cube"], n_frames=3)
    edges, frames = np.arange(1, 12) * 2 * np.pi / 5.0, xp.asarray(positions)
    octant = StructureFactorPlan(5.0, species, edges, "float64", xp)
    columns = ColumnPlan(CELLS["cube"], species, edges, "float64", xp=xp)
    assert octant.count.tolist() == columns.count.tolist()
    xp.testing.assert_allclose(octant.of_frames(frames), columns.of_frames(frames), rtol=0, atol=1e-12)


def test_full_lattice_of_an_orthorhombic_cell_goes_through_the_octant_to_the_last_bit():
    positions, species = mixture(CELLS["orthorhombic"], n_frames=3)
    plan = structure_plan(CELLS["orthorhombic"], species, EDGES)
    before = StructureFactorPlan([7.0, 3.0, 4.5], species, EDGES).of_frames(positions)
    assert np.array_equal(plan.in_cell([7.0, 3.0, 4.5]).of_frames(positions), before, equal_nan=True)
    assert np.array_equal(plan.of_frame(positions[1], CELLS["orthorhombic"]), before[1], equal_nan=True)


def fcc(repeats: int) -> np.ndarray:
    """Sites of fcc, edge of its cubic cell 1."""
    basis = np.array([[0, 0, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]])
    corners = np.stack(np.meshgrid(*3 * [np.arange(repeats)], indexing="ij"), axis=-1).reshape(-1, 1, 3)
    return (corners + basis).reshape(-1, 3)


def test_one_crystal_in_two_cells_scatters_at_the_same_bragg_vectors(xp):
    """fcc as a cube of four sites and in its primitive cell. The first shell, {111}, has 8 vectors, the second, {200}, 6."""
    cube = fcc(4)
    primitive = np.array([[0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]])
    indices = np.stack(np.meshgrid(*3 * [np.arange(5.0)], indexing="ij"), axis=-1).reshape(-1, 3)
    for sites, cell in ((cube, 4.0 * np.eye(3)), (indices @ primitive, 5.0 * primitive)):
        for squared, n_vectors in ((3, 8), (4, 6)):
            edges = 2 * np.pi * np.sqrt([squared - 0.01, squared + 0.01])
            S = structure_factor(xp.asarray(sites), cell, np.zeros(len(sites), int), edges, "float64")
            intensity = S.partials[0, 0] * S.count[0] / len(sites)
            assert intensity == pytest.approx(n_vectors, abs=1e-9)


def test_ideal_gas_has_no_structure_and_the_known_scatter():
    """S_ab = x_a δ_ab in a plane, each frame's own parallelogram: within 5 of its standard errors, whose size is known."""
    random = np.random.default_rng(3)
    cells = CELLS["parallelogram"] * random.uniform(0.95, 1.05, (200, 1, 1))
    positions = np.matmul(random.random((200, 150, 2)), cells)
    species = np.arange(150) % 5 // 4
    S = structure_factor(positions, cells, species, np.arange(1, 12) * 1.2, n_blocks=200, dimension=2)
    deviation = S.partials - np.array([[0.8], [0.0], [0.2]])
    assert np.all(np.abs(deviation) < 5 * S.standard_error)
    # Good to 1/sqrt(2 · 200) = 5 % each; 6 of these.
    np.testing.assert_allclose(S.standard_error[0], 0.8 / np.sqrt(S.count / 2 * 200), rtol=0.3)


def test_each_frame_has_its_own_cell(xp):
    """Frames of three cells: every vector of every frame counts once."""
    cells = np.array([scale * CELLS["triclinic"] for scale in (1.0, 1.1, 0.9)])
    positions = np.array([mixture(cell, seed=i)[0][0] for i, cell in enumerate(cells)])
    species = mixture(cells[0])[1]
    vectors = [vectors_of_cell(cell, EDGES[-1]) for cell in cells]
    values = [partial_structure_factors(r, species, k) for r, k in zip(positions, vectors, strict=True)]
    expected = binned(np.concatenate(values, axis=1), np.concatenate(vectors), EDGES)
    S = structure_factor(xp.asarray(positions), cells, species, EDGES, "float64", n_blocks=3)
    np.testing.assert_allclose(S.partials, expected, rtol=0, atol=1e-12)
    assert np.array_equal(np.isnan(S.partials[0]), S.count == 0)


def test_a_cell_that_comes_again_is_not_prepared_again():
    plan = structure_plan(CELLS["triclinic"], np.zeros(5, int), EDGES)
    first = plan.in_cell(CELLS["triclinic"])
    assert plan.in_cell(CELLS["triclinic"].copy()) is first
    assert plan.in_cell(1.01 * CELLS["triclinic"]) is not first


@pytest.mark.parametrize("name", ["cube", "triclinic", "parallelogram"])
def test_enough_vectors_are_all_vectors(name):
    cell = CELLS[name]
    positions, species = mixture(cell)
    full = ColumnPlan(cell, species, EDGES, "float64")
    sampled = ColumnPlan(cell, species, EDGES, "float64", max_vectors=int(full.count.max()))
    assert sampled.count.tolist() == full.count.tolist()
    np.testing.assert_allclose(sampled.of_frames(positions), full.of_frames(positions), rtol=0, atol=1e-13)


def test_a_sample_holds_what_was_asked_for_and_every_vector_of_small_bins():
    cell, edges = 30.0 * np.eye(3), np.arange(81) * 0.1
    full, sampled = (ColumnPlan(cell, np.zeros(2, int), edges, max_vectors=limit).count for limit in (None, 400))
    small = full <= 400
    assert small.sum() > 15
    assert sampled[small].tolist() == full[small].tolist()
    assert np.all(sampled[~small] >= 400)
    # Columns are drawn in steps of an eighth and end as a whole.
    assert sampled.sum() < 1.35 * np.minimum(full, 400).sum()


def test_a_sample_has_no_preferred_direction_and_its_mean_is_that_of_all_vectors():
    """Two layers scatter only along their normal: whatever the axis, a sample gives the mean of the shell within its error."""
    edges, L = np.array([5.0, 6.0]), 14.0
    sites = np.random.default_rng(8).random((300, 3)) * L
    for axis in range(3):
        positions = sites.copy()
        positions[:, axis] = np.random.default_rng(9).normal(0.0, 0.5, 300)
        full = ColumnPlan(L * np.eye(3), np.zeros(300, int), edges)
        vectors = vectors_of_cell(L * np.eye(3), edges[-1])
        vectors = vectors[np.linalg.norm(vectors, axis=1) >= edges[0]]
        of_vectors = partial_structure_factors(positions, np.zeros(300, int), vectors)[0]
        sampled = ColumnPlan(L * np.eye(3), np.zeros(300, int), edges, max_vectors=400)
        assert sampled.count[0] < full.count[0] / 4
        error = of_vectors.std() / np.sqrt(sampled.count[0] / 2)
        difference = sampled.of_frames(positions[None]) - full.of_frames(positions[None])
        assert abs(difference[0, 0, 0]) < 4 * error


def test_a_sample_is_averaged_over_its_vectors_and_dynasor_finds_the_same_on_them():
    """A triclinic cell, the direct sum over the vectors drawn, and dynasor's density waves of both species."""
    from dynasor.core.reciprocal import calc_rho_q

    cell = 2.0 * CELLS["triclinic"]
    positions, species = mixture(cell, n=300)
    plan = ColumnPlan(cell, species, EDGES, "float64", max_vectors=60)
    vectors = vectors_of_columns(lattice_columns(cell, EDGES, 60), cell)
    assert len(vectors) < len(vectors_of_cell(cell, EDGES[-1])) / 6
    ours = plan.of_frames(positions)[0]
    expected = binned(partial_structure_factors(positions[0], species, vectors), vectors, EDGES)
    np.testing.assert_allclose(ours, expected, rtol=0, atol=1e-12)
    a, b = (calc_rho_q(positions[0, species == s], vectors) for s in (0, 1))
    theirs = np.array([(a * a.conj()).real, (a * b.conj()).real, (b * b.conj()).real]) / 300
    np.testing.assert_allclose(ours, binned(theirs, vectors, EDGES), rtol=0, atol=1e-10)


def test_the_same_cell_gives_the_same_sample():
    cell = CELLS["triclinic"] * 3
    positions, species = mixture(cell)
    first, second = (ColumnPlan(cell, species, EDGES, max_vectors=50).of_frames(positions) for _ in range(2))
    assert np.array_equal(first, second, equal_nan=True)


@pytest.mark.parametrize(("slab", "columns", "sums"), [(7, 5, 10**6), (80, 1, 1), (33, 1000, 500)])
def test_result_does_not_depend_on_slabs_chunks_or_blocks(xp, slab, columns, sums, monkeypatch):
    cell = CELLS["turned"]
    positions, species = mixture(cell, n_frames=2)
    frames = xp.asarray(positions)
    default = ColumnPlan(cell, species, EDGES, "float64", xp=xp).of_frames(frames)
    monkeypatch.setattr(column_plan_module, "_SUMS_AT_ONCE", sums)
    other = ColumnPlan(cell, species, EDGES, "float64", None, xp, slab, columns).of_frames(frames)
    xp.testing.assert_allclose(default, other, rtol=0, atol=1e-13)


def test_slabs_that_find_no_room_on_a_device_are_halved(device):
    import cupy

    cell = CELLS["triclinic"]
    positions, species = mixture(cell, n=400)
    expected = ColumnPlan(cell, species, EDGES, "float64").of_frames(positions)
    plan = ColumnPlan(cell, species, EDGES, "float64", xp=cupy)
    frames = cupy.asarray(positions)
    device.memory = device.used + 800_000  # the sums of one species take 100 kB; tables of 320 particles do not fit
    np.testing.assert_allclose(plan.of_frames(frames).get(), expected, rtol=0, atol=1e-12)
    assert device.pools_freed > 0


def test_tables_that_would_not_fit_into_memory_are_taken_in_slabs(monkeypatch):
    """An orthorhombic cell beyond a size, with the same answer."""
    positions, species = mixture(CELLS["cube"])
    octant = structure_plan(5.0, species, EDGES, precision="float64").of_frame(positions[0], 5.0)
    monkeypatch.setattr(structure_plan_module, "_OCTANT_BYTES", 1000)
    columns = structure_plan(5.0, species, EDGES, precision="float64")
    assert isinstance(columns.in_cell(5.0), ColumnPlan)
    np.testing.assert_allclose(columns.of_frame(positions[0], 5.0), octant, rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"positions": np.zeros((1, 80, 2))}, r"shape \(1, 80, 2\); expected \(n_frames, 80, 3\)"),
        ({"positions": np.zeros((2, 80, 3)), "box_lengths": np.ones((3, 3, 3))}, "box_lengths"),
        ({"box_lengths": np.zeros((3, 3))}, "box_lengths"),
        ({"max_vectors": 0}, "max_vectors is 0; allowed: 1 and above"),
        ({"dimension": 4}, "dimension is 4; allowed: 2, 3"),
        ({"precision": "half"}, "precision is 'half'"),
    ],
)
def test_bad_input_is_named(change, message):
    cell = CELLS["triclinic"]
    positions, species = mixture(cell)
    arguments = {"positions": positions, "box_lengths": cell, "species": species, "wavenumber_edges": EDGES}
    with pytest.raises(InvalidInput, match=message):
        structure_factor(**(arguments | change))


def test_a_bad_frame_of_many_cells_is_named_by_its_number():
    cells = np.array([CELLS["triclinic"]] * 3)
    positions, species = mixture(cells[0], n_frames=3)
    positions[2, 5, 1] = np.nan
    with pytest.raises(InvalidInput, match="not finite in frame 2"):
        structure_factor(positions, cells, species, EDGES)


_LARGE = """
import resource, numpy as np
from glassdask.physics.structure.columns.lattice_columns import lattice_columns
from glassdask.physics.structure.columns.structure_plan import structure_plan
length = (1_000_000 / 1.2) ** (1 / 3)
positions = length * np.random.default_rng(0).random((1_000_000, 3))
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
before = peak()
plan = structure_plan(length, np.zeros(1_000_000, int), np.arange(301) * 0.05, max_vectors=100)
S = plan.of_frame(positions, length)
print(peak() - before, int(plan.count[50:].min()), abs(np.nanmean(S[0, 50:]) - 1.0))
"""


@pytest.mark.slow
def test_a_million_particles_take_little_memory():
    """k < 15 in bins of 0.05: tables of all particles would take 11 GB. An ideal gas's S is 1, here from 12,500 pairs ±k."""
    megabytes, fewest, deviation = (float(word) for word in python(_LARGE).split())
    assert megabytes < 300
    assert fewest >= 100
    assert deviation < 5 / np.sqrt(12_500)
