"""A page as PDF, by WeasyPrint: numbered pages, bookmarks, fonts and pictures inside."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from glassdask.errors import MissingComponent
from glassdask.files.atomic_write import atomic_write

#: Family, weight, style and file of the fonts that matplotlib brings: they hold every letter of ours, on each machine.
_FONTS = (
    ("Page Sans", "normal", "normal", "DejaVuSans.ttf"),
    ("Page Sans", "bold", "normal", "DejaVuSans-Bold.ttf"),
    ("Page Sans", "normal", "italic", "DejaVuSans-Oblique.ttf"),
    ("Page Mono", "normal", "normal", "DejaVuSansMono.ttf"),
)


def pdf_writer() -> Any:
    """WeasyPrint, asked for before any work is done.

    Returns
    -------
    module
        ``weasyprint``.

    Raises
    ------
    MissingComponent
        If it is not installed, or the Pango library that it calls is not.
    """
    try:
        import weasyprint
    except ImportError as error:
        raise MissingComponent(
            "a report as PDF needs WeasyPrint, which is not installed; install it with: pip install 'glassdask[pdf]'"
        ) from error
    except OSError as error:  # it loads its libraries with dlopen
        raise MissingComponent(
            f"a report as PDF needs WeasyPrint, which cannot load the library Pango ({str(error).splitlines()[0]}); install it "
            "with: conda install -c conda-forge pango, or apt install libpangoft2-1.0-0"
        ) from error
    return weasyprint


def write_pdf(text: str, path: Path) -> Path:
    """Writes a page of ours as PDF, whole: its print style, A4, bookmarks by its headings; equal pages give equal files.

    Parameters
    ----------
    text
        The page's HTML; everything that it shows is inside it.
    path
        The file.

    Returns
    -------
    pathlib.Path
        The file.

    Raises
    ------
    MissingComponent
        If WeasyPrint is not there.
    """
    weasyprint = pdf_writer()
    from weasyprint.text.fonts import FontConfiguration

    fonts = FontConfiguration()
    style = weasyprint.CSS(string=_font_faces(), font_config=fonts)
    with atomic_write(path) as temporary:
        weasyprint.HTML(string=text).write_pdf(temporary, stylesheets=[style], font_config=fonts, pdf_tags=True)
    return path


def _font_faces() -> str:
    import matplotlib as mpl

    folder = Path(mpl.get_data_path()) / "fonts" / "ttf"
    return "".join(
        f'@font-face {{ font-family: "{family}"; font-weight: {weight}; font-style: {style}; '
        f'src: url("{(folder / file).as_uri()}"); }}\n'
        for family, weight, style, file in _FONTS
    )
