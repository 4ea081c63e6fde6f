"""Memories judged by a second measurement of the same state: of each pair of replicas, and of the halves of each run.

    python benchmarks/memory_predictions.py --campaign FOLDER --output benchmarks/results/memory_predictions.md

reads observables.nc and mode_coupling.nc of the states of a campaign with replicas = 2. A memory is fitted to F_s(k_p,t) of one
replica and compared with the other's, which has other noise (glassdask/fits/refinement/prediction.py); χ² per point of its own data
stands beside it. What reproduction.py judges by goes into memory-predictions.csv beside the record.
"""

from __future__ import annotations

import side_by_side  # first: it fixes the number of threads

# isort: split
import argparse
import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from glassdask.datasets.netcdf import read_netcdf
from glassdask.errors import InvalidInput
from glassdask.fits.fit_options import FitOptions
from glassdask.fits.fitting import fit_memories
from glassdask.fits.refinement.memory_fit import accurate_solution, best
from glassdask.fits.refinement.prediction import halves, prediction
from glassdask.fits.target.target import Target, initial_rate
from glassdask.physics.liquids.liquid import TAU_MD
from glassdask.physics.memory.dynamics import DYNAMICS, Dynamics
from glassdask.stages.fit_memory.run import targets_of_state
from glassdask.stages.reduce import temperature_of

#: The overdamped equation from there on, 0.1 τ_LJ. [tau_MD]
OVERDAMPED_FROM = 0.7
N_EXP = (1, 2, 3)
N_BOOTSTRAP = 20
FIELDS = (
    "state", "species", "dynamics", "held_out", "n_exp", "chi2_per_point", "of_fit", "of_data", "excess_error", "is_missed",
    "independent_points", "points", "probability", "is_preferred",
)  # fmt: skip


def main() -> None:
    """Fits, compares, and writes both files."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--campaign", type=Path, required=True, help="its folder of states")
    parser.add_argument("--output", type=Path, help="also write the record to this file")
    options = parser.parse_args()
    rows = list(judged(options.campaign))
    if options.output is not None:
        with (options.output.parent / "memory-predictions.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, FIELDS, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
    side_by_side.publish(record(rows), options.output)


def judged(states: Path) -> Iterator[dict[str, Any]]:
    """A row for each state, species, equation, number of modes and kind of held-out data."""
    for first in sorted(states.glob("*_r0")):
        second = first.with_name(first.name[:-1] + "1")
        if not (second / "observables.nc").exists():
            continue
        data, other = (read_netcdf(folder / "observables.nc") for folder in (first, second))
        try:
            fitted, held_out = (targets_of_state(of_run, []) for of_run in (data, other))
        except InvalidInput as reason:
            print(f"{first.name}: left out, {reason}")
            continue
        for dynamics in DYNAMICS:
            for name, target in fitted.items():
                pairs = {"replica": same_times(target, held_out[name])}
                if target.blocks is not None:
                    pairs["half"] = halves(target)
                for kind, (mine, others) in pairs.items():
                    for row in rows_of(mine, others, data, dynamics):
                        yield {"state": first.name[:-3], "species": name, "dynamics": dynamics, "held_out": kind, **row}


def same_times(one: Target, other: Target) -> tuple[Target, Target]:
    """Both at the times that they share: replicas need not be as long."""
    times = np.intersect1d(one.times, other.times)
    return tuple(target.at(np.isin(target.times, times)) for target in (one, other))  # type: ignore[return-value]


def rows_of(mine: Target, others: Target, data: Any, dynamics: Dynamics) -> Iterator[dict[str, Any]]:
    """Of one to three modes."""
    if dynamics == "overdamped":
        mine, others = (target.later_than(OVERDAMPED_FROM) for target in (mine, others))
        rate = float(initial_rate(mine, dynamics))
    else:
        rate = float(data["peak_wavenumber"]) ** 2 * temperature_of(data) * TAU_MD**2
    options = FitOptions(N_EXP, dynamics, fits_omega=dynamics == "overdamped", n_bootstrap=N_BOOTSTRAP)
    found = fit_memories({"F": mine}, {"F": rate}, options)["F"]
    for fit in found:
        F, _ = accurate_solution(fit.memory, fit.Omega, mine.times, dynamics)
        seen = prediction(F, mine, others)
        yield {
            "n_exp": fit.n_exp,
            "chi2_per_point": f"{fit.chi2_per_point:.4f}",
            "of_fit": f"{seen.of_fit:.4f}",
            "of_data": f"{seen.of_data:.4f}",
            "excess_error": f"{seen.error:.4f}",
            "is_missed": int(seen.is_missed),
            "independent_points": f"{fit.independent_points:.2f}",
            "points": mine.n,
            "probability": f"{fit.probability:.2f}",
            "is_preferred": int(fit is best(found)),
        }


def record(rows: list[dict[str, Any]]) -> str:
    """The page."""
    lines = []
    for kind in ("replica", "half"):
        for dynamics in DYNAMICS:
            for n in N_EXP:
                of = [r for r in rows if (r["held_out"], r["dynamics"], r["n_exp"]) == (kind, dynamics, n)]
                if of:
                    chi2, fit, data, probability = (
                        np.array([float(r[name]) for r in of])
                        for name in ("chi2_per_point", "of_fit", "of_data", "probability")
                    )
                    missed, preferred = (sum(r[name] for r in of) for name in ("is_missed", "is_preferred"))
                    lines.append(
                        [
                            kind, dynamics, f"{n}", f"{len(of)}", f"{np.median(chi2):.2f}", f"{np.sum(chi2 <= 1.2)}", f"{np.median(fit):.2f}",
                            f"{np.median(data):.2f}", f"{missed}", f"{preferred}", f"{probability.mean():.2f}",
                        ]
                    )  # fmt: skip
    counted = np.array([float(r["independent_points"]) / r["points"] for r in rows if r["held_out"] == "replica"])
    header = [
        "held out", "equation", "N_exp", "curves", "χ²/n of its own data, median", "of these within 1.2", "χ²/n of what was held out, median",
        "the same of the fitted data", "held-out data missed", "preferred", "probability, mean",
    ]  # fmt: skip
    return "\n\n".join(
        [
            "# Memories judged by a second measurement",
            side_by_side.circumstances(["scipy"]),
            (
                "F_s(k_p,t) of one run is fitted; another run of the same state, or the later half of the run where the earlier was "
                "fitted, is predicted. χ²/n of what was held out is in units of both errors' squares. *Missed*: farther from the fit than "
                "from the fitted data themselves, by two errors (blocks of neighbouring times). *Preferred*: lowest information "
                f"criterion of the points that count as independent, a median {np.median(counted):.2f} of them; its probability is the share of "
                f"{N_BOOTSTRAP} resampled data sets in which it is."
            ),
            side_by_side.table(header, lines),
        ]
    )


if __name__ == "__main__":
    main()
