"""Memory functions of a campaign's measured states, and of mode-coupling theory's own F_s, whose memory is known.

    python benchmarks/memory_states.py table1 --output benchmarks/results/memory_states.md

needs ``observables.nc`` of the states alone. The theory's part is the check of the paper's supplement: the F_s(k_p,t) of
mode-coupling theory, made from a measured S(k), is fitted as if it were data, and the memory found stands beside M_MCT.
"""

from __future__ import annotations

import side_by_side  # first: it fixes the number of threads

from glassdask.outcome import MemoryVerdict

# isort: split
import argparse
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from glassdask.datasets.netcdf import read_netcdf
from glassdask.errors import InvalidInput
from glassdask.fits.fit_options import FitOptions
from glassdask.fits.fitting import fit_memories
from glassdask.fits.refinement.memory_fit import MemoryFit, best
from glassdask.fits.target.target import Target, initial_rate
from glassdask.physics.liquids.catalogue import liquid_named
from glassdask.physics.liquids.liquid import SPECIES, TAU_MD
from glassdask.physics.memory.dynamics import DYNAMICS, Dynamics
from glassdask.physics.memory.memory_inversion import inverted_memory
from glassdask.physics.mode_coupling.mode_coupling_dynamics import ModeCouplingSolution, mode_coupling_dynamics
from glassdask.physics.mode_coupling.nonergodicity import nonergodicity_parameter
from glassdask.stages.contract.sections import WavenumbersSection
from glassdask.stages.fit_memory.run import targets_of_state
from glassdask.stages.reduce import OBSERVABLES
from glassdask.stages.solve_mct.run import partials_for_theory, structure_for_theory

Floats = NDArray[np.float64]
N_EXP, N_EXP_OF_THEORY = (1, 2, 3), (1, 2, 3, 4)
#: The overdamped equation is given the times from here on. [tau_MD]
OVERDAMPED_FROM = 0.7
#: χ²/n up to which the data are met within their errors.
MET = 1.2
BOX_LENGTH, WAVENUMBERS = 10.0, WavenumbersSection()
#: F_s between these is where M is compared.
FROM, TO = 0.99, 0.01


# --- measured states ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class StateFit:
    """What came out for a state with one equation."""

    density: float
    dynamics: Dynamics
    fits: dict[str, list[MemoryFit]]
    seconds: float


def state_fits(folders: list[Path]) -> Iterator[StateFit]:
    """Every state with both equations; without the theory's memory as a start."""
    for folder in folders:
        data = read_netcdf(folder / OBSERVABLES)
        try:
            targets = targets_of_state(data, [])
            for dynamics in DYNAMICS:
                begun = time.process_time()
                fits = fits_of_state(targets, data, dynamics)
                yield StateFit(float(data["rho"]), dynamics, fits, time.process_time() - begun)
        except InvalidInput as error:
            print(f"{folder.name}: {error}")


def fits_of_state(targets: dict[str, Target], data: xr.Dataset, dynamics: Dynamics) -> dict[str, list[MemoryFit]]:
    """Newtonian: Ω = k_p² k_BT/m, all times. Overdamped: Ω is fitted, to later times."""
    if dynamics == "newtonian":
        Omega = float(data["peak_wavenumber"]) ** 2 * float(data["measured_temperature"]) * TAU_MD**2
        return fit_memories(targets, dict.fromkeys(targets, Omega), FitOptions(N_EXP, dynamics))
    later = {name: target.later_than(OVERDAMPED_FROM) for name, target in targets.items()}
    rates = {name: initial_rate(target, dynamics) for name, target in later.items()}
    return fit_memories(later, rates, FitOptions(N_EXP, dynamics, fits_omega=True))


def state_rows(found: list[StateFit]) -> list[list[str]]:
    """One line for each equation, species and number of modes."""
    rows = []
    for dynamics in DYNAMICS:
        of_dynamics = [state for state in found if state.dynamics == dynamics]
        for species in SPECIES:
            preferred = [best(state.fits[species]).n_exp for state in of_dynamics]
            for n_exp in N_EXP:
                fits = [fit for state in of_dynamics for fit in state.fits[species] if fit.n_exp == n_exp]
                chi2 = np.array([_chi2(fit) for fit in fits])
                if not chi2.size:
                    continue
                rows.append(
                    [
                        f"{dynamics}, {species}",
                        f"{n_exp}",
                        f"{chi2.size}",
                        f"{np.median(chi2):.2f}",
                        f"{chi2.max():.2f}",
                        f"{(chi2 <= MET).sum()}",
                        f"{preferred.count(n_exp)}",
                        f"{np.median([fit.evaluations for fit in fits]):,.0f}",
                        f"{sum(not fit.is_resolved for fit in fits)}",
                    ]
                )
    return rows


