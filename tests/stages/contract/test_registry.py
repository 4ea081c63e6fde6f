"""Scalars that stages find of a state: those of species that no liquid has are left out of tables."""

from __future__ import annotations

from glassdask.stages.contract.registry import scalars
from glassdask.stages.contract.stage import Shown


def test_species_beyond_the_second_have_columns_where_a_state_has_them() -> None:
    def names(*records: dict) -> list[str]:
        return [scalar.title for scalar in scalars(Shown.REPORT, records) if scalar.title.startswith("tau_")]

    assert names() == names({"relaxation_time_A": 1.0, "relaxation_time_C": None}) == ["tau_A", "tau_B"]
    assert names({"relaxation_time_A": 1.0}, {"relaxation_time_C": 2.0}) == ["tau_A", "tau_B", "tau_C"]
