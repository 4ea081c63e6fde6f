"""The part of errors that is of finite size, where its law is known: x(N) = x(∞) + c/N."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from glassdask.errors import InvalidInput
from glassdask.stages.collect.finite_size import with_finite_size

NAMES = ("critical_temperature", "exponent_parameter", "exponent_a", "exponent_b")
SOURCES = ["statistics", "end", "finite_size"]


def critical(box_length: float, densities: tuple[float, ...] = (1.2, 1.4)) -> xr.Dataset:
    """Numbers 1 + 50/L³, each with the errors 0.03 and 0.04."""
    shape, axes = (1, len(densities)), ("potential", "rho")
    values: dict[str, tuple] = {name: (axes, np.full(shape, 1 + 50 / box_length**3)) for name in NAMES}
    for name in (*NAMES, "critical_coupling"):
        values[f"{name}_error"] = (axes, np.full(shape, 0.05))
        parts = np.tile([0.03, 0.04, np.nan], (*shape, 1))
        values[f"{name}_error_part"] = ((*axes, "error_source"), parts)
    return xr.Dataset(values, {"potential": ["lj"], "rho": list(densities), "error_source": SOURCES})


@pytest.mark.parametrize("other_box_length", [8.0, 20.0])
def test_it_is_what_an_infinite_box_would_change(other_box_length: float) -> None:
    """c/N of the first campaign, whether the other box is smaller or larger; only where the other has that density."""
    found = with_finite_size(critical(10.0), critical(other_box_length, (1.2, 1.6)), 10.0, other_box_length)
    part = found["critical_temperature_error_part"].sel(error_source="finite_size", potential="lj")
    assert float(part.sel(rho=1.2)) == pytest.approx(0.05)
    assert np.isnan(float(part.sel(rho=1.4)))
    assert found["critical_temperature_error"].sel(potential="lj").values == pytest.approx([0.05 * 2**0.5, 0.05])
    assert found["exponent_a_error"].sel(potential="lj").values == pytest.approx([0.05 * 2**0.5, 0.05])
    assert float(found["critical_coupling_error"].sel(potential="lj", rho=1.2)) == pytest.approx(0.05 * 2**0.5)
    assert found["critical_temperature_error_part"].dims == ("potential", "rho", "error_source")


def test_one_box_or_data_without_parts_are_refused() -> None:
    with pytest.raises(InvalidInput, match="both campaigns have boxes of 10; allowed: another"):
        with_finite_size(critical(10.0), critical(10.0), 10.0, 10.0)
    with pytest.raises(InvalidInput, match="collect the campaign again"):
        with_finite_size(critical(10.0).drop_dims("error_source"), critical(8.0), 10.0, 8.0)
