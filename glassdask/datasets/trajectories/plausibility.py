"""Whether positions and box belong together: wrapped or not, scaled, in a box that is another system's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from glassdask.datasets.trajectories.stored_frame import Floats, Integers
from glassdask.errors import InvalidInput
from glassdask.physics.motion.unwrapping import LONGEST_STEP
from glassdask.physics.numerics.periodic_cell import fractional, nearest_image, volumes

#: Of the box, from its middle: a particle farther away lies outside by more than an image.
BEYOND = 1.5
#: Of the box, from its middle: programs wrap when they build neighbour lists, so that particles lie outside by a little.
_LITTLE = 0.6
#: So many of the particles farther outside are no accident.
_MANY = 0.01
#: Fewer particles do not fill a box.
_FEWEST = 10
#: Of a box that is full, with so many particles, no such part is empty.
_EMPTY, _FEWEST_TO_FILL = 0.3, 40
#: Scaled coordinates fill 0 … 1, to this margin; and a box of which that is more than a part is one of such size.
_MARGIN, _PART = 0.1, 0.55
#: Of the extent in the first frame: wrapped particles fill the same space for ever, whatever the box is said to be.
_SPREADS = 1.5
#: Particles whose neighbours are looked for, and distances that are computed for it.
_SAMPLE, _LEAST_SAMPLE, _DISTANCES = 200, 20, 2 * 10**7
#: Of the mean distance of neighbours, and of the least one before folding: particles of a liquid do not come so near.
_OVERLAP, _NEARER = 0.3, 0.5


@dataclass(frozen=True, eq=False)
class Snapshot:
    """A frame as estimators see it: in d dimensions.

    Parameters
    ----------
    number
        Of the frame in its file.
    positions
        Shape (N, d). [length]
    cell
        Lattice vectors as rows, shape (d, d). [length]
    images
        Shape (N, d), or None.
    """

    number: int
    positions: Floats
    cell: Floats
    images: Integers | None


def refuse_scaled(snapshots: Sequence[Snapshot], path: object) -> None:
    """Refuses positions that all lie between 0 and 1 in a box that is larger: scaled coordinates taken for real ones."""
    low = np.min([snapshot.positions.min(axis=0) for snapshot in snapshots], axis=0)
    high = np.max([snapshot.positions.max(axis=0) for snapshot in snapshots], axis=0)
    lengths = np.linalg.norm(snapshots[0].cell, axis=1)
    fills_unit = np.all(high - low <= 1 + _MARGIN) and np.all(high - low >= 1 - 2 * _MARGIN)
    starts_so = np.all(np.abs(low) < _MARGIN) or np.all(np.abs(low + 0.5) < _MARGIN)
    if len(snapshots[0].positions) >= _FEWEST and fills_unit and starts_so and np.all(_PART * lengths > 1):
        raise InvalidInput(
            f"{path}, frame {snapshots[0].number}: all positions lie between {low.min():.3g} and {high.max():.3g}, in a box of "
            f"{_listed(lengths)}; these are scaled coordinates, and the file calls them lengths: multiply them by the box, or write the "
            "dump with columns xs ys zs"
        )


def doubts_of_box(snapshot: Snapshot) -> list[str]:
    """A sentence for each lattice vector along which a large part of the box is empty: a box that is too large changes the density, and
    nothing else tells it from a liquid with a surface."""
    s = np.sort(fractional(snapshot.positions, snapshot.cell) % 1.0, axis=0)
    gaps = np.maximum(np.diff(s, axis=0).max(axis=0, initial=0.0), 1.0 + s[0] - s[-1])
    if len(s) < _FEWEST_TO_FILL:
        return []
    return [
        f"{gap:.0%} of the box is empty along its vector {'abc'[axis]}: the liquid has a surface, or the box is too large (box)"
        for axis, gap in enumerate(gaps)
        if gap > _EMPTY
    ]


def middle_of(snapshot: Snapshot, knows_corner: bool) -> Floats:
    """The middle of the box in fractional coordinates, shape (d,): of a file that does not say where the box lies, by its particles."""
    if knows_corner:
        return np.full(len(snapshot.cell), 0.5)
    return np.median(fractional(snapshot.positions, snapshot.cell), axis=0)


def refuse_far_outside(snapshot: Snapshot, middle: Floats, named: str) -> None:
    """Refuses wrapped positions of which one lies outside of the box by more than an image."""
    if np.all(_farthest(snapshot, middle) <= BEYOND):
        return
    away = np.abs(fractional(snapshot.positions, snapshot.cell) - middle)
    if away.max() > BEYOND:
        particle, axis = np.unravel_index(np.argmax(away), away.shape)
        raise InvalidInput(
            f"{named}: particle {particle} lies {away[particle, axis]:.2f} box lengths from the middle of the box along axis {axis}, "
            f"outside by more than an image; the box is {_listed(np.linalg.norm(snapshot.cell, axis=1))}: give the right one (box), "
            "or say that the positions are unwrapped (--unwrapped, is_unwrapped)"
        )


def _farthest(snapshot: Snapshot, middle: Floats) -> Floats:
    """No particle lies farther from the middle of the box in fractional coordinates, shape (d,): as far as the corners of the
    smallest cuboid around all, which costs a tenth of looking at each."""
    inverse = np.linalg.inv(snapshot.cell)
    low, high = snapshot.positions.min(axis=0), snapshot.positions.max(axis=0)
    ends = np.stack([low[:, None] * inverse, high[:, None] * inverse])
    return np.maximum(np.abs(ends.min(axis=0).sum(axis=0) - middle), np.abs(ends.max(axis=0).sum(axis=0) - middle))


def looks_unwrapped(
    snapshots: Sequence[Snapshot], after: Callable[[int], Snapshot | None], middle: Floats, path: object
) -> bool:
    """Whether positions without image flags were followed through the boundaries, as frames from begin to end tell.

    Parameters
    ----------
    snapshots
        Frames that are looked at.
    after
        The frame that follows the one with this place in `snapshots`; None after the last.
    middle
        Of the box, in fractional coordinates, shape (d,).
    path
        What messages call the trajectory.

    Raises
    ------
    InvalidInput
        If particles lie outside by more than an image and jump, or come to lie on one another in the box.
    """
    far = None
    spreads = _extent(snapshots[-1]) > _SPREADS * _extent(snapshots[0])
    for place, snapshot in enumerate(snapshots):
        away = np.abs(fractional(snapshot.positions, snapshot.cell) - middle).max(axis=1)
        if not spreads and np.mean(away > _LITTLE) > _MANY:
            _refuse_overlaps(snapshot, f"{path}, frame {snapshot.number}")
        if far is None and away.max() > BEYOND:
            far = place
    if far is None:
        return False
    for place, snapshot in enumerate(snapshots):
        following = after(place)
        if following is None:
            continue
        steps = fractional(following.positions, following.cell) - fractional(snapshot.positions, snapshot.cell)
        if np.abs(steps).max() > LONGEST_STEP:
            raise InvalidInput(
                f"{path}, frame {snapshots[far].number}: particles lie outside of the box by more than an image, and from frame "
                f"{snapshot.number} to {following.number} one moves by {np.abs(steps).max():.2f} box lengths, as through a boundary; the "
                f"box is {_listed(np.linalg.norm(snapshot.cell, axis=1))}: give the right one (box), or say that the positions are "
                "unwrapped (--unwrapped, is_unwrapped)"
            )
    return len(snapshots) > 1


def _extent(snapshot: Snapshot) -> float:
    """The largest of the extents of the particles, in units of the box."""
    return float(np.ptp(fractional(snapshot.positions, snapshot.cell), axis=0).max())


def _refuse_overlaps(snapshot: Snapshot, named: str) -> None:
    """Refuses a box that lays particles on one another which are apart in the file: it is too small."""
    N, d = snapshot.positions.shape
    if N < _FEWEST:
        return
    n_sample = min(N, _SAMPLE, max(_LEAST_SAMPLE, _DISTANCES // N))
    sample = np.linspace(0, N - 1, n_sample).astype(int)
    apart, folded = np.inf, np.inf
    for particle in sample:
        displacements = np.delete(snapshot.positions, particle, axis=0) - snapshot.positions[particle]
        apart = min(apart, float((displacements**2).sum(axis=1).min()))
        folded = min(folded, float((nearest_image(displacements, snapshot.cell) ** 2).sum(axis=1).min()))
    spacing = float((volumes(snapshot.cell) / N) ** (1 / d))
    if np.sqrt(folded) < min(_OVERLAP * spacing, _NEARER * np.sqrt(apart)):
        raise InvalidInput(
            f"{named}: many particles lie outside of the box, and folded into it two are {np.sqrt(folded):.2g} apart, which are "
            f"{np.sqrt(apart):.2g} apart or more in the file; the box, {_listed(np.linalg.norm(snapshot.cell, axis=1))}, is too small: "
            "give the right one (box)"
        )


def _listed(lengths: Floats) -> str:
    return " × ".join(f"{length:.6g}" for length in lengths)
