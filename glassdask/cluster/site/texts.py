"""Texts of a site file: what each may be, so that no scheduler, shell or command line takes it for something else."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator

from glassdask.cluster.schedulers.registry import schedulers


def _matching(pattern: str, allowed: str) -> Any:
    """A type of texts that match a pattern as a whole; the message says what is allowed."""

    def check(value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise ValueError(f"allowed: {allowed}")
        return value

    return AfterValidator(check)


#: A word that a scheduler's directive or a command line takes as one argument, whatever shell reads it.
Word = Annotated[
    str,
    _matching(
        r"[A-Za-z0-9][A-Za-z0-9._@:+,=%/-]{0,254}",
        "one word of letters, digits and . _ @ : + , = % / - that starts with a letter or digit",
    ),
]
#: With seconds: batch systems take "10:00" for ten minutes, people for ten hours.
WalltimeText = Annotated[
    str,
    _matching(
        r"([0-9]{1,3}-)?[0-9]{1,4}:[0-5][0-9]:[0-5][0-9]",
        "hours:minutes:seconds or days-hours:minutes:seconds, as '08:00:00' or '2-12:00:00'",
    ),
]
MemoryText = Annotated[
    str, _matching(r"[1-9][0-9]* ?(MB|GB|MiB|GiB)", "a whole number and MB, GB, MiB or GiB, as '16GB'")
]
#: What a chunk may ask for besides cores, GPUs and memory, where a batch system knows chunks.
ChunkText = Annotated[
    str,
    _matching(
        r"[A-Za-z][A-Za-z0-9_]*=[A-Za-z0-9._/+-]+(:[A-Za-z][A-Za-z0-9_]*=[A-Za-z0-9._/+-]+)*",
        "name=value, several with : between them, as 'model=a100' or 'model=a100:scratch=20gb'",
    ),
]
JobName = Annotated[
    str, _matching(r"[A-Za-z][A-Za-z0-9._-]{0,14}", "up to 15 letters, digits and . _ - that start with a letter")
]
PoolName = Annotated[
    str, _matching(r"[a-z][a-z0-9_]{0,15}", "up to 16 small letters, digits and _ that start with a letter")
]


def _one_line(value: str) -> str:
    if not value or not value.isprintable():
        raise ValueError("allowed: one line of printable text")
    return value


Line = Annotated[str, AfterValidator(_one_line)]
#: Where estimators work; "auto" is CuPy where it is installed and works on a GPU.
ArrayName = Literal["auto", "numpy", "cupy"]
#: Tells a worker so.
ARRAY_VARIABLE = "GLASSDASK_ARRAY"
Directory = Annotated[
    str,
    _matching(
        r"(/|\$[A-Za-z_])([A-Za-z0-9/._@-]|\$[A-Za-z_])*",
        "an absolute path of letters, digits and / . _ - @ ($NAME is expanded on the node)",
    ),
]


def check_scheduler(value: str) -> str:
    names = ("local", *schedulers(), "mpi")
    if value not in names and not re.fullmatch(r"(tls|tcp)://[A-Za-z0-9_.\[\]:-]+:\d+", value):
        raise ValueError(f"allowed: {', '.join(map(repr, names))}, or the address of a scheduler as tls://host:port")
    return value
