"""Tables of S(k) and F(t) as other programs and people write them, made from Percus–Yevick hard spheres and a known curve.

The spheres, packing fraction 0.5, are of one size; where there are two species, 80 % of them are called A at random, so that
S_ab = x_a δ_ab + x_a x_b (S − 1) and every right reading has the dynamics of one component.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from glassdask.datasets.own_files.measured_structure_factor import MeasuredStructureFactor
from glassdask.datasets.own_files.scattering_file import MeasuredScattering, read_scattering
from glassdask.datasets.own_files.structure_factor_file import read_structure_factor
from glassdask.datasets.tables.number_table import TableOptions
from glassdask.physics.structure.percus_yevick import percus_yevick

PACKING = 0.5
DENSITY = 6 * PACKING / np.pi
X = (0.8, 0.2)
K: NDArray[np.float64] = np.asarray((np.arange(100) + 0.5) * 0.4, dtype=np.float64)
ONE = percus_yevick(K, PACKING).structure_factor[0, 0]
TWO = np.array([[0.8], [0.0], [0.2]]) + np.array([[0.64], [0.16], [0.04]]) * (ONE - 1)
T = np.geomspace(0.01, 1000.0, 80)


def curve(t: np.ndarray) -> np.ndarray:
    """Two relaxations, as of a liquid."""
    return 0.4 * np.exp(-0.9 * t) + 0.6 * np.exp(-((t / 60.0) ** 0.7))


@dataclass(frozen=True)
class Case:
    """A table as bytes, and how it is read.

    Parameters
    ----------
    content
        Of the file.
    species
        Their number; 0 for F(t).
    options
        Of the user.
    further
        Other arguments of the reader.
    """

    content: bytes
    species: int
    options: TableOptions | None = None
    further: dict[str, Any] = field(default_factory=dict)

    def read(self, folder: Path, content: bytes | None = None) -> MeasuredStructureFactor | MeasuredScattering:
        """What the reader makes of it, or of other content in its place."""
        path = folder / "table.dat"
        path.write_bytes(self.content if content is None else content)
        if self.species == 0:
            return read_scattering(path, self.options, **self.further)
        return read_structure_factor(path, X if self.species == 2 else (1.0,), DENSITY, self.options, **self.further)


def text_of(columns: Sequence[np.ndarray], separator: str, decimal: str = ".", form: str = "%.10g") -> str:
    """Rows of numbers."""
    rows = [
        separator.join(form % value for value in row).replace(".", decimal) for row in np.transpose(columns).tolist()
    ]
    return "\n".join(rows) + "\n"


def savetxt(*columns: np.ndarray, **options: Any) -> bytes:
    """As numpy.savetxt writes."""
    file = io.StringIO()
    np.savetxt(file, np.transpose(columns), **options)
    return file.getvalue().encode()


def _archive(save: Callable[..., None], **arrays: np.ndarray) -> bytes:
    file = io.BytesIO()
    save(file, **arrays)
    return file.getvalue()


def _lammps(t: np.ndarray, F: np.ndarray) -> bytes:
    rows = "".join(f"{round(step)} {value:.10g} \n" for step, value in zip(t, F, strict=True))
    return f"# Time-averaged data for fix fskt\n# TimeStep v_F\n{rows}".encode()


def _atooms() -> bytes:
    rows = "".join(text_of([0 * T + k, T, curve(T) ** (k / 7)], " ", form="%.6g") for k in (3.0, 7.0))
    return f"# title: F_s(k,t)\n# columns: k, t, F_s(k,t)\n# version: 3.1.0\n{rows}".encode()


def _frame(**columns: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame({name: [float(f"{value:.10g}") for value in values] for name, values in columns.items()})


def _fortran(value: float) -> str:
    return f"{value:.9E}".replace("E", "D")


AA, AB, BB = TWO
_STEPS = np.arange(1, 81) * 100.0

#: By a name that says what is special.
CASES = {
    "comma": Case(b"k,AA,AB,BB\n" + text_of([K, *TWO], ",").encode(), 2),
    "one component": Case(b"k,AA\n" + text_of([K, ONE], ",").encode(), 1),
    "savetxt": Case(savetxt(K, ONE, header="k S(k)"), 1),
    "savetxt, four columns": Case(savetxt(K, *TWO, header="k S_AA S_AB S_BB", fmt="%.10e"), 2),
    "no header": Case(text_of([K, ONE], " ").encode(), 1),
    "no header, named": Case(text_of([K, *TWO], "\t").encode(), 2, TableOptions(columns=("k", "AA", "AB", "BB"))),
    "tabs": Case(b"k\tAA\tAB\tBB\n" + text_of([K, *TWO], "\t").encode(), 2),
    "semicolons": Case(b"k;AA;AB;BB\n" + text_of([K, *TWO], ";").encode(), 2),
    "decimal commas": Case(b"k;AA;AB;BB\n" + text_of([K, *TWO], ";", ",").encode(), 2),
    "decimal commas, blanks": Case(b"k AA\n" + text_of([K, ONE], "   ", ",").encode(), 1),
    "pandas": Case(_frame(k=K, AA=AA, AB=AB, BB=BB).to_csv().encode(), 2),
    "pandas, Excel in German": Case(_frame(k=K, AA=ONE).to_csv(sep=";", decimal=",").encode("utf-16"), 1),
    "dynasor": Case(_frame(q_norms=K, Sq_A_A=AA, Sq_A_B=2 * AB, Sq_B_B=BB).to_csv(index=False).encode(), 2),
    "freud": Case(_archive(np.savez, k_values=K, S_k=ONE, bin_edges=np.arange(101) * 0.4), 1),
    "MCT.jl": Case("k,S₁₁,S₁₂,S₂₁,S₂₂\n".encode() + text_of([K, AA, AB, AB, BB], ",").encode(), 2),
    "self-normalised, cross by N": Case(b"k,AA,AB,BB\n" + text_of([K, AA / 0.8, AB, BB / 0.2], ",").encode(), 2),
    "Ashcroft-Langreth": Case(b"k,AA,AB,BB\n" + text_of([K, AA / 0.8, AB / 0.4, BB / 0.2], ",").encode(), 2),
    "Faber-Ziman": Case(b"k,AA,AB,BB\n" + text_of([K, ONE, ONE, ONE], ",").encode(), 2),
    "S - 1": Case(b"k,S\n" + text_of([K, ONE - 1], ",").encode(), 1, None, {"normalisation": "minus-limit"}),
    "h(k)": Case(b"k,S\n" + text_of([K, (ONE - 1) / DENSITY], ",").encode(), 1, None, {"normalisation": "h"}),
    "error": Case(b"k,AA,error\n" + text_of([K, ONE, 0 * K + 0.01], ",").encode(), 1),
    "inline comment": Case(b"k,AA\n" + text_of([K, ONE], ",").encode().replace(b"\n", b"  # first\n", 2), 1),
    "Fortran": Case(("".join(f"{_fortran(k)}  {_fortran(S)}\n" for k, S in zip(K, ONE, strict=True))).encode(), 1),
    "F, comma": Case(b"t,F\n" + text_of([T, curve(T)], ",").encode(), 0),
    "F, decimal commas": Case(b"t;F\n" + text_of([T, curve(T)], ";", ",").encode(), 0),
    "F, atooms-pp": Case(_atooms(), 0, None, {"wavenumber": 7.0}),
    "F, error": Case(b"t,F,error\n" + text_of([T, curve(T), 0 * T + 1e-3], ",").encode(), 0),
    "F, from 0": Case(b"t,F\n0,1\n" + text_of([T, curve(T)], ",").encode(), 0),
    "F, LAMMPS": Case(_lammps(_STEPS, curve(_STEPS / 100)), 0),
}
