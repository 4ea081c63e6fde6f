"""Tables damaged at random, and what became of them: refused, warned of, unchanged, the same within stated errors, or other."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import strategies as st

from glassdask.datasets.own_files.measured_structure_factor import MeasuredStructureFactor
from glassdask.datasets.own_files.scattering_file import MeasuredScattering
from glassdask.errors import InvalidInput
from tests.datasets.tables.tables_of_others import CASES, Case

Answer = MeasuredStructureFactor | MeasuredScattering
#: Signs that change a table's meaning rather than break it.
_SIGNS = b'0123456789.,;-+eED#%\n\t "_'
_SEPARATORS = re.compile(rb"[,;\t ]+")
#: Names of the outcomes.
REFUSED, WARNED, UNCHANGED = "refused", "warned of", "numbers unchanged"
WITHIN, CHANGED = "changed within stated errors", "changed by more in silence"


def _place(size: int, at: float) -> int:
    return min(int(at * size), max(size - 1, 0))


def _byte(data: bytes, at: float, value: int) -> bytes:
    place = _place(len(data), at)
    return data[:place] + bytes([value]) + data[place + 1 :]


def _bit(data: bytes, at: float, bit: int) -> bytes:
    return _byte(data, at, data[_place(len(data), at)] ^ (1 << bit)) if data else data


def _cut(data: bytes, at: float, length: int) -> bytes:
    place = _place(len(data), at)
    return data[:place] + data[place + length :]


def _truncated(data: bytes, at: float) -> bytes:
    return data[: _place(len(data), at)]


def _by_lines(change: Callable[[list[bytes]], list[bytes]], data: bytes) -> bytes:
    return b"\n".join(change(data.split(b"\n")))


def _line_gone(data: bytes, at: float) -> bytes:
    return _by_lines(lambda lines: [line for i, line in enumerate(lines) if i != _place(len(lines), at)], data)


def _lines_exchanged(data: bytes, at: float, other: float) -> bytes:
    def change(lines: list[bytes]) -> list[bytes]:
        i, j = _place(len(lines), at), _place(len(lines), other)
        lines[i], lines[j] = lines[j], lines[i]
        return lines

    return _by_lines(change, data)


def _cells_exchanged(line: bytes, first: int, second: int) -> bytes:
    separators, cells = _SEPARATORS.findall(line), _SEPARATORS.split(line)
    i, j = first % len(cells), second % len(cells)
    cells[i], cells[j] = cells[j], cells[i]
    return b"".join(part for pair in zip(cells, [*separators, b""], strict=False) for part in pair)


def _columns_exchanged(data: bytes, first: int, second: int, part: str, at: float) -> bytes:
    """In the header alone, in all rows but the header, in one row, or everywhere."""

    def change(lines: list[bytes]) -> list[bytes]:
        chosen = {
            "header": {0},
            "rows": set(range(1, len(lines))),
            "row": {_place(len(lines), at)},
            "all": set(range(len(lines))),
        }[part]
        return [_cells_exchanged(line, first, second) if i in chosen else line for i, line in enumerate(lines)]

    return _by_lines(change, data)


def _separators_mixed(data: bytes, old: bytes, new: bytes, at: float, length: float) -> bytes:
    start = _place(len(data), at)
    end = start + 1 + int(length * len(data))
    return data[:start] + data[start:end].replace(old, new) + data[end:]


_AT = st.floats(0.0, 1.0, exclude_max=True)
_SIGN = st.sampled_from([b",", b";", b"\t", b" ", b"."])
_COLUMN = st.integers(0, 3)
MUTATION = st.one_of(
    st.tuples(st.just(_byte), _AT, st.one_of(st.sampled_from(list(_SIGNS)), st.integers(0, 255))),
    st.tuples(st.just(_bit), _AT, st.integers(0, 7)),
    st.tuples(st.just(_cut), _AT, st.integers(1, 60)),
    st.tuples(st.just(_truncated), _AT),
    st.tuples(st.just(_line_gone), _AT),
    st.tuples(st.just(_lines_exchanged), _AT, _AT),
    st.tuples(st.just(_columns_exchanged), _COLUMN, _COLUMN, st.sampled_from(["header", "rows", "row", "all"]), _AT),
    st.tuples(st.just(_separators_mixed), _SIGN, _SIGN, _AT, st.floats(0.0, 1.0)),
)
#: Text only: one wrong byte of a compressed file or an archive is found by its checksum.
DAMAGED = st.tuples(
    st.sampled_from([name for name, case in CASES.items() if not case.content.startswith(b"PK")]),
    st.lists(MUTATION, min_size=1, max_size=2),
)


def damaged(case: Case, mutations: list[tuple]) -> bytes:
    """The content after the mutations, one after the other."""
    data = case.content
    for change, *arguments in mutations:
        data = change(data, *arguments)
    return data


def outcome(case: Case, content: bytes, whole: Answer, folder: Path) -> str:
    """What the reader makes of damaged content, against what it makes of the whole one; any other error than InvalidInput rises."""
    try:
        found = case.read(folder, content)
    except InvalidInput:
        return REFUSED
    if found.doubts:
        return WARNED
    columns = _columns(whole), _columns(found)
    if not _is_same(*columns):
        return CHANGED
    exact = {name: (values, 1e-15 * abs(values)) for name, (values, _) in columns[1].items()}
    return UNCHANGED if _is_same(columns[0], exact) else WITHIN


def _columns(answer: Answer) -> dict[str, Any]:
    """Values and stated errors by column; the first is the position."""
    if isinstance(answer, MeasuredStructureFactor):
        values = {"k": answer.wavenumber, **dict(zip(answer.pairs, answer.partials, strict=True))}
        if answer.errors is not None:
            values |= {f"error_{pair}": error for pair, error in zip(answer.pairs, answer.errors, strict=True)}
    else:
        values = {"t": answer.times, **{f"F_{name}": F for name, F in answer.F.items()}}
        values |= {f"error_{name}": error for name, error in answer.error.items()}
    assert answer.resolution is not None
    return {name: (column, answer.resolution[name]) for name, column in values.items()}


def _is_same(whole: dict[str, Any], found: dict[str, Any]) -> bool:
    """Whether each row that was read is one of the whole table, to the errors that are stated."""
    if list(whole) != list(found):
        return False
    (x, x_error), (x_found, _) = (next(iter(columns.values())) for columns in (whole, found))
    nearest = abs(x_found[:, None] - x).argmin(axis=1)
    if (abs(x_found - x[nearest]) > x_error[nearest]).any():
        return False
    for name in list(whole)[1:]:
        (values, _), (read, stated) = whole[name], found[name]
        if (abs(read - values[nearest]) > np.maximum(stated, 0)).any():
            return False
    return True
