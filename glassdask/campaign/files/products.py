"""Products of a stage and the record that completes them: inputs' hash, checksums, what was found, what made it.

A stage of a state is complete when its record ``STAGE.json`` lies in the state's folder, carries the hash of the
inputs, and every file that it names is there with its size and checksum. The record is written last, and carries a
checksum of itself.
"""

from __future__ import annotations

import json
import logging
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from glassdask.files.atomic_write import write_text
from glassdask.files.checksum import bytes_sha256, file_sha256
from glassdask.outcome import Status

log = logging.getLogger(__name__)
#: Comes before the checksum of a record, its last entry, which covers every byte before this.
_SEAL = ',\n "checksum": '


@dataclass(frozen=True)
class ProductRecord:
    """What completes a stage.

    ``inputs``: hash of everything that the product depends on. ``files``: ``{name: {"bytes": …, "sha256": …}}``.
    ``status``: done, not in equilibrium or crystallised, a finding, not an error. ``summary``: scalars worth
    showing without opening a file. ``provenance``: versions, host, seconds, attempt, time of completion.
    """

    stage: str
    inputs: str
    files: dict[str, dict[str, Any]]
    status: Status = Status.DONE
    summary: dict[str, Any] = field(default_factory=dict)
    provenance: dict[str, Any] = field(default_factory=dict)


@lru_cache(maxsize=1000)
def _warn_once(message: str) -> None:
    """A driver looks at a product several times; the user need not hear of it as often."""
    log.warning(message)


def describe_files(folder: Path, names: list[str]) -> dict[str, dict[str, Any]]:
    """Sizes and checksums of files in `folder`, as a record keeps them."""
    return {name: {"bytes": (folder / name).stat().st_size, "sha256": file_sha256(folder / name)} for name in names}


def record_path(folder: Path, stage: str) -> Path:
    """Where the record of a stage lies in its folder."""
    return folder / f"{stage}.json"


def write_record(folder: Path, record: ProductRecord) -> None:
    """Completes a stage: to be called when every file of the product is in place."""
    content = json.dumps(asdict(record), indent=1).removesuffix("\n}")
    write_text(record_path(folder, record.stage), f'{content}{_SEAL}"{bytes_sha256(content.encode())}"\n}}')


def read_record(folder: Path, stage: str) -> ProductRecord | None:
    """The record of a stage, or None where there is none; a damaged one counts as absent and is logged."""
    path = record_path(folder, stage)
    try:
        text = path.read_text(encoding="utf-8")
        content, _, seal = text.rpartition(_SEAL)
        if seal != f'"{bytes_sha256(content.encode())}"\n}}':
            raise ValueError("its checksum differs")
        found = json.loads(content + "\n}")
        return ProductRecord(**{**found, "status": Status(found["status"])})
    except FileNotFoundError:
        return None
    except (ValueError, TypeError, KeyError) as error:
        _warn_once(f"{path} is damaged ({error}) and taken as absent")
        return None


def whole_record(folder: Path, stage: str) -> ProductRecord | None:
    """The record of a stage if all its files are there at their full size, else None.

    Sizes catch what is deleted, empty or truncated at the cost of one look at the folder;
    checksums are compared by :func:`damaged_files` (``glassdask verify``) and by the stage that reads a product.
    """
    record = read_record(folder, stage)
    if record is None:
        return None
    for name, facts in record.files.items():
        path = folder / name
        size = path.stat().st_size if path.is_file() else None
        if size != facts["bytes"]:
            found = "missing" if size is None else f"{size} bytes long instead of {facts['bytes']}"
            _warn_once(f"{path} is {found}: the stage {stage} will be run again")
            return None
    return record


def damaged_files(folder: Path, record: ProductRecord) -> list[str]:
    """Names of the product's files that are missing or whose checksum differs."""
    return [
        name
        for name, facts in record.files.items()
        if not (folder / name).is_file() or file_sha256(folder / name) != facts["sha256"]
    ]


def remove_product(folder: Path, stage: str) -> None:
    """Takes a product back: the record first, so that no reader finds a record without files."""
    record = read_record(folder, stage)
    record_path(folder, stage).unlink(missing_ok=True)
    for name in record.files if record else ():
        (folder / name).unlink(missing_ok=True)
