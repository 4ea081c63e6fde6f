"""A campaign's data for other programs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from glassdask.campaign.files.status import recorded_states
from glassdask.errors import InvalidInput
from glassdask.files.folder_rule import CAMPAIGN_RECORD, campaign_folder
from glassdask.operations.products import brought_up_to_date
from glassdask.operations.progress import tell


def export(
    path: str | Path, output: str | Path, file_format: str = "csv", variables: Sequence[str] = ()
) -> tuple[Path, ...]:
    """Writes what there is of a campaign as tidy tables (CSV, Parquet) or as a Zarr store, whole or not at all.

    Each table holds the variables that share their dimensions beyond those of the state: ``states`` numbers of a state,
    ``species`` those of each species, ``species_t`` curves in time, … Its columns are ``potential``, ``T``, ``rho``,
    ``status``, these dimensions and the variables. States without values (failed, crystallised, missing) stand in the tables
    without curves, marked by their status. Units and meanings are comments in CSV, metadata of the columns in Parquet,
    attributes in Zarr.

    Parameters
    ----------
    path
        The campaign's TOML file or its folder, or a cube's own file.
    output
        A folder that does not exist yet.
    file_format
        ``csv``, ``parquet`` or ``zarr``.
    variables
        Names of variables, which come with their errors; all without one.

    Returns
    -------
    tuple of Path
        The tables, or the store.

    Raises
    ------
    InvalidInput
        If nothing is done yet, a name is unknown, or `output` exists.
    MissingComponent
        If pyarrow or zarr is not installed: ``pip install 'glassdask[export]'``.

    Examples
    --------
    >>> glassdask.export("campaign.toml", "tables", variables=["relaxation_time"])  # doctest: +SKIP
    >>> pandas.read_csv("tables/species.csv", comment="#")  # doctest: +SKIP
    """
    from glassdask.datasets.export import export_cube
    from glassdask.datasets.store import open_campaign

    if Path(path).suffix != ".nc":
        brought_up_to_date(campaign_folder(path), tell)
    with open_campaign(path) as cube:
        if "status" not in cube:
            raise InvalidInput(
                f"{path} is no cube of a campaign: it has no status; allowed: a campaign, or its cube (.nc)"
            )
        states = [(state.potential, state.temperature, state.density) for state in _asked_for(Path(path))]
        return tuple(export_cube(cube, file_format, Path(output), variables, states))


def _asked_for(path: Path) -> list:
    """The states of a campaign; those of a cube alone are not known."""
    if path.suffix == ".nc":
        return []
    folder = campaign_folder(path)
    return recorded_states(folder) if (folder / CAMPAIGN_RECORD).is_file() else []
