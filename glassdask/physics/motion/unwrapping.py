"""Positions followed through the periodic boundaries: what displacements need and many files do not hold."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from glassdask.arrays import namespace, to_host
from glassdask.errors import InvalidInput

#: Of the box: a longer step between two frames may have been one through the boundary. Where steps are Gaussian and the
#: longest of 10^4 is just this, one that is taken wrongly comes once in 10^6 frames.
LONGEST_STEP = 0.4
#: A box that stays filled in every frame, whatever the particles do. A share of the whole extent.
_STAYS_FILLED = 0.8
#: Fewer particles do not fill a box.
_FEWEST = 10


def unwrap(positions: Any, box_lengths: ArrayLike) -> Any:
    """Follows particles through the boundaries of an orthorhombic periodic box.

    Each step between two successive frames is taken as the shortest of its images,

        Δr − L round(Δr / L),

    and steps are added up from the first frame, which stays as it is. Positions that are unwrapped already come back
    unchanged to rounding.

    Parameters
    ----------
    positions
        Frames in the order of time, shape (n_frames, N, 3), NumPy or CuPy. [sigma_AA]
    box_lengths
        L_x, L_y, L_z, or one number for a cube; the same in all frames. [sigma_AA]

    Returns
    -------
    array
        Shape (n_frames, N, 3), float64, in the namespace of the positions. [sigma_AA]

    Raises
    ------
    InvalidInput
        If shapes do not fit, a position is not finite, or a particle moves by more than 0.4 L along an axis between two
        frames: then the frames are too far apart to tell a step from one through the boundary.

    Examples
    --------
    >>> unwrap(np.array([[[4.8, 0, 0]], [[0.1, 0, 0]], [[0.4, 0, 0]]]), 5.0)[:, 0, 0]
    array([4.8, 5.1, 5.4])
    """
    xp = namespace(positions)
    wrapped = xp.asarray(positions).astype(xp.float64)
    if wrapped.ndim != 3 or wrapped.shape[2] != 3:
        raise InvalidInput(f"positions has the shape {wrapped.shape}; expected (n_frames, N, 3)")
    L = xp.asarray(_checked_lengths(box_lengths))
    steps = xp.diff(wrapped, axis=0)
    steps -= L * xp.rint(steps / L)
    _refuse_long_steps(to_host(xp.abs(steps / L).max(axis=(1, 2))) if steps.size else np.zeros(0))
    return xp.concatenate([wrapped[:1], wrapped[:1] + xp.cumsum(steps, axis=0)])


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


def _refuse_long_steps(longest: np.ndarray) -> None:
    """Of each pair of successive frames, in units of the box."""
    if not np.isfinite(longest).all():
        frame = int(np.argmax(~np.isfinite(longest)))
        raise InvalidInput(f"positions is not finite in frame {frame} or {frame + 1}; drop it")
    if longest.size and longest.max() > LONGEST_STEP:
        frame = int(np.argmax(longest > LONGEST_STEP))
        raise InvalidInput(
            f"a particle moves by {longest[frame]:.2f} box lengths along an axis between the frames {frame} and {frame + 1}; "
            f"allowed: {LONGEST_STEP}, or a step cannot be told from one through the boundary. Write frames more often, or "
            "unwrap with the image flags of the simulation"
        )


def _checked_lengths(box_lengths: ArrayLike) -> np.ndarray:
    lengths = np.asarray(to_host(box_lengths), dtype=float).reshape(-1)
    if lengths.size not in (1, 3) or not np.all(np.isfinite(lengths) & (lengths > 0)):
        raise InvalidInput(f"box_lengths is {box_lengths!r}; allowed: three positive lengths, or one for a cube")
    return np.broadcast_to(lengths, 3).copy()
