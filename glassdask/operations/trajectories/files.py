"""What the analysis of a trajectory leaves in its folder: netCDF, tables (CSV), figures, theory and memory."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import xarray as xr

from glassdask.datasets.netcdf import write_netcdf
from glassdask.files.atomic_write import write_text

if TYPE_CHECKING:
    from glassdask.operations.analysis.memory import MemoryFunctions
    from glassdask.operations.analysis.theory import ModeCouplingTheory

OBSERVABLES, STRUCTURE, SCATTERING, CORRELATIONS = (
    "observables.nc",
    "structure_factor.csv",
    "scattering.csv",
    "correlations.csv",
)
#: Names of columns that other verbs read, of the variables that they hold.
_SCATTERING = {"peak_scattering": "F_{}", "peak_scattering_error": "error_{}"}
#: Figures that compare states.
_OF_MANY_STATES = ("relaxation_time", "quality")
_STRUCTURE = {"structure_factor": "{}", "structure_factor_error": "error_{}"}


def write_analysis(
    data: xr.Dataset, theory: ModeCouplingTheory | None, memory: MemoryFunctions | None, folder: Path, figures: bool
) -> list[str]:
    """Writes everything into the folder, each file whole or not at all.

    Returns
    -------
    list of str
        Names of the files, below the folder.
    """
    files = [OBSERVABLES]
    write_netcdf(data, folder / OBSERVABLES, {})
    tables = {
        STRUCTURE: _table(data.isel(k=data["structure_factor_is_filled"].values == 0), "k", "pair", _STRUCTURE),
        SCATTERING: _table(data, "t", "species", _SCATTERING),
        CORRELATIONS: _table(data, "t", "species", {name: f"{name}_{{}}" for name in _along(data, "t", "species")}),
    }
    tables |= {
        f"{name}.csv": _table(data, *_AXES[name], {name: "{}", f"{name}_error": "error_{}"})
        for name in _AXES
        if name in data
    }
    for name, table in tables.items():
        write_text(folder / name, table.to_csv(index=False, lineterminator="\n"))
        files.append(name)
    if theory is not None:
        theory.write(folder / "mode_coupling.nc")
        files.append("mode_coupling.nc")
    if memory is not None:
        memory.write(folder / "memory.nc")
        files.append("memory.nc")
        memory.draw(folder / "memory.png")
        files.append("memory.png")
    return [*files, *(_drawn(data, theory, folder) if figures else [])]


#: Tables of their own: the variable, its axis and its labels.
_AXES = {"pair_distribution": ("r", "pair")}


def _along(data: xr.Dataset, axis: str, labels: str) -> list[str]:
    """Names of all variables over these two dimensions alone."""
    return [str(name) for name, array in data.data_vars.items() if set(array.dims) == {axis, labels}]


def _table(data: xr.Dataset, axis: str, labels: str, columns: dict[str, str]) -> pd.DataFrame:
    """A row for each value of the axis; a column for each variable and label, left out where nothing is known."""
    table = {axis: data[axis].values}
    for name, spelled in columns.items():
        if name not in data:
            continue
        values = data[name].transpose(labels, axis).values
        for label, row in zip(data[labels].values, values, strict=True):
            if np.isfinite(row).any():
                table[spelled.format(label)] = row
    return pd.DataFrame(table)


def _drawn(data: xr.Dataset, theory: ModeCouplingTheory | None, folder: Path) -> list[str]:
    """Figures of campaigns that show one state, from a cube of this one."""
    from glassdask.figures.catalogue import FIGURES, draw_figures
    from glassdask.figures.drawing.campaign_figure import CUBE

    (folder / "figures").mkdir(exist_ok=True)
    names = [name for name in FIGURES if name not in _OF_MANY_STATES]
    paths = [path for _, path in draw_figures({CUBE: one_state_cube(data, theory)}, folder / "figures", names=names)]
    return [str(path.relative_to(folder)) for path in paths]


def one_state_cube(data: xr.Dataset, theory: ModeCouplingTheory | None = None) -> xr.Dataset:
    """The data as a cube of a single state, as figures take it; T is 0 where nobody has told it.

    Newtonian theory has the time of the file, and stands beside what was measured; overdamped theory has one of its own.
    """
    title = str(data.attrs["title"])
    T = float(data["T"]) if "T" in data.coords else 0.0
    plain = data.drop_vars([name for name in ("T", "rho") if name in data.coords])
    dense = plain.drop_vars([name for name in plain.data_vars if "block" in plain[name].dims])
    if theory is not None and theory.data.attrs["dynamics"] == "newtonian":
        dense = dense.assign(_beside(theory.data, float(data["peak_wavenumber"])))
    cube = dense.expand_dims(potential=[title], T=[T], rho=[float(f"{float(data['rho']):.4g}")])
    return cube.assign(status=(("potential", "T", "rho"), np.array([[[1]]], dtype=np.int8)))


def _beside(theory: xr.Dataset, k_p: float) -> dict[str, xr.DataArray]:
    """What figures draw of the theory, under the names and on the axis that it has in a cube."""
    F, F_s = (theory[name].rename(t="t_mct") for name in ("scattering", "self_scattering"))
    return {"mct_scattering": F, "mct_peak_scattering": F_s.interp(k=k_p).drop_vars("k")}
