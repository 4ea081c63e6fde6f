"""What a run of a campaign would do, before it does anything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from glassdask.campaign.definition.campaign import load_campaign
from glassdask.campaign.definition.selection import selected_states
from glassdask.campaign.work.changes import describe_changes
from glassdask.campaign.work.preview import StateWork, Work, counts_of_work, work_of_states
from glassdask.campaign.work.starts import check_starts


@dataclass(frozen=True)
class RunPreview:
    """What a run would do; nothing of it is done.

    Parameters
    ----------
    folder
        The campaign's.
    changes
        What is new in the file, and what becomes of finished states; empty where nothing has changed.
    states
        What would be done with each.
    """

    folder: Path
    changes: str
    states: tuple[StateWork, ...]

    @property
    def counts(self) -> dict[Work, int]:
        """States by what would become of them, those that there are."""
        return counts_of_work(self.states)


def preview_run(
    path: str | Path,
    *,
    states: Sequence[str] | None = None,
    redo_changed: bool = False,
    retry_failed: bool = False,
) -> RunPreview:
    """What `run_campaign` would do with each state: new, unfinished, longer, redone, kept, failed, done; as ``glassdask run
    --dry-run``. Nothing is run or written.

    Parameters
    ----------
    path, states, redo_changed, retry_failed
        As of `run_campaign`.

    Returns
    -------
    RunPreview
        ``states`` holds one entry a state, ``counts`` their number.

    Raises
    ------
    InvalidInput
        If the file, a value or a word is wrong.

    Examples
    --------
    >>> glassdask.preview_run("campaign.toml").counts  # doctest: +SKIP
    {'new': 4, 'longer': 8}
    """
    campaign = load_campaign(path)
    chosen = selected_states(campaign.states, states or ())
    check_starts(campaign, chosen)
    found = tuple(work_of_states(campaign, chosen, redo_changed, retry_failed))
    return RunPreview(campaign.folder, describe_changes(campaign), found)
