"""A folder as a reader of the documentation has it: every file that an example names, small, and a campaign that was run."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np

import glassdask
from glassdask.campaign.files.folder import state_folder
from glassdask.datasets.trajectories.options import TrajectoryOptions
from glassdask.datasets.trajectories.own_trajectory import open_trajectory
from tests.command_line import REPOSITORY
from tests.command_line import glassdask as command
from tests.datasets.trajectories.every_format import write_xtc
from tests.datasets.trajectories.lammps_dumps import write_dump
from tests.datasets.trajectories.made_frames import MadeFrames

#: States of 'glassdask init', and a liquid of one's own, in small.
CAMPAIGN = """\
[campaign]
name = "small"
[[grid]]
potential = "lj"
density = 1.2
temperature = [0.8, 1.0]
[[grid]]
potential = "wca"
density = 1.2
temperature = 1.0
[[grid]]
potential = "soft"
density = 0.5
temperature = 2.0
[liquid.soft]
species = ["A", "B"]
composition = [0.5, 0.5]
interaction = "inverse power"
exponent = 12
sigma = { AA = 1.0, BB = 1.4 }
mixing = "additive"
cutoff = 2.0
shift = "energy and force"
[system]
box_length = 7.0
[time_step]
drift_tolerance = 1.0e-2
[equilibration]
length = 60.0
[production]
length = 300.0
[frames]
block_length = 512
[wavenumbers]
structure_frames = 20
[mode_coupling]
end_time = 1.0e4
n_half = 16
[memory]
n_exp = [1, 2]
generations = 10
bootstrap = 2
"""
#: What a user puts into his copy of deploy/slurm.toml: here the partition of the tests' SLURM.
SITE = """\
scheduler = "slurm"
interface = "lo"
[pool.cpu]
queue = "cpu"
cores = 1
memory = "1GB"
walltime = "00:05:00"
"""
STATE = "lj_rho1.2_T1.0_r0"


def make_workplace(folder: Path) -> Path:
    """Makes all of it; half a minute of the processor."""
    folder.mkdir()
    shutil.copytree(REPOSITORY / "deploy", folder / "deploy")
    for name in ("my-site.toml", "site.toml", "deploy/slurm.toml"):
        (folder / name).write_text(SITE)
    shutil.copy(folder / "deploy" / "pbs.toml", folder / "my-pbs.toml")
    (folder / "campaign.toml").write_text(CAMPAIGN)
    _call(folder, "run", "campaign.toml", "--quiet")
    shutil.copytree(folder / "campaign", folder / "demo-campaign")
    (folder / "paper.toml").write_text(_call(folder, "init", "paper"))
    _call(folder, "train", "campaign.toml", "--members", "2", "--folds", "2", "--epochs", "2", "--quiet")
    shutil.copytree(folder / "campaign" / "learning" / "model", folder / "model")
    _write_trajectories(folder)
    _write_tables(folder)
    _write_others(folder)
    _write_larger(folder)
    (folder / ".config" / "fish" / "completions").mkdir(parents=True)
    return folder


def _call(folder: Path, *arguments: str) -> str:
    done: subprocess.CompletedProcess[str] = command(*arguments, cwd=folder, timeout=550)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _write_trajectories(folder: Path) -> None:
    """A simulation of the campaign in the formats of others, and a campaign of files."""
    simulated = state_folder(folder / "campaign", STATE) / "trajectory.gsd"
    shutil.copy(simulated, folder / "trajectory.gsd")
    with open_trajectory(simulated, TrajectoryOptions(time_step=0.005)) as read:
        n = range(len(read))
        frames = MadeFrames(
            cells=np.array([read.cell(i) for i in n]),
            unwrapped=np.array([read.unwrapped(i) for i in n]),
            species=np.asarray(read.species),
            steps=np.asarray(read.steps),
        )
    for name in ("dump", "run1", "run2"):
        write_dump(folder / f"{name}.lammpstrj", frames, is_sorted=True)
    write_xtc(folder / "run.xtc", replace(frames, cells=0.34 * frames.cells, unwrapped=0.34 * frames.unwrapped))  # nm
    lines = [
        f"{1 + i:5d}{'ABC'[s]:<5}{'ABC'[s]:>5}{i + 1:5d}   0.000   0.000   0.000" for i, s in enumerate(frames.species)
    ]
    (folder / "start.gro").write_text("\n".join(["start", str(frames.N), *lines, "   1.0   1.0   1.0"]) + "\n")
    rows = "file,potential,rho,T,replica\nrun1.lammpstrj,lj,1.2,0.8,0\nrun2.lammpstrj,lj,1.2,0.8,1\n"
    (folder / "runs.csv").write_text(rows)


def _write_others(folder: Path) -> None:
    """What a campaign is compared with."""
    for name in ("other", "first", "second"):
        shutil.copy(folder / "campaign.toml", folder / f"{name}.toml")
        (folder / name).symlink_to("campaign")
    (folder / "reference").mkdir()
    shutil.copy(folder / "campaign" / "observables.nc", folder / "reference")
    shutil.copy(folder / "campaign" / "observables.nc", folder / "reference.nc")
    (folder / "benchmarks" / "results").mkdir(parents=True)
    shutil.copy(REPOSITORY / "benchmarks" / "results" / "table1.json", folder / "benchmarks" / "results")


def _write_larger(folder: Path) -> None:
    """A campaign in a larger box. Its states are a copy: so few temperatures have no T_mct that could be compared."""
    (folder / "larger.toml").write_text(CAMPAIGN.replace("box_length = 7.0", "box_length = 7.5"))
    shutil.copytree(folder / "campaign", folder / "larger")


def _write_tables(folder: Path) -> None:
    """S(k) of the campaign, and correlation functions that memory fits know the answer of."""
    with glassdask.open_campaign(folder / "campaign") as cube:
        S = cube.structure_factor.sel(potential="lj", T=1.0, rho=1.2).load()
    columns = np.column_stack([S.k, *(S.sel(pair=pair) for pair in ("AA", "AB", "BB"))])
    np.savetxt(folder / "S.csv", columns, delimiter=",", header="k,AA,AB,BB", comments="")
    S.to_dataset(name="structure_factor").to_netcdf(folder / "S.nc")
    x = np.array([0.8, 0.2])
    scale = np.array([1.0, x[0], np.sqrt(x[0] * x[1]), x[1]])
    offset = np.array([0.0, 0.0, 0.0, 0.0])
    np.savetxt(folder / "S.dat.gz", np.column_stack([columns / scale + offset, np.zeros(len(columns))]))
    t = np.geomspace(0.01, 100, 40)
    F = np.exp(-((t / 3.0) ** 0.7))
    np.savetxt(folder / "F.csv", np.column_stack([t, F]), delimiter=",", header="t,F_A", comments="")
    table = [[k, *row] for k in (6.8, 7.2, 7.6) for row in zip(t, F, strict=True)]
    np.savetxt(folder / "pp.fkt.self", table, header="k t F")
