"""Tables of a campaign file for tests of single stages."""

from __future__ import annotations

from typing import Any

from glassdask.stages.contract.sections import Sections


def sections(**tables: dict[str, Any]) -> Sections:
    """Tables as a stage is given them, not validated: grids may be smaller than a campaign file may ask for."""
    models: dict[str, Any] = {
        name: getattr(Sections.model_fields[name].annotation, "model_construct")(**table)  # noqa: B009
        for name, table in tables.items()
    }
    return Sections.model_construct(**models)
