"""Several ways to compute one thing, timed in turns on one thread, as a Markdown table with ratios.

Import it before NumPy: it fixes the number of threads of BLAS, OpenMP and Numba to one.
"""

from __future__ import annotations

import argparse
import os

for _variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[_variable] = "1"

import datetime as dt
import importlib.metadata
import platform
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path


def median_seconds(
    cases: Mapping[str, Callable[[], object]], rounds: int, clock: Callable[[], float] = time.perf_counter
) -> dict[str, float]:
    """Median time of each case; cases take turns in every round, so that a busy machine slows all alike.

    Each case runs once before, untimed, for what is compiled or allocated on first use. The clock is the one on the wall, or
    ``time.process_time``, which says more of cases of one thread where others use the machine.
    """
    times: dict[str, list[float]] = {name: [] for name in cases}
    for case in cases.values():
        case()
    for _ in range(rounds):
        for name, case in cases.items():
            start = clock()
            case()
            times[name].append(clock() - start)
    return {name: statistics.median(values) for name, values in times.items()}


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def circumstances(packages: Sequence[str], share: str = "one thread") -> str:
    """One line with date, processor, how much of it was used, and versions."""
    versions = ", ".join(f"{name} {version_of(name)}" for name in ("numpy", *packages))
    today = dt.date.today().isoformat()
    return f"{today}, {share} of {_processor()}, Python {platform.python_version()}, {versions}."


def version_of(package: str) -> str:
    """Its version, or "not installed"."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def arguments(description: str, rounds: int, has_other_checkout: bool = False) -> argparse.Namespace:
    """Command line of a benchmark: how many rounds, where the record goes, and, where it takes one, a checkout to compare with."""
    return arguments_parser(description, rounds, has_other_checkout).parse_args()


def arguments_parser(description: str, rounds: int, has_other_checkout: bool = False) -> argparse.ArgumentParser:
    """The same, for a benchmark that has options of its own."""
    parser = argparse.ArgumentParser(description=description)
    if has_other_checkout:
        words = "a checkout of an earlier version, with its .venv, that takes turns with this one"
        parser.add_argument("--against", type=Path, help=words)
    parser.add_argument("--rounds", type=int, default=rounds, help=f"timings of each case (default {rounds})")
    parser.add_argument("--output", type=Path, help="also write the record to this file")
    return parser


def publish(record: str, output: Path | None) -> None:
    """Prints the record, with the command that made it, and writes it where asked."""
    command = " ".join(["python", *sys.argv])
    text = f"{record}\n\nMade by `{command}`.\n"
    print(text)
    if output is not None:
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_text(text, encoding="utf-8")


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
