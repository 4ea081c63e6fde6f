"""Opening what a campaign has measured: the cube, or one state."""

from __future__ import annotations

from pathlib import Path

import xarray as xr

from glassdask.datasets import CUBE, accessor  # noqa: F401  registers Dataset.glass
from glassdask.datasets.netcdf import read_netcdf, with_present_names
from glassdask.errors import InvalidInput
from glassdask.files.folder_rule import campaign_folder
from glassdask.state_point import StatePoint


def open_campaign(path: str | Path) -> xr.Dataset:
    """The campaign's cube, opened lazily: arrays are read from disk when they are used.

    Parameters
    ----------
    path
        The campaign's folder, its TOML file, or a cube's own file.

    Returns
    -------
    xarray.Dataset
        Dimensions (potential, T, rho, pair, species, k, k_fine, t). What species and pairs a liquid has not is NaN there; the
        attribute ``liquids`` describes each liquid, ``coverage`` says how much of the campaign this is: "3 of 8 states". ``.glass`` gives the paper's normalisation and the
        states by status.

    Raises
    ------
    InvalidInput
        If there is no cube yet.

    Examples
    --------
    >>> import glassdask
    >>> cube = glassdask.open_campaign("demo-campaign")  # doctest: +SKIP
    >>> cube.peak_scattering.sel(potential="lj", T=1.0, rho=1.2, species="A")  # doctest: +SKIP
    """
    cube = _cube_path(Path(path))
    if not cube.is_file():
        raise InvalidInput(
            f"{cube} does not exist; 'glassdask run FILE.toml' makes it, 'glassdask collect FILE.toml' from the states that are "
            "done, 'glassdask status' says how far"
        )
    return with_present_names(xr.open_dataset(cube, engine="netcdf4"))


def _cube_path(path: Path) -> Path:
    if path.suffix == ".nc":
        return path
    return (campaign_folder(path) if path.is_file() or path.suffix else path) / CUBE


def open_state(folder: str | Path, state: StatePoint) -> xr.Dataset:
    """What was measured for one replica of one state, in memory.

    Raises
    ------
    InvalidInput
        If the state has not been reduced.
    """
    path = Path(folder) / "states" / state.identifier / CUBE
    if not path.is_file():
        raise InvalidInput(f"{path} does not exist; 'glassdask status' says how far the state {state.identifier} is")
    return read_netcdf(path)
