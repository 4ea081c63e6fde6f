"""Are the errors honest that noise in S(k) gives to relaxation times? Fifty noisy copies of hard spheres in four settings.

Percus–Yevick, packing 0.5, k = 0.2, 0.6 … 39.8, with independent normal noise of one size added to S(k); the standard errors
are given in a column, or not, and then estimated from the table's roughness. Asked is how often τ_s(k = 7) of the S(k) without
noise lies within two quoted errors, how large those are, how large the scatter is, and the bias.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import side_by_side

from glassdask.physics.structure.bipolar_grid import bipolar_wavenumbers
from glassdask.physics.structure.percus_yevick import percus_yevick
from glassdask.physics.structure.static_structure import StaticStructure, matrix_of_pairs, pairs_of_matrix
from glassdask.physics.structure.table_on_grid import on_bipolar_grid
from glassdask.stages.solve_mct.theory_doubt import theory_doubt
from glassdask.stages.solve_mct.theory_of_structure import theory_of_structure

PACKING, WAVENUMBER = 0.5, 7.0
#: Largest number of standard errors that counts as covered.
WITHIN = 2.0
#: Diameters and composition of one component, and of a mixture.
LIQUIDS = {"one component": ((1.0,), (1.0,)), "binary 80:20, diameters 1 and 0.88": ((1.0, 0.88), (0.8, 0.2))}


def copies(liquid: str, sigma: float, has_column: bool, options: argparse.Namespace) -> np.ndarray:
    """τ_s of the first species, its error, and the ends of its interval, of n noisy copies: shape (n, 4)."""
    diameters, composition = LIQUIDS[liquid]
    exact = percus_yevick(bipolar_wavenumbers(), PACKING, diameters, composition)
    S, x = pairs_of_matrix(exact.structure_factor), np.array(composition)
    rng, found = np.random.default_rng(options.seed), []
    for _ in range(options.copies):
        noisy = S + rng.normal(0.0, sigma, S.shape)
        errors = np.full(S.shape, sigma) if has_column else None
        table = on_bipolar_grid(exact.wavenumber, noisy, exact.density, x, errors)
        structure = StaticStructure(table.wavenumber, matrix_of_pairs(table.partials), exact.density, x)
        theory = theory_of_structure(structure, wavenumber=WAVENUMBER)
        times = theory_doubt(theory, table, options.resamples).relaxation_times
        spread = (np.nan,) * 3 if times is None else (times[0].error, times[0].low, times[0].high)
        found.append((theory.relaxation_times[0], *spread))
    return np.array(found)


def row(liquid: str, sigma: float, has_column: bool, options: argparse.Namespace, truth: float) -> list[str]:
    """One setting, as a row of the table."""
    began = time.process_time()
    tau, error, _, high = copies(liquid, sigma, has_column, options).T
    seconds = (time.process_time() - began) / options.copies
    with np.errstate(invalid="ignore"):
        covered = np.abs(tau - truth) <= WITHIN * error
        in_logarithm = np.abs(np.log(tau / truth)) <= WITHIN * np.log(high / tau)
    ln = np.log(tau[np.isfinite(tau)] / truth)
    return [
        liquid,
        f"{sigma:g}",
        "yes" if has_column else "no",
        f"{covered.sum()}",
        f"{in_logarithm.sum()}",
        f"{np.median(tau):.3f}",
        f"{np.nanmedian(error):.3f}",
        f"{ln.mean():+.3f} ± {ln.std(ddof=1) / np.sqrt(ln.size):.3f}",
        f"{ln.std(ddof=1):.3f}",
        f"{np.nanmedian(np.log(high / tau)):.3f}",
        f"{(~np.isfinite(tau)).sum()}",
        f"{seconds:.1f}",
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--copies", type=int, default=50)
    parser.add_argument("--resamples", type=int, default=24)
    parser.add_argument("--seed", type=int, default=17, help="of the noise")
    parser.add_argument("--sigma", type=float, nargs="+", default=[0.01, 0.03])
    parser.add_argument("--liquids", nargs="+", choices=list(LIQUIDS), default=list(LIQUIDS)[:1])
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    rows, truths = [], []
    for liquid in options.liquids:
        diameters, composition = LIQUIDS[liquid]
        exact = percus_yevick(bipolar_wavenumbers(), PACKING, diameters, composition)
        truth = theory_of_structure(exact, wavenumber=WAVENUMBER).relaxation_times[0]
        truths.append(f"{liquid}: {truth:.4f}")
        for sigma in options.sigma:
            for has_column in (True, False):
                rows.append(row(liquid, sigma, has_column, options, truth))
                print(rows[-1], flush=True)
    header = [
        "liquid", "σ of S", "column", "within 2 errors of τ", "within 2 errors of ln τ", "median τ", "median error of τ",
        "bias of ln τ", "scatter of ln τ", "median error of ln τ", "glasses", "s a copy",
    ]  # fmt: skip
    lines = [
        "# Relaxation times from noisy structure factors: coverage of the quoted errors",
        "",
        side_by_side.circumstances(
            [], f"{options.copies} copies, {options.resamples} resamples each, noise of seed {options.seed}, one core"
        ),
        "",
        f"τ_s(k = 7) of the first species without noise, overdamped, D = 1: {'; '.join(truths)}.",
        "",
        side_by_side.table(header, rows),
    ]
    side_by_side.publish("\n".join(lines), options.output)


if __name__ == "__main__":
    main()
