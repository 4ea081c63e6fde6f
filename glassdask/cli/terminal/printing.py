"""What a terminal's or a file's encoding does not hold is printed in ASCII: ``tau`` for τ, ``...`` for …, else ``?``."""

from __future__ import annotations

import codecs
import sys
import unicodedata

#: Name of the error handler.
PLAIN = "glassdask.plain"
_TRUE_ASCII = "glassdask_ascii"
_ASCII = {
    **dict.fromkeys("‐‑–—−─", "-"), **dict.fromkeys("│‖", "|"), **dict.fromkeys("┌┐└┘├┤┬┴┼", "+"),
    **dict.fromkeys("“”„", '"'), **dict.fromkeys("‘’", "'"), "…": "...", "·": "*", "×": "x", "±": "+/-", "→": "->",
    "≤": "<=", "≥": ">=", "√": "sqrt", "∞": "inf", "½": "1/2", "⟨": "<", "⟩": ">", "Å": "A", "█": "#", "░": "-", "━": "-",
}  # fmt: skip


def print_anything() -> None:
    """Makes standard output and error take every character, whatever their encoding (``LC_ALL``, ``PYTHONIOENCODING``).

    An error handler that the user has chosen (``PYTHONIOENCODING=ascii:ignore``) stays.
    """
    codecs.register_error(PLAIN, plain)
    codecs.register(_true_ascii)
    for stream in (sys.stdout, sys.stderr):
        chosen = getattr(stream, "errors", None)
        if chosen in ("strict", "surrogateescape", "backslashreplace") and hasattr(stream, "reconfigure"):
            is_ascii = codecs.lookup(stream.encoding).name == "ascii"
            stream.reconfigure(encoding=_TRUE_ASCII if is_ascii else None, errors=PLAIN)


def _true_ascii(name: str) -> codecs.CodecInfo | None:
    """ASCII under another name: to click a stream in ASCII is a mistake, and it writes UTF-8 there."""
    if name != _TRUE_ASCII:
        return None
    ascii_ = codecs.lookup("ascii")
    return codecs.CodecInfo(
        ascii_.encode, ascii_.decode, ascii_.streamreader, ascii_.streamwriter,
        ascii_.incrementalencoder, ascii_.incrementaldecoder, _TRUE_ASCII,
    )  # fmt: skip


def plain(error: UnicodeError) -> tuple[str | bytes, int]:
    """An error handler of encoders: the nearest ASCII for what cannot be encoded, bytes of file names as they were.

    >>> codecs.register_error("example", plain)
    >>> "τ_A ≤ 5 – Kob…, S(k)², 中".encode("ascii", "example")
    b'tau_A <= 5 - Kob..., S(k)^2, ?'
    """
    if not isinstance(error, UnicodeEncodeError):
        raise error
    character = error.object[error.start]
    if "\udc80" <= character <= "\udcff":  # of a name that is no UTF-8 (PEP 383)
        return bytes([ord(character) - 0xDC00]), error.start + 1
    return _nearest(character), error.start + 1


def _nearest(character: str) -> str:
    if character in _ASCII:
        return _ASCII[character]
    name = unicodedata.name(character, "").split()
    if name[:1] == ["GREEK"] and "LETTER" in name:
        letter = name[name.index("LETTER") + 1].lower()
        return letter.capitalize() if "CAPITAL" in name else letter
    kind, _, parts = unicodedata.decomposition(character).rpartition("> ")
    decomposed = unicodedata.normalize("NFKD", character).encode("ascii", "ignore").decode() if parts else ""
    mark = {"<super": "^", "<sub": "_"}.get(kind, "")
    return mark + decomposed if decomposed else "?"
