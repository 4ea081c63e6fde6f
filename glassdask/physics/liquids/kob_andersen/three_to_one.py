"""The Kob–Andersen mixture at 3:1: beside its eutectic, at some 26 % B, it is less prone to crystallise than at 4:1.

Pedersen, Schrøder and Dyre, Phys. Rev. Lett. 120, 165501 (2018), give the phase diagram.
"""

from dataclasses import replace

from glassdask.physics.liquids.kob_andersen.lennard_jones import LIQUID as FOUR_TO_ONE

LIQUID = replace(
    FOUR_TO_ONE,
    name="ka31",
    title="Kob–Andersen 3:1",
    mixture="Kob–Andersen 3:1",
    composition={"A": 3 / 4, "B": 1 / 4},
    source="Ingebrigtsen, Dyre, Schrøder and Royall, Phys. Rev. X 9, 031016 (2019)",
    critical_temperatures={},
)
