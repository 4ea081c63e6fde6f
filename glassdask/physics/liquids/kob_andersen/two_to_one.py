"""The Kob–Andersen mixture at 2:1: more B, which keeps regions of A alone, where 4:1 crystallises, from forming.

Its crystal is another one, Al2Cu, which grows from a seed below T = 0.447 but has not been seen to nucleate.
"""

from dataclasses import replace

from glassdask.physics.liquids.kob_andersen.lennard_jones import LIQUID as FOUR_TO_ONE

LIQUID = replace(
    FOUR_TO_ONE,
    name="ka21",
    title="Kob–Andersen 2:1",
    mixture="Kob–Andersen 2:1",
    composition={"A": 2 / 3, "B": 1 / 3},
    source="Crowther, Turci and Royall, J. Chem. Phys. 143, 044503 (2015)",
    critical_temperatures={},
)
