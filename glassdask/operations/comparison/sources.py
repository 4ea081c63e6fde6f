"""What can be compared: a campaign, a file of one, or a list of critical temperatures."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from glassdask.datasets import CUBE
from glassdask.datasets.netcdf import ONE_AT_A_TIME, dataset, with_present_names
from glassdask.datasets.schema.variables import CRITICAL_VARIABLES, STATE_DIMENSIONS
from glassdask.errors import InvalidInput
from glassdask.files.folder_rule import campaign_folder
from glassdask.operations.products import brought_up_to_date
from glassdask.operations.progress import tell
from glassdask.stages.collect import CRITICAL_TEMPERATURE

#: Dimensions of states in the two kinds of files.
KINDS = {"cube": STATE_DIMENSIONS, "critical": ("potential", "rho")}
_ALLOWED = (
    "allowed: a campaign's TOML file or folder, a cube or critical temperatures of one (.nc), or a list of critical "
    "temperatures as benchmarks/results/table1.json (.json)"
)


@dataclass(frozen=True)
class ComparedSource:
    """One side of a comparison.

    Parameters
    ----------
    name
        What the user has called it.
    parts
        Of the cube and of the critical temperatures what is there, in memory.
    """

    name: str
    parts: Mapping[str, xr.Dataset]

    @property
    def campaign(self) -> str:
        """Identity of the campaign that the data are of; empty where the file does not tell."""
        return next((str(part.attrs["campaign"]) for part in self.parts.values() if "campaign" in part.attrs), "")


def compared_source(path: str | Path) -> ComparedSource:
    """Reads one side of a comparison: variables with an error, and status.

    Raises
    ------
    InvalidInput
        If there is nothing to compare in it; the message says what is allowed.
    """
    path = Path(path)
    if path.suffix.lower() == ".json":
        return ComparedSource(str(path), {"critical": _listed_critical_temperatures(path)})
    if path.suffix.lower() == ".nc":
        data = _with_errors(path)
        kind = "cube" if set(STATE_DIMENSIONS) <= set(data.dims) else "critical"
        if not (set(KINDS[kind]) <= set(data.dims) and data.data_vars):
            raise InvalidInput(
                f"{path} holds no variable with an error over {' × '.join(STATE_DIMENSIONS)} or {' × '.join(KINDS['critical'])}; "
                f"{_ALLOWED}"
            )
        return ComparedSource(str(path), {kind: data})
    return ComparedSource(str(path), _of_campaign(campaign_folder(path)))


def _of_campaign(folder: Path) -> dict[str, xr.Dataset]:
    """What there is of it now, whether it is finished or not."""
    brought_up_to_date(folder, tell)
    cube, critical = folder / CUBE, folder / CRITICAL_TEMPERATURE
    files = {"cube": cube, "critical": critical}
    return {kind: _with_errors(file) for kind, file in files.items() if file.is_file()}


def _with_errors(path: Path) -> xr.Dataset:
    try:
        with ONE_AT_A_TIME, xr.open_dataset(path, engine="netcdf4", decode_times=False) as data:
            named = with_present_names(data)
            names = [name for name in map(str, named.data_vars) if f"{name}_error" in named]
            drawn = ("status", "mean_wavenumber_fine")  # which states count, and where S(k) is drawn
            kept = [name for name in named.data_vars if str(name).removesuffix("_error") in (*names, *drawn)]
            return named[kept].load()
    except (OSError, RuntimeError, ValueError) as error:
        raise InvalidInput(
            f"{path} cannot be read as netCDF ({getattr(error, 'strerror', None) or error}); {_ALLOWED}"
        ) from error


def _listed_critical_temperatures(path: Path) -> xr.Dataset:
    """Of a JSON list of objects with potential, rho, T_mct and error."""
    try:
        rows: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
        found = {(str(row["potential"]), float(row["rho"])): (float(row["T_mct"]), float(row["error"])) for row in rows}
    except OSError as error:
        raise InvalidInput(f"{path}: {error.strerror}; {_ALLOWED}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise InvalidInput(
            f"{path} is no list of critical temperatures ({type(error).__name__}: {error}); allowed: a JSON list of objects "
            'with "potential", "rho", "T_mct" and "error", as benchmarks/results/table1.json'
        ) from error
    if not found:
        raise InvalidInput(f"{path} is an empty list; {_ALLOWED}")
    potentials, densities = sorted({key[0] for key in found}), sorted({key[1] for key in found})
    values = np.full((2, len(potentials), len(densities)), np.nan)
    for (potential, rho), pair in found.items():
        values[:, potentials.index(potential), densities.index(rho)] = pair
    names = ("critical_temperature", "critical_temperature_error")
    coordinates = {"potential": np.array(potentials), "rho": np.array(densities)}
    return dataset(dict(zip(names, values, strict=True)), coordinates, CRITICAL_VARIABLES, KINDS["critical"])
