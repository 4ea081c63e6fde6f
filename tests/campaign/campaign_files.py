"""A short campaign file as text, to be changed in one place by a test."""

from __future__ import annotations

from pathlib import Path

from glassdask.campaign.definition.campaign import Campaign, load_campaign

SHORT = """\
[campaign]
name = "short"
[[grid]]
potential = "lj"
density = 1.2
temperature = 1.0
[system]
box_length = 10.0
[equilibration]
length = 20.0
[production]
length = 30.0
[frames]
block_length = 512
[execution]
retries = 1
"""


def changed(*changes: tuple[str, str]) -> str:
    """The short file with every first text of `changes` replaced by the second."""
    text = SHORT
    for old, new in changes:
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in the file"
        text = text.replace(old, new)
    return text


def campaign_from(folder: Path, text: str = SHORT) -> Campaign:
    """The campaign of a file with this text in `folder`."""
    path = folder / "short.toml"
    path.write_text(text, encoding="utf-8")
    return load_campaign(path)
