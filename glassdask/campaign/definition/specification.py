"""The campaign file (TOML): the tables that stages go by, and the states that are asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, model_validator
from pydantic_core import PydanticCustomError

from glassdask.campaign.definition.notify_section import NotifySection
from glassdask.campaign.definition.ranges import expand_values
from glassdask.physics.liquids.catalogue import POTENTIALS
from glassdask.stages.contract.sections import CampaignSection, FolderPath, Positive, Section, Sections, one_or_many


def potentials_of(data: Mapping[str, Any]) -> tuple[str, ...]:
    """What ``potential`` may be in a campaign file: the liquids of the catalogue and those that the file declares."""
    declared = data.get("liquid") if isinstance(data, dict) else None
    return (
        (*POTENTIALS, *(str(name) for name in declared if name not in POTENTIALS))
        if isinstance(declared, dict)
        else POTENTIALS
    )


def _known_liquid(name: str, info: ValidationInfo) -> str:
    """Names of the file being validated are its context; a section validated by itself knows those of the catalogue."""
    known = (info.context or {}).get("potentials", POTENTIALS)
    if name not in known:
        spelled = [repr(item) for item in known]
        raise PydanticCustomError("literal_error", "", {"expected": f"{', '.join(spelled[:-1])} or {spelled[-1]}"})
    return name


Potential = Annotated[str, AfterValidator(_known_liquid)]
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

    notify: NotifySection = NotifySection()

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Specification:
        """The specification that a campaign file's data stand for.

        Raises
        ------
        pydantic.ValidationError
            If anything is wrong with it.
        """
        return cls.model_validate(data, context={"potentials": potentials_of(data)})
