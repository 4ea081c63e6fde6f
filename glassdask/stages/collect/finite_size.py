"""What the size of the box does to critical temperatures: the part of their errors that needs a campaign in another box."""

from __future__ import annotations

import xarray as xr

from glassdask.errors import InvalidInput

#: Numbers whose moves are seen; that of g_c follows from that of T_mct.
_SEEN = ("critical_temperature", "exponent_parameter", "exponent_a", "exponent_b")
_SOURCE = "finite_size"


def with_finite_size(data: xr.Dataset, other: xr.Dataset, box_length: float, other_box_length: float) -> xr.Dataset:
    """Critical temperatures with the part "finite_size" in their errors, wherever the other campaign has found them, too.

    Numbers are taken to depend on N as x(N) = x(∞) + c/N, so that c/N = (x − x') / (1 − N/N') at equal density. The statistics of
    both campaigns are in it.

    Parameters
    ----------
    data, other
        Of two campaigns, as `critical_temperatures` gives them.
    box_length, other_box_length
        L of each. [sigma_AA]

    Raises
    ------
    InvalidInput
        If both have the same box, or the first was collected before errors had parts.
    """
    if "error_source" not in data.coords:
        raise InvalidInput(
            "these critical temperatures were collected before errors had parts; collect the campaign again"
        )
    ratio = 1.0 - (box_length / other_box_length) ** 3
    if abs(ratio) < 1e-6:
        raise InvalidInput(
            f"both campaigns have boxes of {box_length:g}; allowed: another [system] box_length, such as {2 ** (1 / 3) * box_length:.4g}"
        )
    same = other.reindex(potential=data["potential"], rho=data["rho"])
    moves = {name: abs((data[name] - same[name]) / ratio) for name in _SEEN}
    slope = data["critical_coupling_error"] / data["critical_temperature_error"]
    moves["critical_coupling"] = moves["critical_temperature"] * slope
    is_it = data["error_source"] == _SOURCE
    changed = {}
    for name, move in moves.items():
        part, total = data[f"{name}_error_part"], data[f"{name}_error"]
        changed[f"{name}_error_part"] = xr.where(is_it, move, part).transpose(*part.dims).assign_attrs(part.attrs)
        changed[f"{name}_error"] = ((total**2 + move.fillna(0.0) ** 2) ** 0.5).assign_attrs(total.attrs)
    return data.assign(changed)
