"""Where things lie in a campaign's folder. Standard library only: `glassdask status` must start in milliseconds."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from glassdask.errors import InvalidInput

CAMPAIGN_RECORD = "campaign.json"
#: The page that shows the campaign without a server.
STATIC_PAGE = "campaign.html"
STATES_FOLDER = "states"
OBSERVABLES = "observables.nc"
FIGURES_FOLDER = "figures"


def campaign_folder(path: str | Path) -> Path:
    """The folder of a campaign, from its TOML file or from the folder itself; the folder need not exist yet.

    The folder is the file's stem beside it unless ``campaign.folder`` says otherwise.

    Raises
    ------
    InvalidInput
        If `path` is neither a campaign file nor a campaign's folder.
    """
    path = Path(path)
    if path.is_dir():
        if not (path / CAMPAIGN_RECORD).is_file():
            raise InvalidInput(
                f"{path} is not a campaign's folder: it holds no {CAMPAIGN_RECORD}. "
                "Give the campaign's TOML file, or start it with 'glassdask run FILE.toml'."
            )
        return path
    section = read_toml(path).get("campaign", {})
    named = section.get("folder") if isinstance(section, dict) else None
    folder = path.parent / named if isinstance(named, str) else path.parent / path.stem
    if folder == path:
        raise InvalidInput(f"{path} has no suffix, so its folder would be the file itself; name it {path}.toml")
    return folder


def state_folder(folder: Path, identifier: str) -> Path:
    """Folder of a state: everything known about it lies there."""
    return folder / STATES_FOLDER / identifier


def read_toml(path: Path) -> dict[str, Any]:
    """The contents of a TOML file.

    Raises
    ------
    InvalidInput
        If the file cannot be read or is not TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InvalidInput(
            f"{path}: {error.strerror}; allowed: a campaign file or folder. "
            "'glassdask init > campaign.toml' writes one to start from."
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidInput(f"{path} is not TOML: {error}") from error
