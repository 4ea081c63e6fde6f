"""Draws the figures of the workstation's campaign again from what the repository holds of it, in half a minute.

    python benchmarks/workstation_figures.py [--output FOLDER]

From the cube and Table 1: memory, memory_modes, second_mode, critical_temperature; the theory's memory, which the cube has not
for its size, is solved again. From the scores of every state: transfer. What networks predict is not kept: those two figures
are of the campaign itself (reproduction.py).
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

import glassdask
from glassdask.datasets.netcdf import dataset, unfilled
from glassdask.datasets.schema.learning_variables import EXAMINATION_VARIABLES
from glassdask.figures.catalogue import FIGURES
from glassdask.figures.drawing.campaign_figure import CRITICAL, CUBE, EXAMINATIONS
from glassdask.figures.drawing.panels import evenly, is_measured
from glassdask.physics.liquids.catalogue import LIQUIDS
from glassdask.physics.liquids.liquid import TAU_MD
from glassdask.physics.structure.static_structure import StaticStructure, matrix_of_pairs
from glassdask.stages.contract.sections import ModeCouplingSection
from glassdask.stages.solve_mct.theory_solution import solved_theory

HERE = Path(__file__).parent / "results"
#: Density and number of states of Fig. 6, and the volume of the box.
DENSITY, N_STATES, VOLUME = 1.2, 4, 1000.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, default=HERE, help="folder of the figures")
    output = parser.parse_args().output
    sources = {
        CUBE: with_theory(glassdask.open_campaign(HERE / "workstation-observables.nc").load()),
        CRITICAL: xr.load_dataset(HERE / "table1.nc"),
        EXAMINATIONS: examinations(
            pd.read_csv(HERE / "learning-states.csv"), pd.read_csv(HERE / "learning-scores.csv")
        ),
    }
    names = {
        name: f"workstation-{name.replace('_', '-')}" for name in ("memory", "memory_modes", "second_mode", "transfer")
    }
    for name, file in {**names, "critical_temperature": "table1"}.items():
        data = FIGURES[name].data(sources)
        assert data is not None
        print(FIGURES[name].save(data, output / f"{file}.png"))


def with_theory(cube: xr.Dataset) -> xr.Dataset:
    """With the theory's M(t) of A around k_p, of the states of Fig. 6."""
    shape = [cube.sizes[dim] for dim in ("potential", "T", "rho", "species", "k", "t_mct")]
    memory = np.full(shape, np.nan)
    rho = int(np.argmin(np.abs(cube["rho"].values - DENSITY)))
    fitted = is_measured(cube["memory_bic"].isel(rho=rho, dynamics=0).sel(species="A"), "potential", "T")
    for p, name in enumerate(cube["potential"].values):
        for T in evenly(np.flatnonzero(fitted[p]), N_STATES):
            state = cube.isel(potential=p, T=T, rho=rho)
            memory[p, T, rho] = np.moveaxis(theory_memory(state, str(name)), 0, -1)
    return cube.assign(mct_self_memory=(("potential", "T", "rho", "species", "k", "t_mct"), memory))


def theory_memory(state: xr.Dataset, potential: str) -> np.ndarray:
    """M_s(k,t) of the S(k) that the campaign used, shape (n_times, n_species, n_k); NaN beyond what was solved."""
    section, liquid = ModeCouplingSection(), LIQUIDS[potential]
    n = round(DENSITY * VOLUME)
    structure = StaticStructure(
        state["k"].values,
        matrix_of_pairs(state["mct_structure_factor"].values),
        n / VOLUME,
        np.array(liquid.counts(n)) / n,
    )
    mobility, masses = float(state["T"]) * TAU_MD**2, list(liquid.masses.values())
    solution = solved_theory(structure, section.end_time, "newtonian", mobility, section.n_half, masses=masses).solution
    times = np.clip(state["t_mct"].values, 0.0, solution.t[-1])
    return solution.collective.grid.interpolated(solution.M_s, times)


def examinations(states: pd.DataFrame, scores: pd.DataFrame) -> xr.Dataset:
    """Scores of every state as training leaves them."""
    kinds, models = states["examination"].unique().tolist(), states["model"].unique().tolist()
    places = ["potential", "rho", "T", "T/T_mct"]
    every = states[places].drop_duplicates().reset_index(drop=True)
    numbers = states.merge(every.reset_index(), on=places)
    sizes = {
        "examination": len(kinds),
        "model": len(models),
        "state": len(every),
        "error_bar": 1,
        "nominal": 1,
        "knowledge": 1,
    }
    values = unfilled(EXAMINATION_VARIABLES, sizes)
    r2 = np.full((len(kinds), len(models), len(every)), np.nan)
    r2[numbers["examination"].map(kinds.index), numbers["model"].map(models.index), numbers["index"]] = numbers["r2"]
    baselines = scores[~scores["model"].str.contains("network")]  # a skill is told against the best of them
    best = baselines[baselines["skill"] == 0].set_index("examination")["model"]
    found = [re.match(r"T ≤ ([\d.]+) T_mct", kind) for kind in kinds]
    values |= {
        "r2_by_state": r2,
        "best_baseline": np.array([best[kind] for kind in kinds], object),
        "threshold": np.array([float(one[1]) if one else np.nan for one in found]),
        "reduced_temperature": every["T/T_mct"].values,
        "state_temperature": every["T"].values,
        "state_density": every["rho"].values,
        "state_potential": every["potential"].values.astype(object),
    }
    labels = {
        "examination": kinds,
        "model": models,
        "state": [str(i) for i in every.index],
        "error_bar": ["-"],
        "nominal": [0.5],
        "knowledge": ["-"],
    }
    return dataset(values, labels, EXAMINATION_VARIABLES)


if __name__ == "__main__":
    main()
