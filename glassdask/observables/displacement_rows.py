"""Rows of displacements: what is held of a frame is one array, whoever asks for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from glassdask.observables.frames import Floats
from glassdask.observables.observable import OneFrame


class OfDisplacements(Protocol):
    """An estimator of physics that works on displacements (`glassdask.physics.motion.heterogeneity.pair_displacements`)."""

    def state(self, unwrapped: Any) -> Any:
        """What pairs need of a frame."""

    def of_pairs(self, states: Sequence[Any], pairs: NDArray[np.int64]) -> Floats:
        """Rows of pairs of frames."""


class DisplacementRows:
    """Rows that an estimator makes of displacements.

    Parameters
    ----------
    estimator
        Made with the drift of the setting, so that all of a pass hold the same.
    lags
        Numbers of the lags that are looked at; None for all.
    """

    def __init__(self, estimator: OfDisplacements, lags: NDArray[np.int64] | None = None):
        self._estimator, self.lags = estimator, lags

    def prepare(self, frame: OneFrame) -> Any:
        """Unwrapped positions, less their mean where the drift is taken off."""
        return frame.shared("displacements", lambda: self._estimator.state(frame.unwrapped))

    def of_pairs(self, states: Sequence[Any], pairs: NDArray[np.int64]) -> Floats:
        """Rows of pairs of frames."""
        return self._estimator.of_pairs(states, pairs)
