"""Which broken lines of glassdask the quick tests see: those of data/mutations.toml, one at a time, in this checkout.

A line is broken; the tests that the record (results/mutations.md) names for it are run, then, if they pass, the whole quick
lane; the first failure is written down, and the line is mended. C++ is compiled again. A run that takes much longer than on
the true code counts as seen: "stopped". It takes hours, and nothing else may use the checkout meanwhile.

    python benchmarks/mutations.py [--only SUBSTRING] [--output FILE]
"""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import importlib.util
import os
import re
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DATA = Path(__file__).parent / "data" / "mutations.toml"
TESTS = [sys.executable, "-m", "pytest", "--quick", "-x", "-q", "-p", "no:cacheprovider", "-p", "no:randomly"]
LANE = ("-n", "2", "--dist", "loadgroup")
BUILD = [sys.executable, "-m", "pip", "install", "--no-deps", "--no-build-isolation", "-q", "-e", "."]
#: A run is stopped after this, or after three times what the lane takes on the true code. [s]
LONGEST = 300.0
PASSED, WRONG_USAGE, NOTHING_TO_RUN = 0, 4, 5


@dataclass(frozen=True)
class Mutation:
    """Lines of one file below glassdask/, as they are and as they are broken."""

    file: str
    change: str
    old: str
    new: str
    seen_by: str = ""
    equivalent: bool = False

    @property
    def path(self) -> Path:
        """The file."""
        return ROOT / "glassdask" / self.file

    @property
    def is_compiled(self) -> bool:
        """Whether the extension has to be built again."""
        return "/compiled/" in self.file

    def named_tests(self) -> list[str]:
        """Files that hold the test of the record: the module's own, if it is among them."""
        folder = self.path.parent.relative_to(ROOT / "glassdask").as_posix().removesuffix("/compiled")
        own = ROOT / "tests" / folder / f"test_{self.path.stem}.py"
        if self.seen_by.startswith("doctest"):
            return [str(own), str(self.path)]  # a file below tests/ besides, whose conftest.py knows --quick
        if not self.seen_by:
            return [str(own)] if own.exists() else []
        holding = [file for file in sorted((ROOT / "tests").rglob("test_*.py")) if _defines(file, self.seen_by)]
        return [str(own)] if own in holding else [str(file) for file in holding]


def _defines(file: Path, test: str) -> bool:
    return f"def {test}(" in file.read_text(encoding="utf-8")


def mutations() -> list[Mutation]:
    """All of them, each checked to have its line once in its file."""
    found = [Mutation(**table) for table in tomllib.loads(DATA.read_text(encoding="utf-8"))["mutation"]]
    for one in found:
        times = one.path.read_text(encoding="utf-8").count(one.old)
        if times != 1:
            raise SystemExit(f"{one.file}, {one.change!r}: its line occurs {times} times; allowed: once")
    return found


@contextlib.contextmanager
def broken(mutation: Mutation) -> Generator[None, None, None]:
    """The file with its line broken, and whatever happens mended afterwards."""
    true = mutation.path.read_text(encoding="utf-8")
    try:
        mutation.path.write_text(true.replace(mutation.old, mutation.new), encoding="utf-8")
        yield
    finally:
        mutation.path.write_text(true, encoding="utf-8")


def build() -> None:
    """The extension, from the source as it is now."""
    subprocess.run(BUILD, cwd=ROOT, check=True)


def first_failure(arguments: Sequence[str], limit: float) -> str:
    """Name of the first test that fails, "stopped" where nothing ends in time, or nothing."""
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}  # nothing of a broken file stays behind
    running = subprocess.Popen(
        [*TESTS, *arguments],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        printed = running.communicate(timeout=limit)[0]
    except subprocess.TimeoutExpired:
        return "stopped"
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(running.pid, signal.SIGKILL)
        running.wait()
    if running.returncode in (PASSED, NOTHING_TO_RUN):
        return ""
    if running.returncode == WRONG_USAGE:
        raise SystemExit(printed)
    failed = re.search(r"^(?:FAILED|ERROR) ([^\s\[]+)", printed, re.MULTILINE)
    return failed[1].rpartition("::")[2] if failed else f"pytest ended with {running.returncode}"


def seen_by(mutation: Mutation, limit: float) -> str:
    """The test that sees a broken line."""
    with broken(mutation):
        if mutation.is_compiled:
            build()
        named = mutation.named_tests()
        return (first_failure(named, limit) if named else "") or first_failure(LANE, limit)


def limit_on_true_code() -> float:
    """What a run may take, from the quick lane on the true code, which must pass."""
    start = time.monotonic()
    failed = first_failure(LANE, 12 * LONGEST)
    if failed:
        raise SystemExit(f"the quick lane does not pass on the true code: {failed}")
    return max(LONGEST, 3 * (time.monotonic() - start))


def check_checkout() -> None:
    """Refuses what would not be tested, or could be lost."""
    spec = importlib.util.find_spec("glassdask")
    if spec is None or spec.origin is None or not Path(spec.origin).resolve().is_relative_to(ROOT):
        raise SystemExit(f"glassdask is not installed from {ROOT}; run: {' '.join(BUILD)}")
    status = ["git", "status", "--porcelain", "--", "glassdask"]
    changed = subprocess.run(status, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    if changed:
        raise SystemExit(f"glassdask/ has changes; commit them or take them back:\n{changed}")


def table(chosen: Sequence[Mutation], seen: dict[Mutation, str]) -> str:
    """What was found, in the order of the data, as Markdown."""
    done = [one for one in chosen if one in seen]
    words = {one: seen[one] or ("no change" if one.equivalent else "survived") for one in done}
    n_equivalent, n_seen = sum(one.equivalent for one in done), sum(bool(seen[one]) for one in done)
    head_of_git = ["git", "rev-parse", "--short", "HEAD"]
    commit = subprocess.run(head_of_git, cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()
    head = (
        f"{dt.date.today().isoformat()}, commit {commit}: {len(done)} broken lines, {n_seen} seen by the "
        f"quick lane, {sum(word == 'survived' for word in words.values())} survived; {n_equivalent} change nothing.\n"
    )
    rows = [f"| {one.file} | {one.change} | {words[one]} |" for one in done]
    return "\n".join([head, "| file | change | seen by the quick lane |", "| --- | --- | --- |", *rows]) + "\n"


def main() -> None:
    """Each mutation in turn, those of the extension last."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="those whose file or change holds this")
    parser.add_argument("--output", type=Path, help="where the table is written; else it is printed")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that a line is mended then too
    check_checkout()
    chosen = [one for one in mutations() if options.only in one.file or options.only in one.change]
    limit, seen = limit_on_true_code(), dict[Mutation, str]()
    try:
        for one in sorted(chosen, key=lambda one: one.is_compiled):
            seen[one] = seen_by(one, limit)
            print(f"{one.file} | {one.change} | {seen[one] or '-'}", file=sys.stderr, flush=True)
    finally:
        if any(one.is_compiled for one in chosen):
            build()
        found = table(chosen, seen)
        options.output.write_text(found, encoding="utf-8") if options.output else print(found)


if __name__ == "__main__":
    main()
