"""GPUs of this machine: a worker on each for what uses them, the others without; a driver's library stands in for CUDA's.

The library is made of a few lines of C and loaded as ``libcuda.so.1``: it counts what CUDA_VISIBLE_DEVICES shows of three.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import dask
import pytest
from distributed import Client, get_worker

from glassdask import gpus
from glassdask.campaign.definition.campaign import Campaign
from glassdask.campaign.files.folder import state_folder
from glassdask.campaign.files.products import read_record
from glassdask.cluster.driver.driver import Driver
from glassdask.cluster.pools.launch import start_workers
from glassdask.cluster.runtime import local_gpus
from glassdask.cluster.runtime.local_gpus import LocalPools, stages_on_gpus, worker_options
from glassdask.cluster.runtime.shared_gpus import RUNS_VARIABLE
from glassdask.cluster.runtime.workers import FixedWorkers
from glassdask.cluster.site.site import Site
from glassdask.stages.contract.registry import STATE_STAGES
from tests.campaign.campaign_files import campaign_from, changed
from tests.command_line import REPOSITORY
from tests.waiting import HANGS, wait_until

DRIVER = """
#include <stdlib.h>
#include <string.h>
int cuInit(unsigned flags) { return flags ? 1 : 0; }
int cuDeviceGetCount(int *count)
{
    const char *shown = getenv("CUDA_VISIBLE_DEVICES");
    *count = shown ? (*shown != 0) : 3;
    for (; shown && *shown; ++shown)
        *count += *shown == ',';
    return 0;
}
"""


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The stand-in of CUDA's driver."""
    if shutil.which("gcc") is None:
        pytest.skip("there is no C compiler: gcc (apt-get install gcc)")
    folder = tmp_path_factory.mktemp("driver")
    (folder / "driver.c").write_text(DRIVER)
    library = folder / "libcuda.so.1"
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", str(library), str(folder / "driver.c")], check=True)
    return str(library)


@pytest.fixture
def machine(driver: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """One with three GPUs, for this process and its children."""
    monkeypatch.setenv("LD_LIBRARY_PATH", str(Path(driver).parent))
    monkeypatch.setattr(gpus, "_DRIVER", driver)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)


@pytest.mark.usefixtures("machine")
@pytest.mark.parametrize(
    ("shown", "names"), [(None, ["0", "1", "2"]), ("2,GPU-7a", ["2", "GPU-7a"]), ("", []), ("1", ["1"])]
)
def test_gpus_are_those_that_this_process_may_see(
    shown: str | None, names: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    if shown is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", shown)
    assert gpus.visible_names() == names
    assert local_gpus.local_gpus() == names


def test_without_a_driver_nobody_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpus, "_DRIVER", "libnowhere.so.1")
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    assert local_gpus.local_gpus() == []
    assert not gpus.has_driver()


@pytest.mark.parametrize(
    ("engine", "array", "has_cupy", "stages"),
    [
        ("hoomd", "auto", True, {"simulate"}),
        ("hoomd", "cupy", True, {"simulate", "reduce", "fit_memory", "correlate"}),
        ("hoomd", "numpy", True, {"simulate"}),
        ("lammps", "auto", True, {"reduce", "fit_memory", "correlate"}),
        ("lammps", "auto", False, set()),
        ("lammps", "numpy", True, set()),
        (None, "auto", True, set()),
    ],
)
def test_a_gpu_is_for_what_uses_it(
    engine: str | None, array: str, has_cupy: bool, stages: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local_gpus.importlib.util, "find_spec", lambda _: object() if has_cupy else None)
    assert stages_on_gpus(engine, array) == stages


def test_workers_are_dealt_out_to_gpus_and_one_is_always_without() -> None:
    options = worker_options(["2", "2", "5", "5"], 6)
    assert [options[f"gpu-{i}"]["env"]["CUDA_VISIBLE_DEVICES"] for i in range(4)] == ["2", "2", "5", "5"]
    assert {options[f"gpu-{i}"]["env"][RUNS_VARIABLE] for i in range(4)} == {"2"}
    assert [name for name in options if name.startswith("cpu")] == ["cpu-0", "cpu-1"]
    assert {options[name]["env"]["CUDA_VISIBLE_DEVICES"] for name in ("cpu-0", "cpu-1")} == {""}
    assert list(worker_options(["0"], 1)) == ["gpu-0", "cpu-0"]


