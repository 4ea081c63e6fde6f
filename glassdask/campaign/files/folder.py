"""Where things lie in a campaign's folder; which folder that is, `glassdask.files.folder_rule` says, for job scripts here, too."""

from __future__ import annotations

from pathlib import Path

from glassdask.files.folder_rule import campaign_folder

__all__ = ["STATES_FOLDER", "STATIC_PAGE", "campaign_folder", "state_folder"]

#: The page that shows the campaign without a server.
STATIC_PAGE = "campaign.html"
STATES_FOLDER = "states"


def state_folder(folder: Path, identifier: str) -> Path:
    """Folder of a state: everything known about it lies there."""
    return folder / STATES_FOLDER / identifier
