"""Stand-ins for the five stages of a state: they compute nothing and take milliseconds.

Made for measuring what a campaign costs besides its physics, and used for nothing else: Dask workers that preload this
file (``DASK_DISTRIBUTED__WORKER__PRELOAD``) run these functions in place of ``simulate``, ``reduce``,
``solve_mct``, ``fit_memory`` and ``correlate``.
Everything around them is the package's own: leases, journals, checksums, netCDF files, records. Summaries have the entries
of real ones, so that ``glassdask status`` reads and prints as much; their numbers mean nothing.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from glassdask.datasets.netcdf import dataset, write_netcdf
from glassdask.datasets.schema.variables import MEMORY_VARIABLES, MODE_COUPLING_VARIABLES, THERMO_VARIABLES, VARIABLES
from glassdask.observables.catalogue import OFFERED, variables_of
from glassdask.outcome import Outcome
from glassdask.simulation import TRAJECTORY
from glassdask.stages.contract.context import StageContext, StageResult
from glassdask.stages.correlate import CORRELATIONS
from glassdask.stages.correlate import run as correlate_module
from glassdask.stages.fit_memory import MEMORY
from glassdask.stages.fit_memory import run as fit_memory_module
from glassdask.stages.reduce import OBSERVABLES
from glassdask.stages.reduce import run as reduce_module
from glassdask.stages.simulate import SIMULATION
from glassdask.stages.simulate import run as simulate_module
from glassdask.stages.solve_mct import MODE_COUPLING
from glassdask.stages.solve_mct import run as solve_mct_module

_SAMPLES, _BINS = 100, 100
_THEORY = {"mct_state": "liquid", "mct_relaxation_time_A": 20.0, "mct_relaxation_time_B": 10.0, "mct_reason": ""}
_MEMORY = {
    "memory_n_exp_A": 2,
    "memory_chi2_per_point_A": 0.5,
    "memory_n_exp_B": 2,
    "memory_chi2_per_point_B": 0.5,
    "memory_reason": "",
}
_OBSERVED = {f"{name}_{s}": 0.1 for name in ("diffusion_coefficient", "alpha2_peak", "chi4_peak") for s in "AB"}


def dask_setup(worker: Any) -> None:  # noqa: ARG001
    """Called by Dask in each worker process before its first task."""
    simulate_module.simulate = quick_simulate
    reduce_module.reduce = quick_reduce
    solve_mct_module.solve_mct = quick_solve_mct
    fit_memory_module.fit_memory = quick_fit_memory
    correlate_module.correlate = quick_correlate


def quick_simulate(context: StageContext) -> StageResult:
    """In place of molecular dynamics: 4 kB named as a trajectory, and one constant time series."""
    context.keep_alive()
    (context.work / TRAJECTORY).write_bytes(bytes(4096))
    data = dataset({"production_potential_energy": np.full(_SAMPLES, -6.0)}, {}, THERMO_VARIABLES)
    write_netcdf(data, context.work / SIMULATION, {"source": "a stand-in, no physics"})
    summary = {
        "measured_temperature": context.state.temperature,
        "pressure": 10.0,
        "potential_energy": -6.0,
        "total_energy": -4.5,
        "energy_drift": 1e-4,
    }
    provenance = {"engine": "stand-in", "simulation": {f"number_{i}": 1.0 / (i + 1) for i in range(25)}}
    files = (TRAJECTORY, SIMULATION)
    return StageResult(Outcome.DONE, files, summary=summary, provenance=provenance)


def quick_reduce(context: StageContext) -> StageResult:
    """In place of structure factors and scattering functions: S = 1."""
    context.keep_alive()
    data = dataset({"structure_factor": np.ones((3, _BINS))}, {}, VARIABLES)
    write_netcdf(data, context.work / OBSERVABLES, {"source": "a stand-in, no physics"})
    return StageResult(Outcome.DONE, (OBSERVABLES,), summary=_summary(context))


def quick_solve_mct(context: StageContext) -> StageResult:
    """In place of mode-coupling theory: the state is a liquid."""
    context.keep_alive()
    values = {"mct_state": np.array(2), "mct_structure_factor": np.ones((3, _BINS))}
    data = dataset(values, {}, MODE_COUPLING_VARIABLES)
    attributes = {"source": "a stand-in, no physics", "mct_reason": "a stand-in has no critical temperature"}
    write_netcdf(data, context.work / MODE_COUPLING, attributes)
    return StageResult(Outcome.DONE, (MODE_COUPLING,), summary=_THEORY)


def quick_fit_memory(context: StageContext) -> StageResult:
    """In place of memory fits: no mode at all."""
    context.keep_alive()
    data = dataset({"memory_bic": np.full((1, 2, 1), np.nan)}, {}, MEMORY_VARIABLES)
    write_netcdf(data, context.work / MEMORY, {"source": "a stand-in, no physics"})
    return StageResult(Outcome.DONE, (MEMORY,), summary=_MEMORY)


def quick_correlate(context: StageContext) -> StageResult:
    """In place of a pass over frames: nothing has moved."""
    context.keep_alive()
    data = dataset({"alpha2_peak": np.zeros(2)}, {}, variables_of(OFFERED))
    write_netcdf(data, context.work / CORRELATIONS, {"source": "a stand-in, no physics"})
    return StageResult(Outcome.DONE, (CORRELATIONS,), summary=_OBSERVED)


def _summary(context: StageContext) -> dict[str, Any]:
    """What a reduced state shows."""
    return {
        "measured_temperature": context.state.temperature,
        "pressure": 10.0,
        "potential_energy": -6.0,
        "total_energy": -4.5,
        "energy_drift": 1e-4,
        "peak_wavenumber": 7.1,
        "peak_structure_factor": 2.2,
        "relaxation_time_A": 10.0,
        "relaxation_time_B": 5.0,
        "is_temperature_off": False,
        "is_energy_drifting": False,
        "reasons": "",
    }
