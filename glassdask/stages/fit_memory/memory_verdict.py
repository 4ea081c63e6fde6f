"""What a campaign's memory fits say, in words and in one table: how many modes, how good, with which equation."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import xarray as xr

from glassdask.datasets import accessor  # noqa: F401  registers Dataset.glass
from glassdask.files.atomic_write import write_bytes
from glassdask.fits.target.reproduction import MET


def write_memory_verdict(cube: xr.Dataset, path: Path) -> Path:
    """Writes the table as Markdown, whole."""
    write_bytes(path, memory_verdict(cube).encode())
    return path


def memory_verdict(cube: xr.Dataset) -> str:
    """Markdown: per equation, species and N_exp the states fitted, χ² per point, 1 − R², states preferred by BIC; then in words."""
    lines = [
        "# Memory functions of the campaign",
        "",
        "Eq. 6 fitted to F_s(k_p,t) of every state: with the Newtonian equation at all times and Ω = k_p² k_BT/m, with the",
        "overdamped one without the ballistic beginning and Ω fitted. χ² per point: mean squared residual in standard errors, none",
        "below 10⁻³. BIC = n χ² per point + p ln n of the n points that count as independent, the lowest is preferred.",
        "",
        "| equation | species | N_exp | states | χ² per point, median | largest | within 1.2 | median 1 − R² | preferred by BIC |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    preferred = cube.glass.memory_n_exp
    for dynamics in cube["dynamics"].values:
        for species in cube["species"].values:
            fits = {"dynamics": dynamics, "species": species}
            lines += _rows(cube.sel(fits), preferred.sel(fits).values, f"{dynamics} | {species}")
    words = [_words(cube.sel(dynamics=name), preferred.sel(dynamics=name).values) for name in cube["dynamics"].values]
    return "\n".join([*lines, "", *words])


def _rows(data: xr.Dataset, preferred: np.ndarray, beginning: str) -> list[str]:
    rows = []
    for n_exp in data["n_exp"].values:
        fits = data.sel(n_exp=n_exp)
        chi2_per_point, complement = (_known(fits[name]) for name in ("memory_chi2_per_point", "memory_r2_complement"))
        if chi2_per_point.size:
            numbers = f"{np.median(chi2_per_point):.2f} | {chi2_per_point.max():.2f} | {(chi2_per_point <= MET).sum()} | {np.median(complement):.1e}"
            rows.append(f"| {beginning} | {n_exp} | {chi2_per_point.size} | {numbers} | {(preferred == n_exp).sum()} |")
    return rows


def _words(data: xr.Dataset, preferred: np.ndarray) -> str:
    """Whether the paper's "at least two stretched exponentials" holds with an equation, and what two modes look like."""
    name, total = str(data["dynamics"].item()), int((preferred > 0).sum())
    if not total:
        return f"- {name}: nothing was fitted."
    counts = f"{(preferred > 1).sum()} of {total} fits (species and states)"
    sentence = f"- With the {name} equation BIC prefers two or more modes in {counts}, one in {(preferred == 1).sum()}."
    if 2 not in data["n_exp"].values:
        return sentence
    modes = (
        f"{word} mode τ = {np.median(_known(two['memory_time'])):.3g} τ_MD, b = {np.median(_known(two['memory_stretch'])):.2f}"
        for word, two in (("fast", data.sel(n_exp=2, mode=1)), ("slow", data.sel(n_exp=2, mode=2)))
    )
    return f"{sentence} Medians at N_exp = 2: {'; '.join(modes)}."


def _known(values: xr.DataArray) -> np.ndarray:
    return values.values[np.isfinite(values.values)]
