"""A device whose memory is full, in whatever words it says so: work is halved until it fits, and the numbers are the same."""

from __future__ import annotations

import logging
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from glassdask.arrays import array_module, give_back_memory, is_out_of_memory, to_host
from glassdask.physics.memory.candidate_choice import QuickerSolver, Speed
from glassdask.physics.memory.memory_candidates import CandidateSolver
from glassdask.physics.motion.intermediate_scattering import self_intermediate_scattering
from glassdask.physics.motion.mean_squared_displacement import displacement_moments
from glassdask.physics.numerics.batches import Batches, NoRoom
from glassdask.physics.numerics.frame_upload import FrameUpload
from glassdask.physics.structure.structure_factor_plan import StructureFactorPlan
from tests.strict_cupy.device import CUBLASError, CUDARuntimeError, Device, OutOfMemoryError

#: CuPy's pool, the runtime below it, and cuBLAS, in its two ways.
FULL: dict[str, Callable[[int], Exception]] = {
    "pool": lambda size: OutOfMemoryError(f"Out of memory allocating {size:,} bytes"),
    "runtime": lambda _: CUDARuntimeError(2),
    "cublas": lambda _: CUBLASError(3),
    "cublas handle": lambda _: CUBLASError(1),
}
WALK = np.cumsum(np.random.default_rng(0).normal(scale=0.2, size=(60, 40, 3)), axis=0)
SPECIES = (np.arange(40) % 5 == 0).astype(int)
PAIRS = np.array([[i, j] for i in range(60) for j in range(i, 60, 3)])
GRID = np.asarray((np.arange(30) + 0.5) * 0.8, dtype=np.float64)


def scattering(xp: Any) -> np.ndarray:
    return self_intermediate_scattering(xp.asarray(WALK), SPECIES, GRID, PAIRS)


def moments(xp: Any) -> np.ndarray:
    return np.stack(displacement_moments(xp.asarray(WALK), SPECIES, PAIRS))


def structure(xp: Any) -> np.ndarray:
    plan = StructureFactorPlan(5.0, SPECIES, np.arange(31) * 0.4, "float64", xp)
    return np.nan_to_num(to_host(plan.of_frames(xp.asarray(WALK[:32]))))


def most_used(work: Callable[[Any], np.ndarray], device: Device) -> int:
    """What the work holds at most, where there is room. [bytes]"""
    device.forget()
    work(array_module("cupy"))
    return device.most_used


