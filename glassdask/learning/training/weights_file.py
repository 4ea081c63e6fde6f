"""Files of weights: tensors and plain data only, which cannot run code; a damaged one counts as absent."""

from __future__ import annotations

import io
import logging
import zipfile
from pathlib import Path
from typing import Any

import torch

from glassdask.files.atomic_write import write_bytes

logger = logging.getLogger(__name__)


def write_weights(path: Path, state: dict[str, Any]) -> None:
    """Writes tensors and plain data, whole."""
    content = io.BytesIO()
    torch.save(state, content)
    write_bytes(path, content.getvalue())


def read_weights(path: Path) -> dict[str, Any] | None:
    """A file of `torch.save`, tensors of the processor and plain data only; None where it is absent or damaged."""
    content = weights_bytes(path)
    return None if content is None else weights_of(content, path)


def weights_bytes(path: Path) -> bytes | None:
    """What is in a file that `weights_of` reads; None where it is absent or cannot be read."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        logger.warning("%s is damaged and taken for absent: %s", path, error)
        return None


def weights_of(content: bytes, path: Path) -> dict[str, Any] | None:
    """Tensors of the processor and plain data, of a file's bytes; None where they are damaged."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:  # torch itself looks at no checksum
            damaged = archive.testzip()
        if damaged is not None:
            raise zipfile.BadZipFile(f"the checksum of {damaged} differs")
        found = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except Exception as error:  # noqa: BLE001 (archives and unpicklers raise whatever bytes make of them)
        logger.warning("%s is damaged and taken for absent: %s", path, error)
        return None
    return found if isinstance(found, dict) else None
