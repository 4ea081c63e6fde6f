"""``glassdask fit CAMPAIGN``: the memories that the campaign's stage ``fit_memory`` has found, one line a fit."""

from __future__ import annotations

import json
import math
from typing import Any

import click

from glassdask.campaign.files.status import recorded_states
from glassdask.cli.terminal.table import text_table
from glassdask.datasets.coverage import coverage
from glassdask.files.folder_rule import campaign_folder

#: What is said of a fit by its flags; files of older versions lack the last.
_WORDS = {"is_degenerate": "degenerate", "is_unresolved": "unresolved", "is_misfit": "not reproduced"}

_NUMBERS = ("loss", "chi2_per_point", "bic", "omega", "baseline", "baseline_error", "baseline_limit")


def fits_of_campaign(source: str, as_json: bool) -> None:
    """Prints what was found so far, replica by replica."""
    from glassdask.operations.analysis.memory import memory_fits

    states = [state_fits(found.data, found.state, found.status) for found in memory_fits(source)]
    found = coverage(len(states), len(recorded_states(campaign_folder(source))))
    if as_json:
        click.echo(json.dumps({"time_unit": "tau_MD", "coverage": found, "states": states}, indent=1, allow_nan=False))
        return
    if not states:
        click.echo("no state has come to its memory fits yet; 'glassdask status' says how far they are")
        return
    header = ["state", "equation", "species", "N_exp", "chi2_per_point", "BIC", "Omega", "w", "tau", "b", ""]
    click.echo(text_table(header, [row for state in states for row in _rows(state)]))
    click.echo(f"\n{found}; times in tau_MD; Omega and w in 1/tau_MD^2 (newtonian) or 1/tau_MD (overdamped)")


def state_fits(data: Any, identifier: str, status: str) -> dict[str, Any]:
    """Every fit of a state as plain data; the one of the lowest BIC of each equation and species is marked."""
    fits = []
    for dynamics in data["dynamics"].values:
        for species in data["species"].values:
            here = data.sel(dynamics=dynamics, species=species)
            lowest = here["memory_bic"].min().item()
            for n_exp in here["n_exp"].values:
                fit = here.sel(n_exp=n_exp)
                if math.isfinite(fit["memory_bic"].item()):
                    about = {"dynamics": str(dynamics), "species": str(species), "n_exp": int(n_exp)}
                    fits.append({**about, "is_best": fit["memory_bic"].item() == lowest, **_numbers(fit, int(n_exp))})
    return {"state": identifier, "status": status, "reason": str(data.attrs.get("memory_reason", "")), "fits": fits}


def _numbers(fit: Any, n_exp: int) -> dict[str, Any]:
    from glassdask.stages.fit_memory.memory_answer import modes_of, numbers_of

    flags = ("baseline_is_bounded", "is_degenerate", "is_unresolved", "is_misfit")
    return {
        **numbers_of(fit, _NUMBERS, "memory_"),
        **{name: bool(fit[f"memory_{name}"].item()) for name in flags if f"memory_{name}" in fit},
        "modes": modes_of(fit, n_exp, "memory_"),
    }


def _rows(state: dict[str, Any]) -> list[list[str | None]]:
    """Lines of the best fits; a state without any says why."""
    rows: list[list[str | None]] = []
    for fit in state["fits"]:
        if fit["is_best"]:
            words = [word for name, word in _WORDS.items() if fit.get(name)]
            numbers = [fit["chi2_per_point"], fit["bic"], fit["omega"]]
            columns = [" ".join(f"{mode[name]:.3g}" for mode in fit["modes"]) for name in ("weight", "time", "stretch")]
            rows.append(
                [
                    state["state"],
                    fit["dynamics"],
                    fit["species"],
                    str(fit["n_exp"]),
                    *(None if value is None else f"{value:.3g}" for value in numbers),
                    *columns,
                    ", ".join(words),
                ]
            )
    return rows or [[state["state"], *[None] * 9, state["reason"]]]
