"""Normalisations: what no two particles in one place, g_ab(0) = 0, can tell is told, and nothing else is guessed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from glassdask.datasets.own_files.normalisations import NORMALISATIONS, core_values
from glassdask.datasets.own_files.structure_factor_file import read_structure_factor
from glassdask.errors import InvalidInput
from glassdask.physics.structure.bipolar_grid import bipolar_wavenumbers
from glassdask.physics.structure.percus_yevick import percus_yevick
from glassdask.physics.structure.static_structure import pairs_of_matrix
from tests.datasets.tables.tables_of_others import savetxt

K = bipolar_wavenumbers()
#: Diameters and fractions: like the Kob–Andersen mixture's, of equal parts, of very unequal sizes.
MIXTURES: list[tuple[tuple[float, ...], tuple[float, ...]]] = [
    ((0.9, 1.0), (0.2, 0.8)),
    ((0.8, 1.0), (0.5, 0.5)),
    ((0.5, 1.0), (0.7, 0.3)),
]


def spheres(diameters, x, packing: float = 0.45, k: np.ndarray = K) -> tuple[np.ndarray, float]:
    """S_ab of hard spheres and their density."""
    structure = percus_yevick(k, packing, diameters, x)
    return pairs_of_matrix(structure.structure_factor), structure.density


def written(folder: Path, k: np.ndarray, S: np.ndarray, name: str, x, density: float) -> Path:
    """A file in another normalisation."""
    factor, offset = NORMALISATIONS[name].conversion(np.array(x), density)
    path = folder / f"{name}.txt"
    path.write_bytes(savetxt(k, *((S - offset) / factor), header="k AA AB BB"))
    return path


@pytest.mark.parametrize(("diameters", "x"), MIXTURES)
@pytest.mark.parametrize("packing", [0.2, 0.52])
def test_no_two_spheres_are_in_one_place(diameters, x, packing: float) -> None:
    """g_ab(0) = 0 to 0.06: the mean reaches contact of the smallest spheres with a per cent of its weight."""
    S, density = spheres(diameters, x, packing)
    found = core_values(K, S, np.array(x), density)
    assert found is not None
    assert abs(found[0]).max() < 0.06


@pytest.mark.parametrize(("diameters", "x"), MIXTURES)
@pytest.mark.parametrize("name", NORMALISATIONS)
def test_each_is_told_or_asked_for_and_is_then_right(name: str, diameters, x, tmp_path: Path) -> None:
    S, density = spheres(diameters, x)
    path = written(tmp_path, K, S, name, x, density)
    if x == (0.7, 0.3) and name in ("ashcroft-langreth", "self-cross-twice"):  # factors 0.46 and 0.5
        with pytest.raises(InvalidInput, match=f"--normalisation .*{name}"):
            read_structure_factor(path, x, density)
        return
    told = read_structure_factor(path, x, density)
    np.testing.assert_allclose(told.partials, S, rtol=1e-9, atol=1e-12)
    given = read_structure_factor(path, x, density, normalisation=name)
    np.testing.assert_allclose(given.partials, S, rtol=1e-9, atol=1e-12)
    assert f"normalisation {name} (as told)" in given.read


@pytest.mark.parametrize("name", ["ashcroft-langreth", "self-cross-by-N", "self-cross-by-first", "self-cross-twice"])
def test_what_cannot_be_told_is_asked_for_with_all_candidates(name: str, tmp_path: Path) -> None:
    """Without a density, or with noise of 0.3 that drowns g_ab(0), the limits 1, 0, 1 say nothing of the cross term."""
    (diameters, x), rng = MIXTURES[0], np.random.default_rng(5)
    S, density = spheres(diameters, x)
    noisy = S + 0.3 * np.sqrt(np.outer(x, x))[np.triu_indices(2)][:, None] * 0.3 * rng.normal(size=S.shape)
    path = written(tmp_path, K, S, name, x, density)
    noisy = np.maximum(noisy, np.array([[1e-3], [-1.0], [1e-3]]))
    for content, rho in ((S, None), (noisy, density)):
        path = written(tmp_path, K, content, name, x, density)
        with pytest.raises(InvalidInput) as error:
            read_structure_factor(path, x, rho)
        for word in ("allowed", "--normalisation ashcroft-langreth", "self-cross-by-N", "self-cross-twice"):
            assert word in str(error.value)


def test_a_table_that_ends_too_early_for_cores_is_not_converted(tmp_path: Path) -> None:
    (diameters, x), k = MIXTURES[0], bipolar_wavenumbers(0.4, 24)
    S, density = spheres(diameters, x, 0.3, k)
    assert core_values(k, S, np.array(x), 1e3 * density) is None
    with pytest.raises(InvalidInput, match="--normalisation"):
        read_structure_factor(written(tmp_path, k, S, "self-cross-by-N", x, density), x, None)


def test_errors_are_converted_with_the_values(tmp_path: Path) -> None:
    (diameters, x) = MIXTURES[1]
    S, density = spheres(diameters, x)
    factor, _ = NORMALISATIONS["self-cross-by-N"].conversion(np.array(x), density)
    path = tmp_path / "S.dat"
    path.write_bytes(savetxt(K, *(S / factor), *(0.01 * S**2 / factor), header="k AA AB BB error_AA error_AB error_BB"))
    errors = read_structure_factor(path, x, density).errors
    assert errors is not None
    np.testing.assert_allclose(errors, 0.01 * S**2, rtol=1e-9)


def test_a_word_that_is_none_is_refused(tmp_path: Path) -> None:
    (diameters, x) = MIXTURES[0]
    S, density = spheres(diameters, x)
    path = written(tmp_path, K, S, "by-N", x, density)
    with pytest.raises(InvalidInput, match="normalisation is 'AL'; allowed: by-N, ashcroft-langreth"):
        read_structure_factor(path, x, density, normalisation="AL")
    with pytest.raises(InvalidInput, match="density is not given"):
        read_structure_factor(path, x, normalisation="h")
    with pytest.raises(InvalidInput, match=r"S_AA → 0\.04"):  # the wrong word leads to wrong limits
        read_structure_factor(path, x, density, normalisation="ashcroft-langreth")
