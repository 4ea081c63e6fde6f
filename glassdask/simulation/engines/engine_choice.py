"""The engines that there are, each declared by a file of this folder, and the choice between those that are installed."""

from __future__ import annotations

import importlib
import importlib.util
import logging
import pkgutil
from collections.abc import Callable, Sequence

import numpy as np

from glassdask.errors import InvalidInput, MissingComponent
from glassdask.gpus import gpu_name, visible_gpus
from glassdask.physics.liquids.catalogue import as_liquid
from glassdask.physics.liquids.liquid import Liquid
from glassdask.simulation import engines
from glassdask.simulation.engines.engine import Engine, EngineKind
from glassdask.simulation.engines.measured_speeds import measured_speeds, processor_name
from glassdask.simulation.particles.particles import Particles

logger = logging.getLogger(__name__)


def _declared() -> dict[str, EngineKind]:
    """Every ``ENGINE`` of a file of this folder, by name; loads no engine's library."""
    names = (module.name for module in pkgutil.iter_modules(engines.__path__, f"{engines.__name__}."))
    modules = (importlib.import_module(name) for name in names if name != __name__)
    kinds = [module.ENGINE for module in modules if hasattr(module, "ENGINE")]
    return {kind.name: kind for kind in kinds}


ENGINES = _declared()


def available_engines() -> tuple[str, ...]:
    """Names of the engines that are installed; nothing of theirs is imported."""
    return tuple(name for name, kind in ENGINES.items() if _is_installed(kind.module or name))


def engines_for_gpus() -> list[EngineKind]:
    """Those that run on a GPU where their build is made for it, installed or not."""
    return [kind for kind in ENGINES.values() if kind.is_for_gpus is not None]


def _is_installed(name: str) -> bool:
    """Whether there is such a package. A folder of that name where Python looks, such as that of a campaign called
    "hoomd" in the current folder, is none: it has no code of its own (``origin`` is None)."""
    spec = importlib.util.find_spec(name)
    return spec is not None and spec.origin is not None


def choose_engine(name: str = "auto", liquid: Liquid | None = None, particles: Particles | None = None) -> str:
    """The engine to use: "auto" is one that runs on the GPU that is there, else one on a core; of several, the quickest.

    Which is the quickest was measured by ``glassdask doctor`` on such a machine; where it was not, of every one that is to
    be chosen from, that of the first rank is taken (docs/clusters.md). To be called where simulations run: where there is
    a GPU, the library of an engine that may use it is imported.

    Parameters
    ----------
    name
        ``auto`` or a name of `ENGINES`.
    liquid, particles
        What is simulated: "auto" passes over engines that refuse it.

    Raises
    ------
    InvalidInput
        If there is no engine of this name.
    MissingComponent
        If it is not installed, if its build cannot use the GPU that is there, if it needs one and there is none, or if all that
        are installed refuse the liquid.
    """
    if name not in ("auto", *ENGINES):
        raise InvalidInput(f"engine is {name!r}; allowed: 'auto', {', '.join(map(repr, ENGINES))}")
    by_rank = sorted(ENGINES.values(), key=lambda kind: kind.rank_on_core)
    installed = available_engines()
    wanted = [kind for kind in by_rank if kind.name in installed and name in ("auto", kind.name)]
    remedies = "; ".join(f"{kind.title}: {kind.install}" for kind in by_rank)
    if name == "auto":
        wanted = [kind for kind in wanted if not _trouble(kind)]
    elif wanted and (trouble := _trouble(wanted[0])):
        raise MissingComponent(trouble)
    if not wanted:
        what = "no molecular-dynamics engine is" if name == "auto" else f"the engine {name!r} is not"
        raise MissingComponent(f"{what} installed; {remedies}")
    if name == "auto" and liquid is not None:
        why = {kind: kind.refusal(liquid, particles) if kind.refusal else "" for kind in wanted}
        if all(why.values()):
            raise MissingComponent(f"{'; '.join(why.values())}; no other engine is installed; {remedies}")
        wanted = [kind for kind in wanted if not why[kind]]
    candidates = [kind for kind in wanted if kind.is_for_gpus is not None]
    if not candidates or not visible_gpus():
        return _quickest(wanted, processor_name)
    if fitting := [kind for kind in candidates if _is_for_gpus(kind)]:
        return _quickest(fitting, gpu_name)
    others = [kind for kind in wanted if kind.is_for_gpus is None]
    if any(kind.refusal is None for kind in others):
        quickest = _quickest(others, processor_name)
        logger.warning("%s simulates on a core: %s", ENGINES[quickest].title, candidates[0].remedy)
        return quickest
    other = next(kind for kind in by_rank if kind.is_for_gpus is None and kind.refusal is None)
    first = candidates[0]
    on_a_core = (
        f", or {first.title} on a core where CUDA_VISIBLE_DEVICES is set to nothing" if first.trouble is None else ""
    )
    raise MissingComponent(f"{first.remedy}; allowed without it: engine = {other.name!r} ({other.install}){on_a_core}")


def _quickest(kinds: Sequence[EngineKind], machine: Callable[[], str]) -> str:
    """Of engines by their rank. What was measured of some of them says nothing of the others."""
    if len(kinds) == 1:
        return kinds[0].name
    names = [kind.name for kind in kinds]
    speeds = measured_speeds(machine(), names)
    return max(speeds, key=speeds.__getitem__) if len(speeds) == len(names) else names[0]


def _trouble(kind: EngineKind) -> str:
    return "" if kind.trouble is None else kind.trouble()


def _is_for_gpus(kind: EngineKind) -> bool:
    return kind.is_for_gpus is not None and kind.is_for_gpus()


def create_engine(name: str, liquid: Liquid | str, particles: Particles, time_step: float, seed: int) -> Engine:
    """Start an engine ("auto" or a name of `ENGINES`) on `particles`; parameters as of `Engine`, errors as of
    `choose_engine`.
    """
    check_particles(particles)
    return ENGINES[choose_engine(name, as_liquid(liquid), particles)].make(liquid, particles, time_step, seed)


def check_particles(particles: Particles) -> None:
    """Raise InvalidInput if arrays do not fit together, a value is not finite or a position is outside of the box."""
    shape = (len(particles.species), 3)
    for name in ("positions", "velocities", "images"):
        if getattr(particles, name).shape != shape:
            raise InvalidInput(f"{name} has the shape {getattr(particles, name).shape}; expected {shape}")
    if not particles.is_finite:
        raise InvalidInput("positions or velocities hold NaN or infinity; start from an earlier checkpoint")
    if np.abs(particles.positions).max() > 0.5 * particles.box_length:
        raise InvalidInput("a position is outside of [−L/2, L/2); wrap it and count the box in images")
