"""Sphinx's settings: ``make docs`` builds the pages into docs/_build/html, every warning an error."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from sphinx.application import Sphinx

import glassdask

sys.path.insert(0, str(Path(__file__).parent))

from draw_gallery import gallery
from house import life_of_a_state, liquids_list, observables_table, reasons_table, rooms_table
from plain_docstrings import for_sphinx

project = "glassdask"
author = "The glassdask developers"
copyright = "2026, the glassdask developers"
release = version = glassdask.__version__
html_title = f"glassdask {release}"
html_theme = "furo"
html_show_sphinx = False
exclude_patterns = [
    "_build",
    "_templates",
    "_static",
    "conf.py",
    "plain_docstrings.py",
    "house.py",
    "mathml.py",
    "draw_gallery.py",
    "figures",
    "jupyter_execute",
]
templates_path = ["_templates"]
html_static_path = ["_static"]
extensions = ["sphinx.ext.autodoc", "sphinx.ext.autosummary", "sphinx.ext.napoleon", "myst_nb", "mathml"]

autosummary_generate = True
autodoc_typehints = "signature"
autodoc_type_aliases = {
    name: name for name in ("ArrayLike", "Floats", "Dynamics", "State", "Verdict", "NDArray", "Integers")
}
autodoc_preserve_defaults = True
python_use_unqualified_type_names = True
napoleon_google_docstring = False
napoleon_custom_sections = [("Attributes", "params_style")]  # plain names: links would guess
napoleon_attr_annotations = False
default_role = "code"
toc_object_entries = False  # 240 pages have one tree of contents each

myst_enable_extensions = ["colon_fence", "dollarmath", "amsmath"]
myst_heading_anchors = 3
html_math_renderer = "mathml"
nb_ipywidgets_js: dict[str, dict[str, str]] = {}  # no page has a widget, and its scripts would come from elsewhere
nb_custom_formats = {".py": ["jupytext.reads", {"fmt": "py:percent"}]}
nb_execution_mode = "auto"
nb_execution_timeout = 600
nb_execution_raise_on_error = True
#: What stands in the place of a comment with the name, made only for the page that has it.
TABLES = {"rooms": rooms_table, "liquids": liquids_list, "observables": observables_table, "reasons": reasons_table}


def setup(app: Sphinx) -> None:
    """Docstrings are plain text with formulas; links to records go out of the folder."""
    app.connect("autodoc-process-docstring", for_sphinx, priority=400)  # before napoleon, at 500
    app.connect("source-read", with_records)
    app.connect("builder-inited", lambda app: life_of_a_state(Path(app.srcdir) / "life_of_a_state.svg"))


def with_records(app: Sphinx, docname: str, source: list[str]) -> None:
    """Markdown beside the folder is a file to be had, not a page of this site; tables of the code are made from the code."""
    for name, table in TABLES.items():
        if f"<!-- {name} -->" in source[0]:
            source[0] = source[0].replace(f"<!-- {name} -->", table())
    if "<!-- gallery -->" in source[0]:
        source[0] = source[0].replace("<!-- gallery -->", gallery(Path(app.srcdir) / "figures"))
    drawing = "![Stages, their products, and what may become of an attempt](life_of_a_state.svg)"
    source[0] = source[0].replace("<!-- life of a state -->", drawing)
    here = Path(app.srcdir, docname).parent
    source[0] = re.sub(
        r"\]\((\.\./[^)#]+\.md)\)",
        lambda link: link[0] if (here / link[1]).resolve().is_relative_to(Path(app.srcdir)) else f"](path:{link[1]})",
        source[0],
    )
