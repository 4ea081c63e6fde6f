"""What every stage is given and hands back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from glassdask.outcome import Outcome, Status
from glassdask.physics.liquids.liquid import Liquid
from glassdask.stages.contract.sections import ExecutionSection, Sections, WavenumbersSection
from glassdask.state_point import StatePoint


@dataclass(frozen=True)
class Execution:
    """How and where a stage is run: what changes no number.

    Parameters
    ----------
    settings
        The table ``execution`` of the campaign file.
    in_situ
        Bins and frames of the S(k) that a simulation takes while it runs; None where `reduce` takes it from the trajectory.
    campaign
        Identity of the campaign, written into products.
    array
        Where arrays are worked on: ``numpy``, ``cupy`` or ``auto``.
    deadline
        Unix time at which the worker's job ends, or None.
    deadline_margin
        Seconds before that at which a simulation stops.
    """

    settings: ExecutionSection = field(default_factory=ExecutionSection)
    in_situ: WavenumbersSection | None = None
    campaign: str | None = None
    array: str = "auto"
    deadline: float | None = None
    deadline_margin: float = 30.0


@dataclass(frozen=True)
class StageContext:
    """What a stage of one state is given.

    Parameters
    ----------
    state
        The state.
    sections
        The tables of the campaign file that the stage declares; its product depends on them.
    folder
        The state's folder: products of earlier stages, to be read only.
    work
        The stage's own folder: its product is written there, under its final name.
    seed
        The state's own.
    execution
        How and where it is run: what changes no number.
    keep_alive
        Called now and then; raises where the stage must stop because another worker has taken the state over.
    report
        Called now and then with the share of the stage that is done, 0 to 1, and what it is at; costs nothing.
    grows
        The phase in which the product in `folder` is to be longer; empty where a new one is made.
    """

    state: StatePoint
    sections: Sections
    folder: Path
    work: Path
    seed: int = 0
    execution: Execution = field(default_factory=Execution)
    keep_alive: Callable[[], None] = lambda: None
    report: Callable[[float, str], None] = lambda _share, _phase: None
    grows: str = ""

    def part(self, phase: str, begin: float = 0.0, end: float = 1.0) -> Callable[[float], None]:
        """What a part of the stage calls now and then with the share of itself that is done; the part is from `begin` to `end` of
        the whole. Raises as `keep_alive` does."""

        def look(share: float) -> None:
            self.keep_alive()
            self.report(begin + (end - begin) * share, phase)

        return look

    @property
    def liquid(self) -> Liquid:
        """What the state is a state of: species, masses, interactions."""
        return self.sections.liquid_named(self.state.potential)


class HasStatus(Protocol):
    """A state and what became of it."""

    @property
    def state(self) -> StatePoint:
        """The state."""

    @property
    def status(self) -> Status:
        """Where it stands."""


class HasSummary(HasStatus, Protocol):
    """A state, what became of it, and what its latest record says in short."""

    @property
    def summary(self) -> Mapping[str, Any]:
        """Of the record."""


@dataclass(frozen=True)
class CampaignContext:
    """What a stage of the campaign is given.

    Parameters
    ----------
    folder
        The campaign's: products of earlier stages lie there, and the stage's own is written there.
    campaign
        Identity of the campaign, written into products.
    sections
        All tables of the campaign file.
    statuses
        Every replica of every state.
    given
        What else the stage works with, of a type of its own: who trains; what records and journals say.
    say
        Called with a line before each part that takes a while.
    """

    folder: Path
    campaign: str
    sections: Sections
    statuses: Sequence[HasSummary]
    given: Any = None
    say: Callable[[str], None] = lambda _: None

    def done(self, files: Sequence[Path]) -> StageResult:
        """The result of a stage that has written these files of the folder."""
        return StageResult(Outcome.DONE, tuple(str(path.relative_to(self.folder)) for path in files))


@dataclass(frozen=True)
class StageResult:
    """What a stage hands back.

    Parameters
    ----------
    outcome
        Done, partial, lost or failed.
    files
        Names of the product's files in the work folder, or in that of the campaign.
    status
        Done, not in equilibrium or crystallised; None where the state is what the stages before found it to be.
    summary
        Scalars worth showing without opening a file, besides those that the stages before have found.
    provenance
        What made it.
    reason
        Where it is not done: of `FailureReason` or `StopReason`, or the signal that ended its process.
    message
        What happened and what to do.
    kept
        Names of files in the work folder that are no product, but that the same stage can go on from where more is asked of
        it later; the product is whole without them.
    """

    outcome: Outcome
    files: tuple[str, ...] = ()
    status: Status | None = None
    summary: dict[str, Any] = field(default_factory=dict)
    provenance: dict[str, Any] = field(default_factory=dict)
    reason: str = ""
    message: str = ""
    kept: tuple[str, ...] = ()
