"""Which folder belongs to a campaign file: one rule for every verb and every reader. Standard library only, since
`glassdask status` must start in milliseconds.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from glassdask.errors import InvalidInput

#: Makes a folder a campaign's.
CAMPAIGN_RECORD = "campaign.json"
#: Tables that only one of the two kinds of file has.
_OF_CAMPAIGNS, _OF_SITES = ("grid", "equilibration", "production"), ("scheduler", "pool")
_FOLDER_ALLOWED = "allowed: a path in quotes without '..', relative to the campaign file, or absolute"


def campaign_folder(path: str | Path) -> Path:
    """The folder of a campaign, from its TOML file or from the folder itself; the folder need not exist yet.

    It is the file's stem beside it, whatever its ending, unless ``campaign.folder`` says otherwise. InvalidInput if
    `path` is neither a campaign file nor a campaign's folder, or the file names no folder that can be.
    """
    path = Path(path)
    if path.is_dir():
        if not (path / CAMPAIGN_RECORD).is_file():
            raise InvalidInput(
                f"{path} is not a campaign's folder: it holds no {CAMPAIGN_RECORD}. "
                "Give the campaign's TOML file, or start it with 'glassdask run FILE.toml'."
            )
        return path
    folder = path.parent / _named_folder(path, read_campaign_toml(path))
    if folder == path:
        raise InvalidInput(f"{path} has no suffix, so its folder would be the file itself; name it {path}.toml")
    return folder


def _named_folder(path: Path, data: dict[str, Any]) -> str:
    section = data.get("campaign", {})
    if not isinstance(section, dict):
        raise InvalidInput(f"{path}: campaign = {section!r}; allowed: a table, [campaign]")
    if "folder" not in section:
        return path.stem
    try:
        return checked_folder(section["folder"])
    except ValueError as error:
        raise InvalidInput(f"{path}: campaign.folder = {section['folder']!r}: {error}") from None


def checked_folder(value: Any) -> str:
    """The path, if it is one that a campaign file may name; else ValueError, with what is allowed."""
    if not isinstance(value, str) or not value or not value.isprintable():
        raise ValueError(_FOLDER_ALLOWED)
    if ".." in value.replace("\\", "/").split("/"):
        raise ValueError(_FOLDER_ALLOWED)
    return value


def read_campaign_toml(path: Path) -> dict[str, Any]:
    """The contents of a campaign file; a site file is told from it."""
    data = read_toml(path)
    if any(key in data for key in _OF_SITES) and not any(key in data for key in _OF_CAMPAIGNS):
        raise InvalidInput(
            f"{path} is a site file (it says where to run: {_found(data, _OF_SITES)}); give the campaign file here, "
            f"which has [[grid]], and the site file as --on {path}"
        )
    return data


def read_site_toml(path: Path) -> dict[str, Any]:
    """The contents of a site file; a campaign file is told from it."""
    data = read_toml(path, "a site file, such as those in deploy/")
    if any(key in data for key in _OF_CAMPAIGNS) and not any(key in data for key in _OF_SITES):
        raise InvalidInput(
            f"{path} is a campaign file (it says what to run: {_found(data, _OF_CAMPAIGNS)}); give a site file here, "
            "which has scheduler = …, such as those in deploy/"
        )
    return data


def read_toml(
    path: Path, allowed: str = "a campaign file or folder. 'glassdask init > campaign.toml' writes one to start from"
) -> dict[str, Any]:
    """The contents of a TOML file, with or without a byte-order mark."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise InvalidInput(f"{path}: {error.strerror}; allowed: {allowed}.") from error
    except UnicodeDecodeError as error:
        raise InvalidInput(f"{path} is not TOML, which is text in UTF-8 ({error}); save it as UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise InvalidInput(f"{path} is not TOML: {error}") from error


def _found(data: dict[str, Any], keys: tuple[str, ...]) -> str:
    return ", ".join(key for key in keys if key in data)
