"""Stage simulate: molecular dynamics of one state."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from glassdask.simulation import TRAJECTORY
from glassdask.stages.contract.stage import GpuUse, Scope, Stage
from glassdask.state_point import StatePoint

if TYPE_CHECKING:
    from glassdask.stages.contract.sections import Sections

SIMULATION = "simulation.nc"
#: In a state's folder: that its trajectory is brought, not simulated.
IMPORT = "import.json"
#: In the record's summary, which `status` reads: the lengths in words, and the versions that simulated.
ASKED, MADE_BY = "asked_lengths", "made_by"
#: In the record: the configuration that was given to start from.
START = "start"
#: In the record: the tables of the phases' lengths, as the file had them.
LENGTHS = "lengths"
#: In a state's folder, and in the record: what a longer run goes on from.
KEPT_FOLDER = "checkpoints"
#: Its files, by the first phase that is longer, in the order of the phases (`simulation.records.kept`).
GOES_ON_FROM = {"equilibration": "equilibrated.npz", "production": "produced.npz"}
#: S_ab(k) of single frames, where the campaign has it taken in situ.
STRUCTURE = "structure.nc"


def asked_lengths(tables: Mapping[str, Any]) -> str:
    """How long the tables ``equilibration`` and ``production`` ask the phases to be, in words.

    >>> fixed = {"length": 300.0, "relaxation_times": None}
    >>> asked_lengths({"equilibration": fixed, "production": {**fixed, "length": None, "relaxation_times": 20.0,
    ...     "minimum_length": 300.0, "maximum_length": 1e6}})
    'equilibration 300, production 20 relaxation times within 300 and 1e+06 tau_MD'
    """
    parts = [f"{phase} {_asked(tables[phase])}" for phase in GOES_ON_FROM]
    return f"{', '.join(parts)} tau_MD"


def _asked(table: Mapping[str, Any]) -> str:
    if table.get("length") is not None:
        return f"{table['length']:g}"
    least, most = table["minimum_length"], table["maximum_length"]
    return f"{table['relaxation_times']:g} relaxation times within {least:g} and {most:g}"


def _cost(state: StatePoint, sections: Sections) -> float:
    from glassdask.stages.contract.run_size import pair_work, run_size

    return run_size(state, sections).n_steps * pair_work(state, sections)


STAGE = Stage(
    name="simulate",
    scope=Scope.STATE,
    needs=(),
    sections=("system", "time_step", "equilibration", "production", "frames"),
    products=(TRAJECTORY, SIMULATION),
    revision=1,
    cost=_cost,
    gpu_use=GpuUse.ENGINE,
    uses_seed=True,
)
