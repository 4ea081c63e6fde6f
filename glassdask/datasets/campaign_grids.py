"""The grids of a campaign, on which the data of each of its states lie: whether they do, and which places are theirs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from glassdask.datasets.chosen_arrays import ChosenArrays
from glassdask.errors import InvalidInput

#: Dimensions of which a liquid has some, in the order of the campaign's; of every other it has the beginning.
LABELS = ("species", "pair")
#: Lag times that differ by less than this share of them are one: files of others print six digits.
TIME_TOLERANCE = 1e-5
Grids = Mapping[str, np.ndarray]


def check_grids(own: Grids, is_imported: bool, path: Path, grids: Grids) -> None:
    """Passes where a state's grids are the campaign's or the beginning of them, its species some of the campaign's.

    Parameters
    ----------
    own
        Of the state, by name; those that it lacks need not fit.
    is_imported
        Whether its lag times may be any of the campaign's (`is_imported`).
    path
        Its file, for the message.
    grids
        Of the campaign.

    Raises
    ------
    InvalidInput
        If not: the campaign file was changed since.
    """
    for name, whole in grids.items():
        if name not in own:
            continue
        values, found = np.asarray(whole), np.asarray(own[name])
        fits = _begins_with(values[np.isin(values, found)] if name in LABELS else values, found)
        if not fits and not (name == "t" and is_imported and _are_among(values, found)):
            raise InvalidInput(
                f"{path}: its {name} grid ({found.size} values) is not the campaign's; the campaign file was "
                "changed since: 'glassdask run --redo-changed' makes the changed products again"
            )


def is_imported(attributes: Mapping[str, Any]) -> bool:
    """Whether a state's file, by its attributes, comes of a trajectory that somebody brought, which keeps its own lag times."""
    return bool(attributes.get("is_imported", 0))


def on_campaign_grids(found: ChosenArrays, grids: Grids) -> dict[str, np.ndarray]:
    """The arrays of a state, which fit (`check_grids`), where the campaign's grids have them.

    Parameters
    ----------
    found
        Of a file of the state, its grids among them.
    grids
        Of the campaign.

    Returns
    -------
    dict
        By name. An axis of species or pairs, and one of lag times that the campaign has others between, is as long as the
        campaign's, NaN at those that the state lacks; every other axis is the beginning of the campaign's. [as in the schema]
    """
    places = {
        name: where
        for name in (*LABELS, "t")
        if name in found.values
        and name in grids
        and (where := _places(name, np.asarray(grids[name]), found.values[name])) is not None
    }
    return {name: _spread(array, found.dimensions[name], places, grids) for name, array in found.values.items()}


def _places(name: str, values: np.ndarray, own: np.ndarray) -> np.ndarray | None:
    """Where a state's labels or times are among the campaign's; None where they can stay as they are."""
    if name in LABELS:
        return None if own.size == values.size else np.flatnonzero(np.isin(values, own))
    return None if _begins_with(values, own) else _nearest(values, own)


def _spread(
    array: np.ndarray, dimensions: tuple[str, ...], places: Mapping[str, np.ndarray], grids: Grids
) -> np.ndarray:
    if not any(name in places for name in dimensions):
        return array
    lengths = dict(zip(dimensions, array.shape, strict=True))
    shape = [len(grids[name]) if name in places else length for name, length in lengths.items()]
    if array.dtype.kind not in "fiu":  # the labels themselves
        return array
    whole = np.full(shape, np.nan)
    whole[np.ix_(*(places.get(name, np.arange(length)) for name, length in lengths.items()))] = array
    return whole


def _nearest(times: np.ndarray, own: np.ndarray) -> np.ndarray:
    after = np.clip(np.searchsorted(times, own), 1, len(times) - 1)
    return np.where(np.abs(own - times[after - 1]) <= np.abs(own - times[after]), after - 1, after)


def _are_among(times: np.ndarray, own: np.ndarray) -> bool:
    """Whether each of a state's own times is one of the campaign's, no two of them the same."""
    if times.size < 2:
        return False
    places = _nearest(times, own)
    return bool(np.all(np.abs(times[places] - own) <= TIME_TOLERANCE * np.abs(own)) and np.all(np.diff(places) > 0))


def _begins_with(values: np.ndarray, own: np.ndarray) -> bool:
    beginning = values[: own.size]
    if own.dtype.kind == "f":
        return own.shape == beginning.shape and np.allclose(own, beginning, rtol=1e-12)
    return np.array_equal(own, beginning)
