"""The report of a campaign: what its files say of states, costs and versions, every figure, and the data beside it."""

from __future__ import annotations

import platform
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import glassdask
from glassdask.campaign.definition.campaign import Campaign
from glassdask.campaign.files.products import read_record
from glassdask.campaign.observe.costs import Costs, campaign_costs
from glassdask.campaign.observe.state_facts import StateFacts, n_changed, products, state_facts
from glassdask.campaign.report.exclusions import exclusions
from glassdask.campaign.report.state_table import count_rows, state_csv, table_header, table_rows
from glassdask.campaign.work.campaign_product import campaign_record, is_current
from glassdask.counted import counted, duration
from glassdask.datasets import CUBE
from glassdask.errors import InvalidInput
from glassdask.stages.collect import STAGE as COLLECT
from glassdask.stages.collect import coverage_of
from glassdask.stages.report import DRAWING
from glassdask.stages.simulate import STAGE as SIMULATE
from glassdask.stages.train import STAGE as TRAIN

if TYPE_CHECKING:
    from glassdask.stages.report.page import ReportParts

#: States that the page shows one by one; of more it shows counts, and the CSV file has them all.
MOST_ROWS = 1000
#: States that are named for each reason of exclusion.
_MOST_NAMES = 200
#: Libraries whose versions stand in the report.
_LIBRARIES = ("numpy", "scipy", "xarray", "netCDF4", "matplotlib")


def write_report(
    campaign: Campaign,
    page: Path,
    tell: Callable[[str], None] = lambda _: None,
    *,
    is_redrawn: bool = False,
    pdf: bool = False,
) -> list[Path]:
    """Writes the report of what there is of a campaign somewhere else, and its data into the folder ``data`` beside the
    page; returns all files, the page first, then its PDF if that is wanted. InvalidInput if nothing was collected.

    `tell` is called with a line before each part that takes a while; for `is_redrawn` see `report_parts`.
    """
    parts = report_parts(campaign, tell, is_redrawn=is_redrawn, pdf=pdf)
    from glassdask.stages.report.page import write_page

    tell(DRAWING)
    return write_page(campaign.folder, page, campaign.specification, parts)


def report_parts(
    campaign: Campaign, tell: Callable[[str], None] = lambda _: None, *, is_redrawn: bool = False, pdf: bool = False
) -> ReportParts:
    """What the stage `report` is given; the figures that the cube came with are not drawn twice, unless `is_redrawn`.
    InvalidInput if nothing has been collected yet."""
    if not (campaign.folder / CUBE).is_file():
        raise InvalidInput(
            f"{campaign.folder} holds no {CUBE}: nothing has been collected; 'glassdask run {campaign.folder}' "
            f"makes it, 'glassdask status {campaign.folder}' says how far it is"
        )
    from glassdask.stages.report.page import ReportParts

    tell("reading records and journals")
    facts = state_facts(campaign)
    training = read_record(campaign.folder, TRAIN.name)
    content = report_content(campaign, facts)
    return ReportParts(
        content={**content, "states": _states(facts)},
        table=state_csv(facts),
        runs=[facts_of.run for facts_of in facts if facts_of.run],
        stages={record.stage for _, record in products(facts)},
        training=None if training is None else training.provenance.get("options", {}),
        pictures={} if is_redrawn else _drawn_of_cube(campaign),
        is_pdf_wanted=pdf,
        software={
            "made_by": sorted({row[1] for row in content["versions"]["rows"]}),
            "versions": ", ".join(map(_library, _LIBRARIES[:3])),
        },
    )


def _drawn_of_cube(campaign: Campaign) -> dict[str, Path]:
    """Figures that `collect` drew of the cube that there is, where all of its files are whole."""
    record = campaign_record(campaign, COLLECT)
    files = [] if record is None else [Path(name) for name in record.files]
    return {file.stem: campaign.folder / file for file in files if file.suffix == ".png"}


def report_content(campaign: Campaign, facts: Sequence[StateFacts]) -> dict[str, Any]:
    """What the page says besides figures and methods, as plain data."""
    costs = campaign_costs(facts, campaign.folder)
    now = datetime.now(UTC)
    header, rows = count_rows(facts)
    versions = _versions(facts)
    return {
        "title": campaign.specification.campaign.name,
        "coverage": coverage_of(one.item for one in facts),
        "about": f"Campaign {campaign.identity}, {counted(len(facts), 'run')}, in {campaign.folder.resolve()}; report of "
        f"{now:%Y-%m-%d %H:%M} UTC.",
        "written": now.isoformat(timespec="seconds"),
        "notices": _notices(campaign, facts, versions["rows"]),
        "counts": {"header": header, "rows": rows},
        "excluded": _excluded(facts),
        "versions": versions,
        "costs": {"header": _COST_HEADER, "rows": _cost_rows(costs), "sentences": _cost_sentences(costs)},
    }


