"""What a driver knows while it runs."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from glassdask.campaign.observe.ledger import DriverFacts
from glassdask.state_point import StatePoint


@dataclass
class Progress:
    """States that are at work or have ended, what else only the driver knows, and what the user should hear of, which whoever
    shows it takes out."""

    running: set[StatePoint] = field(default_factory=set)
    counts: Counter[str] = field(default_factory=Counter)
    facts: DriverFacts = field(default_factory=DriverFacts)
    messages: list[str] = field(default_factory=list)
