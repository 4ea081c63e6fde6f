"""A comparison as one HTML page that loads nothing from elsewhere; and its tables as text, which the verb prints."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import glassdask
from glassdask.errors import InvalidInput
from glassdask.files.atomic_write import write_text
from glassdask.operations.comparison.comparison import EXPECTED, Comparison
from glassdask.operations.comparison.differences import Difference
from glassdask.operations.report import checked_page
from glassdask.state_point import decimal_text

#: Rows of the page's table of states.
_MOST_ROWS = 500
#: Title, and what a figure shows.
_FIGURES = {
    "compared_relaxation_time": (
        "Relaxation times",
        "Relaxation times τ_α of the species A against 1/T: campaign A filled, B hollow; error bars: one standard error",
    ),
    "compared_structure_factor": (
        "Static structure factor S(k)",
        "S(k) of the first pair of species: campaign A as lines with bands of two standard errors, B as points with one",
    ),
    "compared_scattering": (
        "Self intermediate scattering function",
        "F_s(k_p,t) of the species A: campaign A as lines with bands of two standard errors, B as points with one",
    ),
}


def write_page(found: Comparison, page: Path, *, pdf: bool = False) -> list[Path]:
    """Writes the page, whole or not at all.

    Parameters
    ----------
    found
        The comparison.
    page
        A name that ends in .html, in a folder that exists.
    pdf
        Write it as PDF, too, beside the page.

    Returns
    -------
    list of pathlib.Path
        The page, and its PDF if one is wanted.

    Raises
    ------
    InvalidInput
        If the name has another ending, or its folder does not exist.
    MissingComponent
        If a PDF is wanted and WeasyPrint is not installed.
    """
    checked_page(page)
    if not page.absolute().parent.is_dir():
        raise InvalidInput(f"--output {str(page)!r}: its folder does not exist; make it first")
    from glassdask.figures.pages.page_pdf import pdf_writer, write_pdf
    from glassdask.figures.pages.report_page import render_page

    if pdf:
        pdf_writer()
    with tempfile.TemporaryDirectory() as folder:
        pictures = [_shown(name, path) for name, path in found.draw(folder).items()]
    rows = largest_rows(found, _MOST_ROWS)
    n_left = len(found.rows) - len(rows)
    content = {
        "version": glassdask.__version__,
        "first": found.first.name,
        "second": found.second.name,
        **dict(zip(("n_common", "n_first", "n_second"), found.n_states, strict=True)),
        "notes": found.notes,
        "variables": [["" if cell is None else cell for cell in row] for row in variable_rows(found)],
        "expected": _expected(),
        "figures": pictures,
        "table_says": "Largest differences first; of a curve where it is largest. *: not in equilibrium on both sides."
        + (f" {n_left} more are smaller." if n_left else ""),
        "rows": [state_row(row) for row in rows],
    }
    text = render_page(content, "comparison.html.j2")
    made_pdf = [write_pdf(text, page.with_suffix(".pdf"))] if pdf else []
    write_text(page, text)
    return [page, *made_pdf]


def _expected() -> str:
    """As a sentence of a page, which has roots and Greek letters."""
    text = EXPECTED.replace("chi2", "χ²")
    for letter in "nm":
        text = text.replace(f"(2/{letter})^(1/2)", f"√(2/{letter})")
    return text[0].upper() + text[1:]


def _shown(name: str, picture: Path) -> dict[str, Any]:
    from glassdask.figures.pages.report_page import shown_picture

    title, alt = _FIGURES[name]
    return {"name": name, "title": title, "alt": alt, **shown_picture(picture)}


def largest_rows(found: Comparison, most: int) -> list[Difference]:
    """The rows that differ most, in units of their errors."""
    return sorted(found.rows, key=lambda row: -abs(row.ratio))[:most]


def variable_rows(found: Comparison) -> list[list[str | None]]:
    """Variable, points, curves, chi2 per point, what is expected, the largest difference."""
    rows: list[list[str | None]] = []
    for one in found.variables:
        if one.chi2_per_point is None or one.scatter is None:
            rows.append([one.name, "0", "0", None, None, None])
            continue
        low, high = one.scatter
        expected = f"1 ± {low:.2g}" + (f" to {high:.2g}" if one.n_curves < one.n_points else "")
        numbers = [str(one.n_points), str(one.n_curves), f"{one.chi2_per_point:.3g}", expected, f"{one.largest:+.1f}"]
        rows.append([one.name, *numbers])
    return rows


def state_row(row: Difference) -> list[str]:
    """State, variable, of what and where, A, B, difference in units of the error."""
    numbers = (f"{name}{decimal_text(row.state[name])}" for name in ("rho", "T") if name in row.state)
    state = "_".join([row.state["potential"], *numbers])  # as states are called everywhere
    of = ", ".join([*map(str, row.labels.values()), *(f"{key} = {value:.4g}" for key, value in row.place.items())])
    mark = "" if row.is_comparable else " *"
    return [state, row.variable, of, f"{row.A:.5g}", f"{row.B:.5g}", f"{row.ratio:+.2f}{mark}"]
