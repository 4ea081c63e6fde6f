"""Campaigns of thousands of states within seconds: hard links to the records of a real one, empty files for the data."""

# ruff: noqa: PTH103, PTH105, PTH208  (paths as text: there are ten thousand)

from __future__ import annotations

import errno
import json
import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from glassdask.campaign.definition.campaign import Campaign
from glassdask.campaign.files.folder import state_folder
from glassdask.campaign.files.status import STAGE_FILES
from glassdask.state_point import StatePoint


def write_large(
    folder: Path, finished: Campaign, states: Sequence[StatePoint], stages_done: Callable[[int], int] = lambda _: 4
) -> None:
    """Writes a campaign's folder.

    Parameters
    ----------
    folder
        Is made.
    finished
        A real campaign on the same file system, whose first state is done.
    states
        Of the new one.
    stages_done
        By a state's number, how many of its stages are done.
    """
    folder.mkdir()
    (folder / "empty").touch()
    for number, state in enumerate(states):
        finish(folder, finished, state, stages_done(number))
    rows = [[state.potential, state.temperature, state.density, state.replica] for state in states]
    record = json.loads((finished.folder / "campaign.json").read_bytes())
    (folder / "campaign.json").write_text(json.dumps(record | {"states": rows}))


def finish(folder: Path, finished: Campaign, state: StatePoint, n_stages: int = 4) -> None:
    """Finishes the first stages of a state, those that are not."""
    if not n_stages:
        return
    home = str(state_folder(folder, state.identifier))
    whole = str(state_folder(finished.folder, finished.states[0].identifier))
    os.makedirs(home, exist_ok=True)
    there = os.listdir(home)
    for names in list(STAGE_FILES.values())[:n_stages]:
        for name in set(names).difference(there):
            _link(f"{whole}/{name}" if name.endswith(".json") else f"{folder}/empty", f"{home}/{name}")


def _link(source: str, name: str) -> None:
    """Another name of a file; of a copy of it in its place, once it has as many as a file may have."""
    try:
        os.link(source, name)
    except OSError as error:
        if error.errno != errno.EMLINK:
            raise
        shutil.copyfile(source, f"{source}.copy")
        os.replace(f"{source}.copy", source)
        os.link(source, name)
