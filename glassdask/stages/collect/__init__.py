"""Stage collect: the cube of all states, critical temperatures, and the curves of single states."""

from glassdask.datasets import CUBE
from glassdask.stages.contract.stage import Scope, Stage

CRITICAL_TEMPERATURE = "critical_temperature.nc"
FIGURES_FOLDER = "figures"
STAGE = Stage(
    name="collect",
    scope=Scope.CAMPAIGN,
    needs=("reduce", "solve_mct", "fit_memory", "correlate"),
    sections=(),
    products=(CUBE, CRITICAL_TEMPERATURE),
    revision=1,
)
