"""How LAMMPS is told an interaction: by a pair style that is exactly it, or by tables; and the quickest variant of that.

`mie/cut` would be exact, too, but takes a power of each distance, 2.6 times as long as a table (N = 1200, r_c = 2.5).
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from glassdask.physics.interactions.lennard_jones import LennardJones, Mie
from glassdask.physics.interactions.pair_potential import PairPotential, Shift
from glassdask.physics.interactions.repulsion import Harmonic, Yukawa
from glassdask.physics.liquids.liquid import Liquid
from glassdask.simulation.engines.tabulation import PairTable, pair_tables, stated
from glassdask.simulation.particles.particles import Floats

#: Variants of styles and the command that they need before there is a box. On one thread ``opt`` and ``omp`` take the same
#: time, 60 % of that of the plain ``lj/cut``; of a table, which has no ``opt``, ``omp`` takes 90 %.
VARIANTS = {"opt": (), "omp": ("package omp 1 neigh no",), "": ()}
#: What ``intel`` gains depends on the processor, so it is measured against the first of these that there is. By default it
#: would add forces of pairs in single precision.
MEASURED = {"intel": ("package intel 0 omp 1 mode double",)}
#: Where tables begin: LAMMPS's cannot at 0. [sigma]
_FIRST = 1e-5


@dataclass(frozen=True)
class PairStyle:
    """An interaction in LAMMPS's words.

    Parameters
    ----------
    name
        Of the style, with its variant.
    preparation
        Commands before there is a box.
    commands
        The style and its coefficients.
    accuracy
        What to say of it; nothing where it is exact.
    """

    name: str
    preparation: tuple[str, ...]
    commands: Callable[[], Iterator[str]]
    accuracy: str = ""

    def __str__(self) -> str:
        return self.name + (f" ({self.accuracy})" if self.accuracy else "")


@dataclass(frozen=True)
class _Exact:
    """A style of LAMMPS's and the liquids that it is exact for.

    Parameters
    ----------
    name
        Of the plain style.
    fits
        Whether all pairs of a liquid are of this style.
    coefficients
        Of ``pair_coeff``.
    settings
        Of ``pair_style``.
    is_shifted
        Whether the energy is made continuous by ``pair_modify shift``, rather than by the style itself.
    """

    name: str
    fits: Callable[[Liquid], bool]
    coefficients: Callable[[PairPotential], tuple[float, ...]]
    settings: Callable[[Liquid], tuple[float, ...]] = lambda liquid: (liquid.largest_cutoff,)
    is_shifted: bool = False


def _is_lennard_jones(liquid: Liquid, shift: Shift) -> bool:
    """Also as Mie's potential of 12 and 6, and cut at the minimum."""
    return all(
        isinstance(pair.form, LennardJones) or pair.form == Mie(12.0, 6.0) for pair in liquid.pairs.values()
    ) and all(pair.shift is shift for pair in liquid.pairs.values())


def _lennard_jones(pair: PairPotential) -> tuple[float, ...]:
    return pair.epsilon, pair.sigma, pair.cutoff


def _screening(pair: PairPotential) -> float:
    """κ of A exp(−κ r) / r, of a Yukawa potential whose energy is shifted, else NaN. [1/sigma_AA]"""
    is_yukawa = isinstance(pair.form, Yukawa) and pair.shift is Shift.ENERGY
    return pair.form.screening / pair.sigma if is_yukawa else np.nan  # type: ignore[attr-defined]


def _has_one_screening(liquid: Liquid) -> bool:
    """LAMMPS has one κ for all pairs."""
    found = [_screening(pair) for pair in liquid.pairs.values()]
    return np.allclose(found, found[0], rtol=1e-14)


def _yukawa(pair: PairPotential) -> tuple[float, ...]:
    """A and r_c of A exp(−κ r) / r."""
    return pair.epsilon * pair.sigma * float(np.exp(_screening(pair) * pair.sigma)), pair.cutoff


_EXACT = (
    _Exact("lj/cut", partial(_is_lennard_jones, shift=Shift.ENERGY), _lennard_jones, is_shifted=True),
    _Exact("lj/smooth/linear", partial(_is_lennard_jones, shift=Shift.FORCE), _lennard_jones),
    _Exact(
        "yukawa",
        _has_one_screening,
        _yukawa,
        settings=lambda liquid: (_screening(liquid.pairs["AA"]), liquid.largest_cutoff),
        is_shifted=True,
    ),
    _Exact(  # both shifts are 0 where spheres touch
        "harmonic/cut",
        lambda liquid: all(isinstance(pair.form, Harmonic) for pair in liquid.pairs.values()),
        lambda pair: (pair.epsilon / pair.sigma**2, pair.cutoff),
        settings=lambda liquid: (),  # noqa: ARG005
    ),
)


