"""The Gaussian process, and the networks of learning.md, beside every baseline, by what each knows of a state.

    python benchmarks/baselines.py --output benchmarks/results/baselines.md

reads the campaign's averages (workstation-observables.nc) and the networks' scores of every state (learning-states.csv), and fits
the process anew. The examinations are those of learning.md: the same states learned from and tested.
"""

from __future__ import annotations

import side_by_side  # first: it fixes the number of threads

# isort: split
import csv
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import xarray as xr

from glassdask.datasets.netcdf import read_netcdf
from glassdask.learning.data.species_rows import SpeciesRows
from glassdask.learning.data.splits import Split
from glassdask.learning.data.training_set import Floats, TrainingSet
from glassdask.learning.judgement.baselines.catalogue import BASELINES, Knowledge
from glassdask.learning.judgement.examination import (
    SELECTED_BY,
    Answers,
    Examination,
    Marks,
    answers,
    best_by_knowledge,
    by_state,
    examinations,
    marks,
)
from glassdask.learning.judgement.scores import Score, Sums, skill
from glassdask.learning.models.predictor import Predictor
from glassdask.learning.models.process_model import choose_process, fit_process
from glassdask.learning.models.selection import inner_splits
from glassdask.stages.train.training_plan import GAUSSIAN_PROCESS, most_states

RESULTS = Path(__file__).parent / "results"
PROCESS = GAUSSIAN_PROCESS
NETWORKS = ("decay network", "paper's network")
#: (potential, density, temperature) of a state, as both files have them.
State = tuple[str, float, float]


def samples_of(cube: xr.Dataset, critical: dict[tuple[str, float], float]) -> TrainingSet:
    """One row for each state in equilibrium, as `glassdask train` has them from the states' own files."""
    t, t_mct = cube["t"].values[1:], cube["t_mct"].values[1:]
    columns = defaultdict(list)
    for p, T, rho in np.argwhere(np.isfinite(cube["mct_critical_coupling"].values)):
        here = cube.isel(potential=p, T=T, rho=rho)
        theory = here["mct_peak_scattering"].transpose("t_mct", "species").values[1:]
        potential, density = str(here["potential"].values), float(here["rho"])
        row = {
            "potential": potential,
            "temperature": float(here["T"]),
            "density": density,
            "replica": 0,
            "structure_factor": here["mct_structure_factor"].transpose("pair", "k").values,
            "scattering": here["peak_scattering"].transpose("t", "species").values[1:],
            "scattering_error": here["peak_scattering_error"].transpose("t", "species").values[1:],
            "theory": np.stack([np.interp(np.log(t), np.log(t_mct), of_one, left=1.0) for of_one in theory.T], axis=1),
            "critical_coupling": float(here["mct_critical_coupling"]),
            "critical_temperature": critical[potential, density],
        }
        for name, value in row.items():
            columns[name].append(value)
    return TrainingSet(
        wavenumber=cube["k"].values, lag_time=t, **{name: np.array(values) for name, values in columns.items()}
    )


def scores_of_networks(path: Path) -> tuple[dict[tuple[str, str], dict[State, float]], dict[tuple[str, float], float]]:
    """RMSE of each state by (examination, network), and T_mct of each series."""
    found = defaultdict[tuple[str, str], dict[State, float]](dict)
    critical = {}
    with path.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            state = (row["potential"], float(row["rho"]), float(row["T"]))
            critical[state[:2]] = state[2] / float(row["T/T_mct"])
            if row["model"] in NETWORKS:
                found[row["examination"], row["model"]][state] = float(row["rmse"])
    return found, critical


def squares_of(samples: TrainingSet, asked: Examination, known: dict[State, float], like: Marks) -> Floats:
    """Squared errors of a network's states, in the order of a baseline's sums."""
    states = {
        samples.state[row]: (str(samples.potential[row]), float(samples.density[row]), float(samples.temperature[row]))
        for row in asked.tested
    }
    return np.array([known[states[number]] ** 2 for number in sorted(states)]) * like.sums.n


def process_of(samples: TrainingSet, rows: SpeciesRows, asked: Examination) -> Callable[[Split], dict[str, Predictor]]:
    """The process of each part, chosen inside what it may learn from, with others of 85 % of the states."""

    def fitted(part: Split) -> dict[str, Predictor]:
        recipe = choose_process(rows, inner_splits(samples, part.train, SELECTED_BY[asked.kind]))
        draws = [part.train[most_states(samples.state[part.train], seed)] for seed in range(8)]
        return {PROCESS: fit_process(rows, part.train, recipe, draws)}

    return fitted


