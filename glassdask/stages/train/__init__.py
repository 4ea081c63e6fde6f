"""Stage train: networks that predict F_s(k_p,t) from S(k), and how well they do."""

from glassdask.stages.contract.stage import Scope, Stage

LEARNING = "learning"
PREDICTIONS, EXAMINATIONS = "predictions.nc", "examinations.nc"
STAGE = Stage(
    name="train",
    scope=Scope.CAMPAIGN,
    needs=("reduce", "solve_mct"),
    sections=(),
    products=(f"{LEARNING}/{PREDICTIONS}", f"{LEARNING}/{EXAMINATIONS}"),
    revision=1,
    runs_with="simulate",
)
