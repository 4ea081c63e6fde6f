"""Observable: the pair distribution functions g_ab(r)."""

from __future__ import annotations

from glassdask.datasets.schema.variables import with_error
from glassdask.observables.averages import Average
from glassdask.observables.frames import Floats
from glassdask.observables.observable import Needs, Observable, OneFrame, Values
from glassdask.observables.setting import Setting
from glassdask.physics.structure.neighbours.pair_distribution import PairDistributionPlan


class PairRows:
    """Rows of g_ab(r), shape (n_pairs_of_species, n_r)."""

    def __init__(self, setting: Setting):
        self._plan = PairDistributionPlan(
            setting.species,
            setting.distance_edges,
            dimension=setting.dimension,
            max_centres=setting.max_centres,
            xp=setting.xp,
        )

    def of_frame(self, frame: OneFrame) -> Floats:
        """g_ab(r) of one frame."""
        return self._plan.of_frame(frame.positions, frame.cell)


def _values(average: Average, _: Setting) -> Values:
    return {"pair_distribution": average.mean, "pair_distribution_error": average.standard_error}


OBSERVABLE = Observable(
    title="pair distribution function",
    needs=Needs.FRAMES,
    rows=PairRows,
    values=_values,
    variables=with_error(
        "pair_distribution",
        ("pair", "r"),
        "1",
        "pair distribution function g_ab(r), 1 - 1/N_a of like particles of an ideal gas; NaN beyond half of the box",
    ),
    coordinates=lambda setting: {"r": setting.distances},
    source="Hansen and McDonald, Theory of Simple Liquids, 4th ed., eq. 2.5.9",
    oracle="1 - 1/N_a and 1 of an ideal gas: tests/observables/declared/test_structure.py",
)
