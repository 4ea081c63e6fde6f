"""What a stage is: declared once, in the ``__init__.py`` of its folder. Standard library only, as `status` reads it."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
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
        Stages whose products it reads; they come before it.
    sections
        Tables of the campaign file that its product depends on; a stage of a state is given these and no others.
    products
        Files that are there when it is done.
    revision
        Raised when the stage's code changes its numbers: older products are then made again on request.
    cost
        Work of a state's stage in arbitrary units, as time steps times `pair_work`.
    runs_with
        The stage whose pools run it where a site file does not name it; such files need not know it.
    gpu_use
        What of it can work on a GPU.
    uses_seed
        Whether its product depends on the seed of the state.
    """

    name: str
    scope: Scope
    needs: tuple[str, ...]
    sections: tuple[str, ...]
    products: tuple[str, ...]
    revision: int
    cost: Callable[[StatePoint, Sections], float] | None = None
    runs_with: str = ""
    gpu_use: GpuUse = GpuUse.NONE
    uses_seed: bool = False

    def __post_init__(self) -> None:
        if self.scope is Scope.STATE and self.cost is None:
            raise ValueError(f"the stage {self.name!r} has no cost; progress of a campaign is counted in it")

    @property
    def function(self) -> Callable[..., Any]:
        """What does the work, loaded when it is asked for: `name` in the folder's ``run.py``."""
        return getattr(importlib.import_module(f"glassdask.stages.{self.name}.run"), self.name)

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