def _states(facts: Sequence[StateFacts]) -> dict[str, Any]:
    """The table without columns that are empty, and without replicas where each state has one."""
    header, rows = table_header(facts), table_rows(facts) if len(facts) <= MOST_ROWS else []
    silent = {"replica": {"0"}}
    kept = [i for i, (name, _) in enumerate(header) if not {row[i] for row in rows} <= silent.get(name, {""})]
    return {
        "n": len(facts),
        "header": [header[i] for i in kept],
        "rows": [[row[i] for i in kept] for row in rows],
    }


def _excluded(facts: Sequence[StateFacts]) -> list[dict[str, Any]]:
    return [
        {"title": group.title, "meaning": group.meaning, "n": len(group.states), "states": group.states[:_MOST_NAMES]}
        for group in exclusions(facts)
    ]


def _notices(campaign: Campaign, facts: Sequence[StateFacts], versions: list[list[str]]) -> list[str]:
    told = []
    if not is_current(campaign, COLLECT, [one.item for one in facts]):
        told.append(
            "The figures are of a cube that was collected from other states, or by another version, than there are "
            f"now: 'glassdask run {campaign.folder}' collects again."
        )
    changed = n_changed(campaign, facts)
    if changed:
        told.append(
            f"{changed} states hold products made from other inputs, or by an older revision of a stage, than the "
            "campaign's record now asks for: 'glassdask run --redo-changed' makes them again."
        )
    if (
        len({tuple(row[1:]) for row in versions if row[0] == SIMULATE.name}) > 1
        or len({row[1] for row in versions}) > 1
    ):
        told.append("Products of several versions stand side by side: see Versions.")
    return told


def _versions(facts: Sequence[StateFacts]) -> dict[str, Any]:
    """Finished products by stage, package, engine, Python and machine."""
    counts: Counter[tuple[str, ...]] = Counter()
    for _, record in products(facts):
        made = record.provenance
        engine = f"{made['engine']} {made.get('engine_version', '')}" if "engine" in made else ""
        device = " ".join(filter(None, (made.get("device"), made.get("precision"))))
        counts[
            record.stage,
            str(made.get("glassdask", "?")),
            engine,
            device,
            str(made.get("python", "?")),
            str(made.get("host", "?")),
        ] += 1
    here = [f"glassdask {glassdask.__version__}", f"Python {platform.python_version()}", *map(_library, _LIBRARIES)]
    return {
        "header": ["stage", "glassdask", "engine", "device", "Python", "host", "products"],
        "rows": [[*key, str(n)] for key, n in counts.items()],
        "here": ", ".join(here),
    }


def _library(name: str) -> str:
    try:
        return f"{name} {version(name)}"
    except PackageNotFoundError:
        return f"{name} (version unknown)"


_COST_HEADER = ["stage", "device", "products", "time", "time a product", "attempts unfinished", "their time", "without end",
                "size"]  # fmt: skip


def _cost_rows(costs: Costs) -> list[list[str]]:
    from glassdask.stages.report.page import size_in_words

    return [
        [
            one.stage,
            one.device,
            str(one.n_products),
            duration(3600 * one.hours),
            duration(3600 * one.hours / one.n_products) if one.n_products else "",
            str(one.n_unfinished),
            duration(3600 * one.unfinished_hours),
            str(one.n_without_end),
            size_in_words(one.bytes),
        ]
        for one in costs.stages
    ]


def _cost_sentences(costs: Costs) -> list[str]:
    from glassdask.stages.report.page import size_in_words

    by_device: dict[str, float] = {}
    for one in costs.stages:
        by_device[one.device] = by_device.get(one.device, 0.0) + one.hours + one.unfinished_hours
    told = [f"{hours:.3g} {'GPU' if device == 'gpu' else 'core'}-hours in all." for device, hours in by_device.items()]
    if costs.wall_hours is not None and costs.first and costs.last:
        told.append(
            f"From the first start ({costs.first:%Y-%m-%d %H:%M} UTC) to the last end ({costs.last:%Y-%m-%d %H:%M} "
            f"UTC): {duration(3600 * costs.wall_hours)}, pauses included."
        )
    told.append(f"The campaign's folder takes {size_in_words(costs.folder_bytes)}.")
    told.append("Training, mode-coupling critical points and figures are not in these numbers: they keep no account.")
    return told
