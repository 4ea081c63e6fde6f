"""How far a campaign is: every state in a row. Standard library only, until a table is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from glassdask.campaign.files.status import STAGE_FILES, STATUSES, StateStatus, StatusReader, recorded_states
from glassdask.counted import did_you_mean
from glassdask.errors import InvalidInput
from glassdask.files.folder_rule import campaign_folder

if TYPE_CHECKING:
    import pandas as pd

    from glassdask.campaign.observe.state_detail import StateDetail


def status(path: str | Path, states: Sequence[str] = ()) -> pd.DataFrame:
    """How far a campaign is, one row a state, while it runs or not.

    Parameters
    ----------
    path
        The campaign's TOML file or its folder.
    states
        Names or words, as of ``glassdask ls``: ``["lj", "T0.8"]``; all without one.

    Returns
    -------
    pandas.DataFrame
        Index ``state``; columns ``potential``, ``temperature`` [epsilon_AA/k_B], ``density`` [1/sigma_AA^3],
        ``replica``, ``status`` (done, not_equilibrated, crystallised, failed, running or waiting), ``stage`` (running,
        failed or next), ``phase``, ``progress`` (share of the running stage), ``message`` (why it failed), and one for
        each number that the stages have found: ``measured_temperature``, ``pressure``, ``relaxation_time_A``, …

    Raises
    ------
    InvalidInput
        If the campaign was not started, or a word selects no state.

    Examples
    --------
    >>> table = glassdask.status("campaign.toml")  # doctest: +SKIP
    >>> table["status"].value_counts()  # doctest: +SKIP
    >>> table.query("status == 'done' and temperature < 0.6")["relaxation_time_A"]  # doctest: +SKIP
    """
    return status_table(states_like(path, states))


def state(path: str | Path, *words: str) -> StateDetail:
    """All that is known of one state: numbers, curves, attempts, the last events, why it failed, the end of its log.

    Parameters
    ----------
    path
        The campaign's TOML file or its folder.
    words
        Its name, or words that only one state fits: ``"T0.8"``.

    Returns
    -------
    StateDetail
        ``status.summary`` holds the numbers, ``curves`` F_s(k_p,t) and S(k), rough ones of a simulation that runs.

    Raises
    ------
    InvalidInput
        If the campaign was not started, or the words select no state or several.

    Examples
    --------
    >>> glassdask.state("campaign.toml", "lj", "T0.8").failure  # doctest: +SKIP
    """
    from glassdask.campaign.definition.selection import only_state
    from glassdask.campaign.observe.state_detail import state_detail

    folder = campaign_folder(path)
    return state_detail(folder, only_state(recorded_states(folder), words))


def states_like(
    path: str | Path,
    states: Sequence[str] = (),
    statuses: Sequence[str] = (),
    potential: str | None = None,
    stage: str | None = None,
) -> list[StateStatus]:
    """The states of a campaign that every word and value allows, with their status: any of these `statuses`; this
    potential; this stage as the running, failed or next one. InvalidInput if a value does not exist."""
    _check("--status", statuses, [str(status) for status in STATUSES])
    _check("--stage", [stage] if stage is not None else [], tuple(STAGE_FILES))
    folder = campaign_folder(path)
    known = recorded_states(folder)
    _check_potential(potential, {state.potential for state in known})
    if states:
        from glassdask.campaign.definition.selection import selected_states

        known = selected_states(known, states)
    return [
        item
        for item in map(StatusReader(folder).status, known)
        if (not statuses or item.status in statuses)
        and potential in (None, item.state.potential)
        and stage in (None, item.stage)
    ]


def status_table(statuses: Sequence[StateStatus]) -> pd.DataFrame:
    """States as rows, what is known of them as columns."""
    import pandas as pd

    rows = [item.as_dict() for item in statuses]
    table = pd.DataFrame([{**row, **row.pop("summary")} for row in rows])
    return table.set_index("state")


def _check_potential(potential: str | None, of_campaign: set[str]) -> None:
    """Liquids of the catalogue are no slips, though the campaign may have none of them."""
    if potential is None or potential in of_campaign:
        return
    from glassdask.physics.liquids.catalogue import POTENTIALS

    _check("--potential", [potential], (*POTENTIALS, *sorted(of_campaign - set(POTENTIALS))))


def _check(option: str, values: Sequence[str], allowed: Sequence[str]) -> None:
    for value in values:
        if value not in allowed:
            hint = did_you_mean(value.lower(), allowed)
            raise InvalidInput(f"{option} {value!r}; {hint}allowed: {', '.join(map(repr, allowed))}")
