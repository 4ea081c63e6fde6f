"""Workers of this machine where it has GPUs: some on each GPU, the others without one, as two pools.

A GPU is for what uses it: simulations, where their engine runs on it; else reductions and memory fits, where CuPy is
installed. Other stages go to the workers without a GPU, which would only fill its memory.
"""

from __future__ import annotations

import importlib.util
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from distributed import Client

from glassdask.cluster.runtime.shared_gpus import RUNS_VARIABLE
from glassdask.cluster.runtime.workers import FixedWorkers
from glassdask.gpus import has_driver
from glassdask.processes.parent import ChildFailed, ask_child
from glassdask.simulation.engines.engine_choice import ENGINES
from glassdask.stages.contract.registry import STATE_STAGES
from glassdask.stages.contract.stage import GpuUse
from glassdask.stages.train import STAGE as TRAIN

GPU, CPU = "gpu", "cpu"
_ASK = "import json; from glassdask.gpus import visible_names; print(json.dumps(visible_names()))"
#: A driver that wakes its GPUs takes some seconds. [s]
_SECONDS = 60


def local_gpus() -> list[str]:
    """GPUs of this machine as CUDA_VISIBLE_DEVICES names them; asked in a child, as CUDA stays in whoever asks."""
    if not has_driver():
        return []
    try:
        return list(map(str, ask_child(["-c", _ASK], _SECONDS)))
    except ChildFailed:
        return []


def stages_on_gpus(engine: str | None, array: str) -> frozenset[str]:
    """Stages that use a GPU where there is one.

    `engine` runs simulations, as chosen where the GPUs are seen; None where no stage is run, as by the ranks of a
    training, which deal out all GPUs that they see among themselves. `array` is the site's.
    """
    if engine is None:
        return frozenset()
    on_gpus = _stages_with(GpuUse.ENGINE) if ENGINES[engine].is_for_gpus is not None else frozenset[str]()
    wants_cupy = array == "cupy" or (array == "auto" and not on_gpus and importlib.util.find_spec("cupy") is not None)
    return on_gpus | (_stages_with(GpuUse.ARRAYS) if wants_cupy else frozenset())


def _stages_with(use: GpuUse) -> frozenset[str]:
    return frozenset(stage.name for stage in STATE_STAGES if stage.gpu_use is use)


def worker_options(gpus: Sequence[str], n_workers: int) -> dict[str, dict[str, Any]]:
    """What tells workers of the two pools apart, by their names: the environment that their processes begin with.

    `gpus` names the GPU of each worker that has one, as often as workers share it; one of the `n_workers` of both pools
    at least has none.
    """
    options: dict[str, dict[str, Any]] = {}
    for number, gpu in enumerate(gpus):
        environment = {"CUDA_VISIBLE_DEVICES": gpu, RUNS_VARIABLE: str(gpus.count(gpu))}
        options[f"{GPU}-{number}"] = {"env": environment, "resources": {f"pool_{GPU}": 1}}
    for number in range(max(1, n_workers - len(gpus))):
        environment = {"CUDA_VISIBLE_DEVICES": "", RUNS_VARIABLE: "0"}
        options[f"{CPU}-{number}"] = {"env": environment, "resources": {f"pool_{CPU}": 1}}
    return options


class LocalPools(FixedWorkers):
    """Two pools whose workers (`worker_options`) nobody changes; each is started again where it dies, on its GPU."""

    def __init__(self, client: Client, scheduler: Any, names: Iterable[str], on_gpus: frozenset[str]):
        super().__init__(client, scheduler=scheduler)
        self._sizes = Counter(name.partition("-")[0] for name in names)
        self._on_gpus = on_gpus

    def pool_with_room(self, stage: str, in_flight: Counter[str]) -> str | None:
        """That of the stage, if one of its workers is free; ranks of a training that find too few GPUs go without."""
        return next((pool for pool in self._pools(stage) if in_flight[pool] < self._sizes[pool]), None)

    def is_first_choice(self, pool: str, stage: str) -> bool:
        """Whether it is the pool of the stage."""
        return pool == self._pools(stage)[0]

    def _pools(self, stage: str) -> list[str]:
        return [GPU, CPU] if stage == TRAIN.name else [GPU if stage in self._on_gpus else CPU]

    def crews(self) -> dict[tuple[str, ...], int]:
        """Those on GPUs, and the others."""
        on_gpus = tuple(stage.name for stage in STATE_STAGES if stage.name in self._on_gpus)
        without = tuple(stage.name for stage in STATE_STAGES if stage.name not in self._on_gpus)
        return {on_gpus: self._sizes[GPU], without: self._sizes[CPU]}

    def resources(self, pool: str) -> dict[str, float] | None:
        """One slot of the pool."""
        return {f"pool_{pool}": 1}

    def summary(self) -> str:
        """A line for the user."""
        stages = ", ".join(sorted(self._on_gpus))
        return f"{self._sizes[GPU]} workers on GPUs for {stages}; {self._sizes[CPU]} without one for all else"
