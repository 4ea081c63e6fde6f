"""Every training that a study of a campaign needs, first those that choose a recipe, then those of the chosen ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from glassdask.errors import CorruptProduct, InvalidInput
from glassdask.learning.data.features import has_common_structure
from glassdask.learning.data.species_rows import SpeciesRows
from glassdask.learning.data.splits import Split
from glassdask.learning.data.training_set import TrainingSet
from glassdask.learning.judgement.examination import SELECTED_BY, Examination
from glassdask.learning.models.ensemble import Ensemble
from glassdask.learning.models.level_process import ProcessRecipe
from glassdask.learning.models.predictor import Predictor
from glassdask.learning.models.process_model import ProcessModel, choose_process, fit_process
from glassdask.learning.models.selection import inner_splits
from glassdask.learning.training.recipe import PAPER, Recipe, decay_candidates
from glassdask.learning.training.study import Training, load_trained, study_identity
from glassdask.learning.training.training import Trained

#: Names of the models in tables and files, the one to use first.
GAUSSIAN_PROCESS, DECAY_NETWORK, PAPER_NETWORK = "Gaussian process", "decay network", "paper's network"
#: Curves of the process from parts of the states, which say what other states to learn from would have given.
_DRAWS = 8
#: The training sides: those of the examinations' parts, and all states, for the model that is kept, with the recipe that suits
#: states at random; and the same with those that suit other kinds of question (`SELECTION`), by how they are chosen.
ALL = "all"
ALL_FOR = {"temperature": "all for colder states", "series": "all for other series"}


@dataclass(frozen=True)
class StudyOptions:
    """What a study costs and depends on: networks of an ensemble, folds of the cross-validation by state, the seed of
    all that is random, the recipe of the paper's network, and those that the better model is chosen from."""

    members: int = 3
    n_folds: int = 8
    seed: int = 0
    recipe: Recipe = PAPER
    candidates: tuple[Recipe, ...] = tuple(decay_candidates())


