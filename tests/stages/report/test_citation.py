"""What is cited is what CITATION.cff says."""

from __future__ import annotations

import re
from pathlib import Path

import glassdask
from glassdask.stages.report.citation import paper_citation, software_citation


def test_the_paper_is_the_one_of_the_citation_file() -> None:
    text = (Path(__file__).parents[3] / "CITATION.cff").read_text(encoding="utf-8")
    paper = dict(re.findall(r'^    (title|journal|year|volume|start|doi): "?(.+?)"?$', text, re.MULTILINE))
    entry = paper_citation().bibtex
    names = re.findall(r"^      - family-names: (.+)\n        given-names: (.+)$", text, re.MULTILINE)
    authors = " and ".join(", ".join(one) for one in names)
    for name, value in {
        "author": authors,
        "title": paper["title"],
        "journal": paper["journal"],
        "year": paper["year"],
        "volume": paper["volume"],
        "pages": paper["start"],
        "doi": paper["doi"],
    }.items():
        assert f"  {name} = {{{value}}}," in entry
    assert paper["doi"] in paper_citation().text


def test_the_software_is_cited_in_its_version() -> None:
    found = software_citation()
    assert f"version = {{{glassdask.__version__}}}" in found.bibtex
    assert f"glassdask {glassdask.__version__}" in found.text
