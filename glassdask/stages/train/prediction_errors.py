"""The errors of one prediction, from what is known of questions of its kind, and what has to be said where nothing is."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from glassdask.learning.data.questions import Kind, Question
from glassdask.learning.models.calibration import SHARES, UNITS, Calibration
from glassdask.learning.models.predictor import Predictor

Floats = NDArray[np.float64]
#: Questions up to this much further away than all that were examined count as examined: grids of T are no finer.
_BEYOND = 1.1
#: Of fewer independent units not even 68 % can be promised of another one: K/(K + 1).
_FEWEST_UNITS = 3
#: Below this measured coverage an interval for 95 % is not one.
_LEAST_COVERAGE = 0.9
#: A bias of ln τ is said from this on, if it is three of its standard errors.
_LEAST_BIAS = 0.02


@dataclass(frozen=True, eq=False)
class Errors:
    """Errors of a prediction of one state: the standard error, shape (n_t, n_species), lowest and highest F for 95 % or None, whether
    both were measured on such questions, and what to say."""

    error: Floats
    interval: tuple[Floats, Floats] | None
    is_calibrated: bool
    notes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def errors_of(ensemble: Predictor, question: Question, log_times: Floats, F: Floats, spread: Floats) -> Errors:
    """Errors of F, shape (n_t, n_species), at ln t, with the predictor's spread, same shape.

    Where no or too few such questions were examined, the standard error is that of states at random, and it is said.
    """
    known = ensemble.calibrations.get(question.kind)
    at_random = ensemble.error_factor * spread
    if known is None:
        is_old = (
            not ensemble.calibrations and question.kind is Kind.INTERPOLATION
        )  # states at random, of an older release
        return Errors(at_random, None, is_old, warnings=[] if is_old else [_never_examined(question)])
    one, two = (known.interval(log_times, F, share) for share in range(len(SHARES)))
    error = at_random if one is None else (one[1] - one[0]) / 2
    warnings = _warnings(known, question, one is None, two is None)
    return Errors(error, two, two is not None and not warnings, _notes(known), warnings)


def _never_examined(question: Question) -> str:
    return (
        f"this model was never examined on a question of this kind ({question.kind}: {question.words}): its error is that of "
        "states at random, and nobody has measured whether it holds here"
    )


def _warnings(known: Calibration, question: Question, has_no_error: bool, has_no_interval: bool) -> list[str]:
    found = []
    states = f"{known.n_states} state{'s' * (known.n_states != 1)}"
    if has_no_interval:
        what = "nothing, and the error is that of states at random" if has_no_error else "no interval for 95 %"
        found.append(
            f"this model was examined on {states} only with questions of this kind ({question.kind}): that gives {what}"
        )
    elif not known.coverage[1] >= _LEAST_COVERAGE:
        held = f"held {known.coverage[1]:.0%} of the points" if np.isfinite(known.coverage[1]) else "could not be tried"
        found.append(f"intervals for 95 % {held} where they were not made ({question.kind}, {states})")
    if known.n_units < _FEWEST_UNITS:
        found.append(
            f"errors of questions of this kind ({question.kind}) are known from {known.n_units} {UNITS[known.kind]} only: of "
            "another one they promise nothing"
        )
    if question.distance > _BEYOND * known.reach + 1e-9:
        found.append(
            f"the question ({question.kind}: {question.words}) lies {question.distance:.3g} away from what was learned, "
            f"all that were examined at most {known.reach:.3g}: its error may be larger than is said"
        )
    return found


def _notes(known: Calibration) -> list[str]:
    if not abs(known.bias) > max(3 * known.bias_error, _LEAST_BIAS):
        return []
    way, factor = "fast" if known.bias > 0 else "slow", np.exp(abs(known.bias))
    of_all = f"in the mean of {known.n_states} states (ln: {known.bias:+.2f} ± {known.bias_error:.2f})"
    return [f"relaxation times in such questions were predicted too {way}, by a factor {factor:.2f} {of_all}"]