class StudyPlan:
    """Which networks are trained on which rows of the samples; their files of weights lie in the folder."""

    def __init__(self, samples: TrainingSet, examinations: Sequence[Examination], options: StudyOptions, folder: Path):
        self.samples, self.options, self.folder = samples, options, folder
        self.sides: dict[str, tuple[NDArray[np.int64], str]] = {
            part.name: (part.train, SELECTED_BY[exam.kind]) for exam in examinations for part in exam.parts
        }
        asked = {selection for _, selection in self.sides.values()}
        everything = np.arange(len(samples))
        self.sides |= {side: (everything, how) for how, side in ALL_FOR.items() if how in asked}
        self.sides[ALL] = (everything, "random")
        self._chosen: dict[str, Recipe] = {}
        self._chosen_process: dict[str, ProcessRecipe] = {}
        self._rows: SpeciesRows | None = None
        #: It takes S(k) itself, which has as many numbers for each liquid only if all have as many species.
        self.has_paper_network = has_common_structure(samples)

    def first(self) -> list[Training]:
        """The paper's networks, and every candidate on the inner splits of every side."""
        trainings = [
            self._training(f"paper {side} {member}", rows, self.options.recipe, member)
            for side, (rows, _) in self.sides.items()
            for member in range(self.options.members if self.has_paper_network and side not in ALL_FOR.values() else 0)
        ]
        return trainings + [
            self._training(f"choice {side} {i} {c}", split.train, recipe, 0)
            for side in self.sides
            for i, split in enumerate(self._inner(side))
            for c, recipe in enumerate(self.options.candidates)
        ]

    def chosen(self, side: str) -> Recipe:
        """The candidate with the smallest mean squared error on the states set apart inside a side."""
        if side in self._chosen:
            return self._chosen[side]
        errors = np.zeros(len(self.options.candidates))
        for i, split in enumerate(self._inner(side)):
            tested = self.samples.at(split.test)
            for c, recipe in enumerate(self.options.candidates):
                member = self._trained(self._training(f"choice {side} {i} {c}", split.train, recipe, 0))
                deviation = Ensemble([member]).curves(tested)[0] - tested.scattering
                errors[c] += np.nansum(deviation**2)
        self._chosen[side] = self.options.candidates[int(errors.argmin())]
        return self._chosen[side]

    def second(self) -> list[Training]:
        """The chosen recipe's members on every side, but for those of all states that would be the same again."""
        twice = set(ALL_FOR.values()) - set(self.sides_for_kinds(DECAY_NETWORK).values())
        return [training for side in self.sides if side not in twice for training in self._decay(side)]

    def sides_for_kinds(self, name: str) -> dict[str, str]:
        """Of `ALL_FOR` those whose recipe of a model is another one than that of all states."""
        known = {how: side for how, side in ALL_FOR.items() if side in self.sides}
        chosen = self.chosen_process if name == GAUSSIAN_PROCESS else self.chosen
        return {how: side for how, side in known.items() if chosen(side) != chosen(ALL)}

    def chosen_process(self, side: str) -> ProcessRecipe:
        """What a side's Gaussian process is told, by its squared error on the states set apart inside."""
        if side not in self._chosen_process:
            self._chosen_process[side] = choose_process(self._species_rows(), self._inner(side))
        return self._chosen_process[side]

    def predictors(self, side: str) -> dict[str, Predictor]:
        """All models of a side, by name; without the process where too few states have a critical coupling and decay."""
        networks: dict[str, Predictor] = dict(self.ensembles(side))
        try:
            return {GAUSSIAN_PROCESS: self._process(side), **networks}
        except InvalidInput:
            return networks

    def _process(self, side: str) -> ProcessModel:
        rows, states = self.sides[side][0], self.samples.state[self.sides[side][0]]
        is_kept = side == ALL or side in ALL_FOR.values()
        seeds = [] if is_kept else range(self.options.seed, self.options.seed + _DRAWS)
        draws = [rows[most_states(states, seed)] for seed in seeds]
        return fit_process(self._species_rows(), rows, self.chosen_process(side), draws)

    def _species_rows(self) -> SpeciesRows:
        if self._rows is None:
            self._rows = SpeciesRows.of(self.samples)
        return self._rows

    def ensembles(self, side: str) -> dict[str, Ensemble]:
        """Both networks of a side, by name; without the paper's where liquids differ in their numbers of species."""
        has_paper_network = self.has_paper_network and side not in ALL_FOR.values()
        rows, members = self.sides[side][0], range(self.options.members if has_paper_network else 0)
        paper = [self._training(f"paper {side} {m}", rows, self.options.recipe, m) for m in members]
        trainings = {**({PAPER_NETWORK: paper} if paper else {}), DECAY_NETWORK: self._decay(side)}
        return {name: Ensemble([self._trained(one) for one in members]) for name, members in trainings.items()}

    def _decay(self, side: str) -> list[Training]:
        """Members differ by seed and, as a bootstrap, by the states that they learn from."""
        rows, recipe = self.sides[side][0], self.chosen(side)
        states = self.samples.state[rows]
        trainings = []
        for member in range(self.options.members):
            drawn = most_states(states, self.options.seed + member)
            trainings.append(self._training(f"decay {side} {member}", rows[drawn], recipe, member))
        return trainings

    def _inner(self, side: str) -> list[Split]:
        rows, kind = self.sides[side]
        return inner_splits(self.samples, rows, kind, self.options.seed)

    def _training(self, name: str, rows: NDArray[np.int64], recipe: Recipe, member: int) -> Training:
        slug = "".join(letter if letter.isalnum() or letter in ".-" else "_" for letter in name)
        return Training(slug, tuple(int(row) for row in rows), recipe, self.options.seed + member)

    def _trained(self, training: Training) -> Trained:
        path = self.folder / f"{training.name}.pt"
        trained = load_trained(path, study_identity(self.samples, training))
        if trained is None:
            raise CorruptProduct(f"{path} is missing or damaged; run 'glassdask train' again, which makes it anew")
        return trained


def most_states(states: NDArray[np.int64], seed: int, share: float = 0.85) -> NDArray[np.int64]:
    """Places of the rows of a random choice of the states, at least two."""
    numbers = np.unique(states)
    count = min(len(numbers), max(2, round(share * len(numbers))))
    kept = np.random.default_rng(seed).choice(numbers, count, replace=False)
    return np.flatnonzero(np.isin(states, kept))
