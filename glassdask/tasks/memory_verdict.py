"""What a campaign's memory fits say, in words and in one table: how many modes, how good, with which equation."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import xarray as xr

from glassdask.atomic_write import write_bytes

#: χ²/n up to which the data are met within their errors.
_MET = 1.2


def write_memory_verdict(cube: xr.Dataset, path: Path) -> Path:
    """Writes the table as Markdown, whole."""
    write_bytes(path, memory_verdict(cube).encode())
    return path


def memory_verdict(cube: xr.Dataset) -> str:
    """Markdown: per equation, species and N_exp the states fitted, χ²/n, 1 − R², states preferred by BIC, and a verdict."""
    lines = [
        "# Memory functions of the campaign",
        "",
        "Eq. 6 fitted to F_s(k_p,t) of every state. χ²/n: mean squared residual in standard errors, none below 10⁻³.",
        "BIC = χ² + p ln n, the lowest is preferred.",
        "",
        "| equation | species | N_exp | states | χ²/n median | largest | within 1.2 | median 1 − R² | preferred by BIC |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    verdicts = []
    for dynamics in cube["dynamics"].values:
        preferred = {}
        for species in cube["species"].values:
            data = cube.sel(dynamics=dynamics, species=species)
            rows, preferred[str(species)] = _rows(data, str(dynamics), str(species))
            lines += rows
        verdicts.append(_verdict(str(dynamics), preferred))
    return "\n".join([*lines, "", *verdicts, ""])


def _rows(data: xr.Dataset, dynamics: str, species: str) -> tuple[list[str], dict[int, int]]:
    bic = np.moveaxis(data["memory_bic"].values, data["memory_bic"].get_axis_num("n_exp"), -1)
    fitted = bic[np.isfinite(bic).any(axis=-1)]
    lowest = np.nanargmin(fitted, axis=-1) if len(fitted) else np.zeros(0, dtype=int)
    rows, preferred = [], {}
    for i, n_exp in enumerate(data["n_exp"].values):
        here = data.sel(n_exp=n_exp)
        chi2, complement = (
            here[name].values[np.isfinite(here[name].values)] for name in ("memory_chi2", "memory_r2_complement")
        )
        preferred[int(n_exp)] = int((lowest == i).sum())
        if chi2.size:
            numbers = f"{np.median(chi2):.2f} | {chi2.max():.2f} | {(chi2 <= _MET).sum()} | {np.median(complement):.1e}"
            rows.append(f"| {dynamics} | {species} | {n_exp} | {chi2.size} | {numbers} | {preferred[int(n_exp)]} |")
    return rows, preferred


def _verdict(dynamics: str, preferred: dict[str, dict[int, int]]) -> str:
    """A sentence on the paper's "at least two stretched exponentials"."""
    of_all = {n: sum(of_species[n] for of_species in preferred.values()) for n in next(iter(preferred.values()))}
    total = sum(of_all.values())
    if not total:
        return f"{dynamics}: nothing was fitted."
    single = of_all.get(1, 0)
    several = total - single
    if dynamics == "newtonian":
        meaning = (
            "The fast mode is that of binary collisions (near-Gaussian, b close to 2), the slow one structural relaxation: two "
            "modes here are two time scales of Newtonian motion, in liquids as in glasses."
        )
    else:
        meaning = (
            "Ω is fitted and the ballistic beginning is left out: what is left of the dynamics needs a second mode only where "
            "BIC prefers it. The paper's two modes are to be read with that: they are needed for all times, not for the slow "
            "part alone."
        )
    return (
        f"With the {dynamics} equation BIC prefers two or more modes in {several} of {total} fits (species and states), one "
        f"in {single}. {meaning}\n"
    )
