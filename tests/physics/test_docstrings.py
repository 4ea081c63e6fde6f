"""What a function of physics hands back is said where it is declared: read from the source with ``ast``.

A function or method has a section Returns (or Yields); one that only says yes or no begins with "Whether", and a property is
one sentence. Numbers have their unit in brackets, [1] if they have none, or say whose unit they have; arrays their shape.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import glassdask.physics

ROOT = Path(glassdask.physics.__file__).parent
_SECTION = re.compile(r"^(?:Returns|Yields)\n-+\n(.*?)(?=^\w+\n-+\n|\Z)", re.MULTILINE | re.DOTALL)
_UNIT = re.compile(r"\[[^\]]+\]|\bunits?\b")
_ARRAY = re.compile(r"Floats|NDArray\[np\.float64\]")


def declared(path: Path) -> Iterator[tuple[str, ast.FunctionDef]]:
    """Public functions, and public methods of public classes, that hand something back."""

    def of(body: list[ast.stmt], prefix: str) -> Iterator[tuple[str, ast.FunctionDef]]:
        for node in body:
            if not isinstance(node, ast.ClassDef | ast.FunctionDef) or node.name.startswith("_"):
                continue
            if isinstance(node, ast.ClassDef):
                yield from of(node.body, f"{node.name}.")
            elif node.returns is not None and ast.unparse(node.returns) != "None":
                yield prefix + node.name, node

    yield from of(ast.parse(path.read_text(encoding="utf-8")).body, "")


def doubts(name: str, node: ast.FunctionDef) -> list[str]:
    """What is not said of what a function hands back."""
    text = ast.get_docstring(node) or ""
    kind = ast.unparse(node.returns) if node.returns is not None else ""
    found = _SECTION.search(text)
    if not found:
        is_property = any("property" in ast.unparse(item) for item in node.decorator_list)
        if kind == "bool":
            return [] if text.startswith("Whether") else [f"{name}: does not begin with 'Whether'"]
        if not is_property:
            return [f"{name}: no Returns"]
    said = found[1] if found else text
    is_array = bool(_ARRAY.search(kind))
    missing = ["unit"] * ((is_array or kind in ("float", "int")) and not _UNIT.search(said))
    missing += ["shape"] * (is_array and "hape" not in said)
    return [f"{name}: no {what}" for what in missing]


MODULES = [path for path in sorted(ROOT.rglob("*.py")) if path.name != "__init__.py"]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_is_handed_back_is_described(path: Path) -> None:
    assert not [doubt for name, node in declared(path) for doubt in doubts(name, node)]


def test_the_rule_finds_what_is_missing() -> None:
    source = '''
def f() -> Floats:
    """F.

    Returns
    -------
    numpy.ndarray
        All of it.
    """
def g() -> float: """No section, with a unit. [s]"""
@property
def h(self) -> float: """Some number."""
'''
    found = [doubts(node.name, node) for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)]
    assert found == [["f: no unit", "f: no shape"], ["g: no Returns"], ["h: no unit"]]
