"""What a campaign of 100, 1,000 and 10,000 states costs besides its physics: the driver, `status`, going on after a kill.

    python benchmarks/campaign_scale.py [--states 100 1000 10000] [--output benchmarks/results/campaign_scale.md]

`glassdask run --workers 2` itself, in a process of its own, with two replacements: workers run the stand-ins of
quick_stages.py, which take milliseconds, in place of simulate, reduce, solve_mct, fit_memory and correlate; and no cube is made at
the end. In the middle the driver is killed with SIGKILL and run again. Times of the driver are its processor time, read
from outside; they hold Dask's scheduler and encryption, which live in the same process, but not the workers.
"""

from __future__ import annotations

import argparse
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil
import side_by_side

N_WORKERS = 2
#: Stages of each state that are counted: simulate, reduce, solve_mct, fit_memory, correlate.
N_STAGES = 5
QUICK_STAGES = Path(__file__).with_name("quick_stages.py")
RUN = "import glassdask.operations.run as made; made.collected = lambda *_: (); from glassdask.cli import main; main()"
STATUS = "from glassdask.cli import main; main()"
#: States differ by their temperature alone.
CAMPAIGN = """\
[[grid]]
potential = "lj"
density = 1.2
temperature = {{ start = 1.0, stop = {stop}, step = 0.001 }}
[equilibration]
length = 300.0
[production]
length = 300.0
"""
#: What issue and faults list ask for.
MOST_MS, MOST_MIB, MOST_STATUS_SECONDS, MOST_RESUME_SECONDS = 15, 1024, 1, 20


@dataclass(frozen=True)
class Run:
    """One driver from its start to its end or its kill."""

    seconds_to_first_stage: float
    states: int
    wall_seconds: float
    processor_seconds: float
    peak_mib: float

    def milliseconds(self, seconds: float) -> float:
        """Per stage of a state."""
        return seconds * 1000 / (N_STAGES * self.states)


def main() -> None:
    options = arguments()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for n_states in options.states:
            rows.append(measure(Path(folder), n_states))
    head = "# A campaign's cost besides its physics"
    header = ["states", "processor time of the driver, ms a state and stage", "wall time, ms a state and stage",
              "peak memory of the driver, MiB", "start to first stage, s", "after SIGKILL half-way to first new stage, s",
              "status half-way, s", "status at the end, s"]  # fmt: skip
    limits = ["allowed", f"{MOST_MS}", "", f"{MOST_MIB}", "", f"{MOST_RESUME_SECONDS}", *[f"{MOST_STATUS_SECONDS}"] * 2]
    about = (
        f"{side_by_side.circumstances(['distributed'], f'{os.cpu_count()} cores')} {N_WORKERS} workers; load of the "
        f"machine at the end {os.getloadavg()[1]:.1f}. The stages are stand-ins that take milliseconds; wall time holds "
        "them, and what else the machine does."
    )
    side_by_side.publish("\n\n".join([head, about, side_by_side.table(header, [*rows, limits])]), options.output)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--states", type=int, nargs="+", default=[100, 1000, 10_000], help="sizes of the campaigns")
    parser.add_argument("--output", type=Path, help="also write the record to this file")
    return parser.parse_args()


def measure(base: Path, n_states: int) -> list[str]:
    """One row: a campaign run to its middle, killed there, and run to its end."""
    file = base / f"campaign-{n_states}.toml"
    file.write_text(CAMPAIGN.format(stop=round(1.0 + 0.001 * (n_states - 1), 3)), encoding="utf-8")
    states = file.with_suffix("") / "states"
    first = drive(file, lambda: count(states) > n_states // 2)
    half_way = status_seconds(file)
    second = drive(file)
    end = status_seconds(file, f"{n_states} states: {n_states} done")
    whole = Run(0, n_states, first.wall_seconds + second.wall_seconds,
                first.processor_seconds + second.processor_seconds, max(first.peak_mib, second.peak_mib))  # fmt: skip
    return [
        f"{n_states:,}",
        f"{whole.milliseconds(whole.processor_seconds):.1f}",
        f"{whole.milliseconds(whole.wall_seconds):.1f}",
        f"{whole.peak_mib:.0f}",
        f"{first.seconds_to_first_stage:.1f}",
        f"{second.seconds_to_first_stage:.1f}",
        f"{half_way:.2f}",
        f"{end:.2f}",
    ]


def drive(file: Path, is_far_enough: Callable[[], bool] = lambda: False) -> Run:
    """Runs a campaign to its end, or kills the driver when it is far enough.

    The clock of the wall and of the processor start with the first new stage, what comes before is told apart.
    """
    states = file.with_suffix("") / "states"
    before = count(states)
    command = [sys.executable, "-c", RUN, "run", str(file), "--quiet", "--no-dashboard", "--workers", str(N_WORKERS)]
    environment = os.environ | {"DASK_DISTRIBUTED__WORKER__PRELOAD": str(QUICK_STAGES)}
    started = time.perf_counter()
    with file.with_suffix(".log").open("w") as log:
        process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=log)
    while count(states) <= before:
        check_alive(process, file)
        time.sleep(0.02)
    first_stage, processor_before, peak = time.perf_counter(), processor_seconds(process.pid), 0.0
    while not has_ended(process.pid) and not is_far_enough():
        peak = max(peak, peak_mib(process.pid))
        time.sleep(0.2)
    ended, processor_after = time.perf_counter(), processor_seconds(process.pid)
    end(process, file)
    return Run(
        first_stage - started,
        count(states) - before,
        ended - first_stage,
        processor_after - processor_before,
        peak,
    )


def end(process: subprocess.Popen, file: Path) -> None:
    """Kills a driver that is still at work, its workers with it as a batch system would; else looks how it ended."""
    if has_ended(process.pid):
        if process.wait():
            raise RuntimeError(file.with_suffix(".log").read_text(encoding="utf-8"))
        return
    workers = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGKILL)
    process.wait()
    psutil.wait_procs(workers, timeout=60)  # they notice by themselves


def check_alive(process: subprocess.Popen, file: Path) -> None:
    if has_ended(process.pid):
        raise RuntimeError(f"the driver has ended: {file.with_suffix('.log').read_text(encoding='utf-8')}")


def count(states: Path) -> int:
    """States that were begun: each has a folder."""
    return sum(1 for _ in states.iterdir()) if states.is_dir() else 0


def status_seconds(file: Path, last_line: str = "") -> float:
    """Median wall time of `glassdask status`, the start of the process included."""
    seconds = []
    for _ in range(3):
        start = time.perf_counter()
        command = [sys.executable, "-c", STATUS, "status", str(file)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        seconds.append(time.perf_counter() - start)
        if done.returncode or not done.stdout.strip().endswith(last_line):
            raise RuntimeError(done.stderr + done.stdout[-500:])
    return statistics.median(seconds)


def processor_seconds(pid: int) -> float:
    """User and system time of a process without its children; of one that has just ended, too."""
    fields = stat_fields(pid)
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def has_ended(pid: int) -> bool:
    """Whether a child has ended and was not yet waited for."""
    return stat_fields(pid)[0] == "Z"


def stat_fields(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()


def peak_mib(pid: int) -> float:
    """The most memory that a process has had so far; 0 of one that has ended."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), 0.0)


if __name__ == "__main__":
    main()
