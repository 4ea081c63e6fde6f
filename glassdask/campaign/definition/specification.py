"""The campaign file (TOML): the tables that stages go by, and the states that are asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from glassdask.campaign.definition.ranges import expand_values
from glassdask.physics.liquids.catalogue import POTENTIALS
from glassdask.stages.contract.sections import CampaignSection, FolderPath, Positive, Section, Sections, one_or_many

if TYPE_CHECKING:
    Potential = str
else:
    Potential = Literal[POTENTIALS]

Values = Annotated[list[Positive], BeforeValidator(expand_values), Field(min_length=1)]
Potentials = Annotated[list[Potential], BeforeValidator(one_or_many), Field(min_length=1)]


class GridSection(Section):
    """A block of states: the product of potentials, densities and temperatures, or the rows of a CSV file."""

    potential: Potentials | None = None
    density: Values | None = None
    temperature: Values | None = None
    states: FolderPath | None = None

    @model_validator(mode="after")
    def _either_product_or_file(self) -> GridSection:
        product = [name for name in ("potential", "density", "temperature") if getattr(self, name) is not None]
        if (self.states is None) != (len(product) == 3) or (self.states is not None and product):
            raise ValueError(
                'allowed: either all of potential, density and temperature, or states = "FILE.csv" alone; '
                f"found {', '.join(product + ['states'] * (self.states is not None)) or 'nothing'}"
            )
        return self


class _States(Section):
    """Which states; here for its fields to come first, as in the file, and so in messages."""

    campaign: CampaignSection = CampaignSection()
    grid: Annotated[list[GridSection], BeforeValidator(one_or_many), Field(min_length=1)]


class Specification(Sections, _States):
    """A whole campaign file."""
