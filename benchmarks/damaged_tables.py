"""Tables damaged 2,000 times: what the one reader makes of them.

    PYTHONPATH=. python benchmarks/damaged_tables.py [--tables 2000] [--output benchmarks/results/damaged_tables.md]

Tables of S(k) and F(t) as other programs write them (tests/datasets/tables/tables_of_others.py) are damaged by one or two of: a byte
replaced, a bit flipped, a piece cut out, the end cut off, a line lost, lines, columns or cells exchanged, separators mixed. What
is accepted without a word is compared with the whole table: all values must be within the errors that the reader states, the
smallest deviations of single values that it would have seen. Any other error than InvalidInput ends the benchmark.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections import Counter
from pathlib import Path

import side_by_side
from hypothesis import HealthCheck, given, settings

from tests.datasets.tables.damaged_tables import CHANGED, DAMAGED, REFUSED, UNCHANGED, WARNED, WITHIN, damaged, outcome
from tests.datasets.tables.tables_of_others import CASES


def counts(n_tables: int, folder: Path) -> tuple[Counter[tuple[str, str]], list[str]]:
    """How many tables of each case end how, and the damages that changed numbers in silence."""
    found: Counter[tuple[str, str]] = Counter()
    silent: list[str] = []
    whole = {name: case.read(folder) for name, case in CASES.items()}

    @settings(
        max_examples=n_tables, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck)
    )
    @given(DAMAGED)
    def each(drawn) -> None:
        name, mutations = drawn
        result = outcome(CASES[name], damaged(CASES[name], mutations), whole[name], folder)
        found[name, result] += 1
        if result == CHANGED:
            silent.append(f"{name}: {[(change.__name__, *rest) for change, *rest in mutations]}")

    each()
    return found, silent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tables", type=int, default=2000)
    parser.add_argument("--output", type=Path)
    arguments = parser.parse_args()
    begun = time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        found, silent = counts(arguments.tables, Path(folder))
    kinds = (REFUSED, WARNED, UNCHANGED, WITHIN, CHANGED)
    names = sorted({name for name, _ in found})
    rows = [[name, *(str(found[name, kind]) for kind in kinds)] for name in names]
    rows.append(["all", *(str(sum(found[name, kind] for name in names)) for kind in kinds)])
    title = f"# {sum(found.values())} damaged tables\n\n{side_by_side.circumstances(['hypothesis'])}"
    seconds = f"No other error than InvalidInput. {time.process_time() - begun:.0f} s of processor time."
    table = side_by_side.table(["table", *kinds], rows)
    side_by_side.publish("\n\n".join([title, table, seconds, *silent]), arguments.output)


if __name__ == "__main__":
    main()
