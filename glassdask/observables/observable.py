"""What an observable declares of itself, and how frames or pairs of them become numbers that are averaged."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from types import ModuleType
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from glassdask.datasets.schema.variables import Variable
from glassdask.errors import InvalidInput
from glassdask.observables.averages import Average
from glassdask.observables.frames import Floats, Frames
from glassdask.observables.setting import Setting


class Needs(StrEnum):
    """What is averaged over: single frames, or pairs of frames that are a lag apart."""

    FRAMES = "frames"
    LAGS = "lags"


class OneFrame:
    """One frame of a trajectory where it is worked on; read when first asked for.

    Parameters
    ----------
    frames, index
        Of which trajectory, and which.
    xp
        Where the work is done, ``numpy`` or ``cupy``.
    """

    def __init__(self, frames: Frames, index: int, xp: ModuleType):
        self._frames, self.index, self._xp = frames, index, xp
        self._shared: dict[str, Any] = {}

    @cached_property
    def cell(self) -> Floats:
        """Lattice vectors as rows, on the host, shape (d, d). [length]"""
        return self._frames.cell(self.index)

    @cached_property
    def positions(self) -> Any:
        """As they are kept, wrapped or not, shape (N, d), in the namespace. [length]"""
        return self._xp.asarray(self._finite(self._frames.positions(self.index)))

    @cached_property
    def unwrapped(self) -> Any:
        """Followed through the boundaries, shape (N, d), in the namespace. [length]"""
        return self._xp.asarray(self._finite(self._frames.unwrapped(self.index)))

    def shared(self, name: str, make: Callable[[], Any]) -> Any:
        """What several observables hold of the frame, made once, by name."""
        if name not in self._shared:
            self._shared[name] = make()
        return self._shared[name]

    def _finite(self, positions: Floats) -> Floats:
        if not np.isfinite(positions).all():
            raise InvalidInput(
                f"positions of frame {self.index} are not finite: the run has diverged; drop the frame and those after it"
            )
        return positions


class RowsOfFrames(Protocol):
    """Numbers of single frames; made of a `Setting`. Observables that name the same class share its work."""

    def of_frame(self, frame: OneFrame) -> Floats:
        """The row of one frame, always of one shape, on the host."""


class RowsOfLags(Protocol):
    """Numbers of pairs of frames; made of a `Setting`. Observables that name the same class share its work.

    Attributes
    ----------
    lags
        Numbers of the lags that are looked at, increasing; None for all.
    """

    lags: NDArray[np.int64] | None

    def prepare(self, frame: OneFrame) -> Any:
        """All that is needed of a frame later: kept in memory as long as pairs with it are to come."""

    def of_pairs(self, states: Sequence[Any], pairs: NDArray[np.int64]) -> Floats:
        """The rows of some pairs, on the host.

        Parameters
        ----------
        states
            What `prepare` has made of some frames.
        pairs
            Which of them are origin and end, shape (n_pairs, 2).

        Returns
        -------
        numpy.ndarray
            Shape (n_pairs, …); each row depends on its own pair alone.
        """


Rows: TypeAlias = RowsOfFrames | RowsOfLags
#: Arrays by the names of variables.
Values: TypeAlias = dict[str, Any]


def _no_coordinates(_: Setting) -> dict[str, Any]:
    return {}


@dataclass(frozen=True)
class Observable:
    """One observable: all that campaigns, files, figures and documentation know of it. ``OBSERVABLE`` of its file, whose name
    is the observable's.

    Whoever reads a campaign file loads the declarations: compiled loops and large packages are imported where rows are made.

    Parameters
    ----------
    title
        In a few words.
    needs
        Single frames or pairs.
    rows
        Makes, of a setting, what turns frames or pairs into rows.
    values
        Makes variables of the average of the rows; NaN where nothing is known.
    variables
        Their declarations by name, ``…_error`` among them.
    source
        The paper whose definition it is.
    oracle
        The known answer that its test compares with.
    coordinates
        Of dimensions of its own, given the setting.
    dimensions
        In which it is defined.
    is_default
        Whether campaigns compute it unless they say otherwise.
    is_of_reduce
        Whether the stage `reduce` has it already; campaigns then do not offer it.
    """

    title: str
    needs: Needs
    rows: Callable[[Setting], Rows]
    values: Callable[[Average, Setting], Values]
    variables: Mapping[str, Variable]
    source: str
    oracle: str
    coordinates: Callable[[Setting], dict[str, Any]] = field(default=_no_coordinates)
    dimensions: tuple[int, ...] = (2, 3)
    is_default: bool = True
    is_of_reduce: bool = False
