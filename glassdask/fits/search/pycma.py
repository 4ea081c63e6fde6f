"""pycma, imported without what it does not need: half a second of a fit of two."""

from __future__ import annotations

import sys
import threading
import warnings
from types import ModuleType

#: What pycma takes where it is there, and does without where it is not: to draw, and for surrogate models. We use neither.
_NOT_NEEDED = ("matplotlib", "matplotlib.pyplot", "scipy.stats")


def pycma() -> ModuleType:
    """The module ``cma``.

    Where it is imported here first, and nothing else runs in this process that could miss them meanwhile, matplotlib and
    scipy.stats are out of its sight: pycma then sets up its own replacements for them, as where they are not installed.
    ``cma.plot()`` draws all the same, since it imports pyplot when it is called.
    """
    if "cma" not in sys.modules and threading.active_count() == 1:
        hidden = [name for name in _NOT_NEEDED if name not in sys.modules]
        sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]  # None: an import of them is refused
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # that drawing is not available
                import cma
        finally:
            for name in hidden:
                del sys.modules[name]
    import cma

    return cma
