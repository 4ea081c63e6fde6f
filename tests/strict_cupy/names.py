"""The names of CuPy 14.2, from ``names.json``: what is not there is not in CuPy."""

from __future__ import annotations

import json
from pathlib import Path

_KNOWN = json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8"))

#: Public names of the array class, of ufuncs and of ``cupy.cuda``.
ARRAY_NAMES, UFUNC_NAMES, CUDA_NAMES = (frozenset(_KNOWN[key]) for key in ("cupy.ndarray", "cupy.ufunc", "cupy.cuda"))
#: Of the modules: "ufunc", "class", "module", "?" (a constant, or a function whose parameters only C knows), or parameters; of
#: ``cupyx.scipy.special`` the Bessel functions only.
MODULE_NAMES: dict[str, dict[str, str]] = {
    key: _KNOWN[key] for key in ("cupy", "cupyx", "cupy.testing", "cupyx.scipy.special")
}


def check_arguments(module: str, name: str, n_positional: int, keywords: frozenset[str]) -> None:
    """Refuses what CuPy's function of this name does not take.

    Raises
    ------
    TypeError
        If there are too many arguments, or one by a name that is none of its parameters.
    """
    kind = MODULE_NAMES[module][name]
    if kind == "ufunc":
        parameters, most = ["out", "dtype", "casting"], 4
    elif kind in ("class", "module", "?"):
        return
    else:
        parameters = kind.split()
        has_any = any(parameter.startswith("*") and not parameter.startswith("**") for parameter in parameters)
        most = n_positional if has_any else len(parameters)
    takes_all = any(parameter.startswith("**") for parameter in parameters)
    unknown = set() if takes_all else keywords - set(parameters)
    if n_positional > most or unknown:
        raise TypeError(f"{module}.{name} takes {kind}; given {n_positional} arguments and {sorted(keywords)}")
