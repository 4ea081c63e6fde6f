"""The fingerprint of a campaign file: whether it is still the one that was run. Standard library only."""

from __future__ import annotations

import re
from pathlib import Path

from glassdask.campaign.definition.pair_tables import named_tables
from glassdask.files.checksum import bytes_sha256, file_sha256
from glassdask.files.folder_rule import CAMPAIGN_RECORD, read_campaign_toml

#: Key of the record, its first.
FINGERPRINT = "file_fingerprint"
_RECORDED = re.compile(rb'\{\s*"' + FINGERPRINT.encode() + rb'": "([0-9a-f]+)"')


def fingerprint(path: Path) -> str:
    """Of a campaign file and of the lists of states and tables u(r) that it names.

    One that cannot be read counts by its name.
    """
    data = read_campaign_toml(path)
    grid = data.get("grid", [])
    blocks = [block for block in (grid if isinstance(grid, list) else [grid]) if isinstance(block, dict)]
    lists = [path.parent / block["states"] for block in blocks if isinstance(block.get("states"), str)]
    lists += [path.parent / file for _, _, _, file in named_tables(data)]
    found = (file_sha256(file) if file.is_file() else bytes_sha256(str(file).encode()) for file in (path, *lists))
    return bytes_sha256(bytes.fromhex("".join(found)))[:16]


def recorded_fingerprint(folder: Path) -> str | None:
    """Of the file that was run last in a campaign's folder; None where no record tells."""
    try:
        with (folder / CAMPAIGN_RECORD).open("rb") as stream:
            found = _RECORDED.match(stream.read(256))
    except OSError:
        return None
    return found[1].decode() if found else None
