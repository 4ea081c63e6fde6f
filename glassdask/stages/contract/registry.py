"""Every stage there is, found in the folders of ``glassdask.stages``; each declares itself there as ``STAGE``.

Standard library only: `status` reads it.
"""

from __future__ import annotations

import importlib
import pkgutil
from graphlib import TopologicalSorter

import glassdask.stages
from glassdask.stages.contract.stage import Scalar, Scope, Shown, Stage


def _declared() -> dict[str, Stage]:
    """The stages by name, each after those that it needs."""
    folders = [module.name for module in pkgutil.iter_modules(glassdask.stages.__path__) if module.ispkg]
    modules = [importlib.import_module(f"glassdask.stages.{name}") for name in folders]
    found = {module.STAGE.name: module.STAGE for module in modules if hasattr(module, "STAGE")}
    order = TopologicalSorter({name: stage.needs for name, stage in found.items()}).static_order()
    return {name: found[name] for name in order}


#: Stages by name, in the order of work.
STAGES = _declared()
#: Stages of each state, in the order of work.
STATE_STAGES = tuple(stage for stage in STAGES.values() if stage.scope is Scope.STATE)
#: Stages that are sent to the pools of a site: those of states, and of the campaign's those that say with which they run.
POOL_STAGES = tuple(stage for stage in STAGES.values() if stage.scope is Scope.STATE or stage.runs_with)


def scalars(shown: Shown) -> list[Scalar]:
    """What is shown of a state in one of the places, in the order of work."""
    return [scalar for stage in STATE_STAGES for scalar in stage.summary if shown in scalar.shown]
