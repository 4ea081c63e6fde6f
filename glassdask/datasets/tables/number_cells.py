"""Cells of text as numbers: decimal points or commas, exponents of C and of Fortran, and nothing that is a guess."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_POINT = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eEdDqQ][+-]?\d{1,3})?")
#: Fortran leaves the letter out where the exponent has three digits: 5.68-304.
_NO_LETTER = re.compile(r"([+-]?\d*\.\d*\d)([+-]\d{3})")
_NOT_FINITE = re.compile(r"[+-]?(nan|inf(inity)?)", re.IGNORECASE)
_MISSING = frozenset(("", "na", "n/a", "nan", "-nan", "null", "none"))
#: 1,234 or 12,345,678: a decimal comma or a separator of thousands.
_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3})+")


def is_missing(cell: str) -> bool:
    """Whether a cell says that there is no value."""
    return cell.lower() in _MISSING


def number(cell: str, decimal: str = ".") -> float | None:
    """The value of a cell; None if it is no number in this notation.

    >>> number("1.0D+05"), number("5.68-304"), number("0,25", ","), number("0,25"), number("1_0")
    (100000.0, 5.68e-304, 0.25, None, None)
    """
    text = cell.replace("\u2212", "-")
    if not text.isascii():
        return None
    if decimal == ",":
        if "." in text:
            return None
        text = text.replace(",", ".", 1)
    if _POINT.fullmatch(text):
        return float(re.sub("[dDqQ]", "e", text))
    if _NO_LETTER.fullmatch(text):
        return float(_NO_LETTER.sub(r"\1e\2", text))
    return float(text) if _NOT_FINITE.fullmatch(text) else None


def is_number(cell: str, decimal: str = ".") -> bool:
    """Whether a cell is a number in this notation, or says that there is none."""
    return is_missing(cell) or number(cell, decimal) is not None


def may_be_thousands(cells: Sequence[str]) -> bool:
    """Whether all commas of the cells may separate thousands: 1,234 is 1234 or 1.234."""
    with_comma = [cell for cell in cells if "," in cell]
    return bool(with_comma) and all(_THOUSANDS.fullmatch(cell) for cell in with_comma)


def last_digits(cells: Sequence[str], values: Floats, decimal: str = ".") -> Floats:
    """The unit of the last digit that is printed of each value, shape (n,).

    Formats such as %.10g leave zeros at the end out, so digits are counted over the whole column: the most decimals, or the
    most significant digits, whichever is coarser.
    """
    mantissas = [re.split("[eEdDqQ]", cell)[0].replace(decimal, ".") for cell in cells]
    decimals = max((len(text.partition(".")[2]) for text in mantissas), default=0)
    digits = max((len(re.sub(r"[^\d]", "", text).lstrip("0")) for text in mantissas), default=1)
    with np.errstate(divide="ignore"):
        size = np.floor(np.log10(np.abs(values)))
    by_digits = 10.0 ** (np.where(np.isfinite(size), size, -300) - max(digits, 1) + 1)
    has_exponents = any(len(text) < len(cell) for text, cell in zip(mantissas, cells, strict=True))
    return by_digits if has_exponents else np.maximum(by_digits, 10.0**-decimals)
