"""Every stage there is, found in the folders of ``glassdask.stages``; each declares itself there as ``STAGE``.

Standard library only: `status` reads it.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable, Mapping
from typing import Any

import glassdask.stages
from glassdask.stages.contract.stage import Scalar, Scope, Shown, Stage


def _declared() -> dict[str, Stage]:
    """The stages by name, each after those that it needs; of those that as many others need, older ones first; and last
    those that no other needs.

    So a stage that is new comes after the old ones, and finished states are short of it alone.
    """
    folders = [module.name for module in pkgutil.iter_modules(glassdask.stages.__path__) if module.ispkg]
    modules = [importlib.import_module(f"glassdask.stages.{name}") for name in folders]
    found = {module.STAGE.name: module.STAGE for module in modules if hasattr(module, "STAGE")}

    def place(name: str) -> tuple[int, str, str]:
        return -len(_needed_by(name, found)), found[name].since, name

    return {name: found[name] for name in sorted(found, key=place)}


def _needed_by(name: str, stages: dict[str, Stage]) -> set[str]:
    """All stages that cannot do without one."""
    direct = {stage.name for stage in stages.values() if name in stage.needs}
    return direct.union(*(_needed_by(other, stages) for other in direct))


#: Stages by name, in the order of work.
STAGES = _declared()
#: Stages of each state, in the order of work.
STATE_STAGES = tuple(stage for stage in STAGES.values() if stage.scope is Scope.STATE)
#: Stages that the whole campaign has one product of; all but `collect` are made on request.
CAMPAIGN_STAGES = tuple(stage for stage in STAGES.values() if stage.scope is Scope.CAMPAIGN)
#: Stages that are sent to the pools of a site: those of states, and of the campaign's those that say with which they run.
POOL_STAGES = tuple(stage for stage in STAGES.values() if stage.scope is Scope.STATE or stage.runs_with)


def scalars(shown: Shown, records: Iterable[Mapping[str, Any]] | None = None) -> list[Scalar]:
    """What is shown of a state in one of the places, in the order of work; without optional ones that no record has, where
    `records` gives the summaries of the states."""
    found = [scalar for stage in STATE_STAGES for scalar in stage.summary if shown in scalar.shown]
    if records is None:
        return found
    known = {name for record in records for name, value in record.items() if value is not None}
    return [scalar for scalar in found if not scalar.is_optional or scalar.name in known]
