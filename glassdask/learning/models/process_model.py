"""The Gaussian process as a model of whole states: fitted, chosen among its candidates, kept in a file, asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from glassdask.errors import InvalidInput
from glassdask.files.atomic_write import atomic_write
from glassdask.learning.data.questions import Kind
from glassdask.learning.data.species_rows import SpeciesRows
from glassdask.learning.data.splits import Split
from glassdask.learning.data.training_set import TrainingSet
from glassdask.learning.models.calibration import Calibration
from glassdask.learning.models.level_process import PROCESSES, LevelProcess, ProcessRecipe
from glassdask.learning.models.predictor import LEAST_SPREAD, outside

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class ProcessModel:
    """A process that speaks of states with up to ``n_species`` species; ``resampled`` are others, fitted to parts of the states."""

    process: LevelProcess
    n_species: int
    resampled: Sequence[LevelProcess] = ()
    error_factor: float = 1.0
    calibrations: Mapping[Kind, Calibration] = field(default_factory=dict)

    @property
    def reads_grid(self) -> bool:
        """It takes what theory makes of S(k), on any grid."""
        return False

    def curves(self, samples: TrainingSet) -> tuple[Floats, Floats]:
        """F of each species and its standard deviation, NaN for species that a liquid has not, and where theory has no answer; shape
        (n, n_t, n_species) each."""
        F, spread = curves_of_states(self.process, SpeciesRows.of(samples), samples)
        return F, np.maximum(spread, LEAST_SPREAD)

    def draws(self, samples: TrainingSet) -> list[Floats]:
        """F of the resampled ones."""
        rows = SpeciesRows.of(samples)
        return [curves_of_states(process, rows, samples)[0] for process in self.resampled]

    def distance(self, samples: TrainingSet) -> Floats:
        """Of the features, shape (n,)."""
        rows, learned = SpeciesRows.of(samples), self.process.columns
        columns = rows.columns[:, self.process.recipe.columns]
        farthest = outside(columns, learned.min(axis=0), learned.max(axis=0)).max(axis=1)
        return np.array([farthest[rows.row == row].max() for row in range(len(samples))])

    def calibrated(self, error_factor: float, calibrations: Mapping[Kind, Calibration]) -> ProcessModel:
        """The same with what is known of its errors."""
        return replace(self, error_factor=error_factor, calibrations=calibrations)

    def write(self, path: Path) -> None:
        """Writes a .npz file, whole; arrays only, nothing that could run code. What was resampled is not kept."""
        with atomic_write(path) as temporary:
            arrays: dict[str, Any] = {"n_species": np.array(self.n_species), **self.process.arrays()}
            np.savez_compressed(temporary, **arrays)

    @classmethod
    def read(cls, path: Path) -> ProcessModel | None:
        """Reads what `write` wrote; None if it is something else."""
        try:
            with np.load(path, allow_pickle=False) as stored:
                return cls(LevelProcess.from_arrays(dict(stored)), int(stored["n_species"]))
        except (KeyError, OSError, TypeError, ValueError, BadZipFile):
            return None


def curves_of_states(process: LevelProcess, rows: SpeciesRows, samples: TrainingSet) -> tuple[Floats, Floats]:
    """F and its standard deviation of every species of every row, NaN where there is none, shape (n, n_t, n_species) each."""
    F, spread = (np.full(samples.scattering.shape, np.nan) for _ in range(2))
    known = np.flatnonzero(rows.is_known)
    if known.size:
        found = process.curves(rows, known, np.log(samples.lag_time))
        for array, values in zip((F, spread), found, strict=True):
            array[rows.row[known], :, rows.species[known]] = values
    return F, spread


def choose_process(rows: SpeciesRows, splits: Iterable[Split]) -> ProcessRecipe:
    """The candidate with the smallest squared error on the states that `splits` set apart; of equal ones, and where nothing can be
    fitted, the simplest."""
    samples = rows.samples
    squares = np.zeros(len(PROCESSES))
    for split in splits:
        inside, tested = rows.of_rows(split.train), rows.of_rows(split.test)
        tested = tested[rows.is_known[tested]]
        truth = samples.scattering[rows.row[tested], :, rows.species[tested]]
        for number, recipe in enumerate(PROCESSES):
            try:
                process = LevelProcess.fit(rows, inside, recipe)
            except InvalidInput:
                continue
            F, _ = process.curves(rows, tested, np.log(samples.lag_time))
            squares[number] += np.nansum((F - truth) ** 2)
    return PROCESSES[int(squares.argmin())]


def fit_process(rows: SpeciesRows, train: Rows, recipe: ProcessRecipe, draws: Iterable[Rows] = ()) -> ProcessModel:
    """The model of rows of the training set, and others of `draws` of them; InvalidInput if there are too few."""
    process = LevelProcess.fit(rows, rows.of_rows(train), recipe)
    resampled = []
    for drawn in draws:
        try:
            resampled.append(LevelProcess.fit(rows, rows.of_rows(drawn), recipe))
        except InvalidInput:  # a draw without enough curves is none
            continue
    return ProcessModel(process, rows.samples.n_species, resampled)
