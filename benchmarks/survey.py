"""A liquid from the S(k) and F_s of eight others: nine liquids of one to three kinds of interaction, eight temperatures each.

    python benchmarks/survey.py --output benchmarks/results/survey.md

reads what `glassdask train deploy/campaigns/survey.toml` has learned from (survey-samples.npz) and its scores of the networks
(survey-scores.csv), and fits the Gaussian process anew. Made again, the samples come from

    glassdask run deploy/campaigns/survey.toml

and `training_data` (glassdask/stages/train/training_data.py) of its folder.
"""

from __future__ import annotations

import side_by_side  # first: it fixes the number of threads

# isort: split
import csv
import math
from pathlib import Path

import numpy as np
from baselines import PROCESS, process_of, process_skill, samples_of, scores_of_networks

from glassdask.datasets.netcdf import read_netcdf
from glassdask.learning.data.level_times import level_times
from glassdask.learning.data.species_rows import SpeciesRows
from glassdask.learning.data.splits import potential_split
from glassdask.learning.data.training_set import TrainingSet
from glassdask.learning.judgement.baselines.catalogue import Knowledge
from glassdask.learning.judgement.examination import (
    SELECTED_BY,
    Examination,
    answers,
    best_by_knowledge,
    examinations,
    marks,
)
from glassdask.learning.judgement.scores import Sums, scored
from glassdask.learning.models.process_model import choose_process, curves_of_states, fit_process
from glassdask.learning.models.selection import inner_splits

RESULTS = Path(__file__).parent / "results"
#: T_mct of the workstation campaign's series.
STATES = RESULTS / "learning-states.csv"
DECAY = "decay network"
HEADER = [
    "asked for",
    "states (learned / tested)",
    "R², Gaussian process",
    "RMSE",
    "R², decay network",
    "best from its own S(k), R²",
    "skill of the process beside it",
    "best from its series, R²",
    "skill of the process beside it",
]


def decay_network(path: Path) -> dict[str, str]:
    """R² of the decay network by examination."""
    with path.open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["model"] == DECAY]
    return {row["examination"]: f"{float(row['r2']):.4f}" for row in rows}


def short(asked: Examination) -> str:
    """An unseen liquid by its name alone."""
    return asked.name.split(" from ")[0] if asked.kind == "potential" else asked.name


def of_two(samples: TrainingSet) -> list[str]:
    """Liquids of two species."""
    counts = samples.has_species.sum(axis=1)
    return sorted(set(samples.potential[counts == 2].tolist()))


def row_of(samples: TrainingSet, rows: SpeciesRows, asked: Examination, networks: dict[str, str]) -> list[str]:
    """One examination: the process beside the best of those that know S(k) alone, and of those that know the series, or its T_mct."""
    given = answers(samples, asked, process_of(samples, rows, asked))
    marked, best = marks(samples, asked, given)
    process = marked[PROCESS]
    found = [short(asked), f"{asked.n_learned(samples)} / {len(marked[best].sums.n)}", str(process.r2)]
    found += [str(process.rmse), networks.get(asked.name, "–")]
    kinds = best_by_knowledge(samples, asked, marked)
    for kind in (Knowledge.OWN, Knowledge.SERIES):
        name = kinds[str(kind)]
        skill = process_skill(samples, asked, given, marked[name].sums)
        found += [f"{name}, {marked[name].r2.value:.4f}", f"{skill.value:.2f} ± {skill.error:.2f}"]
    return found


def strangers(samples: TrainingSet) -> list[list[str]]:
    """Each liquid by the process of the workstation campaign's 64 states of LJ and WCA, which has seen none of these runs."""
    known = samples_of(read_netcdf(RESULTS / "workstation-observables.nc"), scores_of_networks(STATES)[1])
    rows, all_rows = SpeciesRows.of(known), np.arange(len(known))
    recipe = choose_process(rows, inner_splits(known, all_rows, SELECTED_BY["potential"]))
    process = fit_process(rows, all_rows, recipe).process
    F, _ = curves_of_states(process, SpeciesRows.of(samples), samples)
    found = []
    for liquid in samples.liquids.tolist():
        here = np.flatnonzero(samples.potential == liquid)
        sums = Sums.of(samples.scattering[here], F[here])
        delay = [log_tau(samples, samples.scattering[row]) - log_tau(samples, F[row]) for row in here]
        bias = f"{np.mean(delay):+.3f} ± {np.std(delay, ddof=1) / math.sqrt(len(here)):.3f}"
        found.append([liquid, str(len(here)), str(scored(sums, "r2")), str(scored(sums, "rmse")), bias])
    return found


def log_tau(samples: TrainingSet, F: np.ndarray) -> float:
    """ln τ of the first species, F = 1/e."""
    return float(level_times(np.log(samples.lag_time), F[:, 0], np.zeros(1))[0])


def main() -> None:
    """Prints the record."""
    options = side_by_side.arguments(__doc__.splitlines()[0], rounds=1)
    samples = TrainingSet.read(RESULTS / "survey-samples.npz")
    rows, networks = SpeciesRows.of(samples), decay_network(RESULTS / "survey-scores.csv")
    asked = examinations(samples)
    of_three = Examination("potential", "soft, of three species", [potential_split(samples, of_two(samples))])
    unseen = [*(one for one in asked if one.kind == "potential"), of_three]
    liquids = [row_of(samples, rows, one, networks) for one in unseen]
    others = [row_of(samples, rows, one, networks) for one in asked if one.kind in ("random", "temperature")]
    text = [
        "# A liquid from others",
        "",
        side_by_side.circumstances(["scikit-learn", "scipy"]),
        "",
        f"{len(samples)} states of nine liquids (`deploy/campaigns/survey.toml`: eight temperatures each from about 2.6 to 0.78 T_mct; LAMMPS, N = 440",
        "to 1020; an hour on two cores). The process is told g_c of a state's S(k), the plateau that theory gives there, and masses; the liquid's",
        "name, T_mct, density and temperature only through them. What of these, and in which form, is chosen by cross-validation inside the",
        "states that are learned from. Skill is 1 − SSE/SSE of the baseline; errors: one standard error over states and other training states,",
        "each resampling from one of eight processes of 85 % of the states. The decay network's scores are those of `glassdask train`.",
        "",
        "## Each liquid from the eight others",
        "",
        "None of its states is learned from. What knows its series knows T_mct, which takes S(k) at several of its temperatures. Networks speak",
        "of no species that they have not learned from, baselines of its mean with the others.",
        "",
        side_by_side.table(HEADER, liquids),
        "",
        "## From LJ and WCA alone",
        "",
        "The process of the 64 states of workstation-observables.nc, two potentials of one mixture at four densities, other runs of other lengths",
        "and sizes, asked for all of these. Where LJ and WCA are asked for, it has learned from them. ln(τ/τ̂) of A is above 0 where it is too",
        "fast; its error is over states.",
        "",
        side_by_side.table(["asked for", "states", "R²", "RMSE", "mean ln(τ/τ̂)"], strangers(samples)),
        "",
        "## Within liquids that are known",
        "",
        side_by_side.table(HEADER, others),
    ]
    side_by_side.publish("\n".join(text), options.output)


if __name__ == "__main__":
    main()
