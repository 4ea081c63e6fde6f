"""``glassdask plan``: sizes as a table or as data; nothing is written."""

from __future__ import annotations

import json
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
