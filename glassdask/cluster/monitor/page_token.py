"""The token of a run's page: whoever has it may press the page's buttons. It lies in a file that only the owner can read.

It is another one than the secret path of the page, which lets everybody look who has the link, and is new with every run.
"""

from __future__ import annotations

import logging
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

#: In the campaign's folder, as long as its driver runs.
PAGE_TOKEN = "page.token"

log = logging.getLogger(__name__)


@contextmanager
def page_token(folder: Path) -> Iterator[str | None]:
    """A new token, in its file of mode 0600 inside the block; None where the file cannot be written."""
    path, token = folder / PAGE_TOKEN, secrets.token_urlsafe(24)
    try:
        path.unlink(missing_ok=True)  # of a driver that was killed
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as stream:
            stream.write(f"{token}\n")
    except OSError as error:
        log.warning("%s could not be written: the page has no buttons (%s)", path, error)
        yield None
        return
    try:
        yield token
    finally:
        path.unlink(missing_ok=True)


def is_same_token(given: str, token: str) -> bool:
    """Whether they are equal, in a time that says nothing of where they differ."""
    return secrets.compare_digest(given.encode(), token.encode())
