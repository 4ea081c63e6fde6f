"""Partial structure factors: exact sums, crystals, gases, symmetries, and another program."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glassdask.errors import InvalidInput
from glassdask.physics.structure.structure_factor import structure_factor
from glassdask.physics.structure.structure_factor_plan import StructureFactorPlan
from tests.command_line import python
from tests.reference.structure_factor import binned, lattice_vectors, partial_structure_factors

EDGES = np.asarray(np.arange(31) * 0.4, dtype=np.float64)


def random_mixture(n: int = 100, box=(5.0, 5.0, 5.0), n_frames: int = 1, seed: int = 0):
    """Positions that spread over three boxes and species in mixed order, a fifth of them B."""
    random = np.random.default_rng(seed)
    positions = (3 * random.random((n_frames, n, 3)) - 1) * np.asarray(box)
    return positions, random.permutation((np.arange(n) % 5 == 0).astype(int))


@pytest.mark.parametrize(("precision", "tolerance"), [("float64", 1e-12), ("float32", 1e-6)])
@pytest.mark.parametrize("box", [(5.0, 5.0, 5.0), (3.0, 4.5, 7.0)])
def test_every_partial_equals_the_direct_sum(xp, box, precision, tolerance):
    positions, species = random_mixture(box=box, n_frames=2)
    vectors = lattice_vectors(np.array(box), EDGES[-1])
    expected = np.mean([binned(partial_structure_factors(r, species, vectors), vectors, EDGES) for r in positions], 0)
    result = structure_factor(xp.asarray(positions), box, species, EDGES, precision)
    np.testing.assert_allclose(result.partials, expected, rtol=0, atol=tolerance)
    assert np.array_equal(np.isnan(expected[0]), result.count == 0)


@pytest.mark.parametrize("n_species", [1, 3, 5])
def test_any_number_of_species(xp, n_species):
    """AA, AB, …, BB, BC …: as many partials as pairs."""
    positions, _ = random_mixture()
    species = np.random.default_rng(5).permutation(np.arange(100) % n_species)
    vectors = lattice_vectors(np.full(3, 5.0), EDGES[-1])
    expected = binned(partial_structure_factors(positions[0], species, vectors), vectors, EDGES)
    result = structure_factor(xp.asarray(positions), 5.0, species, EDGES, "float64")
    assert result.partials.shape == result.standard_error.shape == (n_species * (n_species + 1) // 2, 30)
    np.testing.assert_allclose(result.partials, expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize(("precision", "tolerance"), [("float64", 1e-12), ("float32", 1e-6)])
def test_single_shells_of_a_large_box_equal_the_direct_sum(precision, tolerance):
    """Single shells do not average rounding away, and k = 39.5 has the longest phases."""
    positions, species = random_mixture(n=1200, box=(10.0, 10.0, 10.0))
    unit, squares = 2 * np.pi / 10.0, np.array([1, 131, 3950])
    edges = unit * np.sqrt(np.sort(np.concatenate([squares - 0.5, squares + 0.5])))
    S = structure_factor(positions, 10.0, species, edges, precision).partials[:, ::2]
    n = np.rint(lattice_vectors(np.full(3, 10.0), edges[-1]) / unit)
    for i, square in enumerate(squares):
        vectors = unit * n[(n**2).sum(axis=1) == square]
        expected = partial_structure_factors(positions[0], species, vectors).mean(axis=1)
        np.testing.assert_allclose(S[:, i], expected, rtol=0, atol=tolerance)


def test_perfect_fcc_scatters_only_at_bragg_vectors(xp):
    basis = np.array([[0, 0, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]])
    cells = np.stack(np.meshgrid(*3 * [np.arange(4.0)], indexing="ij"), axis=-1).reshape(-1, 1, 3)
    sites = (cells + basis).reshape(-1, 3)
    unit = 2 * np.pi / 4.0
    # One bin a shell: n² from 1 to 80 in units of (2π/L)²; Bragg vectors are n = 4 (h, k, l) of one parity.
    edges = unit * np.sqrt(np.arange(0.5, 80.0))
    result = structure_factor(xp.asarray(sites), 4.0, np.zeros(256, int), edges, "float64")
    vectors = np.rint(lattice_vectors(np.full(3, 4.0), edges[-1]) / unit).astype(int)
    h = vectors // 4
    is_bragg = np.all(vectors % 4 == 0, axis=1) & np.all(h % 2 == h[:, :1] % 2, axis=1)
    square = (vectors**2).sum(axis=1)
    n_bragg = np.bincount(square[is_bragg], minlength=80)[1:]
    n_all = np.bincount(square, minlength=80)[1:]
    assert np.array_equal(result.count, n_all)
    assert set(np.flatnonzero(n_bragg) + 1) == {48, 64}
    has_vectors = n_all > 0
    np.testing.assert_allclose(result.partials[0, has_vectors], (256 * n_bragg / n_all.clip(1))[has_vectors], atol=1e-9)
    np.testing.assert_array_equal(result.partials[1:, has_vectors], 0.0)


def test_ideal_gas_has_no_structure(xp):
    """S_ab = x_a δ_ab at every k: independent frames, so each bin lies within 5 of its standard errors."""
    positions, species = random_mixture(n=200, n_frames=100, seed=1)
    edges = np.arange(21) * 0.8
    result = structure_factor(xp.asarray(positions), 5.0, species, edges, n_blocks=100)
    filled = result.count > 0
    deviation = result.partials[:, filled] - np.array([[0.8], [0.0], [0.2]])
    assert np.all(np.abs(deviation) < 5 * result.standard_error[:, filled])
    # An error bar that is far too wide would pass the above: its known size is S/sqrt(n_vectors/2 · n_frames), and
    # with 100 frames an estimated error is good to 1/sqrt(200) = 7 %; 5 of these.
    known = 0.8 / np.sqrt(result.count[filled] / 2 * 100)
    np.testing.assert_allclose(result.standard_error[0, filled], known, rtol=0.35)


def test_dynasor_finds_the_same_on_the_same_lattice(tmp_path: Path):
    """Its public function, through a float64 trajectory file; its AB is S_AB + S_BA, twice ours."""
    import ase
    import ase.io
    import dynasor

    positions, species = random_mixture(n=150, n_frames=2, seed=2)
    symbols = np.array(["Ar", "Br"])[species]
    frames = [ase.Atoms(symbols, r % 5.0, cell=[5.0] * 3, pbc=True) for r in positions]
    ase.io.write(tmp_path / "frames.traj", frames)
    trajectory = dynasor.Trajectory(
        str(tmp_path / "frames.traj"), trajectory_format="ase", atomic_indices="read_from_trajectory"
    )
    vectors = lattice_vectors(np.full(3, 5.0), EDGES[-1])
    sample = dynasor.compute_static_structure_factors(trajectory, vectors)
    theirs = np.array([np.ravel(sample[f"Sq_{pair}"]) for pair in ("Ar_Ar", "Ar_Br", "Br_Br")])
    theirs[1] /= 2
    ours = structure_factor(positions, 5.0, species, EDGES).partials
    np.testing.assert_allclose(ours, binned(theirs, vectors, EDGES), rtol=0, atol=1e-6)


_DIGEST = """
import hashlib, numpy as np
from glassdask.physics.structure.structure_factor_plan import StructureFactorPlan
positions, species = 7.0 * np.random.default_rng(0).random((1, 412, 3)), np.arange(412) % 5 == 0
print(hashlib.sha256(StructureFactorPlan(7.0, species, np.arange(0, 25, 0.05)).of_frames(positions)).hexdigest())
"""


def test_threads_of_blas_change_no_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    """A simulation takes S(k) with one thread, a user perhaps with all. OpenBLAS's kernel for Haswell adds in another order
    with two, by 5e-7 in S(k) of this size; it reads its environment when NumPy is loaded.
    """
    monkeypatch.setenv("OPENBLAS_CORETYPE", "Haswell")
    digests = set()
    for n_threads in ("1", "2"):
        monkeypatch.setenv("OPENBLAS_NUM_THREADS", n_threads)
        monkeypatch.setenv("OMP_NUM_THREADS", n_threads)
        digests.add(python(_DIGEST))
    assert len(digests) == 1


def test_partials_add_up_to_the_total():
    positions, species = random_mixture(n_frames=3)
    S = structure_factor(positions, 5.0, species, EDGES, "float64").partials
    total = structure_factor(positions, 5.0, np.zeros_like(species), EDGES, "float64").partials
    np.testing.assert_allclose(S[0] + 2 * S[1] + S[2], total[0], rtol=0, atol=1e-12)


def test_swapping_the_names_of_the_species_swaps_the_partials():
    positions, species = random_mixture()
    S = structure_factor(positions, 5.0, species, EDGES, "float64").partials
    swapped = structure_factor(positions, 5.0, 1 - species, EDGES, "float64").partials
    np.testing.assert_allclose(S, swapped[::-1], rtol=0, atol=1e-13)


@settings(max_examples=20)
@given(st.tuples(*3 * [st.floats(-20, 20)]), st.integers(-3, 3))
def test_moving_everything_and_wrapping_change_nothing(shift, image):
    positions, species = random_mixture(n=30)
    S = structure_factor(positions, 5.0, species, EDGES, "float64").partials
    moved = structure_factor(positions + np.array(shift) + 5.0 * image, 5.0, species, EDGES, "float64").partials
    np.testing.assert_allclose(S, moved, rtol=0, atol=1e-11)


@pytest.mark.parametrize("columns", [1, 7, 1000])
def test_result_does_not_depend_on_chunks(xp, columns):
    positions, species = random_mixture(n_frames=2)
    frames = xp.asarray(positions)
    default = StructureFactorPlan(5.0, species, EDGES, "float64", xp).of_frames(frames)
    chunked = StructureFactorPlan(5.0, species, EDGES, "float64", xp, columns).of_frames(frames)
    xp.testing.assert_allclose(default, chunked, rtol=0, atol=1e-13)


def test_frames_fed_one_at_a_time_give_the_same_as_all_at_once(xp):
    positions, species = random_mixture(n_frames=5)
    frames = xp.asarray(positions)
    plan = StructureFactorPlan(5.0, species, EDGES, "float64", xp)
    one_by_one = xp.concatenate([plan.of_frames(frames[i : i + 1]) for i in range(5)])
    xp.testing.assert_allclose(one_by_one, plan.of_frames(frames), rtol=0, atol=1e-13)


def test_single_frame_has_no_standard_error():
    positions, species = random_mixture()
    result = structure_factor(positions[0], 5.0, species, EDGES)
    assert np.isfinite(result.partials[:, result.count > 0]).all()
    assert np.isnan(result.standard_error).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"positions": np.zeros((1, 99, 3))}, r"shape \(1, 99, 3\); expected \(n_frames, 100, 3\)"),
        ({"positions": np.zeros((0, 100, 3))}, "expected"),
        ({"positions": np.full((1, 100, 3), np.nan)}, "not finite in frame 0"),
        ({"species": np.full(100, 5)}, "0 for A and 1 for B"),
        ({"species": np.zeros((100, 1))}, "0 for A and 1 for B"),
        ({"species": np.zeros(0)}, "0 for A and 1 for B"),
        ({"box_lengths": -1.0}, "box_lengths"),
        ({"wavenumber_edges": [2.0, 1.0]}, "wavenumber_edges"),
        ({"precision": "half"}, "precision is 'half'; allowed"),
        ({"n_blocks": 0}, "0 blocks"),
    ],
)
def test_bad_input_is_named(change, message):
    positions, species = random_mixture()
    arguments = {"positions": positions, "box_lengths": 5.0, "species": species, "wavenumber_edges": EDGES}
    with pytest.raises(InvalidInput, match=message):
        structure_factor(**(arguments | change))
