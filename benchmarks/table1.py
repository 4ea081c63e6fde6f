"""Table 1 of the paper from the campaign deploy/campaigns/table1.toml: T_mct with error bars, beside the paper's values.

    glassdask run deploy/campaigns/table1.toml
    python benchmarks/table1.py deploy/campaigns/table1 --output benchmarks/results

writes table1.json, table1.nc and table1.png. The JSON is a list with one entry for each (potential, rho).
"""

from __future__ import annotations

import argparse
import json
import math
import shutil
from pathlib import Path
from typing import Any

from glassdask.campaign.definition.campaign import Campaign, load_campaign
from glassdask.campaign.files.folder import state_folder
from glassdask.campaign.files.products import read_record
from glassdask.campaign.files.status import campaign_status
from glassdask.campaign.work.campaign_product import is_current
from glassdask.cli.analysis.mct import critical_rows
from glassdask.datasets.netcdf import read_netcdf
from glassdask.figures.theory import critical_temperature
from glassdask.physics.liquids.catalogue import LIQUIDS
from glassdask.stages.collect import CRITICAL_TEMPERATURE
from glassdask.stages.collect import STAGE as COLLECT


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("campaign", help="the campaign's folder or file, run to its end")
    parser.add_argument("--output", type=Path, default=Path("benchmarks/results"), help="folder of the results")
    arguments = parser.parse_args()
    campaign = load_campaign(arguments.campaign)
    if not is_current(campaign, COLLECT, list(campaign_status(campaign.folder))):
        parser.error(f"{campaign.folder} has moved on: 'glassdask run {arguments.campaign}' first")
    data = read_netcdf(campaign.folder / CRITICAL_TEMPERATURE)
    rows = [entry(row, campaign) for row in critical_rows(data)]
    text = json.dumps(rows, indent=1)
    (arguments.output / "table1.json").write_text(text + "\n", encoding="utf-8")
    shutil.copyfile(campaign.folder / CRITICAL_TEMPERATURE, arguments.output / "table1.nc")
    critical_temperature.draw(data, arguments.output / "table1.png")
    print(text)


def entry(row: dict[str, Any], campaign: Campaign) -> dict[str, Any]:
    """One line of Table 1 with where it comes from."""
    states = [s for s in campaign.states if (s.potential, s.density) == (row["potential"], row["rho"])]
    records = [read_record(state_folder(campaign.folder, s.identifier), "simulate") for s in states]
    engines = {f"{r.provenance['engine']} {r.provenance['engine_version']}" for r in records if r is not None}
    paper = LIQUIDS[row["potential"]].critical_temperatures.get(row["rho"])
    return {
        "potential": row["potential"],
        "rho": row["rho"],
        "T_mct": None if row["T_mct"] is None else round(row["T_mct"], 5),
        "error": None if row["error"] is None else round(row["error"], 5),
        "error_parts": row["errors"] and {name: x for name, x in row["errors"]["T_mct"].items() if x is not None},
        "paper": paper,
        "difference_in_errors": _in_errors(row, paper),
        "exponent_parameter": row["exponent_parameter"] and round(row["exponent_parameter"], 4),
        "seeds": len({s.replica for s in states}),
        "temperatures": sorted({s.temperature for s in states}),
        "runs": row["n_runs"],
        "frames": campaign.specification.wavenumbers.structure_frames,
        "engine": sorted(engines),
    }


def _in_errors(row: dict[str, Any], paper: float | None) -> float | None:
    """(ours − paper) over our standard error and the paper's rounding, 0.005, in squares."""
    if row["T_mct"] is None or row["error"] is None or paper is None:
        return None
    return round((row["T_mct"] - paper) / math.hypot(row["error"], 0.005 / math.sqrt(3)), 1)


if __name__ == "__main__":
    main()