def density_rows(found: list[StateFit]) -> list[list[str]]:
    """How many states each equation meets with some number of modes, by density."""
    rows = []
    for density in sorted({state.density for state in found}):
        cells = []
        for dynamics in DYNAMICS:
            states = [state for state in found if (state.density, state.dynamics) == (density, dynamics)]
            for species in SPECIES:
                lowest = [min(_chi2(fit) for fit in state.fits[species]) for state in states]
                cells.append(f"{sum(value <= MET for value in lowest)} of {len(lowest)}, up to {max(lowest):.2f}")
        rows.append([f"{density:g}", *cells])
    return rows


def _chi2(fit: MemoryFit) -> float:
    return np.inf if fit.chi2_per_point is None else fit.chi2_per_point


def mode_rows(found: list[StateFit]) -> list[list[str]]:
    """The two modes of the Newtonian fits."""
    rows = []
    for species in SPECIES:
        fits = [f for state in found if state.dynamics == "newtonian" for f in state.fits[species] if f.n_exp == 2]
        for mode, name in enumerate(("fast", "slow")):
            values = (
                np.array([[f.memory.amplitudes[mode] / f.Omega, f.memory.times[mode], f.memory.stretches[mode]]])
                for f in fits
            )
            quartiles = np.percentile(np.concatenate(list(values)), (25, 50, 75), axis=0)
            verdicts = [f.uncertainty.verdicts[f.uncertainty.names.index(f"b_{mode + 1}")] for f in fits]
            shown = (f"{low:.3g} … {middle:.3g} … {high:.3g}" for low, middle, high in quartiles.T)
            rows.append([species, name, *shown, f"{verdicts.count(MemoryVerdict.BOUNDED)} of {len(fits)}"])
    return rows


# --- mode-coupling theory's memory ----------------------------------------------------------------------------------


def theory_rows(data: xr.Dataset) -> tuple[list[list[str]], list[str]]:
    """The memory found from F_s of the theory beside M_MCT, and what was solved, in words."""
    structure = structure_for_theory(
        data,
        partials_for_theory(data, WAVENUMBERS, BOX_LENGTH),
        WAVENUMBERS,
        BOX_LENGTH,
        liquid_named(str(data["potential"].values)),
    )
    place = int(np.argmin(np.abs(structure.wavenumber - float(data["peak_wavenumber"]))))
    k = float(structure.wavenumber[place])
    rows: list[list[str]] = []
    notes = [f"The theory's state is {nonergodicity_parameter(structure).state}; k = {k:.1f}, the grid's next to k_p."]
    for dynamics in DYNAMICS[::-1]:
        mobility = 1.0 if dynamics == "overdamped" else float(data["T"]) * TAU_MD**2
        solution = mode_coupling_dynamics(
            structure, 1e4 if dynamics == "overdamped" else 1e6, dynamics, mobility, is_extrapolated=True
        )
        notes.append(
            f"{dynamics}: {solution.outcome} over all k, error at this k {_error_at(solution, place):.0e}, "
            f"F_s(end) = {_list(solution.F_s[-1, :, place])}."
        )
        for s, species in enumerate(SPECIES):
            case = _Known.of(solution, s, place, mobility * k**2)
            fits = fit_memories({species: case.target}, {species: case.Omega}, FitOptions(N_EXP_OF_THEORY, dynamics))[
                species
            ]
            rows += [[f"{dynamics}, {species}", f"{f.n_exp}", f"{f.loss:.1e}", *case.compared(f.memory)] for f in fits]
            if dynamics == "overdamped":
                inverse = inverted_memory(case.target.times, case.target.F, Omega=case.Omega)
                loss = float(((inverse.F(case.target.times) - case.target.F) ** 2).sum())
                rows.append([f"{dynamics}, {species}", "inversion", f"{loss:.1e}", *case.compared(inverse)])
    return rows, notes


