"""Positions followed through the periodic boundaries: what displacements need and many files do not hold."""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from glassdask.arrays import namespace, to_host
from glassdask.errors import InvalidInput
from glassdask.physics.numerics.periodic_cell import DIMENSIONS, cells_of, fractional, is_orthorhombic

Floats = NDArray[np.float64]
#: Of the box: a longer step between two frames may have been one through the boundary. Where steps are Gaussian and the
#: longest of 10^4 is just this, one that is taken wrongly comes once in 10^6 frames.
LONGEST_STEP = 0.4
#: Of the box, the root mean square over particles along an axis: of steps that are anything, wrapped, it is 0.29.
LONGEST_TYPICAL_STEP = 0.25
#: A box that stays filled in every frame, whatever the particles do. A share of the whole extent.
_STAYS_FILLED = 0.8
#: Fewer particles do not fill a box, nor have a typical step.
_FEWEST = 10


def unwrap(positions: Any, box_lengths: ArrayLike) -> Any:
    """Follows particles through the boundaries of a periodic cell of any shape, in two or three dimensions.

    Each step between two successive frames is taken as the shortest of its images,

        Δr − L round(Δr / L),

    and steps are added up from the first frame, which stays as it is. Positions that are unwrapped already come back
    unchanged to rounding. In a cell of lattice vectors h (rows) the same is done with fractional coordinates s = r h⁻¹,
    each step of which lies within ±1/2.

    With one cell a frame (constant pressure), steps are those of the fractional coordinates, in the mean of both cells:

        Δr = [Δs − round(Δs)] (h_i + h_{i+1}) / 2

    The affine motion by which a barostat carries all particles along is left out, and no image flag is multiplied by a length
    that fluctuates, which would add to the mean squared displacement without end (von Bülow, Bullerjahn & Hummer, J. Chem.
    Phys. 153, 021101 (2020)).

    Parameters
    ----------
    positions
        Frames in the order of time, shape (n_frames, N, 3) or (n_frames, N, 2), NumPy or CuPy. [sigma_AA]
    box_lengths
        L_x, L_y, L_z, or one number for a cube; the lattice vectors as rows, shape (d, d); or one such matrix a frame, shape
        (n_frames, d, d). [sigma_AA]

    Returns
    -------
    array
        Shape (n_frames, N, d), float64, in the namespace of the positions. [sigma_AA]

    Raises
    ------
    InvalidInput
        If shapes do not fit, a position is not finite, a particle moves by more than 0.4 L along an axis (0.4 of a lattice vector)
        between two frames, or ten and more by 0.25 L (root mean square): then the frames are too far apart to tell a step
        from one through the boundary.

    Examples
    --------
    >>> unwrap(np.array([[[4.8, 0, 0]], [[0.1, 0, 0]], [[0.4, 0, 0]]]), 5.0)[:, 0, 0]
    array([4.8, 5.1, 5.4])
    >>> unwrap(np.array([[[4.8, 0.0]], [[0.9, 4.8]]]), [[5.0, 0.0], [1.0, 5.0]])[:, 0]
    array([[ 4.8,  0. ],
           [ 4.9, -0.2]])
    """
    xp = namespace(positions)
    wrapped = xp.asarray(positions).astype(xp.float64)
    if wrapped.ndim != 3 or wrapped.shape[2] not in DIMENSIONS:
        raise InvalidInput(f"positions has the shape {wrapped.shape}; expected (n_frames, N, 3) or (n_frames, N, 2)")
    cells = _checked_cells(box_lengths, wrapped.shape[2], len(wrapped))
    if len(wrapped) < 2:
        return wrapped
    before, after = (cells, cells) if len(cells) == 1 else (cells[:-1], cells[1:])
    steps, shares = _steps(wrapped[:-1], wrapped[1:], before, after)
    _refuse_long_steps(*shares)
    return xp.concatenate([wrapped[:1], wrapped[:1] + xp.cumsum(steps, axis=0)])


