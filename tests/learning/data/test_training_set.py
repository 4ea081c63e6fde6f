"""TrainingSet: what does not fit together is refused, replicas are one state, and a file holds arrays that can run nothing."""

from __future__ import annotations

import zipfile
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

from glassdask.errors import InvalidInput
from glassdask.learning.data.training_set import LEAST_ERROR, TrainingSet
from tests.learning.synthetic import make_samples

SEVERAL = make_samples(
    3, potentials=("lj", "wca"), densities=(1.2, 1.4), n_replicas=2, n_times=5, n_wavenumbers=20, noise=0.01
)
BY_ROW = [f.name for f in fields(TrainingSet) if f.name not in ("wavenumber", "lag_time", "liquids")]


def with_gaps(samples: TrainingSet) -> TrainingSet:
    """B of row 0 ends early, row 1 has no F at all."""
    F = samples.scattering.copy()
    F[0, 3:, 1], F[1] = np.nan, np.nan
    return replace(samples, scattering=F)


def test_its_length_is_the_number_of_runs() -> None:
    assert len(SEVERAL) == 2 * 2 * 3 * 2


@pytest.mark.parametrize("name", [name for name in BY_ROW if name != "potential"])
def test_a_shape_that_does_not_fit_is_refused(name: str) -> None:
    values = getattr(SEVERAL, name)
    wanted = str(values.shape).replace("(", r"\(").replace(")", r"\)")
    for wrong in (values[:-1], values.T if values.ndim > 1 else values[:, None]):
        with pytest.raises(InvalidInput, match=rf"{name} has the shape \(.*\); allowed: {wanted} for 24 rows"):
            replace(SEVERAL, **{name: wrong})


@pytest.mark.parametrize("name", ["wavenumber", "lag_time"])
def test_a_grid_of_another_length_is_refused(name: str) -> None:
    with pytest.raises(InvalidInput, match="for 24 rows"):
        replace(SEVERAL, **{name: getattr(SEVERAL, name)[:-1]})


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_structure_factor_is_finite(value: float) -> None:
    S = SEVERAL.structure_factor.copy()
    S[4, 1, 2] = value
    with pytest.raises(InvalidInput, match="not finite; allowed: numbers, or NaN for all of a pair"):
        replace(SEVERAL, structure_factor=S)


def test_replicas_are_one_state_and_nothing_else_is() -> None:
    """Of every pair of rows, whatever their order."""
    samples = SEVERAL.at(np.random.default_rng(1).permutation(len(SEVERAL)))
    assert sorted(set(samples.state.tolist())) == list(range(12))
    for i in range(len(samples)):
        for j in range(len(samples)):
            same = all(getattr(samples, name)[i] == getattr(samples, name)[j] for name in BY_ROW[:3])
            assert (samples.state[i] == samples.state[j]) == same


def test_rows_are_taken_in_the_order_that_is_asked_for() -> None:
    rows = np.array([5, 0, 5, 23])
    taken = SEVERAL.at(rows)
    for name in BY_ROW:
        np.testing.assert_array_equal(getattr(taken, name), [getattr(SEVERAL, name)[row] for row in rows])
    assert taken.wavenumber is SEVERAL.wavenumber
    assert taken.lag_time is SEVERAL.lag_time
    assert taken.name(1) == SEVERAL.name(0)


def test_a_point_is_measured_where_both_species_are() -> None:
    is_measured = with_gaps(SEVERAL).is_measured
    assert is_measured.shape == (24, 5)
    assert is_measured[0].tolist() == [True, True, True, False, False]
    assert not is_measured[1].any()
    assert is_measured[2:].all()


def test_an_error_that_is_missing_is_the_usual_one_and_none_is_tiny() -> None:
    error = np.full(SEVERAL.scattering.shape, 0.02)
    error[0], error[1], error[2] = np.nan, 0.0, 0.5
    found = replace(SEVERAL, scattering_error=error).weight_error
    assert (found[0] == 0.02).all()
    assert (found[1] == LEAST_ERROR).all()
    assert (found[2] == 0.5).all()
    none = replace(SEVERAL, scattering_error=np.full(error.shape, np.nan)).weight_error
    assert (none == LEAST_ERROR).all()


def test_a_state_is_named_and_has_a_reduced_temperature() -> None:
    assert SEVERAL.name(0) == f"lj, rho = 1.2, T = {SEVERAL.temperature[0]:g}"
    np.testing.assert_allclose(SEVERAL.reduced_temperature * SEVERAL.critical_temperature, SEVERAL.temperature)


# --- as a file --------------------------------------------------------------------------------------------------------


def test_a_file_holds_the_same_bits(tmp_path: Path) -> None:
    """NaN included; the file is there whole, and nothing beside it."""
    written = with_gaps(SEVERAL)
    written.write(tmp_path / "samples.npz")
    read = TrainingSet.read(tmp_path / "samples.npz")
    for f in fields(TrainingSet):
        found, expected = getattr(read, f.name), getattr(written, f.name)
        assert found.dtype == expected.dtype
        np.testing.assert_array_equal(found, expected)
    assert [path.name for path in tmp_path.iterdir()] == ["samples.npz"]


def test_a_file_can_run_nothing(tmp_path: Path) -> None:
    """No array is pickled, and one that a stranger has pickled is not opened."""
    path, mark = tmp_path / "samples.npz", tmp_path / "it ran"
    SEVERAL.write(path)
    with zipfile.ZipFile(path) as archive:
        assert all(b"'descr': '|O'" not in archive.read(name)[:200] for name in archive.namelist())

    class Code:
        def __reduce__(self) -> tuple:
            return mark.touch, ()

    arrays = {f.name: getattr(SEVERAL, f.name) for f in fields(TrainingSet)}
    foreign = np.empty(1, dtype=object)
    foreign[0] = Code()
    np.savez(path, **{**arrays, "temperature": foreign})
    with pytest.raises(ValueError, match="allow_pickle=False"):
        TrainingSet.read(path)
    assert not mark.exists()
    np.load(path, allow_pickle=True)["temperature"]
    assert mark.exists(), "it was such a file"
