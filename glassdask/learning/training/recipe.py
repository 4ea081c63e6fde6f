"""How a network is made and trained: everything that its weights depend on beside the data."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

import numpy as np

from glassdask.errors import InvalidInput
from glassdask.files.checksum import bytes_sha256, json_sha256
from glassdask.learning.data.features import VIEWS

#: Loss of a point: |ΔF|, or ΔF² in units of the data's error and of what a model cannot be expected to resolve.
LOSSES = ("l1", "weighted")
PRECISIONS = ("float32", "float64")


@dataclass(frozen=True)
class Recipe:
    """A network, what it is told, and how it learns.

    Parameters
    ----------
    name
        For tables and figures.
    network, options
        Kind and sizes (:mod:`glassdask.learning.training.network`).
    view
        What it is told of a state (:mod:`glassdask.learning.data.features`).
    loss
        "l1" or "weighted".
    lasso
        Factor of Σ|w| in the loss.
    weight_decay
        Factor of Σ w²/2, decoupled from the loss (AdamW); it shrinks what the data do not ask for.
    learning_rate
        Of Adam, at the start; it falls along a cosine to a hundredth.
    epochs, patience
        Passes over the data at most, and without a better validation loss.
    batch_size
        Points of a step, over all ranks.
    validation
        Share of the training states that training is stopped by; 0 for none, and all epochs.
    precision
        "float32" or "float64": rounding of the first grows with every step, so that ranks and one process, which add in
        another order, end at different weights of the same quality.
    """

    name: str
    network: str = "paper"
    options: dict[str, Any] = field(default_factory=dict)
    view: str = "structure"
    loss: str = "l1"
    lasso: float = 1e-7
    weight_decay: float = 0.0
    learning_rate: float = 1e-3
    epochs: int = 300
    patience: int = 60
    batch_size: int = 256
    validation: float = 0.1
    precision: str = "float32"

    def __post_init__(self) -> None:
        if self.view not in VIEWS:
            raise InvalidInput(f"view is {self.view!r}; allowed: {', '.join(VIEWS)}")
        if self.loss not in LOSSES:
            raise InvalidInput(f"loss is {self.loss!r}; allowed: {', '.join(LOSSES)}")
        for name in ("epochs", "patience", "batch_size"):
            if getattr(self, name) < 1:
                raise InvalidInput(f"{name} is {getattr(self, name)}; allowed: 1 or more")
        if self.precision not in PRECISIONS:
            raise InvalidInput(f"precision is {self.precision!r}; allowed: {', '.join(PRECISIONS)}")
        if not 0 <= self.validation < 1:
            raise InvalidInput(f"validation is {self.validation:g}; allowed: 0, or a share below 1 such as 0.1")

    @classmethod
    def from_plain(cls, values: dict[str, Any]) -> Recipe:
        """A recipe of plain data, as model files keep it; what a newer version added is refused."""
        known = {f.name for f in fields(cls)}
        if unknown := sorted(set(values) - known):
            raise InvalidInput(f"unknown {', '.join(unknown)} in a recipe; allowed: {', '.join(sorted(known))}")
        return cls(**values)

    def plain(self) -> dict[str, Any]:
        """As plain data."""
        return asdict(self)


#: The paper's network, loss, penalty and optimiser; mini-batches, schedule and early stopping are ours.
PAPER = Recipe("paper's network")
_DECAY = Recipe(
    "decay network",
    network="decay",
    view="coupling",
    loss="weighted",
    lasso=0.0,
    weight_decay=1e-2,
    learning_rate=1e-2,
    epochs=100,
    patience=100,
    batch_size=100_000,
    validation=0.0,
)


#: View and hidden units of the recipes that cross-validation chooses the better model from, simplest first.
_CANDIDATES = (("coupling", 0), ("coupling+density", 0), ("coupling+thermodynamic", 0), ("coupling+thermodynamic", 16))


def decay_candidates() -> list[Recipe]:
    """What cross-validation chooses the better model from: views of a state, without and with a hidden layer."""
    candidates = []
    for view, hidden in _CANDIDATES:
        name = f"{view}, hidden {hidden}" if hidden else f"{view}, linear"
        candidates.append(replace(_DECAY, name=name, view=view, options={"hidden": hidden} if hidden else {}))
    return candidates


def identity(*parts: Any) -> str:
    """Short hash of plain data and of arrays, every bit of them."""
    return json_sha256(parts, _digest)[:16]


def _digest(array: Any) -> list[Any]:
    values = np.ascontiguousarray(array)
    return [values.dtype.str, values.shape, bytes_sha256(values.tobytes())]
