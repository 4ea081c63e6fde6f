"""A campaign that is larger than memory: figures read some of its temperatures, and say so."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from glassdask.figures.drawing.fewer_temperatures import OF_TEMPERATURES, with_fewer_temperatures


def cube_of(n_replicas: np.ndarray) -> xr.Dataset:
    """With the state's own number as its only value."""
    axes = ("potential", "T", "rho")
    n_T = n_replicas.shape[1]
    coordinates = {"potential": ["lj", "wca"], "T": 1.0 + 0.1 * np.arange(n_T), "rho": [1.2, 1.4]}
    values = np.arange(n_replicas.size, dtype=float).reshape(n_replicas.shape)
    return xr.Dataset(
        {"n_replicas": (axes, n_replicas), "x": (axes, np.where(n_replicas, values, np.nan))}, coordinates
    )


def test_what_fits_is_left_as_it_is() -> None:
    cube = cube_of(np.ones((2, 40, 2), int))
    assert with_fewer_temperatures(cube[["x"]], cube, cube[["x"]].nbytes).identical(cube[["x"]])
    assert with_fewer_temperatures(cube[["x"]], None, 1).identical(cube[["x"]])
    assert with_fewer_temperatures(cube[["x"]].mean("T"), cube, 1).identical(cube[["x"]].mean("T"))


@pytest.mark.parametrize("share", [0.9, 0.5, 0.1, 1e-6])
def test_of_each_liquid_and_density_the_ends_are_there_and_no_more_is_read_than_asked_for(share: float) -> None:
    """Series of a hundred temperatures that share none, at which nothing else was simulated."""
    n_replicas = np.zeros((2, 400, 2), int)
    for series in range(4):
        n_replicas[series // 2, series::4, series % 2] = 1
    cube = cube_of(n_replicas)
    found = with_fewer_temperatures(cube[["x"]], cube, int(share * cube[["x"]].nbytes))
    n = found.sizes["T"]
    assert n <= max(share * 400, 8)  # both ends of four series at the least
    assert found.attrs[OF_TEMPERATURES] == f"{n} of 400"
    np.testing.assert_array_equal(found["x"].values, cube["x"].sel(T=found["T"]).values)
    if share > 0.05:
        for series in range(4):
            measured = found["x"].isel(potential=series // 2, rho=series % 2).dropna("T")["T"].values
            assert measured[0] == pytest.approx(1.0 + 0.1 * series)
            assert measured[-1] == pytest.approx(1.0 + 0.1 * (396 + series))
            assert measured.size >= 0.2 * share * 100
