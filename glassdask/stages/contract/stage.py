"""What a stage is: declared once, in the ``__init__.py`` of its folder. Standard library only, as `status` reads it."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Flag, StrEnum, auto
from typing import TYPE_CHECKING, Any

from glassdask.state_point import StatePoint

if TYPE_CHECKING:
    from glassdask.stages.contract.sections import Sections


class Scope(StrEnum):
    """Whose product a stage makes."""

    STATE = "state"
    CAMPAIGN = "campaign"


class GpuUse(StrEnum):
    """What of a stage can work on a GPU."""

    NONE = "none"
    ENGINE = "engine"
    ARRAYS = "arrays"


#: Signs in place of what is spelled out for terminals and files.
_SIGNS = {
    "epsilon_": "ε_",
    "sigma_": "σ_",
    "tau_": "τ_",
    "alpha_": "α_",
    "chi_": "χ_",
    "chi2": "χ²",
    "^2": "²",
    "^3": "³",
}


#: As ``glassdask.physics.liquids.liquid`` has them, which needs numpy.
_SPECIES = "ABCDE"


class Shown(Flag):
    """Where a scalar of a state is shown."""

    NOWHERE = 0
    #: The tables of `glassdask status` and `ls`.
    STATUS = auto()
    #: All that is known of one state: `glassdask show`.
    STATE = auto()
    #: The campaign's page.
    PAGE = auto()
    #: The table of the report.
    REPORT = auto()
    #: ``states.csv`` beside it.
    CSV = auto()
    EVERYWHERE = STATUS | STATE | PAGE | REPORT | CSV


@dataclass(frozen=True)
class Scalar:
    """A number or a word of a state that is worth showing without opening a file: an entry of a record's summary.

    Parameters
    ----------
    name
        Key of the entry.
    title
        What it is called, greek letters spelled out: ``tau_A``.
    unit
        As in the dataset; empty for a word.
    spec
        Format.
    shown
        Where it is shown.
    short
        In place of the title where a column has little room.
    of
        What it is the value of, where the title does not say it.
    is_optional
        Whether tables leave it out where no state has it.
    """

    name: str
    title: str
    unit: str
    spec: str
    shown: Shown
    short: str = ""
    of: str = ""
    is_optional: bool = False

    def heading(self) -> tuple[str, str]:
        """Title and unit with Greek letters and powers as such, for pages: ``τ_A``, ``ε_AA/k_B``; no unit for a word."""
        texts = [self.title, "" if self.unit == "1" else self.unit]
        for spelled, sign in _SIGNS.items():
            texts = [text.replace(spelled, sign) for text in texts]
        return texts[0], texts[1]


def of_each_species(
    name: str, title: str, unit: str, spec: str, shown: Shown, of: str = "", is_optional: bool = False
) -> tuple[Scalar, ...]:
    """A scalar of each species, ``NAME_A`` …, the species in braces in its title; of C to E where a liquid has them, and
    of all where any state has one, if it `is_optional`.

    >>> [scalar.title for scalar in of_each_species("n_exp", "n_exp of {}", "1", "d", Shown.CSV)][:2]
    ['n_exp of A', 'n_exp of B']
    """
    return tuple(
        Scalar(f"{name}_{s}", title.format(s), unit, spec, shown, of=of, is_optional=is_optional or s not in "AB")
        for s in _SPECIES
    )


@dataclass(frozen=True)
class Stage:
    """One step of the study.

    Parameters
    ----------
    name
        Also the name of its folder, of its function in the folder's ``run.py``, of its record in a state's folder and of its
        group on the Dask dashboard.
    scope
        Whether each state has a product of its own, or the campaign has one of all states.
    needs
        Stages whose products it reads; they come before it. Those of the campaign it reads as far as they are there.
    sections
        Tables of the campaign file that its product depends on; a stage of a state is given these and no others, one of the
        campaign all tables.
    products
        Files that are there when it is done.
    revision
        Raised when the stage's code changes its numbers: older products are then made again on request.
    cost
        Work of a state's stage in arbitrary units, as time steps times `pair_work`.
    campaign_cost
        Work of a stage of the campaign in the same units, by the number of states.
    is_on_request
        Of a stage of the campaign: whether a run leaves it to its own verb.
    runs_with
        The stage whose pools run it where a site file does not name it; such files need not know it.
    gpu_use
        What of it can work on a GPU.
    uses_seed
        Whether its product depends on the seed of the state.
    since
        The version that brought it, where states were finished before: it comes after the older ones, so that they are short of
        it alone, its records tell of them all, and a state that lacks nothing else counts as done.
    tells_of_attempts
        Whether its product tells of failures and hours, and so changes with the journals.
    summary
        Scalars that it finds of a state; a record holds those of the stages before, too.
    """

    name: str
    scope: Scope
    needs: tuple[str, ...]
    sections: tuple[str, ...]
    products: tuple[str, ...]
    revision: int
    cost: Callable[[StatePoint, Sections], float] | None = None
    campaign_cost: Callable[[int], float] | None = None
    is_on_request: bool = False
    runs_with: str = ""
    gpu_use: GpuUse = GpuUse.NONE
    uses_seed: bool = False
    since: str = ""
    tells_of_attempts: bool = False
    summary: tuple[Scalar, ...] = ()

    def __post_init__(self) -> None:
        if self.scope is Scope.STATE and self.cost is None:
            raise ValueError(f"the stage {self.name!r} has no cost; progress of a campaign is counted in it")
        if self.scope is Scope.CAMPAIGN and self.campaign_cost is None:
            raise ValueError(f"the stage {self.name!r} has no campaign_cost; what a campaign takes is counted in it")

    @property
    def function(self) -> Callable[..., Any]:
        """What does the work, loaded when it is asked for: `name` in the folder's ``run.py``, from a context to a result."""
        found: Callable[..., Any] = getattr(importlib.import_module(f"glassdask.stages.{self.name}.run"), self.name)
        return found

    def inputs(self, tables: Mapping[str, Any], state: StatePoint, seed: int) -> dict[str, Any]:
        """All that the stage's product of a state depends on besides earlier products, as plain data for a hash.

        Parameters
        ----------
        tables
            The campaign file, as plain data.
        state, seed
            Which state, and its seed.
        """
        found: dict[str, Any] = {name: tables[name] for name in self.sections}
        found["stage"] = {"name": self.name, "revision": self.revision}
        found["state"] = [state.potential, state.temperature, state.density, state.replica]
        return {**found, "seed": seed} if self.uses_seed else found
