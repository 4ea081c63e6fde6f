"""What was found in the folders of finished states, in one file: whoever looks at a campaign again reads it in place of six
files a state. Standard library only.

A cache and no more. A state's line is believed as long as its folder and its last record have the times of change that the
line names: every product, record, lease or failure that is made, replaced or removed moves the folder's. The overview of a large
campaign asks for the folder's alone. Without the file, or where a line is not believed, the folders are read. Only who holds the campaign's driver lock writes it.
"""

from __future__ import annotations

import contextlib
import json
import mmap
import os
import re
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from glassdask.campaign.files.folder import STATES_FOLDER
from glassdask.files.atomic_write import write_text
from glassdask.stages.contract.registry import STATE_STAGES

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")
INDEX = "states.index"
#: First line; where stages or this format are others, nothing below is believed.
_HEAD = "\t".join(("glassdask states 1", *(stage.name for stage in STATE_STAGES)))
_LAST = f"{STATE_STAGES[-1].name}.json"
#: Ends each line: one that a crash has cut is left out.
_END = "."
_TAIL = f"\t{_END}".encode()
_FIRST_WORDS = re.compile(rb"^([^\t\n]+)\t(\d+)/\d+\t([^\t\n]*)\t([^\t\n]*)\t([^\t\n]*)\t[^\n]*\t\.$", re.MULTILINE)
#: A file system that lets one wait longer than this for an answer is asked many things at once; so many answers tell. [s]
_SLOW_SECONDS, _FEW, _AT_ONCE = 1e-3, 32, 64


class IndexLine(NamedTuple):
    """A finished state, as text.

    ``changed``: times of change of its folder and its last record [ns]; ``latest``: of the file changed last. ``basis``: hash of what the campaign file said when all products were
    as it asked for; empty if they were not. ``version``, ``engine``: what simulated. ``asked``, ``made_by``: as of
    `glassdask.stages.simulate.marks.kind_of`. ``files``: names and sizes of products and records. ``summary``: JSON.
    """

    state: str
    changed: str
    status: str
    asked: str
    made_by: str
    latest: str
    basis: str
    version: str
    engine: str
    files: str
    summary: str

    @property
    def sizes(self) -> list[tuple[str, int]]:
        """Names of files in the state's folder with their sizes. [bytes]"""
        pairs = (pair.rpartition("=") for pair in self.files.split(","))
        return [(name, int(size)) for name, _, size in pairs]

    def numbers(self) -> dict[str, Any]:
        """The summary; its names are the same objects in that of every state, as a hundred thousand may be held at once."""
        found = json.loads(self.summary)
        if not isinstance(found, dict):
            raise ValueError(f"a summary of {self.state} is no table: {self.summary:.40}")  # noqa: TRY004  as what is no JSON
        return {sys.intern(name): value for name, value in found.items()}


class StateIndex:
    """The file's lines by state, the last of each; empty where there is no file, or one of another version. A line is taken
    apart when it is asked for: there may be a hundred thousand."""

    def __init__(self, folder: Path):
        # bytes: of a kilobyte a line, words are asked of a few, and of the others the first five
        self._lines: dict[bytes, bytes] = {}
        with (
            contextlib.suppress(OSError),
            (folder / INDEX).open("rb") as stream,
        ):  # not as a whole, which would be held twice
            if stream.readline() == f"{_HEAD}\n".encode():
                whole = (line for line in map(bytes.rstrip, stream) if line.endswith(_TAIL))
                self._lines = {line[: line.index(b"\t")]: line for line in whole}

    def line(self, state: str) -> IndexLine | None:
        """What is noted of a state, if anything."""
        fields = self._lines.get(state.encode(), b"").decode(errors="replace").split("\t")
        return IndexLine._make(fields[:-1]) if len(fields) == len(IndexLine._fields) + 1 else None

    def __len__(self) -> int:
        return len(self._lines)

    def believed(self, changed: Mapping[str, str]) -> list[IndexLine]:
        """The lines whose states were last changed then."""
        found = (self.line(name.decode(errors="replace")) for name in self._lines)
        return [line for line in found if line and changed.get(line.state) == line.changed]


