"""What the verbs for somebody's own tables load: libraries that they do without cost more than the answer."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from glassdask.physics.structure.bipolar_grid import bipolar_wavenumbers
from glassdask.physics.structure.percus_yevick import percus_yevick
from tests.command_line import python

_LOADED = """
import sys, json
sys.argv[0] = "glassdask"
from glassdask.cli import main
try:
    main()
except SystemExit as end:
    assert not end.code, end.code
print(json.dumps(sorted(sys.modules)))
"""


def loaded_by(*arguments: str | Path) -> set[str]:
    """Modules in memory after a command."""
    return set(json.loads(python(_LOADED, *arguments).splitlines()[-1]))


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """S(k) of a liquid of hard spheres, and a curve."""
    folder, k, t = tmp_path_factory.mktemp("tables"), bipolar_wavenumbers(), np.geomspace(0.01, 10.0, 40)
    spheres = percus_yevick(k, 0.4)
    columns = {"S": ("k,AA", [k, spheres.structure_factor[0, 0]]), "F": ("t,F", [t, np.exp(-t)])}
    for name, (header, values) in columns.items():
        np.savetxt(folder / f"{name}.csv", np.transpose(values), delimiter=",", header=header, comments="")
    return folder


def test_theory_of_a_liquid_loads_arrays_and_nothing_else(tables: Path) -> None:
    loaded = loaded_by("mct", tables / "S.csv", "--density", str(0.4 * 6 / np.pi))
    assert "numpy" in loaded
    assert not loaded & {"xarray", "pandas", "scipy.optimize", "scipy.interpolate", "numba", "matplotlib", "netCDF4"}


def test_a_fit_loads_what_searches_and_nothing_to_store_or_draw(tables: Path) -> None:
    loaded = loaded_by("fit", tables / "F.csv", "--n-exp", "1", "--dynamics", "overdamped")
    assert "scipy.optimize" in loaded
    assert "cma" not in loaded, "least squares settle this curve"
    assert not loaded & {"xarray", "pandas", "scipy.stats", "matplotlib", "netCDF4"}
