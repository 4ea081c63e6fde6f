"""What every stage is given and hands back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from glassdask.state_point import StatePoint


@dataclass(frozen=True)
class StageContext:
    """What a stage of one state is given.

    Parameters
    ----------
    state
        The state.
    parameters
        The tables of the campaign file that the product depends on, as plain data.
    folder
        The state's folder: products of earlier stages, to be read only.
    work
        The stage's own folder: its product is written there, under its final name.
    execution
        Engine, checkpoint interval, deadline, the campaign's identity: what changes no number.
    keep_alive
        Called now and then; raises where the stage must stop because another worker has taken the state over.
    """

    state: StatePoint
    parameters: dict[str, Any]
    folder: Path
    work: Path
    execution: dict[str, Any] = field(default_factory=dict)
    keep_alive: Callable[[], None] = lambda: None


@dataclass(frozen=True)
class StageResult:
    """What a stage hands back.

    Parameters
    ----------
    outcome
        ``done``; ``partial`` (checkpointed, to be continued); ``lost`` (its process was killed; to be continued);
        ``failed`` (for a reason of physics or code).
    files
        Names of the product's files in the work folder.
    status
        ``done``, ``not_equilibrated`` or ``crystallised``.
    reason
        One word where it failed.
    message
        What happened and what to do.
    """

    outcome: str
    files: tuple[str, ...] = ()
    status: str = "done"
    summary: dict[str, Any] = field(default_factory=dict)
    provenance: dict[str, Any] = field(default_factory=dict)
    reason: str = ""
    message: str = ""