class Unwrapper:
    """Follows particles through the boundaries frame by frame, as :func:`unwrap` does with all of them at once.

    Parameters
    ----------
    box_lengths
        Of the first frame: lengths, or the lattice vectors as rows, shape (d, d). [sigma_AA]
    dimension
        2 or 3.

    Examples
    --------
    >>> unwrapper = Unwrapper(5.0)
    >>> [float(unwrapper.follow(np.array([[x, 0.0, 0.0]]))[0, 0].round(9)) for x in (4.8, 0.1, 0.4)]
    [4.8, 5.1, 5.4]
    """

    def __init__(self, box_lengths: ArrayLike, dimension: int = 3):
        self._cell = _checked_cells(box_lengths, dimension, 1)
        self._first: Any = None
        self._last: Any = None
        self._moved: Any = None
        #: Frames that were followed.
        self.n_frames = 0

    def follow(self, positions: Any, box_lengths: ArrayLike | None = None) -> Any:
        """The next frame, unwrapped.

        Parameters
        ----------
        positions
            Shape (N, d), NumPy or CuPy, of the same particles in the same order as the frames before. [sigma_AA]
        box_lengths
            Of this frame; None where it is that of the frame before. [sigma_AA]

        Returns
        -------
        array
            Shape (N, d), float64, in the namespace of the positions; the first frame as it is. [sigma_AA]

        Raises
        ------
        InvalidInput
            As :func:`unwrap`, with the number of the frame as counted from the first that was followed.
        """
        xp = namespace(positions)
        wrapped = xp.asarray(positions).astype(xp.float64)
        d = self._cell.shape[-1]
        if wrapped.ndim != 2 or wrapped.shape[1] != d or (self._last is not None and wrapped.shape != self._last.shape):
            n = "N" if self._last is None else len(self._last)
            raise InvalidInput(f"positions has the shape {wrapped.shape} in frame {self.n_frames}; expected ({n}, {d})")
        cell = self._cell if box_lengths is None else _checked_cells(box_lengths, d, 1)
        cell = self._cell if np.array_equal(cell, self._cell) else cell
        if self._last is None:
            self._first, self._moved = wrapped, xp.zeros_like(wrapped)
        else:
            steps, shares = _steps(self._last[None], wrapped[None], self._cell, cell)
            _refuse_long_steps(*shares, first=self.n_frames - 1)
            self._moved = self._moved + steps[0]
        self._last, self._cell = wrapped, cell
        self.n_frames += 1
        return self._first + self._moved

    def state(self) -> dict[str, NDArray[Any]]:
        """What another Unwrapper needs to go on (:meth:`restore`), as arrays on the host that can be kept in a file.

        Returns
        -------
        dict
            Arrays by name: the cell, shape (d, d), the number of frames, and after the first frame the positions of the first and
            the last one and the sum of steps, shape (N, d). [sigma_AA]
        """
        kept: dict[str, NDArray[Any]] = {"cell": self._cell[0].copy(), "n_frames": np.array(self.n_frames)}
        if self._last is not None:
            kept |= {"first": to_host(self._first), "last": to_host(self._last), "moved": to_host(self._moved)}
        return kept

    def restore(self, state: Mapping[str, NDArray[Any]], xp: ModuleType = np) -> None:
        """Goes on where another one has stopped.

        Parameters
        ----------
        state
            As of :meth:`state`.
        xp
            NumPy or CuPy, as the positions to come.
        """
        self._cell = np.array(state["cell"], dtype=float)[None]
        self.n_frames = int(state["n_frames"])
        if self.n_frames:
            self._first, self._last, self._moved = (xp.asarray(state[key]) for key in ("first", "last", "moved"))


def _steps(before: Any, after: Any, cell_before: Floats, cell_after: Floats) -> tuple[Any, tuple[Floats, Floats]]:
    """Shortest steps between frames, shape (n_frames, N, d); in units of the box the longest of each frame, and the root mean square
    along the axis that has the largest, 0 of particles too few to have one."""
    xp = namespace(before)
    if cell_before is cell_after and is_orthorhombic(cell_after):
        L = xp.asarray(np.diagonal(cell_after[0]).copy())
        steps = after - before
        steps -= L * xp.rint(steps / L)
        shares = steps / L
    else:
        shares = fractional(after, cell_after) - fractional(before, cell_before)
        shares -= xp.rint(shares)
        steps = xp.matmul(shares, xp.asarray(0.5 * (cell_before + cell_after)))
    longest = xp.abs(shares).max(axis=(1, 2))
    is_typical = before.shape[1] >= _FEWEST
    typical = xp.sqrt((shares**2).mean(axis=1).max(axis=1)) if is_typical else xp.zeros_like(longest)
    return steps, (to_host(longest), to_host(typical))


