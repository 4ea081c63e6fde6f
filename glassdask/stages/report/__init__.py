"""Stage report: figures, their data, and what the report says of methods."""

from glassdask.stages.contract.stage import Scope, Stage

PAGE = "report/report.html"
#: Made where it is asked for.
PDF = "report/report.pdf"
#: Said before the part that takes longest.
DRAWING = "drawing figures and writing their data"
STAGE = Stage(
    name="report",
    scope=Scope.CAMPAIGN,
    needs=("collect", "train"),
    sections=(),
    products=(PAGE,),
    revision=1,
    tells_of_attempts=True,
)
