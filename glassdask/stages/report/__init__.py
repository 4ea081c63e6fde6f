"""Stage report: figures, their data, and what the report says of methods."""

from glassdask.stages.contract.stage import Scope, Stage

PAGE = "report/report.html"
#: Made where it is asked for.
PDF = "report/report.pdf"
#: Said before the part that takes longest.
DRAWING = "drawing figures and writing their data"
#: As `collect` has them, with the data of every figure.
_STEPS, _STEPS_A_STATE = 30_000, 1000


def _cost(n_states: int) -> float:
    from glassdask.stages.contract.run_size import REFERENCE_WORK

    return (_STEPS + _STEPS_A_STATE * n_states) * REFERENCE_WORK


STAGE = Stage(
    name="report",
    scope=Scope.CAMPAIGN,
    needs=("collect", "train"),
    sections=(),
    products=(PAGE,),
    revision=1,
    campaign_cost=_cost,
    is_on_request=True,
    tells_of_attempts=True,
)
