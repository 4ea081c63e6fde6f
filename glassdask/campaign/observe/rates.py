"""What stages cost on this machine: seconds per unit of declared cost, learned from products and from attempts at work.

The declared cost of a stage is the shape, how one state compares with another; the measured ratio is the scale. As long as
little is measured, a stage's rate leans on what all stages tell of the machine, and that on what the declarations' unit takes
on the machine that they were made on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from glassdask.stages.contract.run_size import DECLARED_RATE, MOST_QUICKER

#: What is known beforehand weighs as much as so many products of a stage, and for the machine as so many seconds of any.
_PRIOR_PRODUCTS, _PRIOR_SECONDS = 0.1, 1.0
#: Products that count: others may have been made elsewhere, or beside other work.
_MEMORY = 50
#: After so many products of a stage, one that took many times what was expected (a laptop that slept) counts as that many.
_FEW, _MOST_TIMES = 3, 5.0


class Rates:
    """Seconds per unit of cost, by stage.

    Parameters
    ----------
    typical
        The cost of a typical product of each stage.
    """

    def __init__(self, typical: Mapping[str, float]):
        self._typical = dict(typical)
        self._cost = dict.fromkeys(typical, 0.0)
        self._seconds = dict.fromkeys(typical, 0.0)
        self._n = dict.fromkeys(typical, 0)

    def learn(self, stage: str, cost: float, seconds: float) -> None:
        """A product of this declared cost took so long."""
        if not cost > 0 or not seconds > 0:
            return
        if self._n[stage] >= _FEW:
            expected = cost * self._seconds[stage] / self._cost[stage]
            seconds = min(max(seconds, expected / _MOST_TIMES), expected * _MOST_TIMES)
        self._n[stage] += 1
        kept = 1.0 - 1.0 / _MEMORY
        self._cost[stage] = kept * self._cost[stage] + cost
        self._seconds[stage] = kept * self._seconds[stage] + seconds

    def rates(self, at_work: Iterable[tuple[str, float, float]] = ()) -> dict[str, float]:
        """Of every stage. [s per unit]

        Parameters
        ----------
        at_work
            What attempts have done so far: stage, cost of that part, seconds.
        """
        cost, seconds = dict(self._cost), dict(self._seconds)
        for stage, part, took in at_work:
            cost[stage] += part
            seconds[stage] += took
        machine = (sum(seconds.values()) + _PRIOR_SECONDS) / (sum(cost.values()) * DECLARED_RATE + _PRIOR_SECONDS)
        prior = DECLARED_RATE * max(machine, 1.0 / MOST_QUICKER)
        return {
            name: self._leaning(typical, cost[name], seconds[name], prior) for name, typical in self._typical.items()
        }

    @staticmethod
    def _leaning(typical: float, cost: float, seconds: float, prior: float) -> float:
        """The measured rate and the prior one, as factors: they may be orders of magnitude apart."""
        if not cost > 0 or not seconds > 0:
            return prior
        weight = _PRIOR_PRODUCTS / (_PRIOR_PRODUCTS + cost / typical)
        return float((seconds / cost) ** (1.0 - weight) * prior**weight)

    def is_measured(self, at_work: Iterable[tuple[str, float, float]] = ()) -> bool:
        """Whether anything is known of this machine."""
        return any(self._n.values()) or any(took > 0 for _, _, took in at_work)