def first_words(folder: Path) -> dict[bytes, tuple[bytes, ...]]:
    """When its folder was changed [ns], status, lengths that were asked for, and version, as they are written, of each state that
    the file has a line of; a quarter of the time and memory of a `StateIndex`."""
    try:
        with (folder / INDEX).open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as text:
            if text[: len(_HEAD) + 1] != f"{_HEAD}\n".encode():
                return {}
            return {found[0]: found[1:] for found in _FIRST_WORDS.findall(text)}
    except (OSError, ValueError):  # an empty file cannot be mapped
        return {}


def add_to_index(folder: Path, lines: Iterable[IndexLine]) -> None:
    """Appends lines; what an earlier one says of the same state no longer counts."""
    text = _text(lines)
    if not text:
        return
    path = folder / INDEX
    with path.open("ab") as stream:
        if stream.tell() == 0:
            text = f"{_HEAD}\n{text}"
        elif _is_cut(path):
            text = f"\n{text}"
        stream.write(text.encode())


def write_index(folder: Path, lines: Iterable[IndexLine]) -> None:
    """The file anew, as when it was made by another version, or most of it no longer counts."""
    write_text(folder / INDEX, f"{_HEAD}\n{_text(lines)}", durable=False)


def _text(lines: Iterable[IndexLine]) -> str:
    whole = (line for line in lines if not any("\t" in field or "\n" in field for field in line))
    return "".join("\t".join((*line, f"{_END}\n")) for line in whole)


def _is_cut(path: Path) -> bool:
    with path.open("rb") as stream:
        stream.seek(-1, os.SEEK_END)
        return stream.read(1) != b"\n"


def folders_changed(folder: Path) -> dict[str, str]:
    """Times of change of every state's folder that is there, and of its last record, by state, as lines have them."""
    home = f"{folder}/{STATES_FOLDER}"
    try:
        names = os.listdir(home)  # noqa: PTH208  Path costs more than the look
    except FileNotFoundError:
        return {}
    changed = at_once(lambda name: state_changed(f"{home}/{name}"), names)
    return dict(zip(names, changed, strict=True))


def folders_touched(folder: Path) -> dict[str, int]:
    """Time of change of every state's folder that is there, by state: half the looks of `folders_changed`, for what nobody
    changes in its place. [ns]"""
    home = f"{folder}/{STATES_FOLDER}"
    try:
        names = os.listdir(home)  # noqa: PTH208
    except FileNotFoundError:
        return {}

    def touched(name: str) -> int:
        try:
            return os.stat(f"{home}/{name}").st_mtime_ns  # noqa: PTH116
        except FileNotFoundError:
            return 0

    return dict(zip(names, at_once(touched, names), strict=True))


def state_changed(home: str) -> str:
    """Times of change of a state's folder and of its last record, which may not be there. [ns]"""
    try:
        folder = os.stat(home).st_mtime_ns  # noqa: PTH116
        return f"{folder}/{os.stat(f'{home}/{_LAST}').st_mtime_ns}"  # noqa: PTH116
    except (FileNotFoundError, NotADirectoryError):
        return "unfinished"


def at_once(ask: Callable[[Asked], Answer], items: Sequence[Asked]) -> list[Answer]:
    """What a file system answers, in order; one that takes its time, as a parallel one does, is asked from many threads."""
    began, worked = time.perf_counter(), time.thread_time()
    answers = [ask(item) for item in items[:_FEW]]
    waited = time.perf_counter() - began - (time.thread_time() - worked)
    if len(items) <= _FEW or waited < _SLOW_SECONDS * _FEW:
        return [*answers, *map(ask, items[_FEW:])]
    from concurrent.futures import ThreadPoolExecutor  # `status` of a quick file system does without

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return [*answers, *pool.map(ask, items[_FEW:])]
