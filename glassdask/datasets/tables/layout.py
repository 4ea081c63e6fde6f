"""How the lines of a table are divided into cells: found from all its lines, refused where two ways are as likely."""

from __future__ import annotations

import csv
import itertools
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from glassdask.datasets.tables.number_cells import is_number, may_be_thousands
from glassdask.errors import InvalidInput

SEPARATORS = {";": "semicolon", "\t": "tab", ",": "comma", " ": "blanks"}
_WORDS = {word: sign for sign, word in SEPARATORS.items()} | {"blank": " ", "space": " ", "\\t": "\t", "point": "."}
#: Lines that are looked at to find the layout.
_MOST_LINES = 2000


@dataclass(frozen=True)
class Layout:
    """What separates the cells of a line, and what the decimals of a number.

    Parameters
    ----------
    separator
        One sign; " " stands for any number of blanks and tabs.
    decimal
        "." or ",".
    """

    separator: str
    decimal: str = "."

    def cells(self, line: str) -> list[str]:
        """The cells of a line, without blanks and quotes around them."""
        if self.separator == " ":
            line = " ".join(line.split())
        stripped = line.strip(" ") if self.separator == "\t" else line.strip()
        is_blank = self.separator == " "
        try:
            row = next(csv.reader([stripped], delimiter=self.separator, skipinitialspace=not is_blank, strict=True), [])
        except csv.Error:  # a quote without its other
            return [stripped]
        return [cell.strip() for cell in row]

    def in_words(self) -> str:
        """For the line that says how a file was understood."""
        return SEPARATORS.get(self.separator, repr(self.separator)) + (
            ", decimal commas" if self.decimal == "," else ""
        )


def sign_of(text: str | None, option: str, allowed: Sequence[str]) -> str | None:
    """A sign from the command line: itself, or its word (tab, blanks, semicolon, comma, point).

    Raises
    ------
    InvalidInput
        If it is something else.
    """
    if text is None:
        return None
    sign = _WORDS.get(text.lower(), text)
    if len(sign) != 1 or sign.isalnum() or sign in "\"'\n+-" or (allowed and sign not in allowed):
        words = "comma, point" if allowed else f"{', '.join(SEPARATORS.values())}, or one sign such as '|'"
        raise InvalidInput(f"{option} is {text!r}; allowed: {words}")
    return sign


def layout_of(lines: Sequence[str], separator: str | None, decimal: str | None, path: Path) -> Layout:
    """The one way to divide the lines into numbers.

    Parameters
    ----------
    lines
        Without comments and empty ones; a few may be names or damaged.
    separator, decimal
        Where the user says them.
    path
        The file, for messages.

    Raises
    ------
    InvalidInput
        If no way leads to numbers, or two ways lead to different ones.
    """
    looked_at = list(lines[:_MOST_LINES])
    ways = [
        Layout(*signs)
        for signs in itertools.product([separator] if separator else SEPARATORS, [decimal] if decimal else list(".,"))
        if signs[0] != signs[1]
    ]
    scores = [_score(way, looked_at) for way in ways]
    best = ways[scores.index(max(scores))]
    if max(scores) < max(1, 0.5 * (len(looked_at) - 1)):
        shown = looked_at[-1] if looked_at else ""
        raise InvalidInput(
            f"{path}: no separator divides its lines into two or more numbers (the last one is {shown[:60]!r}); allowed: "
            "comma, semicolon, tab or blanks between numbers with a decimal point or comma; give --separator"
        )
    if best.separator == "\t" and separator is None and _has_empty_column(best, looked_at):
        best = Layout(" ", best.decimal)
    if not decimal:
        _refuse_two_meanings(best, looked_at, separator is not None, path)
    return best


def _has_empty_column(way: Layout, lines: Sequence[str]) -> bool:
    """Whether several tabs stand between two columns everywhere, as to align them."""
    rows = [way.cells(line)[1:-1] for line in lines]
    return any(all(len(row) > i and row[i] == "" for row in rows) for i in range(max(map(len, rows), default=0)))


def _score(way: Layout, lines: Sequence[str]) -> int:
    """Number of lines that are rows of numbers of the usual length."""
    lengths: Counter[int] = Counter()
    for line in lines:
        cells = way.cells(line)
        if any(cells) and all(is_number(cell, way.decimal) for cell in cells):
            lengths[len(cells)] += 1
    lengths.pop(1, None)
    return max(lengths.values(), default=0)


def _refuse_two_meanings(best: Layout, lines: Sequence[str], is_given: bool, path: Path) -> None:
    rows = [row for row in map(best.cells, lines) if all(is_number(cell, best.decimal) for cell in row)]
    cells = [cell for row in rows for cell in row]
    if best.separator == "," and not is_given and not any({".", "e", "E", "d", "D"} & set(cell) for cell in cells):
        raise InvalidInput(
            f"{path}: the commas of {lines[-1][:40]!r} may separate columns or be decimal commas; allowed: a file that tells; "
            "give --separator comma if they separate whole numbers, else write decimals with a point"
        )
    if best.decimal == "," and may_be_thousands(cells):
        example = next(cell for cell in cells if "," in cell)
        raise InvalidInput(
            f"{path}: {example!r} is {example.replace(',', '')} or {example.replace(',', '.', 1)}; allowed: a file that tells; "
            "give --decimal comma if these are decimals, else take out the commas between thousands"
        )
