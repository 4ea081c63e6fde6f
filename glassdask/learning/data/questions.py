"""Kinds of question that a model can be asked, and the rule by which a question is of one: declared here, and nowhere else.

What a model has learned from is a set of series, each of one liquid at one density, at several temperatures. A question is a state,
and the first line that fits says its kind and how far it lies from what was learned:

| kind | the state that is asked about | distance |
|---|---|---|
| other number of species | of a liquid with another number of species than all liquids learned from | 0 |
| other liquid | of a liquid that was not learned from | 0 |
| other density | of a liquid that was, at a density that was not | ln ρ/ρ' without its sign, ρ' the nearest density |
| colder | of a series that was learned from, colder than all of it | T'/T − 1, T' the coldest |
| hotter | hotter than all of it | T/T' − 1, T' the hottest |
| interpolation | between two temperatures of its series | T''/T' − 1, T' and T'' the two |

An examination that leaves states out asks one question for each of them, by the same rule.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassdask.learning.data.training_set import TrainingSet

Rows = NDArray[np.int64]
#: Temperatures and densities that differ by less, relative to themselves, are one.
_SAME = 1e-6


class Kind(StrEnum):
    """Kinds of question, in the order of tables: from near to far."""

    INTERPOLATION = "interpolation"
    HOTTER = "hotter"
    COLDER = "colder"
    DENSITY = "other density"
    LIQUID = "other liquid"
    SPECIES = "other number of species"


@dataclass(frozen=True)
class Series:
    """One liquid at one density: the temperatures that were learned from, increasing, and the liquid's number of species."""

    liquid: str
    density: float
    temperatures: tuple[float, ...]
    n_species: int


@dataclass(frozen=True)
class Question:
    """What kind of question a state is, how far it lies from what was learned (see the module), and that in words."""

    kind: Kind
    distance: float
    words: str


@dataclass(frozen=True)
class Learned:
    """Everything that a model has learned from."""

    series: tuple[Series, ...]

    @classmethod
    def of(cls, samples: TrainingSet, rows: Rows | None = None) -> Learned:
        """Of the rows of samples with these numbers, all by default."""
        chosen = np.arange(len(samples)) if rows is None else rows
        counts = samples.has_species.sum(axis=1)
        found: dict[tuple[str, float], set[float]] = {}
        n_species = {}
        for row in chosen:
            key = str(samples.potential[row]), float(samples.density[row])
            found.setdefault(key, set()).add(float(samples.temperature[row]))
            n_species[key] = int(counts[row])
        return cls(tuple(Series(*key, tuple(sorted(found[key])), n_species[key]) for key in sorted(found)))

    @classmethod
    def from_plain(cls, values: Iterable[dict[str, Any]]) -> Learned:
        """From what `plain` gave."""
        return cls(tuple(Series(**{**one, "temperatures": tuple(one["temperatures"])}) for one in values))

    def plain(self) -> list[dict[str, Any]]:
        """As JSON holds it."""
        return [{**asdict(one), "temperatures": list(one.temperatures)} for one in self.series]

    def question(self, liquid: str, density: float, temperature: float, n_species: int) -> Question:
        """What kind of question a state is."""
        if n_species not in {one.n_species for one in self.series}:
            counts = ", ".join(str(count) for count in sorted({one.n_species for one in self.series}))
            return Question(Kind.SPECIES, 0.0, f"{liquid} has {n_species} species, all liquids learned from {counts}")
        known = [one for one in self.series if one.liquid == liquid]
        if not known:
            names = ", ".join(sorted({one.liquid for one in self.series}))
            return Question(Kind.LIQUID, 0.0, f"{liquid} was not learned from ({names})")
        nearest = min(known, key=lambda one: abs(np.log(density / one.density)))
        distance = float(abs(np.log(density / nearest.density)))
        if distance > _SAME:
            return Question(
                Kind.DENSITY, distance, f"{liquid} was learned from at rho = {nearest.density:g}, not at {density:g}"
            )
        return _in_series(nearest, temperature)


def _in_series(series: Series, T: float) -> Question:
    """A question about a series that was learned from."""
    temperatures = np.array(series.temperatures)
    coldest, hottest = temperatures[0], temperatures[-1]
    name = f"{series.liquid} at rho = {series.density:g}"
    if coldest * (1 - _SAME) > T:
        return Question(Kind.COLDER, float(coldest / T - 1), f"the coldest learned from, of {name}, is T = {coldest:g}")
    if hottest * (1 + _SAME) < T:
        return Question(Kind.HOTTER, float(T / hottest - 1), f"the hottest learned from, of {name}, is T = {hottest:g}")
    if np.isclose(temperatures, T, rtol=_SAME, atol=0).any():
        return Question(Kind.INTERPOLATION, 0.0, f"the state itself was learned from, of {name}")
    above = int(np.searchsorted(temperatures, T))
    low, high = temperatures[above - 1], temperatures[above]
    return Question(Kind.INTERPOLATION, float(high / low - 1), f"between T = {low:g} and {high:g} of {name}")


def questions(samples: TrainingSet, learned: Rows, asked: Rows) -> list[Question]:
    """What kind of question each row of `asked` is to a model that learned from the rows `learned`."""
    known, counts = Learned.of(samples, learned), samples.has_species.sum(axis=1)
    return [
        known.question(
            str(samples.potential[row]), float(samples.density[row]), float(samples.temperature[row]), int(counts[row])
        )
        for row in asked
    ]
