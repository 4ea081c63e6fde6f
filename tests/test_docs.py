"""The pages and the reference are built without a warning, and hold what the docstrings say."""

from __future__ import annotations

import ast
import doctest
import html
import importlib.util
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import glassdask
from glassdask.figures.catalogue import FIGURES
from tests.chromium import Browser
from tests.command_line import environment

ROOT = Path(__file__).parent.parent
#: One process builds; it takes a minute or two of the processor.
pytestmark = pytest.mark.timeout(1800)


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built pages. The tutorial is not run here, and the plainest theme is quicker to apply to 240 pages."""
    for name in ("furo", "myst_nb", "sphinx", "ziamath"):
        pytest.importorskip(name, reason=f"{name} is not installed (pip install --group docs)")
    for name in ("torch", "sklearn", "mpi4py"):
        pytest.importorskip(name, reason=f"{name} is not installed (pip install 'glassdask[ml,mpi]')")
    folder = tmp_path_factory.mktemp("docs")
    shutil.copytree(ROOT / "docs", folder / "docs", ignore=shutil.ignore_patterns("_build", "generated", "__pycache__"))
    for name in ("README.md", "CHANGELOG.md", "benchmarks", "deploy"):
        (folder / name).symlink_to(ROOT / name)
    return build(folder, "-D", "nb_execution_mode=off", "-D", "html_theme=basic")


def build(folder: Path, *options: str) -> Path:
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", *options, "docs", "built"]
    done = subprocess.run(command, cwd=folder, env=environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder / "built"


@pytest.fixture(scope="module")
def equations(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of equations alone, in the theme that readers see."""
    for name in ("furo", "myst_nb", "sphinx", "ziamath"):
        pytest.importorskip(name, reason=f"{name} is not installed (pip install --group docs)")
    folder = tmp_path_factory.mktemp("equations")
    shutil.copytree(ROOT / "docs", folder / "docs", ignore=shutil.ignore_patterns("_build", "generated", "__pycache__"))
    for path in ("extending", "api"):
        shutil.rmtree(folder / "docs" / path)
    return build(folder, "-D", "root_doc=equations", "-D", "include_patterns=equations.md") / "equations.html"


def foreign(page: Path) -> list[str]:
    """What a page or a style sheet makes a browser fetch from another host."""
    text = page.read_text(encoding="utf-8")
    found = re.findall(
        r"""<(?:script|link|img|iframe|source|object)\b[^>]*?(?:src|href|data)=["']?(?:https?:)?//[^>]*""", text
    )
    return found + re.findall(r"""(?:url\(|@import )\s*["']?(?:https?:)?//[^)]*""", text)


@pytest.mark.slow
def test_no_page_asks_anything_of_another_host(pages: Path, equations: Path) -> None:
    read = [
        path for folder in (pages, equations.parent) for path in folder.rglob("*") if path.suffix in (".html", ".css")
    ]
    assert len(read) > 240
    assert {path.name: found for path in read if (found := foreign(path))} == {}


