"""What the page on the architecture shows of the code itself: its rooms, and the life of a state."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).parent.parent / "glassdask"
#: From the top down.
ROOMS = [
    "cli",
    "operations",
    "cluster",
    "campaign",
    "stages",
    "figures",
    "fits",
    "learning",
    "simulation",
    "datasets",
    "physics",
    "files",
]


def rooms_table() -> str:
    """Rooms and sub-rooms with the first sentence of their docstrings, as a table of Markdown."""
    rows = ["| room | sub-room | duty |", "|---|---|---|"]
    for room in ROOMS:
        rows.append(f"| **{room}** | | {_duty(ROOT / room)} |")
        inner = sorted(path.parent for path in (ROOT / room).glob("*/__init__.py"))
        rows += [f"| | {folder.name} | {_duty(folder)} |" for folder in inner]
    return "\n".join(rows)


def _duty(folder: Path) -> str:
    text = ast.get_docstring(ast.parse((folder / "__init__.py").read_text(encoding="utf-8"))) or ""
    return " ".join(text.split("\n\n")[0].split()).replace("|", r"\|")
