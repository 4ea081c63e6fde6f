"""Docstrings for Sphinx: they are written to be read in a terminal, with formulas and tables as plain text.

reStructuredText takes ``|k|`` for a substitution, a lone ``*`` for emphasis, a trailing ``_`` for a link, an indented line for a
quotation, and knows no table of Markdown. Here the first three lose that meaning, an indented formula keeps its lines and
spaces, and tables become lists of rows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby, pairwise

#: What must stay as it is: ``code``, `name`, :role:`name`.
_CODE = re.compile(r"(``.*?``|(?::[\w:]+:)?`[^`]*`)")
_MARKUP = re.compile(r"(?<!\\)(\||\*|(?<=\w)_(?!\w))")


def for_sphinx(app, what, name, obj, options, lines: list[str]) -> None:  # noqa: ARG001  Sphinx's interface
    """Sphinx's event autodoc-process-docstring: changes the lines in place."""
    lines[:] = plain(lines)


def plain(lines: list[str]) -> list[str]:
    r"""reStructuredText that shows a plain docstring as it stands.

    >>> plain(["Modulus |k| and S_ *.", "", "    F = |S| k*", "", "`kept_` and ``a*``."])
    ['Modulus \\|k\\| and S\\_ \\*.', '', '::', '', '    F = |S| k*', '', '`kept_` and ``a*``.']
    >>> plain(["| model | at |", "|---|---|", "| F2 | 4 |"])[:6]
    ['.. list-table::', '   :header-rows: 1', '', '   * - model', '     - at', '   * - F2']
    """
    end = next((i for i, (_, below) in enumerate(pairwise(lines)) if _is_underline(below)), len(lines))
    return [*_prose(lines[:end]), *map(_escaped, lines[end:])]


def _is_underline(line: str) -> bool:
    return len(line) > 2 and set(line) == {"-"}


def _prose(lines: list[str]) -> Iterator[str]:
    """What stands before the sections of a docstring: text, indented formulas, tables, lists."""
    is_formula, above = False, ""
    for is_table, part in groupby(lines, _is_row):
        if is_table:
            yield from _list_table(list(part))
            above = "|"
            continue
        for line in part:
            if line.strip():
                begins = line.startswith("    ") and not above.strip()
                if begins and not is_formula:
                    yield from ("::", "")
                is_formula = line.startswith("    ") and (begins or is_formula)
            yield line if is_formula else _escaped(line)
            above = line


def _is_row(line: str) -> bool:
    return line.startswith("|") and line.endswith("|")


def _list_table(rows: list[str]) -> Iterator[str]:
    yield from (".. list-table::", "   :header-rows: 1", "")
    for row in (row for row in rows if set(row) - set("|-: ")):
        for i, cell in enumerate(row.strip().strip("|").split("|")):
            yield f"   {' ' if i else '*'} - {_escaped(cell.strip())}"
    yield ""


def _escaped(line: str) -> str:
    """A line in which |, * and a trailing _ are only themselves; code, doctests and bullets stay."""
    if line.lstrip().startswith((">>>", "...")):
        return line
    bullet = re.match(r"\s*\* ", line)
    head = bullet.group() if bullet else ""
    parts = _CODE.split(line[len(head) :])
    return head + "".join(part if i % 2 else _MARKUP.sub(r"\\\1", part) for i, part in enumerate(parts))