def test_what_comes_from_another_host_is_noticed(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text(
        '<script defer src="https://cdn.example.org/x.js"></script><style>@import "//fonts.example.org"</style>'
    )
    assert len(foreign(page)) == 2


@pytest.mark.browser
def test_a_browser_draws_the_equations_by_itself(equations: Path, browser: Browser) -> None:
    """Each takes room; the large operators are larger than their line, which a fallback without mathematical metrics fails."""
    browser.requests()
    browser.driver.get(equations.as_uri())
    browser.run("return document.fonts.ready.then(() => 1)")
    sizes = browser.run(
        "return [...document.querySelectorAll('math')].map(m => m.getBoundingClientRect()).map(b => [b.width, b.height])"
    )
    assert len(sizes) > 150
    assert min(min(size) for size in sizes) > 4  # pixels: the narrowest is one letter
    heights = browser.run(
        "return [...document.querySelectorAll('div.math')].map(m => m.getBoundingClientRect().height)"
    )
    assert len(heights) == 10
    assert max(heights) > 40  # a sum with its limits, beside text of 16
    assert [address for address in browser.requests() if not address.startswith(("file:", "data:"))] == []
    labels = browser.run("return [...document.querySelectorAll('.eqno')].map(e => e.textContent)")
    assert labels == ["(E1)", "(E1')", *(f"(E{i})" for i in range(2, 9))]


def text_of(page: Path) -> str:
    """The words of a page: no tags, single spaces."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page.read_text(encoding="utf-8"))).split())


def letters(text: str) -> str:
    """Whatever marks and quotes become in HTML."""
    return re.sub(r"\W", "", text)


def reference(pages: Path, name: str) -> str:
    """The words of the page that documents a public name of the package, from its own heading on."""
    home = getattr(glassdask, name).__module__
    page = (pages / "api" / "generated" / f"{home}.html").read_text(encoding="utf-8")
    anchor = f'id="{home}.{name}"'
    assert anchor in page, f"{home} has a page without {name}"
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page[page.index(anchor) :])).split())


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in glassdask.__all__ if name != "__version__"])
def test_every_public_name_has_its_place(pages: Path, name: str) -> None:
    assert getattr(glassdask, name).__doc__.split()[0] in reference(pages, name)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("structure_factor", ["Parameters", "wavenumber_edges", "precision"]),
        ("mode_coupling_dynamics", ["Parameters", "end_time", "Last time. [time]"]),
        ("inverted_memory", ["Parameters", "Raises", "InvalidInput", "Examples"]),
        ("FitOptions", ["Parameters", "n_exp", "Numbers of modes to be tried, 1 to 4."]),
        ("open_campaign", ["Parameters", "Returns", "Dimensions (potential, T, rho, pair, species, k, k_fine, t)."]),
    ],
)
def test_parameters_and_results_are_sections(pages: Path, name: str, parts: list[str]) -> None:
    said = reference(pages, name)
    assert [part for part in parts if part not in said] == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("module", "formula"),
    [
        (
            "physics.structure.structure_factor",
            "S_ab(k) = (1/N) < Re rho_a(k) rho_b*(k) >,   rho_a(k) = Σ_{j in a} exp(i k·r_j)",
        ),
        ("physics.memory.memory_kernels", "M(t) = c + Σ_{i=1}^{N} w_i {(1 − a_i) exp[−(t/τ_i)^{b_i}] + a_i}"),
        (
            "physics.mode_coupling.mode_coupling_kernels",
            "Ω_ab = μ_a k² x_a (S⁻¹)_ab,   M_ab(k,t) = μ_a ρ / (2 x_b) ∫ d³q/(2π)³ Σ V F(q,t) F(p,t) V",
        ),
    ],
)
def test_formulas_stand_as_they_were_written(pages: Path, module: str, formula: str) -> None:
    page = (pages / "api" / "generated" / f"glassdask.{module}.html").read_text(encoding="utf-8")
    plain = html.unescape(re.sub(r"<[^>]+>", "", page))
    assert formula in plain


@pytest.mark.slow
def test_a_table_of_a_docstring_is_a_table(pages: Path) -> None:
    page = (pages / "api" / "generated" / "glassdask.physics.memory.schematic_models.html").read_text(encoding="utf-8")
    assert re.search(r"<td><p>F12</p></td>", page)


@pytest.mark.slow
@pytest.mark.parametrize(
    "page",
    [
        *("index", "tutorial", "campaigns", "clusters", "monitoring", "changelog", "api/index", "trust", "gallery"),
        *("tutorials/laptop", "tutorials/slurm", "tutorials/own-data", "how-to/index", "how-to/experiment"),
    ],
)
def test_the_guide_is_there(pages: Path, page: str) -> None:
    assert len(text_of(pages / f"{page}.html").split()) > 60


@pytest.mark.slow
def test_the_first_page_leads_each_user_to_his_tutorial(pages: Path) -> None:
    """In the page itself, not in its margin."""
    table = (pages / "index.html").read_text(encoding="utf-8").partition("<table")[2].partition("</table>")[0]
    assert re.findall(r'href="tutorials/([\w-]+)\.html', table) == ["laptop", "slurm", "own-data"]


@pytest.mark.slow
def test_the_gallery_has_every_figure_of_the_catalogue(pages: Path) -> None:
    """Each with a picture, its caption, and the line that draws it."""
    html_text = (pages / "gallery.html").read_text(encoding="utf-8")
    said = text_of(pages / "gallery.html")
    assert [name for name in FIGURES if f"--only {name}" not in said] == []
    assert [name for name, one in FIGURES.items() if letters(one.caption.title) not in letters(said)] == []
    pictures = [Path(name) for name in re.findall(r'<img [^>]*src="(_images/[^"]+)"', html_text)]
    assert len(pictures) == len(FIGURES)
    assert all((pages / picture).stat().st_size > 5000 for picture in pictures)


@pytest.mark.slow
def test_no_docstring_of_the_reference_is_lost(pages: Path) -> None:
    """reStructuredText that cannot be read leaves a system message where the text was."""
    broken = [p.name for p in pages.rglob("*.html") if "system-message" in p.read_text(encoding="utf-8")]
    assert broken == []


@pytest.mark.slow
def test_every_module_has_its_page(pages: Path) -> None:
    """The reference lists itself, but for the command line, whose text is ``--help``."""
    folder = ROOT / "glassdask"
    modules = [path.relative_to(ROOT).with_suffix("").parts for path in folder.rglob("*.py")]
    names = {".".join(parts).removesuffix(".__init__") for parts in modules}
    expected = {name for name in names if name.split(".")[1:2] not in ([], ["cli"], ["__main__"])}
    assert {path.stem for path in (pages / "api" / "generated").glob("*.html")} == expected


@pytest.mark.slow
def test_the_architecture_names_every_room_and_sub_room(pages: Path) -> None:
    """With its duty, out of its own docstring."""
    rooms = [path for path in (ROOT / "glassdask").rglob("__init__.py") if path.parent.name != "glassdask"]
    duties = [ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or str(path) for path in rooms]
    assert len(duties) > 50
    said = letters(text_of(pages / "architecture.html"))
    assert [duty for duty in duties if letters(duty.split("\n\n")[0]) not in said] == []


@pytest.mark.parametrize("name", ["plain_docstrings", "mathml"])
def test_the_examples_of_what_makes_the_pages_hold(name: str) -> None:
    if name == "mathml":
        pytest.importorskip("latex2mathml", reason="latex2mathml is not installed (pip install --group docs)")
    spec = importlib.util.spec_from_file_location(name, ROOT / "docs" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found = doctest.testmod(module)
    assert found.attempted >= 2
    assert found.failed == 0
