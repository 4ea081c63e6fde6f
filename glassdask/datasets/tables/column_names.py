"""What columns are called by those who write tables of S(k) and F(t), and what we call them.

Known besides our own names: freud's ``k_values``, ``bin_centers``, ``S_k``; dynasor's ``q_norms``, ``Sq_A_B``; atooms-pp's
``# columns: k, t, F``; S11, S12, S₂₂ of papers and ModeCouplingTheory.jl; LAMMPS' ``v_F``.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path

from glassdask.errors import InvalidInput

_WAVENUMBER = frozenset(
    [
        "k",
        "q",
        "kmag",
        "qmag",
        "knorm",
        "qnorm",
        "qnorms",
        "kvalues",
        "kpoints",
        "qpoints",
        "karray",
        "bincenters",
        "wavenumber",
        "wavenumbers",
        "wavevector",
        "kvector",
        "qvector",
        "qvalues",
        "modk",
        "modq",
    ]
)
_TIME = frozenset(["t", "time", "times", "lag", "lagtime", "tau", "dt", "deltat", "timestep", "step"])
_ERROR = r"(?:errors?|err|sigma|std|stderr|sem|uncertainty|delta|d|e|yerr)"
_S = r"(?:s|sk|sq|structurefactor|staticstructurefactor|partial)"
_F = r"(?:f|fs|fk|fskt|fkt|fqt|fsqt|fst|ft|phi|phis|phit|fself|isf|sisf|intermediatescattering|selfintermediatescattering)"
_PAIR = r"([a-z1-9])[_\-, ]*([a-z1-9])"


def plain(name: str) -> str:
    """A name in lower case without brackets and signs between letters.

    >>> plain("S_k"), plain("S(k)"), plain("|q|"), plain("S₁₂(k)")
    ('sk', 'sk', 'q', 's12k')
    """
    text = unicodedata.normalize("NFKC", name).lower()
    text = {"φ": "phi", "σ": "sigma", "τ": "tau", "δ": "delta"}.get(text, text)
    text = re.sub(r"^[vc]_(?=.)", "", text)  # LAMMPS: variables and computes
    return re.sub(r"[^a-z0-9]", "", text)


def structure_column(name: str) -> str | None:
    """Our name of a column of S(k): k, AA, AB, error_AB, error; None for another column.

    >>> [structure_column(name) for name in ("q", "S_AB", "Sq_A_B", "S12(k)", "err_AA", "S(k)", "AA_err", "n")]
    ['k', 'AB', 'AB', 'AB', 'error_AA', 'AA', 'error_AA', None]
    """
    text = plain(name)
    if text in _WAVENUMBER:
        return "k"
    if re.fullmatch(rf"{_S}(?:k|q)?", text):
        return "AA"
    if re.fullmatch(rf"{_ERROR}(?:{_S}(?:k|q)?)?|{_S}(?:k|q)?{_ERROR}", text):
        return "error"
    for pattern, is_error in (
        (rf"{_S}?{_PAIR}(?:k|q)?", False),
        (rf"{_ERROR}{_S}?{_PAIR}|{_S}?{_PAIR}{_ERROR}", True),
    ):
        found = re.fullmatch(pattern, text)
        letters = [group for group in found.groups() if group] if found else []
        pair = _pair(*letters) if len(letters) == 2 else None
        if pair and (letters[0].isdigit() or _is_pair_as_written(name)):
            return f"error_{pair}" if is_error else pair
    return None


def scattering_column(name: str) -> str | None:
    """Our name of a column of F(t): t, k, F, F_A, error, error_A; None for another column.

    >>> [scattering_column(name) for name in ("time", "F_s(k,t)", "Fs_A", "F1", "err_B", "F_D", "sigma", "q", "n")]
    ['t', 'F', 'F_A', 'F_A', 'error_B', 'F_D', 'error', 'k', None]
    """
    if found := re.fullmatch(r"(?i:(err|error)|f|fs|f_s|phi)_?([C-E])(?:\(.*\))?", name.strip()):
        return f"{'error' if found[1] else 'F'}_{found[2]}"  # as written only: an error is d or e, too
    text = plain(name)
    if text in _TIME:
        return "t"
    if text in _WAVENUMBER:
        return "k"
    if re.fullmatch(rf"{_F}|fself?", text):
        return "F"
    if re.fullmatch(rf"{_ERROR}(?:{_F})?|{_F}{_ERROR}", text):
        return "error"
    for pattern, is_error in (
        (rf"{_F}([ab1-5])\1?(?:k?t)?", False),
        (rf"{_ERROR}(?:{_F})?([ab1-5])|{_F}([ab1-5]){_ERROR}", True),
    ):
        found = re.fullmatch(pattern, text)
        if found:
            letter = next(group for group in found.groups() if group)
            species = "ABCDE"[int(letter) - 1] if letter.isdigit() else letter.upper()
            return f"error_{species}" if is_error else f"F_{species}"
    return None


def _pair(first: str, second: str) -> str | None:
    """The pair of two letters or two numbers, in the order in which they are written."""
    if first.isdigit() != second.isdigit():
        return None
    return "".join(
        chr(ord("A") + int(letter) - 1) if letter.isdigit() else letter.upper() for letter in (first, second)
    )


def _is_pair_as_written(name: str) -> bool:
    """Whether letters are meant as species, AB, aa or S_a_b, not as parts of a word such as Ni or of."""
    core = re.sub(r"(?i)error|err|sigma|std|stderr|delta|[_ ]?\(.*\)$|[_ ][kq]$", "", name).strip("_ ")
    found = re.search(r"([A-Za-z])[_\-, ]*([A-Za-z])\)?$", core)
    letters = "".join(found.groups()) if found else "?"
    return letters.isupper() or set(letters) <= set("ab")


def our_names(
    names: Sequence[str],
    role: Callable[[str], str | None],
    spellings: Mapping[str, str],
    skipped: Collection[str],
    path: Path,
    allowed: str,
) -> list[str]:
    """Our names of a table's columns.

    Parameters
    ----------
    names
        As the file or the user has them.
    role
        Our name of one, None for an unknown one.
    spellings
        What unknown ones may be meant to be, in lower case, for messages.
    skipped
        Names of columns that are left out.
    path, allowed
        The file, and what is allowed, for messages.

    Raises
    ------
    InvalidInput
        If a name is unknown, or two mean the same.
    """
    found: list[str] = []
    for name in names:
        ours = name if name in skipped else role(name)
        if ours is None:
            near = difflib.get_close_matches(name.lower(), spellings, n=1)
            hint = f"; did you mean {spellings[near[0]]!r}?" if near else ""
            raise InvalidInput(
                f"{path}: unknown column {name!r}{hint}; {allowed}; name all columns with --columns, _ for one to leave out"
            )
        if ours in found and ours not in skipped:
            raise InvalidInput(
                f"{path}: {names[found.index(ours)]!r} and {name!r} are 2 times the column {ours!r}; allowed: once; keep one of "
                "them, or name all columns with --columns, _ for one to leave out"
            )
        found.append(ours)
    return found