@dataclass(frozen=True, eq=False)
class _Known:
    """F_s and M_s of the theory at one wavenumber."""

    target: Target
    Omega: float
    t: Floats
    M: Floats
    M_0: float

    @classmethod
    def of(cls, solution: ModeCouplingSolution, species: int, place: int, Omega: float) -> _Known:
        """80 times from where F_s has fallen by 1e-4 to where 1e-3 is left."""
        t, F, M = solution.t, solution.F_s[:, species, place], solution.M_s[:, species, place]
        first, last = np.argmax(F < 1 - 1e-4), np.argmax(F < 1e-3)
        times = np.geomspace(t[first], t[last or -1], 80)
        grid = solution.tagged.grid
        is_compared = (F < FROM) & (F > TO)
        target = Target(times, grid.interpolated(F, times))
        return cls(target, Omega, t[is_compared], M[is_compared], float(M[0]))

    def compared(self, memory) -> list[str]:
        """Largest difference in units of M(0), and largest and median relative difference."""
        M = memory(self.t)
        relative = np.abs(M / self.M - 1.0)
        return [
            f"{np.abs(M - self.M).max() / self.M_0:.1e}",
            f"{relative.max():.1e}",
            f"{np.median(relative):.1e}",
            f"{self.t[0]:.2g} to {self.t[-1]:.3g}",
            f"{self.M_0 / self.Omega:.3g}",
        ]


def _error_at(solution: ModeCouplingSolution, place: int) -> float:
    return float(solution.tagged.error.reshape(len(SPECIES), -1)[:, place].max())


def _list(values: Floats) -> str:
    return "(" + ", ".join(f"{value:.2g}" for value in values) + ")"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("campaign", type=Path, help="folder of a campaign, or of states")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="only every N-th state (default: all)")
    parser.add_argument("--theory", default="wca_rho1.2_T0.8_r0", help="state whose S(k) the theory is given")
    parser.add_argument("--output", type=Path, help="also write the record to this file")
    args = parser.parse_args()
    folders = sorted(path.parent for path in args.campaign.glob(f"states/*/{OBSERVABLES}"))
    if not folders:
        parser.error(f"no states/*/{OBSERVABLES} in {args.campaign}")
    by_name = {folder.name: folder for folder in folders}
    if args.theory not in by_name:
        parser.error(f"no state {args.theory} in {args.campaign}; there are {', '.join(by_name)}")
    begun = time.process_time()
    rows, notes = theory_rows(read_netcdf(by_name[args.theory] / OBSERVABLES))
    seconds_of_theory = time.process_time() - begun
    found = list(state_fits(folders[:: args.every]))
    seconds = [state.seconds for state in found]
    text = "\n\n".join(
        [
            "# Memory functions of measured states, and of mode-coupling theory's F_s",
            side_by_side.circumstances(["scipy", "cma"]),
            f"## {len(folders[:: args.every])} of {len(folders)} states of the campaign '{args.campaign.name}'",
            (
                "Newtonian: Ω = k_p² k_BT/m, all times. Overdamped: Ω fitted, t ≥ "
                f"{OVERDAMPED_FROM} tau_MD. Errors of the data no smaller than 1e-3. BIC = χ² + p ln n."
            ),
            side_by_side.table(
                [
                    "equation, species",
                    "N_exp",
                    "states",
                    "χ²/n median",
                    "largest",
                    f"within {MET}",
                    "preferred by BIC",
                    "median evaluations",
                    "not resolved",
                ],
                state_rows(found),
            ),
            f"CPU seconds a state and equation, both species and N_exp 1 to 3: median {np.median(seconds):.2f}, largest {max(seconds):.2f}.",
            f"States whose χ²/n is within {MET} with some N_exp, and the largest of the smallest χ²/n, by density:",
            side_by_side.table(
                ["rho", *(f"{dynamics}, {species}" for dynamics in DYNAMICS for species in SPECIES)],
                density_rows(found),
            ),
            "The modes of the Newtonian fits with N_exp = 2, quartiles over the states:",
            side_by_side.table(["species", "mode", "A/Ω", "τ [tau_MD]", "b", "b at its bound"], mode_rows(found)),
            f"## The memory of mode-coupling theory found from its F_s: S(k) of {args.theory}",
            " ".join(notes)
            + f" M is compared where F_s is between {FROM} and {TO}; {seconds_of_theory:.0f} CPU seconds in all.",
            side_by_side.table(
                [
                    "equation, species",
                    "N_exp",
                    "loss",
                    "largest difference / M_MCT(0)",
                    "largest relative",
                    "median relative",
                    "times compared",
                    "M_MCT(0)/Ω",
                ],
                rows,
            ),
        ]
    )
    side_by_side.publish(text, args.output)


if __name__ == "__main__":
    main()
