"""What is not like the rest of a campaign: states that count for nothing, for less, or that are not there, and why."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from glassdask.campaign.files.status import StateStatus
from glassdask.campaign.observe.state_facts import StateFacts
from glassdask.outcome import UNFINISHED, Status


@dataclass(frozen=True)
class Exclusion:
    """States that have one thing in common: what, in a few words; what it means for the results, and what to do;
    identifier and reason of each."""

    title: str
    meaning: str
    states: list[tuple[str, str]]


def exclusions(facts: Sequence[StateFacts]) -> list[Exclusion]:
    """Every kind that occurs, in the order of severity."""
    found = [
        Exclusion(
            title, meaning, [(one.state.identifier, _reason(one.item, title)) for one in facts if is_one(one.item)]
        )
        for title, meaning, is_one in _KINDS
    ]
    return [exclusion for exclusion in found if exclusion.states]


def _reason(item: StateStatus, title: str) -> str:
    summary = item.summary
    if title == _TEMPERATURE:
        return (
            f"measured {summary.get('measured_temperature'):.4g}, asked for {item.state.temperature:g} epsilon_AA/k_B"
        )
    if title == _DRIFT:
        return f"drift {summary.get('energy_drift'):.2g} epsilon_AA a particle"
    if item.status in UNFINISHED:
        return unfinished(item)
    return str(summary.get("reasons") or "")


def unfinished(item: StateStatus) -> str:
    """What a state that is not finished waits for, does, or failed of, in words."""
    if item.status == Status.FAILED:
        return f"{item.stage}: {item.message}"
    phase = f" ({item.phase})" if item.phase else ""
    return f"{item.stage}{phase} {'runs' if item.status is Status.RUNNING else 'comes next'}"


def _has(status: str) -> Callable[[StateStatus], bool]:
    return lambda item: item.status == status


_TEMPERATURE, _DRIFT = "Temperature off", "Energy drifting"
#: Title, meaning, and which states.
_KINDS: tuple[tuple[str, str, Callable[[StateStatus], bool]], ...] = (
    (
        "Crystallised",
        "Not in the cube, nor in anything made from it. Another seed or a shorter run may stay liquid.",
        _has(Status.CRYSTALLISED),
    ),
    (
        "Failed",
        "Not in the cube. 'glassdask run CAMPAIGN --retry-failed' tries again.",
        _has(Status.FAILED),
    ),
    (
        "Not in equilibrium",
        (
            "In the cube with this status (replicas in equilibrium are preferred), drawn hollow; not used for T_mct, "
            "and for training only with --with-glasses. A longer equilibration or production may mend it."
        ),
        _has(Status.NOT_EQUILIBRATED),
    ),
    (
        _TEMPERATURE,
        (
            "In the cube; the measured temperature misses the target by more than quality.temperature_error. Theory "
            "and memory use the measured one."
        ),
        lambda item: bool(item.summary.get("is_temperature_off")),
    ),
    (
        _DRIFT,
        (
            "In the cube; the energy drifted by more than quality.energy_drift over production. A smaller "
            "time_step.drift_tolerance makes the time step shorter."
        ),
        lambda item: bool(item.summary.get("is_energy_drifting")),
    ),
    (
        "Missing",
        "Not finished: the stage named here comes next, or is running. 'glassdask run CAMPAIGN' goes on.",
        lambda item: item.status in (Status.RUNNING, Status.WAITING),
    ),
)