#: Stages that compute nothing (benchmarks/quick_stages.py), and note what their process may see.
NOTING_STAGES = f"""
import os, sys
from dataclasses import replace
sys.path.insert(0, {str(REPOSITORY / "benchmarks")!r})
import quick_stages
from glassdask.stages.correlate import run as correlate
from glassdask.stages.fit_memory import run as fit_memory
from glassdask.stages.reduce import run as reduce
from glassdask.stages.simulate import run as simulate
from glassdask.stages.solve_mct import run as solve_mct

def noting(stage):
    def run(context):
        found = stage(context)
        return replace(found, provenance={{**found.provenance, "gpu": os.environ["CUDA_VISIBLE_DEVICES"]}})
    return run

def dask_setup(worker):
    quick_stages.dask_setup(worker)
    for module in (correlate, fit_memory, reduce, simulate, solve_mct):
        name = module.__name__.split(".")[2]
        setattr(module, name, noting(getattr(module, name)))
"""


def _gpus_of_stages(campaign: Campaign) -> dict[str, set[str]]:
    """What the stages of all states have seen."""
    found: dict[str, set[str]] = {}
    for state in campaign.states:
        for stage in STATE_STAGES:
            record = read_record(state_folder(campaign.folder, state.identifier), stage.name)
            assert record is not None
            found.setdefault(stage.name, set()).add(record.provenance["gpu"])
    return found


def _seen() -> tuple[str, str, str, int]:
    worker = get_worker()
    return str(worker.name), os.environ["CUDA_VISIBLE_DEVICES"], worker.address, os.getpid()


def _seen_by(client: Client, resource: str, n: int) -> set[tuple[str, str, str, int]]:
    """What so many workers of a pool see."""
    wait_until(lambda: len(_addresses(client, resource)) == n)
    asked = [
        client.submit(_seen, workers=[address], resources={resource: 1}, pure=False)
        for address in _addresses(client, resource)
    ]
    return {future.result(timeout=HANGS) for future in asked}


def _addresses(client: Client, resource: str) -> list[str]:
    workers: dict[str, Any] = client.scheduler_info(n_workers=-1)["workers"]
    return [address for address, info in workers.items() if resource in info["resources"]]


@pytest.mark.usefixtures("machine")
def test_each_gpu_has_a_worker_that_sees_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two of three GPUs are shown to the driver; a campaign uses both, and a worker that dies returns to its own."""
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "2,0")
    (tmp_path / "stages.py").write_text(NOTING_STAGES)
    campaign = campaign_from(tmp_path, changed(("temperature = 1.0", "temperature = [1.0, 1.1, 1.2, 1.3, 1.4, 1.5]")))
    site = Site(scheduler="local", array="numpy")
    preload = dask.config.set({"distributed.worker.preload": [str(tmp_path / "stages.py")]})
    with (
        preload,
        start_workers(site, tmp_path, 3, dashboard=False, is_secure=False, engine="hoomd") as (workers, lines),
    ):
        assert isinstance(workers, LocalPools)
        assert lines == ["2 workers on GPUs for simulate; 1 without one for all else"]
        seen = _seen_by(workers.client, "pool_gpu", 2)
        assert {(name, shown) for name, shown, *_ in seen} == {("gpu-0", "2"), ("gpu-1", "0")}
        assert {(name, shown) for name, shown, *_ in _seen_by(workers.client, "pool_cpu", 1)} == {("cpu-0", "")}

        in_flight: Counter[str] = Counter()
        assert workers.pool_with_room("simulate", in_flight) == "gpu"
        assert workers.pool_with_room("reduce", in_flight) == "cpu"
        in_flight["gpu"] = 2
        assert workers.pool_with_room("simulate", in_flight) is None, "it waits for a GPU"
        assert workers.pool_with_room("train", in_flight) == "cpu"
        assert workers.resources("gpu") == {"pool_gpu": 1}

        assert Driver(campaign, workers).run().counts == {"done": 6}
        without = {""}
        expected = {
            "reduce": without,
            "solve_mct": without,
            "fit_memory": without,
            "correlate": without,
            "simulate": {"0", "2"},
        }
        assert _gpus_of_stages(campaign) == expected

        ((_, _, address, pid),) = [found for found in seen if found[0] == "gpu-0"]
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: address not in _addresses(workers.client, "pool_gpu"))
        again = _seen_by(workers.client, "pool_gpu", 2)
        assert {(name, shown) for name, shown, *_ in again} == {("gpu-0", "2"), ("gpu-1", "0")}


def test_where_nothing_uses_them_workers_are_all_alike(tmp_path: Path) -> None:
    site = Site(scheduler="local", array="numpy")
    with start_workers(site, tmp_path, 1, dashboard=False, is_secure=False, engine="lammps") as (workers, lines):
        assert type(workers) is FixedWorkers
        assert lines == []
