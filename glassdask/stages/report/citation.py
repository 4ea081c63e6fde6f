"""How to cite the paper and this software, as text and as BibTeX."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, metadata

import glassdask


@dataclass(frozen=True)
class Citation:
    """A line of text and a BibTeX entry."""

    text: str
    bibtex: str


_AUTHORS = ("Ciarella, Simone", "Chiappini, Massimiliano", "Boattini, Emanuele", "Dijkstra, Marjolein",
            "Janssen, Liesbeth M. C.")  # fmt: skip
_TITLE = "Dynamics of supercooled liquids from static averaged quantities using machine learning"
_JOURNAL, _YEAR, _VOLUME, _PAGE = "Machine Learning: Science and Technology", 2023, 4, "025010"
_DOI = "10.1088/2632-2153/acc7e1"


def paper_citation() -> Citation:
    """The paper whose method is implemented.

    >>> paper_citation().bibtex.splitlines()[0]
    '@article{Ciarella2023,'
    """
    names = ", ".join(" ".join(reversed(name.split(", "))) for name in _AUTHORS)
    text = f"{names}, {_TITLE}, {_JOURNAL} {_VOLUME}, {_PAGE} ({_YEAR}), doi:{_DOI}"
    fields = {
        "author": " and ".join(_AUTHORS),
        "title": _TITLE,
        "journal": _JOURNAL,
        "year": str(_YEAR),
        "volume": str(_VOLUME),
        "pages": _PAGE,
        "doi": _DOI,
    }
    return Citation(text, bibtex("article", "Ciarella2023", fields))


def software_citation() -> Citation:
    """This software in its version, from the metadata of the package where it is installed."""
    try:
        told = metadata("glassdask").json
        author, summary = str(told.get("author") or told.get("author_email")), str(told["summary"])
    except PackageNotFoundError:
        author, summary = "The glassdask developers", "slow dynamics of supercooled liquids from static averages"
    version = glassdask.__version__
    fields = {"author": f"{{{author}}}", "title": f"{{glassdask: {summary}}}", "version": version}
    return Citation(f"{author}, glassdask {version}: {summary}", bibtex("software", "glassdask", fields))


def bibtex(kind: str, key: str, fields: dict[str, str]) -> str:
    """An entry of BibTeX."""
    lines = [f"  {name} = {{{value}}}," for name, value in fields.items()]
    return "\n".join([f"@{kind}{{{key},", *lines, "}"])