def followed(positions: Any, box_lengths: ArrayLike | None) -> Any:
    """Unwrapped positions: of a box by :func:`unwrap`; without one as they are, unless they look wrapped.

    Parameters
    ----------
    positions
        Shape (n_frames, N, 3), NumPy or CuPy. [sigma_AA]
    box_lengths
        As for :func:`unwrap`; infinite for positions that are known to be unwrapped; None where nothing is known.

    Returns
    -------
    array
        Shape (n_frames, N, 3), as given where nothing had to be followed. [sigma_AA]

    Raises
    ------
    InvalidInput
        If the positions look wrapped: all frames fill the same box, at least eight tenths of the whole extent along each axis,
        and a particle moves by more than half of it between two frames.
    """
    if box_lengths is not None:
        return (
            positions
            if np.all(np.isposinf(np.asarray(to_host(box_lengths), dtype=float)))
            else unwrap(positions, box_lengths)
        )
    xp = namespace(positions)
    frames = xp.asarray(positions)
    if frames.ndim == 3 and frames.shape[0] > 1 and frames.shape[1] >= _FEWEST:
        _refuse_wrapped(frames, xp)
    return positions


def _refuse_wrapped(frames: Any, xp: Any) -> None:
    low, high = (to_host(end).astype(float) for end in (frames.min(axis=1), frames.max(axis=1)))
    if not (np.isfinite(low).all() and np.isfinite(high).all()):
        return  # told by the estimator, with the frame
    whole = high.max(axis=0) - low.min(axis=0)
    if np.any((high - low).min(axis=0) < _STAYS_FILLED * whole):
        return
    longest = to_host(xp.abs(xp.diff(frames, axis=0)).max(axis=1))
    share = np.divide(longest, whole, out=np.zeros(longest.shape), where=whole > 0)
    frame, axis = np.unravel_index(np.argmax(share), share.shape)
    if share[frame, axis] > 0.5:
        raise InvalidInput(
            f"positions_unwrapped looks wrapped: every frame fills the same {whole[axis]:.4g} along {'xyz'[axis]}, and a "
            f"particle moves by {longest[frame, axis]:.4g} between the frames {frame} and {frame + 1}, as through a boundary; "
            "give box_lengths, and the positions are followed through it (glassdask.unwrap), or box_lengths = inf if they are "
            "unwrapped"
        )


def _refuse_long_steps(longest: Floats, typical: Floats, first: int = 0) -> None:
    """Of each pair of successive frames, in units of the box."""
    if not np.isfinite(longest).all():
        frame = first + int(np.argmax(~np.isfinite(longest)))
        raise InvalidInput(f"positions is not finite in frame {frame} or {frame + 1}; drop it")
    is_long = (longest > LONGEST_STEP) | (typical > LONGEST_TYPICAL_STEP)
    if not is_long.any():
        return
    i = int(np.argmax(is_long))
    frames = f"between the frames {first + i} and {first + i + 1}"
    remedy = "Write frames more often, or unwrap with the image flags of the simulation"
    if longest[i] > LONGEST_STEP:
        raise InvalidInput(
            f"a particle moves by {longest[i]:.2f} box lengths along an axis {frames}; allowed: {LONGEST_STEP}, or a step cannot be "
            f"told from one through the boundary. {remedy}"
        )
    raise InvalidInput(
        f"particles move by {typical[i]:.2f} box lengths along an axis (root mean square) {frames}; allowed: {LONGEST_TYPICAL_STEP}, "
        f"or all of them may have gone the other way round. {remedy}"
    )


def _checked_cells(box_lengths: ArrayLike, dimension: int, n_frames: int) -> Floats:
    box = np.asarray(to_host(box_lengths), dtype=float)
    if box.ndim < 2 and not (box.size in (1, dimension) and np.all(np.isfinite(box) & (box > 0))):
        lengths = (
            "three positive lengths, or one for a cube"
            if dimension == 3
            else "two positive lengths, or one for a square"
        )
        raise InvalidInput(
            f"box_lengths is {box_lengths!r}; allowed: {lengths}; or lattice vectors as rows, one matrix for all frames or one each"
        )
    return cells_of(box, dimension, n_frames)
