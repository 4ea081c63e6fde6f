"""What a child process says last, as JSON: in a file beside its request and, should the disk be full, as its last line."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from glassdask.outcome import Outcome

REQUEST, ANSWER, PROGRESS = "request.json", "outcome.json", "progress.json"


@dataclass(frozen=True)
class Answer:
    """How a child's work ended: done, partial (a checkpoint was written), failed, or lost (it died without a word);
    with one word for records (of `FailureReason` or
    `StopReason`, "signal 9", or the name of an exception; "" if done), a sentence for people, and what was found, or of a failure where it stood:
    JSON values by name."""

    outcome: Outcome
    reason: str = ""
    message: str = ""
    results: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> str:
        """The answer as JSON text on one line."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Answer | None:
        """The answer that `to_json` wrote; None if the text is anything else."""
        try:
            answer = cls(**json.loads(text))
            return replace(answer, outcome=Outcome(answer.outcome))
        except (ValueError, TypeError):
            return None
