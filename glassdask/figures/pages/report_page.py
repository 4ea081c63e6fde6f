"""The report as one HTML page: everything that it shows is inside it."""

from __future__ import annotations

import base64
import html
import re
import struct
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined

_TEMPLATE = "report.html.j2"
#: Symbols of one letter with an index; names of variables and files have longer words around their underscores. A T may
#: follow, as in k_BT.
_INDEXED = re.compile(
    r"(?<![A-Za-z0-9_.])([A-Za-zστερδαχΣ])_([A-E]{2}|MD|LJ|ab|exp|mct|max|[A-Eabpsciα]|(?<=q_)6|(?<=α_)2|(?<=χ_)4)(?![A-SU-Za-z0-9_])"
)
_RAISED = re.compile(r"\^(\([\d/]+\)|−?\d+|[a-z]_i)")
#: A number alone in its cell: with an error, as a range, or with a word of a unit behind it.
_ONE = r"[-+]?\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?"
_NUMBER = re.compile(rf"(?:{_ONE}(?: (?:…|±) {_ONE})?(?: to {_ONE})?(?: [A-Za-z]+| \*)?| *|nan)")
_EXPONENT = re.compile(r"(?<=\d)e([-+]?)0*(\d+)")


def render_page(content: Mapping[str, Any], template_name: str = _TEMPLATE) -> str:
    """The page's HTML; text is escaped, and nothing that the template (``report.html.j2``) asks for may be missing."""
    environment = Environment(
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        loader=FunctionLoader(lambda name: files("glassdask.figures.pages").joinpath(name).read_text(encoding="utf-8")),
    )
    safe = environment.filters["safe"]
    environment.filters["symbols"] = lambda text: safe(symbols(text))
    environment.filters["number"] = lambda text: safe(number(text))
    environment.filters["word_columns"] = word_columns
    environment.filters["head_name"] = lambda head: head if isinstance(head, str) else head[0]
    return environment.get_template(template_name).render(content)


def word_columns(rows: Sequence[Sequence[str]], n_columns: int) -> list[bool]:
    """Which columns of a table hold words, and not numbers alone.

    >>> word_columns([["lj", "0.8", "1.2 ± 0.1", "0.1.0"], ["wca", "", "67.4 MB", "0.1.0"]], 4)
    [True, False, False, True]
    """
    return [not all(_NUMBER.fullmatch(row[i]) for row in rows) for i in range(n_columns)]


def number(cell: str) -> str:
    """A cell of a table as HTML: powers of ten above the line, and a minus that is one.

    >>> number("-2.8e-05"), number("lj-1")
    ('−2.8 × 10<sup>−5</sup>', 'lj-1')
    """
    if not _NUMBER.fullmatch(cell):
        return html.escape(cell)
    return (
        _EXPONENT.sub(r" × 10<sup>\1\2</sup>", cell)
        .replace("+</sup>", "</sup>")
        .replace("<sup>+", "<sup>")
        .replace("-", "−")
    )


def symbols(text: str) -> str:
    """Text as HTML, the indices of its symbols below the line, exponents above.

    >>> symbols("T_mct in ε_AA/k_BT, not lj_rho1.2")
    'T<sub>mct</sub> in ε<sub>AA</sub>/k<sub>B</sub>T, not lj_rho1.2'
    >>> symbols("2^(1/6) x^−12")
    '2<sup>1/6</sup> x<sup>−12</sup>'
    """
    raised = _RAISED.sub(lambda found: f"<sup>{found[1].strip('()')}</sup>", html.escape(text))
    return _INDEXED.sub(r"\1<sub>\2</sub>", raised)


def shown_picture(picture: Path) -> dict[str, Any]:
    """A PNG picture as a page shows it: as the text that an ``src`` attribute holds in place of an address, five of eight
    pixels wide, so that it is sharp on screens with many of them."""
    width, height = picture_size(picture)
    text = base64.b64encode(picture.read_bytes()).decode("ascii")
    return {"picture": f"data:image/png;base64,{text}", "width": width * 5 // 8, "height": height * 5 // 8}


def picture_size(picture: Path) -> tuple[int, int]:
    """Width and height of a PNG picture, from its header. [pixel]"""
    width, height = struct.unpack(">II", picture.read_bytes()[16:24])
    return width, height
