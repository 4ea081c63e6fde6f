"""Stage train: networks that predict F_s(k_p,t) from S(k), and how well they do."""

from glassdask.stages.contract.stage import Scope, Stage

LEARNING = "learning"
PREDICTIONS, EXAMINATIONS = "predictions.nc", "examinations.nc"
#: In steps of 1200 LJ particles: what a study of ensembles, folds and candidates takes for a state on one thread.
_STEPS_A_STATE = 30_000


def _cost(n_states: int) -> float:
    from glassdask.stages.contract.run_size import REFERENCE_WORK

    return _STEPS_A_STATE * n_states * REFERENCE_WORK


STAGE = Stage(
    name="train",
    scope=Scope.CAMPAIGN,
    needs=("reduce", "solve_mct"),
    sections=(),
    products=(f"{LEARNING}/{PREDICTIONS}", f"{LEARNING}/{EXAMINATIONS}"),
    revision=1,
    campaign_cost=_cost,
    is_on_request=True,
    runs_with="simulate",
)
