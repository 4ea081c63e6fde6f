"""Rows and names of a table of numbers in a text: comments off, lines divided, names found, no row longer than another."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from glassdask.datasets.tables.layout import Layout, layout_of, sign_of
from glassdask.datasets.tables.number_cells import is_number
from glassdask.errors import InvalidInput

#: What begins a line that is no row: NumPy, gnuplot and LAMMPS; MATLAB and TeX; xvg; Fortran.
_COMMENT = re.compile(r"\s*[#%@!]")
#: A comment at the end of a row stands apart; else a damaged digit would pass for one.
_INLINE = re.compile(r"(^|[\s,;])#.*$")
#: Units behind a name, as in k [1/nm] or t (ps).
_UNIT = re.compile(r"\s*(\[[^\]]*\]|\((1/)?(sigma|nm|Å|A|ps|fs|ns|s|tau|1)(\^?-1)?\))")
#: A line's number and its text.
Line = tuple[int, str]
#: A line's number and its cells.
Row = tuple[int, list[str]]


@dataclass(frozen=True)
class TextTable:
    """What the text of a table says.

    Parameters
    ----------
    names
        Of the columns; None where the text has none.
    rows
        Cells with the numbers of their lines.
    layout
        How lines are divided.
    notes, doubts
        What was left out; what looks odd.
    """

    names: list[str] | None
    rows: list[Row]
    layout: Layout
    notes: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()


def table_of_text(
    text: str,
    path: Path,
    allowed: str,
    is_known: Callable[[str], bool],
    separator: str | None = None,
    decimal: str | None = None,
) -> TextTable:
    """Names and rows of a text.

    Parameters
    ----------
    text
        All of it.
    path, allowed
        The file, and what columns are allowed, for messages.
    is_known
        Whether a text is the name of a column: it tells names in a comment from other comments.
    separator, decimal
        Where the user says them, as signs or words.

    Raises
    ------
    InvalidInput
        If there is nothing to read, the layout has two meanings, or a row has more or fewer cells than there are columns.
    """
    lines, comments = _without_comments(text)
    if not lines:
        raise InvalidInput(f"{path} has no line that does not begin with #; {allowed}; write the numbers as rows")
    layout = _layout([line for _, line in lines], separator, decimal, path)
    rows = [(place, layout.cells(line)) for place, line in lines]
    first = next((i for i, (_, row) in enumerate(rows) if _has_number(row, layout)), len(rows))
    body = _without_block_sizes(rows[first:], comments, path)
    if first == 0 and _only_counts(body[0][1]):  # pandas numbers columns that have no name
        body = body[1:]
    width = _width(body)
    names = _names(lines[:first], comments, body, layout, width, is_known)
    _refuse_ragged(body, names, width, path, layout)
    notes = [f"{first - 1} lines above the names were left out"] if first > 1 else []
    doubts = [*_commented_rows(comments, body, layout), *_cut_off(text, body)]
    return TextTable(names, body, layout, tuple(notes), tuple(doubts))


def _without_comments(text: str) -> tuple[list[Line], list[Line]]:
    """Lines that are not empty, without comments, and the comments."""
    lines, comments = [], []
    for place, line in enumerate(text.split("\n"), 1):
        if _COMMENT.match(line):
            comments.append((place, line))
            continue
        stripped = _INLINE.sub(r"\1", line)
        if stripped.strip(" \t\f\x1a"):
            lines.append((place, stripped))
    return lines, comments


def _layout(lines: Sequence[str], separator: str | None, decimal: str | None, path: Path) -> Layout:
    between = sign_of(separator, "--separator", ())
    point = sign_of(decimal, "--decimal", (",", "."))
    if len(lines) == 1 and not any(is_number(cell) for cell in Layout(",").cells(lines[0])):
        return Layout(between or ",")  # names without rows
    return layout_of(lines, between, point, path)


def _has_number(row: Sequence[str], layout: Layout) -> bool:
    return any(cell and is_number(cell, layout.decimal) for cell in row)


def _names(
    above: Sequence[Line],
    comments: Sequence[Line],
    body: Sequence[Row],
    layout: Layout,
    width: int,
    is_known: Callable[[str], bool],
) -> list[str] | None:
    """Those of the line above the rows, or of the last comment above them that has as many known ones."""
    if above:
        line = above[-1][1]
        names = _names_in(line, layout, width) or layout.cells(line)
        if len(names) == width - 1 and all(row[-1] == "" for _, row in body):
            return [*names, ""]  # rows end in a separator, and their names do not
        if len(names) == width - 1 and counts([row[0] for _, row in body]):
            return ["", *names]  # R names no column of row numbers
        return names
    before = [line for place, line in comments if not body or place < body[0][0]]
    found = (_names_in_comment(line, width, is_known) for line in reversed(before))
    return next((names for names in found if names), None)


def _width(body: Sequence[Row]) -> int:
    """The usual number of cells."""
    lengths = [len(row) for _, row in body]
    return max(set(lengths), key=lengths.count) if lengths else 0


def _names_in(line: str, layout: Layout, width: int) -> list[str] | None:
    """The names in a header, which may be divided in another way than the rows; None if they are not as many."""
    for way in (layout, Layout(","), Layout(";"), Layout("\t"), Layout(" ")):
        for text in (line, _UNIT.sub("", line)):
            names = way.cells(text)
            if len(names) == width and not any(name.endswith((",", ";")) for name in names):
                return [_UNIT.sub("", name).strip() or name for name in names]
    return None


def _names_in_comment(line: str, width: int, is_known: Callable[[str], bool]) -> list[str] | None:
    """The names in a comment such as ``# k S(k)`` or ``# columns: k, t, F``; None if it is another comment."""
    text = re.sub(r"^\s*[#%@!]+\s*(columns?\s*:)?\s*", "", line, flags=re.IGNORECASE)
    names = _names_in(text, Layout(" "), width)
    return names if names and sum(map(is_known, names)) >= min(2, width) else None


