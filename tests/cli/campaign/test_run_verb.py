"""``glassdask run``: goes on, shows what changed, redoes what was asked for, and nothing twice."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import glassdask
from glassdask.campaign.definition.campaign import load_campaign
from glassdask.campaign.files.driver_lock import driver_lock
from glassdask.simulation.engines.engine_choice import ENGINES, available_engines
from tests.command_line import environment
from tests.waiting import HANGS


def products(file: Path) -> dict[str, int]:
    """Times of the last change of every product."""
    states = file.with_suffix("") / "states"
    return {
        str(path.relative_to(states)): path.stat().st_mtime_ns for path in states.glob("*/*.[jgn]*") if path.is_file()
    }


def on_a_terminal(*arguments: str | Path) -> tuple[int, str, str]:
    """Exit code, standard output, and what a terminal shows of standard error."""
    reader, writer = pty.openpty()
    shown = bytearray()

    def read() -> None:
        try:
            while piece := os.read(reader, 4096):
                shown.extend(piece)
        except OSError:  # the other side has closed the terminal
            return

    listener = threading.Thread(target=read)
    listener.start()
    command = [sys.executable, "-c", "from glassdask.__main__ import main; main()", *map(str, arguments)]
    terminal = environment() | {"TERM": "xterm-256color", "COLUMNS": "120"}
    process = subprocess.Popen(command, env=terminal, stdout=subprocess.PIPE, stderr=writer, text=True)
    os.close(writer)
    out, _ = process.communicate(timeout=HANGS)
    listener.join(10)
    os.close(reader)
    return process.returncode, out, shown.decode(errors="replace")


def test_a_finished_campaign_is_left_as_it_is(call, tiny_copy: Path) -> None:
    """By its folder: no cluster is started, nothing is written anew, neither the cube nor its figures."""
    folder = tiny_copy.with_suffix("")
    collected = [folder / "observables.nc", folder / "collect.json", *(folder / "figures").iterdir()]
    before = products(tiny_copy), [path.stat().st_mtime_ns for path in collected]
    answer = call("run", folder)
    assert (answer.code, answer.err) == (0, "")
    assert (products(tiny_copy), [path.stat().st_mtime_ns for path in collected]) == before
    assert answer.out.startswith(call("status", folder).out.strip())


def test_many_states_are_shown_by_liquid_and_density_as_status_shows_them(
    call, tiny_copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for verb in ("campaign.run", "states.status"):
        monkeypatch.setattr(f"glassdask.cli.{verb}.MOST_LINES", 2)
    shown = call("status", tiny_copy).out.strip()
    answer = call("run", tiny_copy)
    assert answer.code == 0, answer.err
    assert answer.out.startswith(shown.split("\n\n")[0])
    assert "3 states: 3 done" in shown.splitlines()[-1]


@pytest.mark.parametrize("lost", ["observables.nc", "collect.json"])
def test_a_cube_that_is_not_whole_is_made_again_from_the_states(lost: str, call, tiny_copy: Path) -> None:
    before = products(tiny_copy)
    folder = tiny_copy.with_suffix("")
    (folder / lost).unlink()
    assert call("run", tiny_copy).code == 0
    assert products(tiny_copy) == before
    assert call("verify", tiny_copy).out == "16 products: 16 whole\n"
    with glassdask.open_campaign(folder) as cube:
        assert cube.sizes["T"] == 2


def test_a_changed_file_is_shown_and_redone_on_request_only(call, tiny_copy: Path) -> None:
    """Fault 28: another number of frames for S(k) needs another reduction and theory of each state and no simulation."""
    tiny_copy.write_text(tiny_copy.read_text().replace("structure_frames = 20", "structure_frames = 4"))
    before = products(tiny_copy)
    answer = call("run", tiny_copy)
    assert answer.code == 0
    assert "wavenumbers.structure_frames: 20 -> 4" in answer.err
    assert "3 states hold products made from other inputs" in answer.err
    assert products(tiny_copy) == before

    code, out, shown = on_a_terminal("run", tiny_copy, "--redo-changed", "--json")
    assert code == 0, shown
    after = products(tiny_copy)
    assert after.keys() == before.keys()
    redone = {name for name in after if after[name] != before[name]}
    made = {"reduce.json", "observables.nc", "solve_mct.json", "mode_coupling.nc", "journal.jsonl"} | {
        *("fit_memory.json", "memory.nc", "correlate.json", "correlations.nc"),
    }
    assert {Path(name).name for name in redone} == made
    assert len(redone) == 27
    assert call("verify", tiny_copy).out == "16 products: 16 whole\n"

    found = json.loads(out)
    assert len(found["states"]) == 3
    assert all(Path(path).is_file() for path in found["files"])

    assert "changed products of 3 states are made again" in shown
    assert "Dask dashboard: http://127.0.0.1:" in shown
    assert "running" in shown
    assert "100%" in shown, "a progress bar"


def test_a_dry_run_says_what_would_be_run_and_touches_nothing(call, tiny_copy: Path) -> None:
    """New, longer, redone in one table; the state that lost its checkpoint is told of."""
    folder = tiny_copy.with_suffix("")
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    assert call("run", tiny_copy, "--dry-run").out == (
        "    3 done: lj_rho1.2_T1.0_r0, lj_rho1.2_T2.0_r0, wca_rho1.2_T2.0_r0\n"
        "to run: nothing. Nothing was run or written.\n"
    )
    text = tiny_copy.read_text().replace("length = 150.0", "length = 300.0")
    tiny_copy.write_text(text.replace("temperature = 2.0", "temperature = [2.0, 2.5]"))
    out = call("run", tiny_copy, "--dry-run").out
    assert "production.length: 150.0 -> 300.0" in out
    assert (
        "    1 new: wca_rho1.2_T2.5_r0\n    3 longer: lj_rho1.2_T1.0_r0, lj_rho1.2_T2.0_r0, wca_rho1.2_T2.0_r0 (production)"
        in out
    )
    assert "to run: 4 simulate, 4 reduce, 4 solve_mct, 4 fit_memory, 4 correlate. Nothing was run or written." in out
    found = json.loads(call("run", tiny_copy, "--dry-run", "--json").out)
    assert found["counts"] == {"new": 1, "longer": 3}
    tiny_copy.write_text(
        tiny_copy.read_text().replace("structure_frames = 20", "structure_frames = 4").replace("300.0", "150.0")
    )
    assert "    3 changed: " in call("run", tiny_copy, "--dry-run").out
    out = call("run", tiny_copy, "--dry-run", "--redo-changed").out
    assert "    3 redone: " in out
    assert "1 simulate, 4 reduce" in out
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before


def test_a_state_that_was_added_is_run_and_the_others_are_not(tiny_copy: Path) -> None:
    text = tiny_copy.read_text()
    assert text.count("temperature = 2.0") == 1
    tiny_copy.write_text(text.replace("temperature = 2.0", "temperature = [2.0, 2.5]"))
    before = products(tiny_copy)
    code, _, shown = on_a_terminal("run", tiny_copy, "--quiet", "--no-dashboard", "--workers", "1")
    assert code == 0, shown
    assert "states: 1 new, 0 no longer asked for" in shown
    assert "dashboard" not in shown
    after = products(tiny_copy)
    assert {name: after[name] for name in before} == before
    assert {Path(name).parts[0] for name in after.keys() - before.keys()} == {"wca_rho1.2_T2.5_r0"}
    with glassdask.open_campaign(tiny_copy) as cube:
        assert cube["T"].values.tolist() == [1.0, 2.0, 2.5]


def test_a_locked_campaign_names_the_driver(call, tiny_copy: Path) -> None:
    """Fault 8."""
    with driver_lock(load_campaign(tiny_copy).folder, 60):
        answer = call("run", tiny_copy)
    assert answer.code == 1
    assert f"process {os.getpid()}" in answer.err
    assert "one campaign has one driver" in answer.err
    assert "Traceback" not in answer.err


def test_an_engine_that_is_not_there_is_found_at_the_start(call, tiny_file: Path, tmp_path: Path) -> None:
    for missing in set(ENGINES) - set(available_engines()):
        fresh = tmp_path / "fresh.toml"
        fresh.write_text(tiny_file.read_text() + f'[execution]\nengine = "{missing}"\n')
        answer = call("run", fresh)
        assert answer.code == 1
        assert f"the engine '{missing}' is not installed; " in answer.err
        assert "pip install" in answer.err
        assert not (tmp_path / "fresh" / "states").exists()
