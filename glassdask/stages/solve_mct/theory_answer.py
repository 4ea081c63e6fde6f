"""What mode-coupling theory says of one structure, as plain data and in words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from glassdask.datasets.labelled_arrays import LabelledArrays
from glassdask.stages.solve_mct.theory_doubt import Spread, TheoryDoubt
from glassdask.stages.solve_mct.theory_of_structure import StructureTheory

#: Changes of τ or g_c below this are no warning.
_WORTH_A_WARNING = 0.1
#: Above this standard error of ln τ an interval is said, not ±.
_LOPSIDED = 0.2


def theory_json(theory: LabelledArrays, doubt: TheoryDoubt | None = None) -> dict[str, Any]:
    """What `theory_arrays` gave, as plain data; what does not exist is None."""
    names, about = list(theory.coordinates["species"]), theory.attributes
    f = (theory["nonergodicity"] / theory["structure_factor"]).tolist()
    numbers = ("largest_eigenvalue", "exponent_parameter", "critical_coupling")
    return {
        "outcome": about["long_time_limit"],
        "iterations": about["iterations"],
        "dynamics": about["dynamics"],
        mobility_name(about["dynamics"]): about["mobility"],
        **({"masses": list(map(float, about["masses"].split(", ")))} if "masses" in about else {}),
        "time_unit": time_unit(about["dynamics"], about["mobility"]),
        "time_domain": about["time_domain"],
        "error_estimate": _finite(about["error_estimate"]),
        "wavenumber": float(theory["relaxation_wavenumber"]),
        **{
            name: dict(zip(names, map(_finite, theory[name].tolist()), strict=True))
            for name in ("relaxation_time", "collective_relaxation_time")
        },
        **{name: _finite(float(theory[name])) for name in numbers},
        **({} if doubt is None else _doubt_json(doubt, names)),
        "k": theory.coordinates["k"].tolist(),
        "nonergodicity": dict(zip(theory.coordinates["pair"], f, strict=True)),
        "self_nonergodicity": dict(zip(names, theory["self_nonergodicity"].tolist(), strict=True)),
    }


def _doubt_json(doubt: TheoryDoubt, names: list[str]) -> dict[str, Any]:
    times = {"relaxation_time": doubt.relaxation_times, "collective_relaxation_time": doubt.collective_relaxation_times}
    result: dict[str, Any] = {"error_source": doubt.error_source, "n_resamples": doubt.n_resamples}
    result["glass_share"] = _finite(doubt.glass_share)
    for key, spreads in times.items():
        result[f"{key}_error"] = {
            name: None if spreads is None else _finite(spreads[a].error) for a, name in enumerate(names)
        }
        result[f"{key}_interval"] = {
            name: None if spreads is None else [_finite(spreads[a].low), _finite(spreads[a].high)]
            for a, name in enumerate(names)
        }
    numbers = {
        "largest_eigenvalue": doubt.eigenvalue,
        "exponent_parameter": doubt.exponent_parameter,
        "critical_coupling": doubt.critical_coupling,
    }
    result |= {f"{key}_error": None if spread is None else spread.error for key, spread in numbers.items()}
    result["without_last_quarter"] = {
        "wavenumber": doubt.cut_wavenumber,
        "factor": [_finite(x) for x in doubt.without_last_quarter],
    }
    if doubt.every_second_row is not None:
        result["every_second_row"] = {"factor": [_finite(x) for x in doubt.every_second_row]}
    if doubt.beyond_the_table is not None:
        result["beyond_the_table"] = {"factor": [_finite(x) for x in doubt.beyond_the_table]}
    return result


def mobility_name(dynamics: str) -> str:
    """The key of the mobility: of overdamped dynamics "diffusivity" (D), of Newtonian "temperature" (k_BT/m)."""
    return "diffusivity" if dynamics == "overdamped" else "temperature"


def time_unit(dynamics: str, mobility: float) -> str:
    """Of every time, in words; the length is that of 1/k."""
    if dynamics == "overdamped":
        return "length²/D" if mobility == 1.0 else "the unit of time of D, in length²/time"
    return "length/√(k_BT/m)" if mobility == 1.0 else "the unit of time of k_BT/m, in length²/time²"


def dynamics_in_words(dynamics: str, mobility: float, masses: Sequence[float] = ()) -> str:
    """Dynamics, mobility, masses where they were given, and unit of time in a line."""
    symbol = "D" if dynamics == "overdamped" else "k_BT/m"
    given = f", masses {', '.join(f'{mass:g}' for mass in masses)}" if masses else ""
    return f"{dynamics} dynamics with {symbol} = {mobility:g}{given}; times in {time_unit(dynamics, mobility)}"


def doubts_in_words(theory: StructureTheory, doubt: TheoryDoubt) -> list[str]:
    """Warnings that follow from what was measured."""
    found = []
    has_times = doubt.relaxation_times is not None or any(map(math.isfinite, theory.relaxation_times))
    what = "relaxation times" if has_times else "the critical coupling"
    if _is_large(doubt.without_last_quarter):
        found.append(
            f"{what} depend on where S(k) ends: without its last quarter (k > {doubt.cut_wavenumber:.4g}) they are "
            f"{_factors(doubt.without_last_quarter)} times as large; give S(k) to larger k"
            + ("" if doubt.beyond_the_table is not None else ", or try --beyond-table ideal")
        )
    if doubt.beyond_the_table is not None:
        found.append(
            f"S_ab = x_a δ_ab was taken beyond the table: that makes {what} {_factors(doubt.beyond_the_table)} times as large as "
            "with integrals that end there"
        )
    if doubt.every_second_row is not None:
        found.append(
            f"the table is coarse: from every second row alone {what} are {_factors(doubt.every_second_row)} times as large, "
            "some 60 times more than what the spacing of all rows does"
        )
    if doubt.n_resamples and 0 < doubt.glass_share < 1:
        share = round(doubt.glass_share * doubt.n_resamples)
        found.append(
            f"within its errors S(k) may be a liquid's or a glass's: {share} of {doubt.n_resamples} drawn are glasses"
        )
    return found


def with_error(value: float | None, spread: Spread | None) -> str | None:
    """A number with its standard error; one that is lopsided with the ends of the interval."""
    if value is None or spread is None or not math.isfinite(spread.error):
        return None if value is None else f"{value:.5g}" + ("" if spread is None else " (error not bounded)")
    if spread.error > _LOPSIDED * abs(value):
        return f"{value:.3g} ({spread.low:.3g} … {spread.high:.3g})"
    digits = max(0, 1 - math.floor(math.log10(spread.error))) if spread.error > 0 else 5
    return f"{value:.{digits}f} ± {spread.error:.{digits}f}"


def _is_large(factors: list[float]) -> bool:
    return any(not math.isfinite(x) or abs(math.log(x)) > _WORTH_A_WARNING for x in factors if not math.isnan(x))


def _factors(factors: list[float]) -> str:
    return ", ".join(f"{x:.3g}" for x in factors)


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
