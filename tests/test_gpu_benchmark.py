"""benchmarks/gpu.py is ready for the day that a GPU is at hand: all of it runs on the stand-in, on a few small cases."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from glassdask.arrays import array_module
from tests.strict_cupy.device import Device

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"


@pytest.fixture
def benchmark(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
        monkeypatch.setenv(name, "1")  # it sets them, and they must not stay
    monkeypatch.syspath_prepend(BENCHMARKS)
    before = set(sys.modules)
    import gpu  # type: ignore[import-not-found]

    small = {"FRAMES": 2, "FEW_FRAMES": 1, "PARTICLES": (60,), "BATCHES": (2,), "CORE_ROWS": 4, "STATES": (2,)}
    for name, value in small.items():
        monkeypatch.setattr(gpu, name, value)
    monkeypatch.setattr(gpu, "_dynasor_cases", lambda *_: {})
    yield gpu
    for name in set(sys.modules) - before:
        if str(BENCHMARKS) in str(getattr(sys.modules[name], "__file__", None)):
            del sys.modules[name]


def test_every_part_runs_on_a_device(benchmark: ModuleType, device: Device) -> None:
    xp = array_module("cupy")
    parts = [benchmark._structure_factors, benchmark._memory_solves, benchmark._mode_coupling]
    told = "\n".join(text for part in parts for text in part(xp, 1))
    assert told.count("## ") == 3
    assert "nan" not in told
    assert device.launches["solve_candidates"] == 8, "once untimed and once timed, either equation, each of two grids"


def test_the_peak_is_counted_from_the_units_of_that_gpu(benchmark: ModuleType, device: Device) -> None:
    """NVIDIA quotes 19.5 TFLOP/s for the A100, whose multiprocessors have 64 units; others have 128."""
    assert device.n_devices == 1
    assert benchmark._peak_flops(array_module("cupy")) == pytest.approx(19.5e12, rel=1e-3)
    assert benchmark.fp32_lanes(9, 0) == benchmark.fp32_lanes(8, 6) == 128
    assert benchmark.fp32_lanes(1, 0) != benchmark.fp32_lanes(1, 0), "an unknown one has no peak"
