"""S(k) in situ where an engine keeps its particles on a device: asked for, not asked for, and without room."""

from __future__ import annotations

import logging
from contextlib import nullcontext
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from glassdask.arrays import array_module
from glassdask.simulation.engines.engine import Capabilities
from glassdask.simulation.engines.engine_choice import available_engines, create_engine
from glassdask.simulation.engines.hoomd_engine import HoomdEngine
from glassdask.simulation.particles.initial_configuration import random_particles
from glassdask.simulation.records.request import StructureInSitu
from glassdask.simulation.records.structure_recorder import FACTOR, StructureRecorder
from tests.simulation.small_runs import small_request
from tests.strict_cupy.device import CUBLASError, Device

WANTED = StructureInSitu(bin_width=0.5, n_bins=40, n_frames=24)
BOX, SPECIES = 4.0, (np.arange(77) % 5 == 0).astype(int)


class OnDevice:
    """What the recorder asks an engine for; one on a GPU gives CuPy's arrays where CuPy's are wanted."""

    box_length, species, n_asked = BOX, SPECIES, 0

    def __init__(self, where: str) -> None:
        self.step, self.where = 0, where
        self.rng = np.random.default_rng(1)

    def capabilities(self) -> Capabilities:
        return Capabilities("hoomd", "7.1.1", self.where, "float64")

    def positions(self, xp: ModuleType = np) -> Any:
        self.n_asked += xp is not np
        return xp.asarray(BOX * self.rng.random((77, 3)))


def recorded(tmp_path: Path, array: str, where: str = "gpu") -> tuple[np.ndarray, OnDevice]:
    """Of two frames."""
    engine, request = OnDevice(where), small_request(tmp_path, structure=WANTED, array=array)
    recorder = StructureRecorder(request, {})
    for _ in range(2):
        engine.step = recorder.next_step
        recorder.record(engine)  # type: ignore[arg-type]
    return np.nan_to_num(recorder.arrays()[FACTOR]), engine


def test_it_is_done_where_the_request_says(device: Device, tmp_path: Path) -> None:
    expected, engine = recorded(tmp_path, "numpy")
    assert (engine.n_asked, device.launches.total()) == (0, 0), "numpy is numpy"
    _, engine = recorded(tmp_path, "cupy", "cpu")
    assert (engine.n_asked, device.launches.total()) == (0, 0), "particles of a core stay there"
    found, engine = recorded(tmp_path, "auto")
    assert engine.n_asked == 2
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_hoomd_hands_out_its_particles_where_they_are(device: Device) -> None:
    """In the order of their tags, which its memory does not keep; HOOMD-blue's own arrays are stood in for."""
    host, rtag = np.random.default_rng(2).random((77, 3)) - 0.5, np.random.default_rng(3).permutation(77)

    def local(xp: ModuleType) -> Any:
        particles = SimpleNamespace(position=xp.asarray(host), rtag=xp.asarray(rtag))
        return nullcontext(SimpleNamespace(particles=particles))

    engine: Any = object.__new__(HoomdEngine)
    engine.box_length = BOX
    engine._hoomd = SimpleNamespace(device=SimpleNamespace(GPU=OnDevice))
    engine._device = OnDevice("gpu")
    xp = array_module("cupy")
    state = SimpleNamespace(gpu_local_snapshot=local(xp), cpu_local_snapshot=local(np))
    engine._simulation = SimpleNamespace(state=state)
    device.forget()
    there = engine.positions(xp)
    assert (device.synchronisations, device.downloads, device.uploads) == (0, 0, 0), "they never leave it"
    np.testing.assert_array_equal(there.get(), host[rtag])
    np.testing.assert_array_equal(engine.positions(), host[rtag])


@pytest.mark.hoomd
@pytest.mark.gpu
def test_the_real_one_does_so() -> None:
    pytest.importorskip("cupy", reason="CuPy is not installed (pip install glassdask[gpu])")
    if "hoomd" not in available_engines():
        pytest.skip("HOOMD-blue is not installed (conda install -c conda-forge hoomd)")
    xp = array_module("cupy")
    engine = create_engine("hoomd", "wca", random_particles("wca", 1.0, 1.0, 4.0, np.random.default_rng(1)), 1e-3, 1)
    engine.run(20)
    there = engine.positions(xp)
    assert isinstance(there, xp.ndarray)
    np.testing.assert_allclose(there.get() % 4.0, engine.snapshot().positions % 4.0, atol=1e-12)
    engine.close()


@pytest.mark.parametrize("error", [MemoryError("pool"), CUBLASError(3)], ids=["pool", "cublas"])
def test_without_room_it_goes_on_on_a_core(
    error: Exception, device: Device, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The pool is emptied, tried once more, and given back; the particles are the engine's, and nothing of the run is lost."""
    expected, _ = recorded(tmp_path, "numpy")
    array_module("auto")
    device.broken["matmul"] = error
    device.forget()
    with caplog.at_level(logging.WARNING):
        found, engine = recorded(tmp_path, "auto")
    assert engine.n_asked == 1, "it is not asked for again"
    assert found.shape == expected.shape
    assert np.isfinite(found).all()
    assert "S(k) is taken on a core from here on" in caplog.text
    assert device.pools_freed == 2


def test_another_trouble_is_none_of_memory(device: Device, tmp_path: Path) -> None:
    array_module("auto")
    device.broken["matmul"] = RuntimeError("CUBLAS_STATUS_EXECUTION_FAILED")
    with pytest.raises(RuntimeError, match="EXECUTION_FAILED"):
        recorded(tmp_path, "auto")
