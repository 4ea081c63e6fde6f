"""What a campaign of 100 to 100,000 states costs besides its physics: the driver, `status`, going on after a kill, `collect`.

    python benchmarks/campaign_scale.py [--states 100 1000 10000] [--run 1000] [--output benchmarks/results/campaign_scale.md]

`glassdask run --workers 2` itself, in a process of its own, with two replacements: workers run the stand-ins of
quick_stages.py, which take milliseconds, in place of simulate, reduce, solve_mct, fit_memory and correlate; and no cube is made at
the end. In the middle the driver is killed with SIGKILL and run again. Times of the driver are its processor time, read
from outside; they hold Dask's scheduler and encryption, which live in the same process, but not the workers. `glassdask collect`
follows at the end, with one small variable in each of the files that it reads: what a state's real ones add is said below the table.

Of a campaign of more states than `--run`, the driver begins with none finished and is killed when the first stages are done;
then all but as many as it is to run are finished without it (finished_states.py), half of them before the middle.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
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
from finished_states import finish

from glassdask.campaign.definition.campaign import load_campaign
from glassdask.stages.contract.registry import STATE_STAGES

N_WORKERS = 2
#: Stages of each state, and the record that is written last.
N_STAGES = len(STATE_STAGES)
LAST_RECORD = f"{STATE_STAGES[-1].name}.json"
QUICK_STAGES = Path(__file__).with_name("quick_stages.py")
RUN = (
    "import types, glassdask.operations.run as made; made.collected = lambda *_: types.SimpleNamespace(files=()); "
    "from glassdask.cli import main; main()"
)
COMMAND = "from glassdask.cli import main; main()"
#: States differ by their temperature alone.
CAMPAIGN = """\
[[grid]]
potential = "lj"
density = {{ start = 1.0, stop = {densest}, step = 0.05 }}
temperature = {{ start = 1.0, stop = {stop}, step = 0.001 }}
[equilibration]
length = 300.0
[production]
length = 300.0
"""
#: What issue and faults list ask for.
MOST_MS, MOST_MIB, MOST_STATUS_SECONDS, MOST_START_SECONDS, MOST_RESUME_SECONDS = 4, 1024, "0.3; 1 of 100,000", 5, 3
MOST_COLLECT_SECONDS, MOST_COLLECT_MIB = 1200, 4096
#: States of one density.
_A_ROW = 10_000


@dataclass(frozen=True)
class Spent:
    """What a whole process has taken."""

    wall_seconds: float
    processor_seconds: float
    peak_mib: float


@dataclass(frozen=True)
class Run:
    """One driver from its start to its end or its kill; seconds, of the wall and of the processor, to the first stage."""

    to_first_stage: tuple[float, float]
    states: int
    wall_seconds: float
    processor_seconds: float
    peak_mib: float


def main() -> None:
    options = arguments()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for n_states in options.states:
            rows.append(measure(Path(folder), n_states, min(n_states, options.run)))
            print(rows[-1], flush=True)
            shutil.rmtree(Path(folder) / f"campaign-{n_states}")
    head = "# A campaign's cost besides its physics"
    header = ["states", "of them run by the driver", "processor time of the driver, ms a state and stage", "wall time, ms a state and stage",
              "peak memory of the driver, MiB", "start to first stage, s (of processor)",
              "after SIGKILL half-way to first new stage, s (of processor)",
              "status half-way, s (of processor)", "status at the end, s (of processor)",
              "collect, s (of processor)", "its peak memory, MiB"]  # fmt: skip
    limits = ["allowed", "", f"{MOST_MS}", "", f"{MOST_MIB}", f"{MOST_START_SECONDS}", f"{MOST_RESUME_SECONDS}"]
    limits += [*[f"{MOST_STATUS_SECONDS}"] * 2, f"{MOST_COLLECT_SECONDS}", f"{MOST_COLLECT_MIB}"]
    about = (
        f"{side_by_side.circumstances(['distributed'], f'{os.cpu_count()} cores')} {N_WORKERS} workers; load of the "
        f"machine at the end {os.getloadavg()[1]:.1f}. The stages are stand-ins that take milliseconds; wall time holds "
        "them, and what else the machine does."
    )
    side_by_side.publish("\n\n".join([head, about, side_by_side.table(header, [*rows, limits])]), options.output)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--states", type=int, nargs="+", default=[100, 1000, 10_000], help="sizes of the campaigns")
    parser.add_argument("--run", type=int, default=1000, help="states of each that the driver runs, at most")
    parser.add_argument("--output", type=Path, help="also write the record to this file")
    return parser.parse_args()


def measure(base: Path, n_states: int, n_run: int) -> list[str]:
    """One row: a campaign begun, run to its middle, killed there, and run to its end."""
    file = base / f"campaign-{n_states}.toml"
    n_rows = max(1, n_states // _A_ROW)
    hottest, densest = 1.0 + 0.001 * (n_states // n_rows - 1), 1.0 + 0.05 * (n_rows - 1)
    file.write_text(CAMPAIGN.format(stop=round(hottest, 3), densest=round(densest, 2)), encoding="utf-8")
    start = drive(file, lambda: n_finished(file) >= min(10, n_run // 4))
    finish_to(file, n_states // 2 - n_run // 2)
    first = drive(file, lambda: n_finished(file) >= n_states // 2)
    half_way = status_seconds(file)
    finish_to(file, n_states - (n_run - n_run // 2))
    second = drive(file)
    end = status_seconds(file, f"{n_states} states: {n_states} done", f"{n_states:,} states: {n_states} done")
    collected = collect(file)
    n_stages = N_STAGES * (first.states + second.states)
    return [
        f"{n_states:,}",
        f"{n_run:,}",
        f"{(first.processor_seconds + second.processor_seconds) * 1000 / n_stages:.1f}",
        f"{(first.wall_seconds + second.wall_seconds) * 1000 / n_stages:.1f}",
        f"{max(start.peak_mib, first.peak_mib, second.peak_mib):.0f}",
        *(f"{wall:.1f} ({work:.1f})" for wall, work in (start.to_first_stage, second.to_first_stage)),
        *(f"{wall:.2f} ({work:.2f})" for wall, work in (half_way, end)),
        f"{collected.wall_seconds:.0f} ({collected.processor_seconds:.0f})",
        f"{collected.peak_mib:.0f}",
    ]


def finish_to(file: Path, count: int) -> None:
    """Finishes states without the driver until so many of the campaign are, those that it would run last."""
    campaign = load_campaign(file)
    open_ones = [state for state in campaign.states if not is_finished(campaign.folder, state.identifier)]
    model = next(state for state in campaign.states if is_finished(campaign.folder, state.identifier))
    n_left = len(campaign.states) - len(open_ones)
    finish(campaign, open_ones[: max(0, count - n_left)], model)


def is_finished(folder: Path, identifier: str) -> bool:
    return (folder / "states" / identifier / LAST_RECORD).exists()


def n_finished(file: Path) -> int:
    """States that have all their records."""
    states = file.with_suffix("") / "states"
    with os.scandir(states) as folders:
        return sum(os.path.exists(f"{folder.path}/{LAST_RECORD}") for folder in folders)  # noqa: PTH110


def drive(file: Path, is_far_enough: Callable[[], bool] = lambda: False) -> Run:
    """Runs a campaign to its end, or kills the driver when it is far enough.

    The clock of the wall and of the processor start with the first new stage, what comes before it is told apart. A stage is
    new when a state has a new folder.
    """
    states = file.with_suffix("") / "states"
    before, ended_before = count(states), n_finished(file) if states.is_dir() else 0
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
        time.sleep(2.0)
    ended, processor_after = time.perf_counter(), processor_seconds(process.pid)
    end(process, file)
    return Run(
        (first_stage - started, processor_before),
        n_finished(file) - ended_before,
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


def status_seconds(file: Path, *last_lines: str) -> tuple[float, float]:
    """Median wall time and processor time of `glassdask status`, the start of the process included; its last line must be one
    of these, if any are named."""
    seconds = []
    for _ in range(3):
        start, worked = time.perf_counter(), children_seconds()
        command = [sys.executable, "-c", COMMAND, "status", str(file)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        seconds.append((time.perf_counter() - start, children_seconds() - worked))
        if done.returncode or not done.stdout.strip().endswith(last_lines or ""):
            raise RuntimeError(done.stderr + done.stdout[-500:])
    return statistics.median(wall for wall, _ in seconds), statistics.median(work for _, work in seconds)


def collect(file: Path) -> Spent:
    """One `glassdask collect` of everything."""
    start = time.perf_counter()
    with file.with_suffix(".log").open("w") as log:
        process = subprocess.Popen([sys.executable, "-c", COMMAND, "collect", str(file)], stdout=log, stderr=log)
    _, code, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(code)
    if process.returncode:
        raise RuntimeError(file.with_suffix(".log").read_text(encoding="utf-8"))
    return Spent(time.perf_counter() - start, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def children_seconds() -> float:
    """Processor time of all children that have ended."""
    found = resource.getrusage(resource.RUSAGE_CHILDREN)
    return found.ru_utime + found.ru_stime


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