def rows_of(
    samples: TrainingSet, rows: SpeciesRows, asked: Examination, scores: dict
) -> tuple[list[str], list[list[str]]]:
    """The row of the summary, and those of the process and all baselines."""
    given = answers(samples, asked, process_of(samples, rows, asked))
    marked, best = marks(samples, asked, given)
    kinds = best_by_knowledge(samples, asked, marked)
    like = marked[best]
    process = marked[PROCESS]
    summary = [asked.name, f"{asked.n_learned(samples)} / {len(like.sums.n)}", f"{process.r2.value:.4f}"]
    decay = replace(like.sums, squares=squares_of(samples, asked, scores[asked.name, NETWORKS[0]], like))
    paper = replace(like.sums, squares=squares_of(samples, asked, scores[asked.name, NETWORKS[1]], like))
    summary += [f"{decay.r2():.4f}", f"{paper.r2():.4f}"]
    for kind in (Knowledge.OWN, Knowledge.SERIES):
        name = kinds[str(kind)]
        beside = marked[name].sums
        summary += [f"{name}, {marked[name].r2.value:.4f}", _number(process_skill(samples, asked, given, beside))]
        summary.append(_number(skill(decay, beside)))
    return summary, [
        [asked.name, name, _knows(name, asked.knows_series(samples)), str(marked[name].r2), str(marked[name].rmse)]
        for name in sorted(marked, key=lambda name: marked[name].rmse.value)
    ]


def process_skill(samples: TrainingSet, asked: Examination, given: Answers, beside: Sums) -> Score:
    """Skill of the process beside a baseline, its error from states and from other training states."""
    truth, states = samples.scattering[asked.tested], samples.state[asked.tested]
    of_all, *of_draws = (by_state(Sums.of(truth, F), states) for F in (given.F[PROCESS], *given.draws[PROCESS]))
    return skill(of_all, beside, draws=of_draws)


def _knows(name: str, knows_series: bool) -> str:
    if name == PROCESS:
        return str(Knowledge.BOTH) if knows_series else str(Knowledge.OWN)
    if knows_series:
        return str(BASELINES[name].knows)
    return "its T_mct" if BASELINES[name].takes_critical_temperature else str(Knowledge.OWN)


def _number(score) -> str:
    return f"{score.value:.2f} ± {score.error:.2f}"


def main() -> None:
    """Prints the record."""
    options = side_by_side.arguments(__doc__.splitlines()[0], rounds=1)
    scores, critical = scores_of_networks(RESULTS / "learning-states.csv")
    samples = samples_of(read_netcdf(RESULTS / "workstation-observables.nc"), critical)
    rows = SpeciesRows.of(samples)
    found = [rows_of(samples, rows, asked, scores) for asked in examinations(samples)]
    header = [
        "examination",
        "states (learned / tested)",
        "R², Gaussian process",
        "R², decay network",
        "R², paper's network",
        "best from its own S(k), R²",
        "skill beside it: process",
        "decay network",
        "best from its series, R²",
        "skill beside it: process",
        "decay network",
    ]
    text = [
        "# What each answer knows",
        "",
        side_by_side.circumstances(["scikit-learn", "scipy"]),
        "",
        "Networks as in [learning.md](learning.md); baselines by what they know of the state that is asked about: its own S(k) and no",
        "other temperature of its series (one liquid at one density), or its series, as F_s at other temperatures or, where none was",
        "learned from, T_mct. Skill is 1 − SSE/SSE of the baseline; errors: one standard error, from resampled states. Those of the",
        "process hold other training states, too: each resampling is of one of eight processes of 85 % of the states. Of networks, trained",
        "once, they don't hold what another training would give.",
        "",
        side_by_side.table(header, [summary for summary, _ in found]),
        "",
        "## The process and every baseline",
        "",
        side_by_side.table(
            ["examination", "answer", "knows", "R²", "RMSE"], [row for _, rows in found for row in rows]
        ),
    ]
    side_by_side.publish("\n".join(text), options.output)


if __name__ == "__main__":
    main()