def candidates(liquid: Liquid, has_style: Callable[[str], bool]) -> list[PairStyle]:
    """The styles to choose from, all of the same forces: one, unless variants are there that have to be measured.

    Parameters
    ----------
    liquid
        With the interactions.
    has_style
        Whether the LAMMPS that is installed has a pair style of this name.

    Returns
    -------
    list of PairStyle
        The first is the one to take where nothing is measured.
    """
    exact = next((style for style in _EXACT if style.fits(liquid) and has_style(style.name)), None)
    base, commands, accuracy = _tables(liquid) if exact is None else (exact.name, partial(_commands, exact, liquid), "")
    found = [
        PairStyle(name, preparation, partial(commands, name), accuracy)
        for variant, preparation in {**VARIANTS, **MEASURED}.items()
        if has_style(name := f"{base}/{variant}".rstrip("/"))
    ]
    return [found[0], *(style for style in found[1:] if style.name.endswith(tuple(MEASURED)))]


def _commands(style: _Exact, liquid: Liquid, name: str) -> Iterator[str]:
    yield _words("pair_style", name, *style.settings(liquid))
    if style.is_shifted:
        yield "pair_modify shift yes"
    for names, pair in liquid.pairs.items():
        yield _words("pair_coeff", *_numbers(names), *style.coefficients(pair))


def _numbers(names: str) -> tuple[int, int]:
    """A pair's species as LAMMPS counts them, from 1."""
    first, second = (1 + ord(name) - ord("A") for name in names)
    return first, second


def _words(*words: object) -> str:
    return " ".join(word if isinstance(word, str) else repr(word) for word in words)


# --- tables ---------------------------------------------------------------------------------------------------------------


def _tables(liquid: Liquid) -> tuple[str, Callable[[str], Iterator[str]], str]:
    tables, error = pair_tables(liquid, _distances, _interpolated)
    return "table", partial(_table_commands, liquid, tables), stated(error)


def _distances(pair: PairPotential, n: int) -> Floats:
    """LAMMPS's own of ``pair_style table spline n``: evenly spaced in r²."""
    return np.sqrt(np.linspace((_FIRST * pair.sigma) ** 2, pair.cutoff**2, n))


def _end_slopes(pair: PairPotential, table: PairTable) -> tuple[float, float]:
    """dF/dr in the first and the last row."""
    return table.force[0] / table.r[0], -float(pair.curvature(np.nextafter(pair.cutoff, 0.0)))


def _interpolated(pair: PairPotential, table: PairTable, r: Floats) -> Floats:
    """F as LAMMPS has it: r times a cubic spline of F/r in r²."""
    from scipy.interpolate import CubicSpline  # a third of a second to import

    slopes = [
        (slope / end - force / end**2) / (2.0 * end)
        for slope, end, force in zip(_end_slopes(pair, table), table.r[[0, -1]], table.force[[0, -1]], strict=True)
    ]
    spline = CubicSpline(table.r**2, table.force / table.r, bc_type=((1, slopes[0]), (1, slopes[1])))
    return np.asarray(r * spline(r**2))


def _table_commands(liquid: Liquid, tables: dict[str, PairTable], name: str) -> Iterator[str]:
    yield f"pair_style {name} spline {len(tables['AA'].r)}"
    with tempfile.TemporaryDirectory() as folder:
        for names, pair in liquid.pairs.items():
            path = Path(folder) / f"{names}.table"
            path.write_text(_text(names, pair, tables[names]), encoding="ascii")
            yield _words("pair_coeff", *_numbers(names), str(path), names, float(tables[names].r[-1]))


def _text(names: str, pair: PairPotential, table: PairTable) -> str:
    ends = [float(value) for value in (*table.r[[0, -1]], *_end_slopes(pair, table))]
    head = _words("N", len(table.r), "RSQ", *ends[:2], "FPRIME", *ends[2:])
    columns = zip(table.r.tolist(), table.energy.tolist(), table.force.tolist(), strict=True)
    rows = (_words(number, *row) for number, row in enumerate(columns, start=1))
    return "\n".join([f"# {names}", "", names, head, "", *rows, ""])
