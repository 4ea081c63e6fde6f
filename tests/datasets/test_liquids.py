"""A cube says what its liquids are; older ones are read with the catalogue."""

from __future__ import annotations

from dataclasses import replace

import xarray as xr

from glassdask.datasets.liquids import described, liquids_of
from glassdask.physics.interactions.pair_potential import PairPotential
from glassdask.physics.interactions.tabulated import Tabulated
from glassdask.physics.liquids.catalogue import liquid_named

LJ = liquid_named("lj")
#: v(x) = (1 - x)².
TABLE = Tabulated(tuple(0.05 * i for i in range(1, 21)), tuple((1 - 0.05 * i) ** 2 for i in range(1, 21)))
#: Its own T_mct, and one interaction from a table.
OWN = replace(
    LJ,
    name="own",
    pairs={**LJ.pairs, "BB": PairPotential(0.7, 0.9, 0.9, TABLE)},
    masses={"A": 1.0, "B": 2.5},
    critical_temperatures={1.2: 0.4, 1.4: 0.9},
)


def test_a_liquid_is_read_as_it_was_described() -> None:
    cube = xr.Dataset(coords={"potential": ["lj", "own"]}, attrs={"liquids": described([OWN, LJ])})
    assert liquids_of(cube) == {"lj": LJ, "own": OWN}
    assert list(liquids_of(cube)) == ["lj", "own"]
    assert liquids_of(cube.sel(potential="own")) == {"own": OWN}


def test_what_a_file_does_not_describe_is_looked_up() -> None:
    assert liquids_of(xr.Dataset(coords={"potential": ["elsewhere", "lj"]})) == {"lj": LJ}
