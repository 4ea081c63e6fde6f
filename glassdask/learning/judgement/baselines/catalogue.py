"""Every baseline by the name that tables show, and what it knows of the state that it is asked about."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from glassdask.learning.data.training_set import TrainingSet
from glassdask.learning.judgement.baselines import collapse, copies, level_interpolation, regressions

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]


class Knowledge(StrEnum):
    """What an answer may be made from, beside states of other series; a series is one potential and density at several T."""

    OWN = "its own S(k)"
    SERIES = "its series"
    BOTH = "both"


@dataclass(frozen=True)
class Baseline:
    """F of tested rows from rows to learn from, shape (n_tested, n_t, n_species), NaN where it has no answer; what of a
    tested state it uses; whether that is T_mct, which takes S(k) of several temperatures of the tested series."""

    answer: Callable[[TrainingSet, Rows, Rows], Floats]
    knows: Knowledge
    takes_critical_temperature: bool = False


#: In the order of tables whose errors are equal.
BASELINES: dict[str, Baseline] = {
    "mode-coupling theory": Baseline(copies.mode_coupling, Knowledge.OWN),
    "level times in ln g_c of other series": Baseline(collapse.coupling_collapse, Knowledge.OWN),
    "nearest state": Baseline(copies.nearest, Knowledge.SERIES),
    "nearest state in T/T_mct": Baseline(copies.nearest_reduced, Knowledge.SERIES, True),
    "interpolation in T": Baseline(copies.interpolation, Knowledge.SERIES),
    "level times in 1/T": Baseline(level_interpolation.in_inverse_temperature, Knowledge.SERIES),
    "level times in ln T": Baseline(level_interpolation.in_log_temperature, Knowledge.SERIES),
    "level times by Vogel–Fulcher–Tammann": Baseline(level_interpolation.vogel_fulcher_tammann, Knowledge.SERIES),
    "level times in ln T/T_mct of other series": Baseline(collapse.temperature_collapse, Knowledge.SERIES, True),
    "level times in ln g_c": Baseline(collapse.in_coupling, Knowledge.BOTH),
    "ridge": Baseline(regressions.ridge, Knowledge.BOTH),
    "gradient boosting": Baseline(regressions.boosting, Knowledge.BOTH),
}


def rivals(knowledge: Knowledge, knows_series: bool) -> list[str]:
    """Baselines that know what `knowledge` names and no more, all of them for both.

    Where no state of the tested series is learned from (`knows_series` is false), the only thing of the series that a baseline may
    know is its T_mct; all others have the state's own S(k), T and density.
    """
    if knowledge is Knowledge.BOTH:
        return list(BASELINES)
    if knows_series:
        return [name for name, baseline in BASELINES.items() if baseline.knows is knowledge]
    wanted = knowledge is Knowledge.SERIES
    return [name for name, baseline in BASELINES.items() if baseline.takes_critical_temperature == wanted]
