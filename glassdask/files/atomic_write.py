"""Files that are whole or absent: written beside their place, flushed to disk, then renamed."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

#: Numbers of the errors that say that there is no room: disk, quota, limit on the size of files.
DISK_ERRORS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
#: Every temporary name holds this mark, so that what a killed process left behind can be told apart and removed.
PARTIAL_MARK = ".partial-"
#: Those of this process.
_in_hand: set[Path] = set()


def no_room(error: OSError) -> str:
    """What to say and to do where one of `DISK_ERRORS` has stopped the writing of a file.

    >>> no_room(OSError(errno.ENOSPC, "No space left on device", "/scratch/run.json"))
    'no room for files at /scratch/run.json (No space left on device); free some space, then run again'
    """
    where = f" at {error.filename}" if error.filename else ""
    return f"no room for files{where} ({error.strerror}); free some space, then run again"


@contextmanager
def atomic_write(path: str | os.PathLike, *, durable: bool = True) -> Iterator[Path]:
    """Give a temporary path in the folder of `path`, which must exist; what is written there becomes `path` on success.

    At the end of the block the temporary file is flushed to disk (fsync), renamed over `path` and the folder is
    flushed, so that a reader, or a machine that loses power, sees the old file or the new one and never a part. If the
    block raises, the temporary file is removed and `path` stays as it was. A process that is killed leaves at most a
    temporary file (see `remove_partial_files`). The temporary name is hidden and has the suffix of `path`: writers that
    look at it keep working.

    Without `durable` nothing is flushed, for a file that a power cut may take, such as a progress report. OSError if
    the disk is full, a quota or a size limit is reached, or the folder cannot be written.
    """
    final = Path(path)
    temporary = final.with_name(f".{final.stem}{PARTIAL_MARK}{os.getpid()}-{os.urandom(4).hex()}{final.suffix}")
    _in_hand.add(temporary)
    try:
        yield temporary
        if durable:
            _flush(temporary)
        temporary.replace(final)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    finally:
        _in_hand.discard(temporary)
    if durable:
        _flush(final.parent)


def write_bytes(path: str | os.PathLike, content: bytes, *, durable: bool = True) -> None:
    """Write `content` to `path`, whole or not at all (see `atomic_write`)."""
    with atomic_write(path, durable=durable) as temporary:
        temporary.write_bytes(content)


def write_text(path: str | os.PathLike, text: str, *, durable: bool = True) -> None:
    """Write `text` as UTF-8 to `path`, whole or not at all (see `atomic_write`)."""
    write_bytes(path, text.encode("utf-8"), durable=durable)


def write_json(path: str | os.PathLike, value: Any, *, indent: int | None = 1, durable: bool = True) -> None:
    """Write plain data as JSON to `path`, whole or not at all (see `atomic_write`)."""
    write_text(path, json.dumps(value, indent=indent), durable=durable)


def require_room(folder: str | os.PathLike, n_bytes: int) -> None:
    """Do nothing if a file of `n_bytes` fits into `folder`; OSError if not (disk, quota, limit on sizes), or it cannot
    be written."""
    import tempfile

    with tempfile.TemporaryFile(dir=str(folder)) as probe:
        os.posix_fallocate(probe.fileno(), 0, max(1, n_bytes))


def drop_partial_files() -> None:
    """Remove the temporary files that this process is writing; for a process that ends without unwinding."""
    for temporary in list(_in_hand):
        temporary.unlink(missing_ok=True)


def remove_partial_files(folder: str | os.PathLike) -> list[Path]:
    """Remove, and return, the temporary files that killed writers left in `folder`; only for one that nobody else
    writes to."""
    leftovers = [path for path in Path(folder).glob(f".*{PARTIAL_MARK}*") if path.is_file()]
    for path in leftovers:
        path.unlink(missing_ok=True)
    return leftovers


def _flush(path: Path) -> None:
    """fsync a file or a folder (a folder's entries are what a rename changes)."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
