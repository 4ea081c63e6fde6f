"""Formulas as MathML, which browsers draw by themselves: no script, no font and no picture is asked of any network.

latex2mathml does the translation, and the font is the one that comes with ziamath. This gives the result to Sphinx, puts the
label of ``\\tag`` at the right margin, and stops at a command that latex2mathml does not know, which it would print as it stands.
"""

from __future__ import annotations

import re
from importlib.resources import files

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.writers.html5 import HTML5Translator

_TAG = re.compile(r"\\tag\{([^}]*)\}")


def formula(latex: str, is_block: bool) -> str:
    r"""The ``<math>`` element of a formula.

    >>> formula("x^2", is_block=False).endswith("<msup><mi>x</mi><mn>2</mn></msup></mrow></math>")
    True
    >>> formula(r"\nonsense{x}", is_block=False)
    Traceback (most recent call last):
    ValueError: latex2mathml does not know \nonsense of \nonsense{x}
    """
    element = convert(latex, display="block" if is_block else "inline")
    if unknown := re.findall(r"\\[A-Za-z]+", element):
        raise ValueError(f"latex2mathml does not know {', '.join(unknown)} of {latex}")
    return element


def visit_inline(self: HTML5Translator, node: nodes.math) -> None:
    self.body.append(f'<span class="math notranslate">{formula(node.astext(), is_block=False)}</span>')
    raise nodes.SkipNode


def visit_block(self: HTML5Translator, node: nodes.math_block) -> None:
    labels = "".join(f'<span class="eqno">({label})</span>' for label in _TAG.findall(node.astext()))
    self.body.append(self.starttag(node, "div", CLASS="math notranslate"))
    self.body.append(f"{formula(_TAG.sub('', node.astext()), is_block=True)}{labels}</div>\n")
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_html_math_renderer("mathml", inline_renderers=(visit_inline, None), block_renderers=(visit_block, None))
    app.add_css_file("formulas.css")
    app.connect("config-inited", _with_font)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _with_font(app: Sphinx, config: Config) -> None:  # noqa: ARG001  Sphinx's interface
    config.html_static_path.append(str(files("ziamath.fonts") / "STIXTwoMath-Regular.ttf"))