@pytest.mark.parametrize("full", FULL)
@pytest.mark.parametrize("work", [scattering, moments, structure])
def test_a_twelfth_of_the_memory_does(work: Callable[[Any], np.ndarray], full: str, device: Device) -> None:
    """Three halvings at least; one would not do."""
    expected = work(np)
    enough = most_used(work, device)
    inputs = 4 * WALK.nbytes
    device.memory, device.when_full = max(enough // 12, inputs), FULL[full]
    device.forget()
    np.testing.assert_allclose(work(array_module("cupy")), expected, rtol=1e-11, atol=1e-12)
    assert device.most_used <= device.memory < enough
    assert device.pools_freed >= 3


def test_candidates_are_halved_too(device: Device) -> None:
    """F on the whole grid is what fills it: 20 rows of 1,500 times; a third of that is there."""
    rows = np.array([[1.0, 0.0, 2.0, tau, 0.7] for tau in np.geomspace(0.1, 10.0, 20)])
    times = np.geomspace(0.01, 100.0, 12)
    solver = CandidateSolver(times, xp=array_module("cupy"))
    expected = CandidateSolver(times).solve(rows)
    device.forget()
    np.testing.assert_allclose(solver.solve(rows[:4]), expected[:4], atol=1e-9)
    device.memory, device.when_full = device.most_used, FULL["runtime"]
    np.testing.assert_allclose(solver.solve(rows), expected, atol=1e-9)
    assert device.launches["solve_candidates"] >= 5


def test_a_core_takes_over_where_not_one_candidate_fits(device: Device, caplog: pytest.LogCaptureFixture) -> None:
    times, row = np.geomspace(0.01, 100.0, 12), np.array([[1.0, 0.0, 2.0, 1.0, 0.7]])
    chosen = QuickerSolver(CandidateSolver(times), CandidateSolver(times, xp=array_module("cupy")))
    chosen.speeds = Speed(1.0, 1.0), Speed(0.0, 0.0)
    device.memory, device.when_full = device.used + 1000, FULL["cublas"]
    with caplog.at_level(logging.WARNING):
        np.testing.assert_array_equal(chosen.solve(row), chosen.host.solve(row))
    assert "solved on a core from here on" in caplog.text
    assert chosen.is_full


def test_the_pool_is_emptied_once_nothing_of_the_try_is_held(device: Device, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error holds on to what was computed before it: emptied too early, the pool would keep all of it."""
    xp = array_module("cupy")
    held: list[int] = []
    pool = SimpleNamespace(free_all_blocks=lambda: held.append(device.used))
    monkeypatch.setattr(xp, "get_default_memory_pool", lambda: pool)
    there = xp.zeros(1000)
    device.memory = begun = device.used
    device.memory += 3000

    def work(part: Any) -> float:
        first = there[part] + 1
        return float((first * first).sum())

    assert Batches(400, xp).over([slice(100 * i, 100 * i + 100) for i in range(0)], work) == []
    found = Batches(400, xp).over(np.arange(400), lambda part: work(slice(int(part[0]), int(part[-1]) + 1)))
    assert sum(found) == 400
    assert held == [begun, begun]


def test_what_is_no_lack_of_memory_passes() -> None:
    def work(_: Any) -> None:
        raise RuntimeError("cudaErrorIllegalAddress: an illegal memory access was encountered")

    with pytest.raises(RuntimeError, match="IllegalAddress"):
        Batches(4).over(np.arange(4), work)
    assert not is_out_of_memory(OSError("out of memory"))


def test_where_nothing_fits_it_is_said_what_to_do(device: Device) -> None:
    device.memory = device.used + WALK.nbytes + PAIRS.nbytes + 5000
    with pytest.raises(NoRoom, match=r"not even one .* memory of the GPU .*runs_per_gpu.*array = 'numpy'") as raised:
        scattering(array_module("cupy"))
    assert is_out_of_memory(raised.value)


# --- waiting and launching --------------------------------------------------------------------------------------------


def test_a_device_is_not_waited_for_while_frames_arrive(device: Device) -> None:
    """S(k) of 64 frames in batches of 16: all is queued; the only wait is for the results."""
    xp = array_module("cupy")
    plan = StructureFactorPlan(5.0, SPECIES, np.arange(31) * 0.4, xp=xp)
    upload, found = FrameUpload(xp), []
    device.forget()
    for i in range(0, 64, 16):
        with upload(WALK[i % 32 : i % 32 + 16]) as frames:
            found.append(plan.of_finite_frames(frames))
    assert device.synchronisations == 0
    assert to_host(xp.concatenate(found)).shape == (64, 3, 30)
    assert device.synchronisations == 1


def test_a_thousand_pairs_and_a_hundred_wavenumbers_take_a_hundred_launches(device: Device) -> None:
    """2,042 when each wavenumber had its own; N = 300."""
    walk = np.cumsum(np.random.default_rng(1).normal(scale=0.2, size=(20, 300, 3)), axis=0)
    xp = array_module("cupy")
    there = xp.asarray(walk)
    pairs = np.stack([np.arange(1000) % 20, np.arange(1000) // 50], axis=1)
    device.forget()
    species, k = (np.arange(300) % 5 == 0).astype(int), np.arange(1, 101) * 0.4
    F = self_intermediate_scattering(there, species, k, pairs, box_lengths=np.inf)  # as campaigns know: not wrapped
    assert device.launches.total() <= 100
    assert device.synchronisations <= 2
    np.testing.assert_allclose(F[pairs[:, 0] == pairs[:, 1]], 1.0, atol=1e-12)


def test_memory_is_given_back_where_cupy_was_used(device: Device) -> None:
    give_back_memory()
    assert device.pools_freed == 1
