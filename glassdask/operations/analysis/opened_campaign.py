"""A campaign as a notebook shows it: its phase diagrams, how far it is, its states as a table, its data."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from glassdask.campaign.definition.campaign import Campaign
from glassdask.campaign.definition.campaign import load_campaign as load_definition
from glassdask.campaign.files.status import StateStatus, counts, state_status
from glassdask.operations.status import status_table

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr


class OpenedCampaign(Campaign):
    """What is to be done, and how far it is: the definition of a campaign that looks into its folder when it is asked.

    Attributes ``specification``, ``states`` (a tuple of `StatePoint`), ``folder`` and ``source`` are those of the file.
    """

    @property
    def table(self) -> pd.DataFrame:
        """One row a state, as of `glassdask.status`, as it is now; all waiting where it was not started."""
        return status_table(self._statuses())

    def cube(self) -> xr.Dataset:
        """The data that were collected last, opened lazily, as of `glassdask.open_campaign`."""
        from glassdask.datasets.store import open_campaign

        return open_campaign(self.folder)

    def _statuses(self) -> list[StateStatus]:
        return [state_status(self.folder, state) for state in self.states]

    def _repr_html_(self) -> str:
        """Counts, and of each liquid T against rho by status; what notebooks show."""
        from glassdask.figures.pages.phase_diagram import legend, phase_diagram

        statuses = self._statuses()
        found = {str(status): count for status, count in counts(statuses).items()}
        diagrams = []
        for name in dict.fromkeys(state.potential for state in self.states):
            own = [item for item in statuses if item.state.potential == name]
            title = self.specification.liquid_named(name).title
            diagrams.append(phase_diagram(title, ((i.state.density, i.state.temperature, str(i.status)) for i in own)))
        return (
            f"<div><b>{escape(self.specification.campaign.name)}</b>: {len(self.states)} states in "
            f"<code>{escape(str(self.folder))}</code><br>{legend(found)}<br>{''.join(diagrams)}</div>"
        )


def load_campaign(path: str | Path) -> OpenedCampaign:
    """The campaign of a TOML file, or of the folder that a run made from one.

    In a notebook it is shown as phase diagrams of its states by status.

    Parameters
    ----------
    path
        ``campaign.toml`` or the campaign's folder.

    Returns
    -------
    OpenedCampaign
        ``states`` that are asked for, ``table`` (a DataFrame) of how far they are, ``cube()`` of what was measured.

    Raises
    ------
    InvalidInput
        With the key's path, its value and what is allowed, for everything that is wrong with the file.

    Examples
    --------
    >>> campaign = glassdask.load_campaign("campaign.toml")  # doctest: +SKIP
    >>> campaign.table.query("status == 'failed'")["message"]  # doctest: +SKIP
    """
    found = load_definition(path)
    return OpenedCampaign(found.specification, found.states, found.folder, found.source)
