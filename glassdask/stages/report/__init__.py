"""Stage report: figures, their data, and what the report says of methods."""

from glassdask.stages.contract.stage import Scope, Stage

PAGE = "report/report.html"
STAGE = Stage(name="report", scope=Scope.CAMPAIGN, needs=("collect",), sections=(), products=(PAGE,), revision=1)
