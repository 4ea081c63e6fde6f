"""A running estimate of the structural relaxation time, for runs that last "n relaxation times"."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from glassdask.simulation.engines.engine import Engine
from glassdask.simulation.particles.particles import Floats

#: Near the first peak of S_AA at rho = 1.2. [1 / sigma_AA]
WAVENUMBER = 7.2
#: Ages at which the correlation is looked at grow by this factor: 1/e is met within 15 %, interpolation does the rest.
GROWTH = 1.15


class RelaxationMonitor:
    """Watches F_s^A(k = 7.2, t) = <sin(k r) / (k r)>, r = |x(t) − x(0)|, fall to 1/e from a reference configuration.

    After each crossing a new reference is taken when the run has doubled its length, so the estimate follows a system
    that slows down while it equilibrates, at a negligible cost. With N_A = 960 a crossing is known to some 5 %.

    Parameters
    ----------
    base_interval
        Steps of the state per base step; the correlation is looked at on whole base steps.
    latest
        What an earlier phase has found, in steps, until this one knows better.
    """

    def __init__(self, base_interval: int, latest: float = math.nan):
        self._base = base_interval
        self.next_step = 0
        self._reference: Floats | None = None
        self._reference_step = 0
        #: The relaxation time seen last, in steps; NaN before the first decay.
        self.latest = latest
        self._before = (0, 1.0)

    def estimate(self, step: int) -> tuple[float, bool]:
        """Relaxation time in steps, and whether it is only a lower bound because the correlation has not decayed yet.

        Parameters
        ----------
        step
            The current step.
        """
        age = 0 if self._reference is None else max(0, step - self._reference_step)
        if math.isnan(self.latest) or age > self.latest:
            return float(age), True
        return self.latest, False

    def record(self, engine: Engine) -> None:
        """Take a reference, or compare with it, at the engine's current step."""
        particles = engine.snapshot()
        positions = particles.unwrapped[particles.species == 0]
        if self._reference is None:
            self._reference, self._reference_step, self._before = positions, engine.step, (0, 1.0)
            self.next_step = engine.step + 4 * self._base
            return
        age = engine.step - self._reference_step
        correlation = self_correlation(positions - self._reference)
        if correlation < 1.0 / math.e:
            self.latest = _crossing(*self._before, age, correlation)
            self._reference = None
            self.next_step = self._on_base(2 * engine.step)
        else:
            self._before = (age, correlation)
            self.next_step = self._reference_step + self._on_base(GROWTH * age + self._base)

    def _on_base(self, step: float) -> int:
        return self._base * math.ceil(step / self._base)

    def arrays(self, prefix: str) -> dict[str, NDArray]:
        """Everything the monitor remembers, for a checkpoint."""
        reference = np.zeros((0, 3)) if self._reference is None else self._reference
        numbers = [self._base, self.next_step, self._reference_step, self.latest, *self._before]
        return {f"{prefix}_reference": reference, f"{prefix}_numbers": np.array(numbers, dtype=np.float64)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray], prefix: str) -> RelaxationMonitor:
        """The monitor that `arrays` wrote."""
        base, next_step, reference_step, latest, age, correlation = arrays[f"{prefix}_numbers"].tolist()
        monitor = cls(int(base))
        reference = arrays[f"{prefix}_reference"]
        monitor._reference = reference if len(reference) else None
        monitor.next_step, monitor._reference_step = int(next_step), int(reference_step)
        monitor.latest, monitor._before = latest, (int(age), correlation)
        return monitor


def self_correlation(displacements: Floats) -> float:
    """<sin(k r) / (k r)> at k = 7.2 over displacements of shape (N, 3). [sigma_AA]"""
    distance = np.linalg.norm(displacements, axis=1)
    return float(np.sinc(WAVENUMBER * distance / np.pi).mean())


def _crossing(age_before: float, before: float, age: float, correlation: float) -> float:
    """Where a straight line between the two last looks meets 1/e."""
    return age_before + (age - age_before) * (before - 1.0 / math.e) / (before - correlation)
