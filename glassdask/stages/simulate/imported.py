"""A trajectory that somebody brings in the place of a simulation: its record in the state's folder.

The record is written before the stage takes the trajectory, and stays: whenever the product is lost or damaged, the stage takes
the same file again, and never simulates instead.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from glassdask.errors import InvalidInput
from glassdask.files.atomic_write import write_json
from glassdask.stages.simulate import IMPORT


@dataclass(frozen=True)
class ImportedTrajectory:
    """Which file stands in for a state's simulation, and how it is read.

    Parameters
    ----------
    source
        Absolute path of the file as it was given.
    sha256, n_bytes
        Of the file.
    method
        Whether the state's folder holds a link to it or a copy.
    options
        How it is read: fields of ``glassdask.datasets.trajectories``' options, as plain data.
    time_unit
        One unit of the file's time in tau_MD.
    lag_times
        Lags that are wanted; None for those that its frames suggest. [tau_MD]
    """

    source: str
    sha256: str
    n_bytes: int
    method: Literal["link", "copy"] = "link"
    options: dict[str, Any] = field(default_factory=dict)
    time_unit: float = 1.0
    lag_times: list[float] | None = None

    @property
    def name(self) -> str:
        """Of the file in the state's folder: ``trajectory`` with the endings of its own name."""
        endings = "".join(Path(self.source).suffixes[-2:]) if self.source.endswith(".gz") else Path(self.source).suffix
        return f"trajectory{endings}"

    def inputs(self) -> dict[str, Any]:
        """What products depend on, as plain data for a hash: the bytes and how they are read, not where they lie."""
        return {key: value for key, value in asdict(self).items() if key not in ("source", "method")}


def read_import(folder: Path) -> ImportedTrajectory | None:
    """The record of a state whose trajectory was brought; None of one that is simulated.

    Raises
    ------
    InvalidInput
        If the record is damaged.
    """
    path = folder / IMPORT
    try:
        return ImportedTrajectory(**json.loads(path.read_bytes()))
    except FileNotFoundError:
        return None
    except (ValueError, TypeError) as error:
        raise InvalidInput(f"{path} is damaged ({error}); import the trajectory again: glassdask import") from error


def write_import(folder: Path, record: ImportedTrajectory) -> None:
    """Says, in the folder of a state, that its trajectory is brought."""
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / IMPORT, asdict(record))
