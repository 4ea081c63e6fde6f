"""``glassdask plan``: sizes as a table or as data; nothing is written."""

from __future__ import annotations

import json
import math
from pathlib import Path


def test_a_table_with_its_total(call, tiny_file: Path) -> None:
    answer = call("plan", tiny_file, "--no-pilot")
    assert answer.code == 0
    lines = answer.out.splitlines()
    assert lines[0].split() == ["state", "N", "dt/tau_MD", "steps", "frames", "disk", "core-hours"]
    assert [line.split()[0] for line in lines[1:5]] == [
        "lj_rho1.2_T1.0_r0", "lj_rho1.2_T2.0_r0", "wca_rho1.2_T2.0_r0", "total",
    ]  # fmt: skip
    assert lines[1].split()[1] == "412"
    assert lines[-1] == "3 states"


def test_the_paper_is_planned_at_once(call, tmp_path: Path) -> None:
    (tmp_path / "paper.toml").write_text(call("init", "paper").out, encoding="utf-8")
    plan = json.loads(call("plan", tmp_path / "paper.toml", "--no-pilot", "--json").out)
    assert plan["total"]["states"] == len(plan["states"]) == 355
    assert plan["total"]["core_hours"] is None
    assert plan["total"]["particles"] > 355 * 1200
    assert [path.name for path in tmp_path.iterdir()] == ["paper.toml"]


def test_a_bound_is_called_a_bound(call, tmp_path: Path) -> None:
    (tmp_path / "paper.toml").write_text(call("init", "paper").out, encoding="utf-8")
    assert "this is an upper bound" in call("plan", tmp_path / "paper.toml", "--no-pilot").out


def test_folder_and_file_give_the_same_plan(call, tiny_file: Path) -> None:
    by_file = call("plan", tiny_file, "--no-pilot", "--json")
    assert by_file.out == call("plan", tiny_file.with_suffix(""), "--no-pilot", "--json").out


def test_a_known_rate_takes_the_place_of_the_pilot(call, tiny_file: Path) -> None:
    plan = json.loads(call("plan", tiny_file, "--steps-per-second", "1000", "--json").out)
    assert plan["pilots"] == {}
    for state in plan["states"]:
        assert state["stages"]["simulate"] == state["n_steps"] / 1000 / 3600
        assert state["core_hours"] == sum(state["stages"].values())
    total = plan["total"]
    assert list(total["stages"]) == ["simulate", "reduce", "solve_mct", "fit_memory", "correlate", "collect"]
    assert set(total["on_request"]) == {"train", "report"}
    assert min(*total["stages"].values(), *total["on_request"].values()) > 0
    assert total["core_hours"] == sum(total["stages"].values())
    line = call("plan", tiny_file, "--steps-per-second", "1000").out.splitlines()[-1]
    assert line.startswith("core-hours by stage: simulate ")
    assert ", collect " in line
    assert "; on request, not counted above: " in line


SITE = """\
scheduler = "slurm"
interface = "lo"
[pool.gpu]
gpus = 2
runs_per_gpu = 3
walltime = "02:00:00"
count = 5
stages = ["simulate"]
[pool.cpu]
stages = ["reduce"]
"""


def test_jobs_of_a_site_are_counted(call, tmp_path: Path) -> None:
    """The paper at 1e6 steps an hour: of 2 GPUs × 3 simulations, a job of two hours does 12 hours of simulation."""
    (tmp_path / "paper.toml").write_text(call("init", "paper").out, encoding="utf-8")
    (tmp_path / "site.toml").write_text(SITE)
    arguments = ("plan", tmp_path / "paper.toml", "--steps-per-second", str(1e6 / 3600), "--on", tmp_path / "site.toml")
    plan = json.loads(call(*arguments, "--json").out)
    hours = [state["stages"]["simulate"] for state in plan["states"]]
    (line,) = plan["jobs"]
    assert line.startswith(f"pool gpu: {math.ceil(sum(hours) / 12):,} jobs of 02:00:00 with 6 simulations each, ")
    assert f"{sum(hours) / 3:,.3g} GPU-hours" in line
    assert f"{max(sum(hours) / 30, max(hours)) / 24:,.3g} days if 5 run at once" in line
    assert call(*arguments).out.splitlines()[-1] == line


def test_jobs_that_cannot_be_counted_are_an_error(call, tiny_file: Path, tmp_path: Path) -> None:
    (tmp_path / "site.toml").write_text(SITE)
    (tmp_path / "local.toml").write_text('scheduler = "local"\n')
    without_rate = call("plan", tiny_file, "--no-pilot", "--on", tmp_path / "site.toml")
    assert without_rate.code == 2
    assert (
        "--no-pilot says no rate; give a site file for slurm or pbs or lsf, and a pilot or --steps-per-second"
        in without_rate.err
    )
    without_pools = call("plan", tiny_file, "--steps-per-second", "10", "--on", tmp_path / "local.toml")
    assert without_pools.code == 2
    assert "it has no pools of batch jobs" in without_pools.err
