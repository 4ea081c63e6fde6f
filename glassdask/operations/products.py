"""Products of a campaign: gathered into one dataset, with critical temperatures and figures beside it; and checked."""

from __future__ import annotations

import errno
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from glassdask.campaign.definition.campaign import Campaign, load_campaign
from glassdask.campaign.files.driver_lock import collecting_lock, driver_lock
from glassdask.campaign.files.products import read_record, remove_product
from glassdask.campaign.files.status import StateStatus, campaign_status, counts, recorded_states
from glassdask.campaign.work.campaign_product import campaign_inputs, campaign_record, current_product, is_current
from glassdask.campaign.work.verify import ALL_STATES, ProductCheck, send_back, verify_campaign
from glassdask.datasets import CUBE
from glassdask.errors import InvalidInput
from glassdask.files.folder_rule import campaign_folder
from glassdask.operations.progress import tell, tell_nothing
from glassdask.stages.collect import STAGE, coverage_of, n_collected

if TYPE_CHECKING:
    import xarray as xr


@dataclass(frozen=True)
class Collected:
    """What a campaign's data were gathered into.

    Parameters
    ----------
    files
        The cube, critical temperatures and figures.
    coverage
        How much of the campaign they hold: "3 of 8 states".
    """

    files: tuple[Path, ...]
    coverage: str


def collect(path: str | Path) -> xr.Dataset:
    """The data of a campaign as they are now, also while a driver is at work; collected anew where a state has changed
    since the last time.

    Parameters
    ----------
    path
        The campaign's TOML file or its folder.

    Returns
    -------
    xarray.Dataset
        The cube (potential, T, rho, pair, species, k, k_fine, t), opened lazily: see `glassdask.open_campaign`. Its attribute
        ``coverage`` says how much of the campaign it holds: "3 of 8 states".

    Raises
    ------
    InvalidInput
        If the campaign was not started, or none of its states is done.

    Examples
    --------
    >>> with glassdask.collect("campaign.toml") as cube:  # doctest: +SKIP
    ...     cube.structure_factor.sel(potential="lj", pair="AA")
    """
    from glassdask.datasets.store import open_campaign

    folder = campaign_folder(path)
    brought_up_to_date(folder, tell)
    return open_campaign(folder)


def brought_up_to_date(folder: Path, say: Callable[[str], None]) -> Collected:
    """Cube, critical temperatures and figures of what there is, for whoever shows them. InvalidInput where nothing is done.
    Where the campaign's folder is another's and cannot be written, those that were collected last."""
    recorded_states(folder)  # says what to do where the campaign was not started
    campaign = load_campaign(folder)
    statuses = list(campaign_status(campaign.folder))
    _refuse_empty(campaign, statuses)
    try:
        return collected(campaign, say)
    except OSError as error:
        record = read_record(campaign.folder, STAGE.name)
        if error.errno not in (errno.EACCES, errno.EPERM, errno.EROFS) or record is None:
            raise
        say(f"{campaign.folder} cannot be written ({error.strerror}): what was collected last is shown")
        return Collected(tuple(campaign.folder / name for name in record.files), "")


def collected(campaign: Campaign, say: Callable[[str], None] = tell_nothing) -> Collected:
    """Cube, critical temperatures and figures of what there is, made again where something has changed; one process does so
    at a time, the others wait for it."""
    record = _current(campaign)
    if record is not None:
        return record
    with collecting_lock(campaign.folder, campaign.specification.execution.lease_seconds):
        statuses = list(campaign_status(campaign.folder))
        found = coverage_of(statuses)
        if not is_current(campaign, STAGE, statuses):
            say(f"collecting {found}: the cube, critical temperatures (seconds for each run near one), figures")
        files = current_product(campaign, STAGE, statuses).files
    return Collected(tuple(campaign.folder / name for name in files), found)


def _current(campaign: Campaign) -> Collected | None:
    statuses = list(campaign_status(campaign.folder))
    record = campaign_record(campaign, STAGE, campaign_inputs(campaign, STAGE, statuses))
    if record is None:
        return None
    return Collected(tuple(campaign.folder / name for name in record.files), coverage_of(statuses))


def _refuse_empty(campaign: Campaign, statuses: Sequence[StateStatus]) -> None:
    """Before the first state is done there is nothing to show; what an ended run has collected is shown in any case."""
    if n_collected(statuses) or (campaign.folder / CUBE).is_file():
        return
    found = ", ".join(f"{n} {status}" for status, n in counts(statuses).items() if n) or "it has none"
    raise InvalidInput(
        f"{campaign.folder}: {coverage_of(statuses)} are done ({found}), so there is nothing to collect or to show yet; "
        f"'glassdask status {campaign.folder}' says how far each is, 'glassdask run' goes on"
    )


def verify(path: str | Path, *, repair: bool = False, say: Callable[[str], None] = tell_nothing) -> list[ProductCheck]:
    """Reads every product and compares its checksum and the hash of its inputs.

    Parameters
    ----------
    path
        The campaign's TOML file, whose inputs are asked for as it is now, or its folder with those of the last run.
    repair
        Send damaged products back: the next run makes them again.
    say
        Called with a line for each product that is sent back.

    Returns
    -------
    list of ProductCheck
        State, stage, verdict (whole, damaged, changed or absent) and details.

    Raises
    ------
    InvalidInput
        If the file or folder is no campaign.
    CampaignLocked
        If something is to be repaired and a driver is at work.
    """
    campaign = load_campaign(path)
    checks = list(verify_campaign(campaign))
    damaged = [check for check in checks if check.verdict == "damaged"]
    if repair and damaged:
        with driver_lock(campaign.folder, campaign.specification.execution.lease_seconds):
            for check in damaged:
                _send_back(campaign, check)
                say(f"{check.state}: {check.stage} sent back")
    return checks


def _send_back(campaign: Campaign, check: ProductCheck) -> None:
    if check.state == ALL_STATES:
        remove_product(campaign.folder, check.stage)
    else:
        state = next(state for state in campaign.states if state.identifier == check.state)
        send_back(campaign, state, check.stage, check.detail)
