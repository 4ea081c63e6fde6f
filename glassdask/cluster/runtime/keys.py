"""Keys and certificates of one run: made for it, readable by nobody else, removed at its end."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from distributed.security import Security

from glassdask.errors import InvalidInput

KEYS = ".keys"


@dataclass(frozen=True)
class RunKeys:
    """The driver's security object, and the files that workers in batch jobs read."""

    security: Security
    certificate_authority: Path
    worker_certificate: Path
    worker_key: Path


@contextmanager
def run_keys(folder: Path) -> Iterator[RunKeys]:
    """Makes a certificate authority and keys for one run, in a folder of mode 0700 with files of mode 0600, which
    workers on other nodes see."""
    keys = folder / KEYS
    keys.mkdir(mode=0o700, exist_ok=True)
    refuse_open_folder(keys)
    own = keys / f"run-{os.getpid()}"
    shutil.rmtree(own, ignore_errors=True)
    own.mkdir(mode=0o700)
    security = Security.temporary()
    worker = security.get_tls_config_for_role("worker")
    try:
        yield RunKeys(
            security,
            _write(own / "authority.pem", worker["ca_file"]),
            _write(own / "worker-certificate.pem", worker["cert"]),
            _write(own / "worker-key.pem", worker["key"]),
        )
    finally:
        shutil.rmtree(own, ignore_errors=True)


def refuse_open_folder(keys: Path) -> None:
    """Raises InvalidInput if others may enter the key folder: they could run code as its owner."""
    facts = keys.stat()
    if facts.st_uid != os.getuid():
        raise InvalidInput(f"the key folder {keys} belongs to another user (uid {facts.st_uid}); remove it")
    if stat.S_IMODE(facts.st_mode) & 0o077:
        raise InvalidInput(
            f"the key folder {keys} has the mode {stat.S_IMODE(facts.st_mode):04o}; allowed: 0700. "
            f"Others could have read the keys: remove it (rm -r {keys}) and run again"
        )


def _write(path: Path, text: str) -> Path:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as stream:
        stream.write(text)
    return path
