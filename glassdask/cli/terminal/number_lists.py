"""Lists of numbers in options, such as 0.8,0.2: also 0,8;0,2 of those who write decimal commas."""

from __future__ import annotations

import re

from glassdask.errors import InvalidInput


def numbers_of(text: str, option: str) -> tuple[float, ...]:
    """The numbers of a list: commas between numbers with points, or semicolons or blanks, between which commas are
    decimal.

    >>> numbers_of("0.8,0.2", "--composition"), numbers_of("0,8;0,2", "--composition"), numbers_of("1", "--composition")
    ((0.8, 0.2), (0.8, 0.2), (1.0,))

    InvalidInput if a part is no number, or decimal commas would be taken for those between numbers, as in 0,8 and
    0,8,0,2.
    """
    if re.fullmatch(r"0+,\d+(,\d+,\d+)*", text):
        meant = ",".join(number.replace(",", ".") for number in re.findall(r"\d+,\d+", text))
        raise InvalidInput(f"{option} is {text!r}; did you mean {meant}? allowed: numbers with decimal points")
    if ";" in text or " " in text.strip():
        parts = text.replace(", ", "; ").replace(";", " ").replace(",", ".").split()
    else:
        parts = text.split(",")
    try:
        return tuple(float(part) for part in parts)
    except ValueError:
        raise InvalidInput(
            f"{option} is {text!r}; allowed: numbers with commas between them, such as 0.8,0.2 (or 0,8;0,2)"
        ) from None
