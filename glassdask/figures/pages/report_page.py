"""The report as one HTML page: everything that it shows is inside it."""

from __future__ import annotations

import base64
import html
import re
import struct
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined

_TEMPLATE = "report.html.j2"
#: Symbols of one letter with an index; names of variables and files have longer words around their underscores. A T may
#: follow, as in k_BT.
_INDEXED = re.compile(
    r"(?<![A-Za-z0-9_.])([A-Za-zστερδαχ])_([A-E]{2}|MD|LJ|ab|exp|mct|max|[A-Eabpscα]|(?<=α_)2|(?<=χ_)4)(?![A-SU-Za-z0-9_])"
)


def render_page(content: Mapping[str, Any], template_name: str = _TEMPLATE) -> str:
    """The page's HTML; text is escaped, and nothing that the template (``report.html.j2``) asks for may be missing."""
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["symbols"] = lambda text: environment.filters["safe"](symbols(text))
    template = files("glassdask.figures.pages").joinpath(template_name).read_text(encoding="utf-8")
    return environment.from_string(template).render(content)


def symbols(text: str) -> str:
    """Text as HTML, the indices of its symbols below the line.

    >>> symbols("T_mct in ε_AA/k_BT, not lj_rho1.2")
    'T<sub>mct</sub> in ε<sub>AA</sub>/k<sub>B</sub>T, not lj_rho1.2'
    """
    return _INDEXED.sub(r"\1<sub>\2</sub>", html.escape(text))


def data_uri(picture: Path) -> str:
    """A PNG picture as the text that an ``src`` attribute holds in place of an address."""
    return f"data:image/png;base64,{base64.b64encode(picture.read_bytes()).decode('ascii')}"


def picture_size(picture: Path) -> tuple[int, int]:
    """Width and height of a PNG picture, from its header. [pixel]"""
    width, height = struct.unpack(">II", picture.read_bytes()[16:24])
    return width, height
