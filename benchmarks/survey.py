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
from pathlib import Path

from baselines import PROCESS, process_of, process_skill

from glassdask.learning.data.species_rows import SpeciesRows
from glassdask.learning.data.splits import potential_split
from glassdask.learning.data.training_set import TrainingSet
from glassdask.learning.judgement.baselines.catalogue import Knowledge
from glassdask.learning.judgement.examination import Examination, answers, best_by_knowledge, examinations, marks

RESULTS = Path(__file__).parent / "results"
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
        "## Within liquids that are known",
        "",
        side_by_side.table(HEADER, others),
    ]
    side_by_side.publish("\n".join(text), options.output)


if __name__ == "__main__":
    main()
