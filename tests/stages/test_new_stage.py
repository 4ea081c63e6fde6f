"""A stage is one folder and, where it has settings, a section: everything else follows, in a copy of the package."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import glassdask
from tests.command_line import python

#: The folder's ``__init__.py``, which `status` reads, and its ``run.py``, which a worker loads.
DECLARATION = '''"""Stage count_crystals: how many frames were looked at."""

from glassdask.stages.contract.stage import Scalar, Scope, Shown, Stage

COUNTS = "counts.txt"
STAGE = Stage(
    name="count_crystals",
    scope=Scope.STATE,
    needs=("reduce",),
    sections=("counting",),
    products=(COUNTS,),
    revision=1,
    cost=lambda state, sections: 1000.0 * sections.counting.every,
    runs_with="reduce",
    summary=(Scalar("n_counted", "counted", "1", "d", Shown.EVERYWHERE),),
)
'''
RUN = """from glassdask.outcome import Outcome
from glassdask.stages.contract.context import StageContext, StageResult
from glassdask.stages.count_crystals import COUNTS


def count_crystals(context: StageContext) -> StageResult:
    every = context.sections.counting.every
    assert not hasattr(context.sections, "memory"), "a table that the stage does not declare"
    (context.work / COUNTS).write_text(str(every))
    return StageResult(Outcome.DONE, (COUNTS,), summary={"n_counted": every})
"""
SECTION = '''class CountingSection(Section):
    """How often frames are looked at."""

    every: Count = 3


class Sections(Section):
'''
#: What is seen of it, in a process that knows no other glassdask than the copy.
LOOK = """
import json, sys
from pathlib import Path
sys.meta_path[:] = [finder for finder in sys.meta_path if type(finder).__name__ != "ScikitBuildRedirectingFinder"]
sys.path.insert(0, sys.argv[1])
import glassdask
assert glassdask.__file__.startswith(sys.argv[1])
from glassdask.campaign.definition.campaign import Campaign, load_campaign
from glassdask.campaign.files.status import campaign_status
from glassdask.campaign.work.execution import execute
from glassdask.campaign.work.state_stages import changed_products, next_stage, relative_cost, stage_job
from glassdask.campaign.work.verify import check_product
from glassdask.cli.states.status_table import status_text
from glassdask.cluster.site.site import Site

campaign = load_campaign(Path(sys.argv[2]))
folder, first = campaign.folder, campaign.states[0]
before = next(campaign_status(folder))
stage = next_stage(campaign, first)
answer = execute(stage_job(campaign, first, stage))
after = next(campaign_status(folder))
pool = Site(scheduler="slurm", interface="ib0", pool={"gpu": {"stages": ["simulate"]}, "cpu": {"stages": ["reduce"]}}).stages_of("cpu")
counting = campaign.specification.counting.model_copy(update={"every": 4})
changed = Campaign(campaign.specification.model_copy(update={"counting": counting}), campaign.states, folder)
print(json.dumps({
    "before": [before.status, before.stage], "after": [after.status, after.summary["n_counted"], after.summary["mct_state"]],
    "stage": stage.name, "outcome": answer.outcome, "cost": relative_cost(campaign, first, stage), "pool": pool,
    "verdict": check_product(campaign, first, stage.name).verdict, "header": status_text([after]).splitlines()[0].split(),
    "changed": [found.name for found in changed_products(campaign, first)],
    "changed by its table": [found.name for found in changed_products(changed, first)],
}))
"""


def test_a_folder_and_a_section_are_a_stage(tiny_copy: Path, tmp_path: Path) -> None:
    """Status, order of work, worker, inputs, checks, pools and columns know it; what was done before stays as it is."""
    package = tmp_path / "package" / "glassdask"
    shutil.copytree(Path(glassdask.__file__).parent, package, ignore=shutil.ignore_patterns("__pycache__"))
    stage = package / "stages" / "count_crystals"
    stage.mkdir()
    (stage / "__init__.py").write_text(DECLARATION)
    (stage / "run.py").write_text(RUN)
    sections = package / "stages" / "contract" / "sections.py"
    text = sections.read_text().replace("class Sections(Section):\n", SECTION)
    execution = "    execution: ExecutionSection = ExecutionSection()\n"
    sections.write_text(text.replace(execution, f"{execution}    counting: CountingSection = CountingSection()\n"))
    found = json.loads(python(LOOK, package.parent, tiny_copy))
    assert found["before"] == ["waiting", "count_crystals"]
    assert (found["stage"], found["outcome"], found["cost"]) == ("count_crystals", "done", 3000.0)
    assert found["after"] == ["done", 3, "liquid"], "the last record holds what the stages before have found, too"
    assert found["verdict"] == "whole"
    assert "count_crystals" in found["pool"], "it runs where reduce does: site files need not know it"
    assert "counted" in found["header"]
    assert found["changed"] == []
    assert found["changed by its table"] == ["count_crystals"]
