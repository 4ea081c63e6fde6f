"""Compares two campaigns, or a campaign with a reference, in units of their combined errors."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import xarray as xr

from glassdask.counted import counted, did_you_mean
from glassdask.errors import InvalidInput
from glassdask.operations.comparison.differences import Difference, aligned, compared_variables, differences
from glassdask.operations.comparison.sources import KINDS, ComparedSource, compared_source

if TYPE_CHECKING:
    import pandas as pd

#: What chi2 per point is between two good campaigns.
EXPECTED = (
    "expected of two independent runs of the same states: chi2/n = 1, up to 1.3 where errors come from ten blocks of time "
    "(Student's t). It scatters by (2/n)^(1/2) for n independent points; points of one curve are not independent, so by up "
    "to (2/m)^(1/2), m the number of curves"
)

#: chi2 per point that is worth a word.
_LARGE = 2.0


@dataclass(frozen=True)
class ComparedVariable:
    """A variable over all states in equilibrium on both sides.

    Parameters
    ----------
    name
        In the dataset.
    n_points, n_curves
        Numbers, and curves (or single numbers) that they belong to.
    chi2_per_point
        Mean over the points of ((A - B) / error)²; None where no state is in equilibrium on both sides.
    scatter
        Standard deviation of it that is expected at least, (2/n)^½, and at most, (2/m)^½.
    largest
        The largest difference in units of its error, with its sign.
    n_equal
        Points that are the same but for rounding.
    """

    name: str
    n_points: int
    n_curves: int
    chi2_per_point: float | None
    scatter: tuple[float, float] | None
    largest: float | None
    n_equal: int

    def as_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "variable": self.name, "n_points": self.n_points, "n_curves": self.n_curves,
            "chi2_per_point": self.chi2_per_point, "expected": 1.0, "expected_scatter": self.scatter,
            "largest_difference_in_errors": self.largest, "n_equal": self.n_equal,
        }  # fmt: skip


@dataclass(frozen=True)
class Comparison:
    """What two sides have in common, and how far they differ.

    Parameters
    ----------
    first, second
        A and B.
    rows
        Every number and curve that both have, by variable and state.
    variables
        The same by variable.
    n_states
        States that both have, of those of A and of B.
    notes
        What must be known to judge the differences.
    """

    first: ComparedSource
    second: ComparedSource
    rows: tuple[Difference, ...]
    variables: tuple[ComparedVariable, ...]
    n_states: tuple[int, int, int]
    notes: tuple[str, ...]

    @property
    def table(self) -> pd.DataFrame:
        """One row a number or curve: state, variable, A, B, combined error, difference in units of it."""
        import pandas as pd

        return pd.DataFrame([row.as_dict() for row in self.rows])

    def draw(self, folder: str | Path, file_format: str = "png") -> dict[str, Path]:
        """Figures with both, as files by name: relaxation times, S(k) and F_s(k_p,t) as far as both have them."""
        from glassdask.figures.comparison.draw_both import draw_both

        sides = [side.parts.get("cube") for side in (self.first, self.second)]
        if sides[0] is None or sides[1] is None:
            return {}
        names = (self.first.name, self.second.name)
        return draw_both(*aligned(sides[0], sides[1]), names, Path(folder), file_format)

    def as_dict(self) -> dict[str, Any]:
        """Plain data for ``--json``."""
        return {
            "A": self.first.name,
            "B": self.second.name,
            "n_states": dict(zip(("common", "A", "B"), self.n_states, strict=True)),
            "expected": EXPECTED,
            "notes": list(self.notes),
            "variables": [variable.as_dict() for variable in self.variables],
            "rows": [row.as_dict() for row in self.rows],
        }


def compare(first: str | Path, second: str | Path, variables: Sequence[str] = ()) -> Comparison:
    """Two campaigns, or a campaign and a reference, in units of their combined errors, of what there is of them now.

    For each state and variable with an error on both sides it gives (A - B) / (error_A² + error_B²)^½; of a curve the largest
    and χ², the sum of its squares. States are the same where potential, T and rho are; of other grids of k and t the common
    values count.

    Parameters
    ----------
    first, second
        A and B: a campaign's TOML file or folder, a cube or critical temperatures of one (``.nc``), or a list of critical
        temperatures (``.json``, objects with potential, rho, T_mct and error).
    variables
        Names of variables; all that both have without one.

    Returns
    -------
    Comparison
        ``table`` (a DataFrame), ``variables`` (χ² per point of each), ``draw(folder)``.

    Raises
    ------
    InvalidInput
        If they have no state or no variable in common, or one of them cannot be read.

    Examples
    --------
    >>> found = glassdask.compare("campaign.toml", "reference/observables.nc")  # doctest: +SKIP
    >>> found.table.query("abs(difference_in_errors) > 3")  # doctest: +SKIP
    """
    sides = compared_source(first), compared_source(second)
    kinds = [kind for kind in KINDS if kind in sides[0].parts and kind in sides[1].parts]
    if not kinds:
        raise InvalidInput(
            f"{sides[0].name} and {sides[1].name} have nothing in common: {_held(sides[0])} and {_held(sides[1])}; allowed: "
            "two sides of which both hold measured states, or both critical temperatures"
        )
    pairs = {kind: aligned(sides[0].parts[kind], sides[1].parts[kind]) for kind in kinds}
    names = {kind: compared_variables(*pair) for kind, pair in pairs.items()}
    chosen = _chosen(names, variables)
    rows = tuple(row for kind in kinds for row in differences(*pairs[kind], chosen[kind], KINDS[kind]))
    n_states = _n_states(sides, pairs, kinds)
    if not rows:
        raise InvalidInput(_nothing_common(sides, n_states))
    found = tuple(_of_variable(name, rows) for kind in kinds for name in chosen[kind])
    summaries = tuple(one for one in found if one is not None)
    return Comparison(*sides, rows, summaries, n_states, tuple(_notes(sides, rows)))


def _chosen(names: dict[str, list[str]], variables: Sequence[str]) -> dict[str, list[str]]:
    known = [name for group in names.values() for name in group]
    for name in variables:
        if name not in known:
            raise InvalidInput(
                f"variable {name!r}: {did_you_mean(name, known)}allowed, with an error on both sides: {', '.join(known)}"
            )
    return {kind: [name for name in group if not variables or name in variables] for kind, group in names.items()}


def _held(side: ComparedSource) -> str:
    words = {"cube": "measured states", "critical": "critical temperatures"}
    return " and ".join(words[kind] for kind in side.parts)


def _present(data: xr.Dataset, dims: Sequence[str]) -> set[tuple]:
    """States of which a file has any value."""
    is_there = None
    for name in data.data_vars:
        if f"{name}_error" in data:
            found = data[name].notnull()
            found = found.any([dim for dim in found.dims if dim not in dims]).transpose(*dims)
            is_there = found if is_there is None else is_there | found
    if is_there is None:
        return set()
    axes = [is_there[dim].values for dim in dims]
    return {
        tuple(axis[i].item() for axis, i in zip(axes, place, strict=True))
        for place in zip(*is_there.values.nonzero(), strict=True)
    }


def _n_states(
    sides: tuple[ComparedSource, ComparedSource], pairs: dict[str, tuple[xr.Dataset, xr.Dataset]], kinds: list[str]
) -> tuple[int, int, int]:
    kind = kinds[0]
    dims = KINDS[kind]
    common = _present(pairs[kind][0], dims) & _present(pairs[kind][1], dims)
    own = [len(_present(side.parts[kind], dims)) for side in sides]
    return len(common), own[0], own[1]


def _nothing_common(sides: tuple[ComparedSource, ComparedSource], n_states: tuple[int, int, int]) -> str:
    shown = [
        f"{side.name}: {counted(n, 'state')} ({_ranges(side)})" for side, n in zip(sides, n_states[1:], strict=True)
    ]
    reason = "no state in common" if n_states[0] == 0 else "common states, but no value with an error in common"
    return (
        f"{sides[0].name} and {sides[1].name} have {reason}. {'; '.join(shown)}. Allowed: sides of which at least one state "
        "has the same potential, T and rho; 'glassdask ls' lists those of a campaign"
    )


def _ranges(side: ComparedSource) -> str:
    part = next(iter(side.parts.values()))
    texts = [", ".join(map(str, part["potential"].values))]
    for name in ("T", "rho"):
        if name in part.dims and part.sizes[name]:
            low, high = float(part[name].min()), float(part[name].max())
            texts.append(f"{name} = {low:g}" + (f" to {high:g}" if high > low else ""))
    return "; ".join(texts)


def _of_variable(name: str, rows: Sequence[Difference]) -> ComparedVariable | None:
    own = [row for row in rows if row.variable == name]
    counted_rows = [row for row in own if row.is_comparable]
    if not own:
        return None
    n, m = sum(row.n_points for row in counted_rows), len(counted_rows)
    if not n:
        return ComparedVariable(name, 0, 0, None, None, None, 0)
    largest = max((row.ratio for row in counted_rows), key=abs)
    chi2 = sum(row.chi2 for row in counted_rows) / n
    scatter = math.sqrt(2 / n), math.sqrt(2 / m)
    return ComparedVariable(name, n, m, chi2, scatter, largest, sum(row.n_equal for row in counted_rows))


def _notes(sides: tuple[ComparedSource, ComparedSource], rows: Sequence[Difference]) -> list[str]:
    notes = []
    n, n_equal = sum(row.n_points for row in rows), sum(row.n_equal for row in rows)
    if n_equal > n // 2:
        notes.append(
            f"{n_equal} of {n} values are equal but for rounding: the same runs, or the same seed and machine; their "
            "differences say nothing of the errors"
        )
    apart = {tuple(row.state.values()) for row in rows if not row.is_comparable}
    if apart:
        notes.append(
            f"{counted(len(apart), 'state')} not in equilibrium on both sides: in the table, not in chi2, since nothing is "
            "expected of such differences"
        )
    notes += _known_lower_bounds(rows)
    if sides[0].campaign and sides[0].campaign == sides[1].campaign and n_equal <= n // 2:
        notes.append("both are of the same campaign file and seed")
    return notes


def _known_lower_bounds(rows: Sequence[Difference]) -> list[str]:
    """Where chi2 is large for a reason that is known: errors that leave something out."""
    notes = []
    good = [row for row in rows if row.is_comparable]
    for name in dict.fromkeys(row.variable for row in good):
        own = [row for row in good if row.variable == name]
        n, n_late = sum(row.n_points for row in own), sum(row.n_late for row in own)
        chi2, late = sum(row.chi2 for row in own), sum(row.chi2_late for row in own)
        if 0 < n_late < n and late > _LARGE * n_late:
            notes.append(
                f"{name}: chi2/n = {(chi2 - late) / (n - n_late):.3g} at lags up to a tenth of a run, {late / n_late:.3g} beyond, "
                "where blocks of time origins overlap and errors are lower bounds"
            )
        if name == "pressure" and chi2 > _LARGE * n:
            notes.append(
                "pressure: its error is that of the average at a run's own energy, which equilibration sets to a few thousandths "
                "of T; between runs of other seeds add that times (dP/dT) at constant density. Replicas tell: three or more "
                "have the error of their scatter"
            )
    return notes
