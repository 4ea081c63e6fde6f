"""glassdask: slow dynamics of supercooled liquids from static averages, as a Dask campaign.

Names are loaded on first use, so that ``import glassdask`` costs milliseconds:

>>> import glassdask
>>> glassdask.StatePoint("lj", 1.0, 1.2).identifier
'lj_rho1.2_T1.0_r0'
"""

from __future__ import annotations

import importlib

TYPE_CHECKING = False  # typing.TYPE_CHECKING to every checker, without the milliseconds that typing takes
if TYPE_CHECKING:
    from typing import Any

__version__ = "0.1.0"

_HOME_OF = {
    "StatePoint": "glassdask.state_point",
    "structure_factor": "glassdask.physics.structure.structure_factor",
    "pair_distribution": "glassdask.physics.structure.neighbours.pair_distribution",
    "self_intermediate_scattering": "glassdask.physics.motion.intermediate_scattering",
    "mean_squared_displacement": "glassdask.physics.motion.mean_squared_displacement",
    "displacement_moments": "glassdask.physics.motion.mean_squared_displacement",
    "non_gaussian_parameter": "glassdask.physics.motion.mean_squared_displacement",
    "frame_schedule": "glassdask.physics.motion.frame_schedule",
    "lag_pairs": "glassdask.physics.motion.lag_pairs",
    "collective_scattering": "glassdask.physics.motion.collective_scattering",
    "wavevector_shell": "glassdask.physics.numerics.wavevector_shell",
    "overlap": "glassdask.physics.motion.heterogeneity.overlap",
    "self_van_hove": "glassdask.physics.motion.heterogeneity.van_hove",
    "bond_breaking": "glassdask.physics.motion.heterogeneity.bond_breaking",
    "cage_relative_motion": "glassdask.physics.motion.heterogeneity.cage_relative",
    "four_point_susceptibility": "glassdask.physics.motion.heterogeneity.overlap",
    "unwrap": "glassdask.physics.motion.unwrapping",
    "Unwrapper": "glassdask.physics.motion.unwrapping",
    "diffusion_coefficient": "glassdask.physics.motion.curves.diffusion",
    "maximum_of": "glassdask.physics.motion.curves.curve_maximum",
    "relaxation_time": "glassdask.physics.motion.curves.relaxation_time",
    "StaticStructure": "glassdask.physics.structure.static_structure",
    "bipolar_wavenumbers": "glassdask.physics.structure.bipolar_grid",
    "percus_yevick": "glassdask.physics.structure.percus_yevick",
    "DoublingGrid": "glassdask.physics.memory.time_doubling",
    "solve_memory_equation": "glassdask.physics.memory.memory_equation",
    "mode_coupling_dynamics": "glassdask.physics.mode_coupling.mode_coupling_dynamics",
    "nonergodicity_parameter": "glassdask.physics.mode_coupling.nonergodicity",
    "StretchedMemory": "glassdask.physics.memory.memory_kernels",
    "double_stretched_memory": "glassdask.physics.memory.memory_kernels",
    "F12Kernel": "glassdask.physics.memory.schematic_models",
    "SjogrenKernel": "glassdask.physics.memory.schematic_models",
    "f12_critical_couplings": "glassdask.physics.memory.schematic_models",
    "inverted_memory": "glassdask.physics.memory.memory_inversion",
    "checked_target": "glassdask.fits.target.target",
    "FitOptions": "glassdask.fits.fit_options",
    "fit_memories": "glassdask.fits.fitting",
    "critical_coupling": "glassdask.physics.mode_coupling.critical_coupling",
    "critical_plateau": "glassdask.physics.mode_coupling.critical_coupling",
    "critical_point": "glassdask.physics.mode_coupling.critical_point",
    "beta_correlator": "glassdask.physics.mode_coupling.beta_scaling",
    "von_schweidler_amplitude": "glassdask.physics.mode_coupling.beta_scaling",
    "read_model": "glassdask.learning.models.model_folder",
    "open_campaign": "glassdask.datasets.store",
    "open_state": "glassdask.datasets.store",
    "load_campaign": "glassdask.operations.analysis.opened_campaign",
    "run_campaign": "glassdask.operations.run",
    "preview_run": "glassdask.operations.run",
    "cancel": "glassdask.operations.steering",
    "retry": "glassdask.operations.steering",
    "train": "glassdask.operations.train",
    "collect": "glassdask.operations.products",
    "report": "glassdask.operations.report",
    "plan": "glassdask.operations.plan",
    "state": "glassdask.operations.status",
    "status": "glassdask.operations.status",
    "draw_figures": "glassdask.operations.report",
    "verify": "glassdask.operations.products",
    "job_scripts": "glassdask.operations.plan",
    "check_site": "glassdask.operations.doctor",
    "compare": "glassdask.operations.comparison.comparison",
    "critical_temperatures": "glassdask.operations.analysis.theory",
    "export": "glassdask.operations.analysis.export",
    "fit_memory": "glassdask.operations.analysis.memory",
    "memory_fits": "glassdask.operations.analysis.memory",
    "liquid": "glassdask.operations.analysis.liquids",
    "liquids": "glassdask.operations.analysis.liquids",
    "mode_coupling_theory": "glassdask.operations.analysis.theory",
    "predict": "glassdask.operations.analysis.prediction",
    "analyse": "glassdask.operations.trajectories.analysis",
    "import_trajectories": "glassdask.operations.trajectories.imports",
    "TrajectoryOptions": "glassdask.datasets.trajectories.options",
    "TrajectoryOfState": "glassdask.operations.trajectories.imports",
    "open_trajectory": "glassdask.datasets.trajectories.own_trajectory",
    "TableOptions": "glassdask.datasets.tables.number_table",
    "GlassdaskError": "glassdask.errors",
    "InvalidInput": "glassdask.errors",
    "Interrupted": "glassdask.interruption",
}

__all__ = sorted(["__version__", *_HOME_OF])  # noqa: PLE0605


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module 'glassdask' has no attribute {name!r}; it has {', '.join(sorted(_HOME_OF))}")
    return getattr(importlib.import_module(_HOME_OF[name]), name)


def __dir__() -> list[str]:
    return list(__all__)
