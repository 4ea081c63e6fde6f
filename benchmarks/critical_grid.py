"""T_mct against the end and the spacing of the k grid, from the averages of the campaign deploy/campaigns/workstation.toml.

    python benchmarks/critical_grid.py --output benchmarks/results/critical_grid.md

S(k) is that of the committed workstation-observables.nc, as the theory takes it: up to k = 39.8 at a spacing of 0.4. It is cut
short, or interpolated (cubic splines) to a grid of half the spacing.
"""

from __future__ import annotations

import side_by_side  # first: it fixes the number of threads

# isort: split
from collections.abc import Callable
from pathlib import Path

import numpy as np
import xarray as xr
from scipy.interpolate import CubicSpline

from glassdask.datasets.netcdf import read_netcdf
from glassdask.learning.data.training_set import Floats
from glassdask.physics.liquids.catalogue import LIQUIDS
from glassdask.physics.mode_coupling.critical_temperature import CriticalTemperature, critical_temperature

RESULTS = Path(__file__).parent / "results"
ENDS = (16.0, 20.0, 24.0, 28.0, 32.0, 36.0, 40.0)
#: A spacing that divides 0.4, and the end that both grids share.
FINER, SHARED_END = 0.2, 40.0


def up_to(end: float) -> Callable[[Floats, Floats], tuple[Floats, Floats]]:
    """The same grid, cut short."""
    return lambda k, S: (k[k < end], S[..., k < end])


def finer(k: Floats, S: Floats) -> tuple[Floats, Floats]:
    """Half the spacing; before the first and after the last k the spline's first and last piece go on."""
    fine = np.linspace(0.5 * FINER, SHARED_END - 0.5 * FINER, round(SHARED_END / FINER))
    return fine, CubicSpline(k, S, axis=-1)(fine)


def found(series: xr.Dataset, change: Callable[[Floats, Floats], tuple[Floats, Floats]]) -> CriticalTemperature:
    """T_mct of one potential and density."""
    known = series.isel(T=np.isfinite(series["mct_critical_coupling"].values))
    k, S = change(series["k"].values, known["mct_structure_factor"].transpose("T", "pair", "k").values)
    liquid = LIQUIDS[str(series["potential"].values)]
    return critical_temperature(known["T"].values, S, k, float(series["rho"]), list(liquid.composition.values()))


def said(answer: CriticalTemperature) -> str:
    if np.isfinite(answer.standard_error):
        return f"{answer.temperature:.3f} ± {answer.standard_error:.3f}"
    return f"{answer.temperature:.3f}" if np.isfinite(answer.temperature) else str(answer.verdict)


def share(answer: CriticalTemperature, last: float) -> str:
    return f"{answer.temperature / last - 1:+.1%}" if np.isfinite(answer.temperature) else "–"


def main() -> None:
    """Prints the record."""
    options = side_by_side.arguments(__doc__.splitlines()[0], rounds=1)
    cube = read_netcdf(RESULTS / "workstation-observables.nc")
    changes = {f"k up to {end:g}": up_to(end) for end in ENDS} | {f"to {SHARED_END:g}, dk = {FINER:g}": finer}
    rows, shares = [], []
    for potential in cube["potential"].values:
        for rho in cube["rho"].values:
            answers = {name: found(cube.sel(potential=potential, rho=rho), change) for name, change in changes.items()}
            last = answers[f"k up to {ENDS[-1]:g}"].temperature
            rows.append([str(potential), f"{rho:g}", *map(said, answers.values())])
            shares.append([str(potential), f"{rho:g}", *(share(one, last) for one in answers.values())])
    text = [
        "# T_mct against the k grid",
        "",
        side_by_side.circumstances(["scipy"]),
        "",
        "S(k) of 64 states (6 to 10 temperatures of each mixture, one run each); a straight line or a parabola in T near T_mct, as",
        "`glassdask mct` has it. A cell without ± has no error; critical_errors.md has errors, of other runs. [ε_AA/k_B]",
        "",
        side_by_side.table(["liquid", "ρ", *changes], rows),
        "",
        "## The same, as differences from k up to 40",
        "",
        side_by_side.table(["liquid", "ρ", *changes], shares),
        "",
        "A grid that ends at 32 is long enough, and one of half the spacing moves T_mct by 0.2 or 0.3 %. Neither",
        "explains why others find 0.922 or 0.9515 for LJ at ρ = 1.2, which are above: a grid that ends early lowers T_mct (critical_errors.md has what does). Nor does a cut-off",
        "explain the paper's 5.10 at ρ = 1.8: k up to 20 comes near it, and misses the paper's values at 1.2, 1.4 and 1.6, which the long grid",
        "meets.",
    ]
    side_by_side.publish("\n".join(text), options.output)


if __name__ == "__main__":
    main()
