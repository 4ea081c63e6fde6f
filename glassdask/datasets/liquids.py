"""The liquids of a cube, as its global attribute ``liquids`` describes them: a file needs no catalogue beside it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from glassdask.physics.liquids.catalogue import LIQUIDS
from glassdask.physics.liquids.liquid import Liquid

if TYPE_CHECKING:
    import xarray as xr


def described(liquids: Iterable[Liquid]) -> str:
    """Value of the attribute ``liquids``.

    Returns
    -------
    str
        JSON: their records by name.
    """
    return json.dumps({liquid.name: liquid.record() for liquid in liquids})


def liquids_of(data: xr.Dataset) -> dict[str, Liquid]:
    """The liquids of a cube, or of the critical temperatures of a campaign.

    Parameters
    ----------
    data
        With the coordinate ``potential``.

    Returns
    -------
    dict of Liquid
        By name, in the order of ``potential``. Files of older versions describe none: theirs are those of the catalogue; a
        name that is not known there, either, is left out.

    Examples
    --------
    >>> import xarray as xr
    >>> liquids_of(xr.Dataset(coords={"potential": ["lj"]}))["lj"].title
    'Lennard-Jones'
    """
    records = json.loads(data.attrs.get("liquids", "{}"))
    own = {name: Liquid.from_record(record) for name, record in records.items()}
    known = {**LIQUIDS, **own}
    return {name: known[name] for name in map(str, np.atleast_1d(data["potential"].values)) if name in known}


def titles_of(data: xr.Dataset) -> dict[str, str]:
    """What figures and pages call each liquid of a cube: the title of its record; its name where a cube from elsewhere has none."""
    liquids = liquids_of(data)
    names = map(str, np.atleast_1d(data["potential"].values))
    return {name: liquids[name].title if name in liquids else name for name in names}