def _only_counts(cells: Sequence[str]) -> bool:
    """Whether a first row is ,0,1,2: what pandas writes over columns without names."""
    return len(cells) > 2 and cells[0] == "" and list(cells[1:]) == [str(i) for i in range(len(cells) - 1)]


def counts(cells: Sequence[str]) -> bool:
    """Whether cells are 0, 1, 2 … or 1, 2, 3 …."""
    return len(cells) > 2 and any(list(cells) == [str(first + i) for i in range(len(cells))] for first in (0, 1))


def _without_block_sizes(body: list[Row], comments: Sequence[Line], path: Path) -> list[Row]:
    """The rows of LAMMPS' ave/time in mode vector without the line "time step, number of rows" above them: one block only."""
    if not any("Number-of-rows" in line for _, line in comments) or len(body) < 3:
        return body
    heads = [place for place, row in body if len(row) == 2]
    if len(heads) == 1 and len(body[0][1]) == 2:
        return body[1:]
    raise InvalidInput(
        f"{path} holds {len(heads)} blocks of LAMMPS' fix ave/time (at the lines {', '.join(map(str, heads[:5]))}); allowed: "
        "one; keep the rows of one block, or let the fix average over all steps"
    )


def _refuse_ragged(body: Sequence[Row], names: Sequence[str] | None, width: int, path: Path, layout: Layout) -> None:
    wanted = width if names is None else len(names)
    for place, row in body:
        if len(row) != wanted:
            columns = f"the columns {','.join(names)}" if names else f"{wanted} columns"
            raise InvalidInput(
                f"{path}, line {place}: {len(row)} values for {columns} (separator: {layout.in_words()}); allowed: {wanted}; "
                "write decimals with a point, not with a comma, and mend or remove the line"
            )


def _commented_rows(comments: Sequence[Line], body: Sequence[Row], layout: Layout) -> list[str]:
    """Lines among the rows that would be rows without their #."""
    found = []
    for place, line in comments:
        cells = layout.cells(re.sub(r"^\s*[#%@!]\s*", "", line))
        if (
            cells
            and any(cells)
            and all(is_number(cell, layout.decimal) for cell in cells)
            and body
            and place > body[0][0]
        ):
            found.append(place)
    return [f"line {place} looks like a row but begins as a comment: left out" for place in found[:3]]


def _cut_off(text: str, body: Sequence[Row]) -> list[str]:
    """Whether the file may end in the middle of a number: no line end, and a last number shorter than all others."""
    if text.endswith("\n") or len(body) < 3:
        return []
    digits = [len(re.sub(r"[^\d]", "", row[-1])) for _, row in body]
    if digits[-1] >= min(digits[:-1]):
        return []
    note = (
        f"line {body[-1][0]} ends without a line end in {body[-1][1][-1]!r}, with fewer digits than any row above: see that "
        "the file was not cut off"
    )
    return [note]
