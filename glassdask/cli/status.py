"""``glassdask status``: counts and one line a state, once or again and again. Loads neither Dask nor xarray."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import click

from glassdask.campaign.lease import suspended
from glassdask.campaign.requests import live_driver
from glassdask.campaign.status import StateStatus, campaign_status, counts
from glassdask.cli.changed_file import say_what_changed
from glassdask.cli.table import text_table
from glassdask.counted import counted
from glassdask.errors import InvalidInput
from glassdask.folder_rule import campaign_folder

#: Header, key of the summary, format.
_COLUMNS = (
    ("T meas.", "measured_temperature", ".4f"),
    ("pressure", "pressure", ".3f"),
    ("energy", "total_energy", ".4f"),
    ("drift", "energy_drift", ".1e"),
    ("k_p", "peak_wavenumber", ".3f"),
    ("S(k_p)", "peak_structure_factor", ".3f"),
    ("tau_A", "relaxation_time_A", ".4g"),
    ("tau_B", "relaxation_time_B", ".4g"),
)


#: Seconds between two looks where the user names none.
_WATCH_SECONDS = 2.0


class _Command(click.Command):
    """Takes ``--watch`` without a number, whatever comes after it."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        for i, arg in enumerate(args):
            if arg == "--watch" and not _is_number("".join(args[i + 1 : i + 2])):
                args[i] = f"--watch={_WATCH_SECONDS:g}"
        return super().parse_args(ctx, args)


@click.command("status", cls=_Command, short_help="Show how far a campaign is.")
@click.argument("campaign", type=click.Path(exists=True))
@click.option(
    "--watch", type=click.FloatRange(min=0.1), metavar="[SECONDS]", help="Look again and again; 2 s unless given."
)
@click.option("--json", "as_json", is_flag=True, help="Machine-readable, on standard output.")
def command(campaign: str, watch: float | None, as_json: bool) -> None:
    """Show counts and one line a state. CAMPAIGN is the campaign's TOML file or its folder.

    Temperatures are in epsilon_AA/k_B, pressure in epsilon_AA/sigma_AA^3, energy and its drift over production in
    epsilon_AA a particle, k_p in 1/sigma_AA, relaxation times (F_s(k_p,t) = 1/e) in tau_MD.

    With --watch what fits the screen is drawn again and again, until Ctrl-C or until nothing is left to do; where
    standard output is no terminal, the counts are printed each time they change.

    \b
    Example:
      glassdask status campaign.toml
      glassdask status campaign.toml --watch
      glassdask status campaign --json | jq .counts
    """
    folder = campaign_folder(campaign)
    if watch is not None:
        if as_json:
            raise InvalidInput("--watch and --json exclude each other; allowed: one of them")
        from glassdask.cli.status_watch import watch_status

        watch_status(folder, watch)
        return
    say_what_changed(campaign)
    statuses = list(campaign_status(folder))
    if as_json:
        click.echo(json.dumps(status_json(statuses), indent=1))
        return
    click.echo(status_text(statuses))
    driver = live_driver(folder)
    if driver is not None and suspended(driver):
        click.echo(f"the driver is process {driver.pid} on {driver.host}{suspended(driver)}", err=True)


def status_json(statuses: Sequence[StateStatus]) -> dict[str, Any]:
    """Counts and states as plain data."""
    return {"counts": counts(statuses), "states": [item.as_dict() for item in statuses]}


def status_text(statuses: Sequence[StateStatus]) -> str:
    """The table of states, the counts under it, and why states failed."""
    header = ["potential", "rho", "T", "replica", *(name for name, _, _ in _COLUMNS), "status"]
    rows = [_row(item) for item in statuses]
    if all(item.state.replica == 0 for item in statuses):
        header, rows = _without(header, rows, "replica")
    reasons = [f"{item.state.identifier}: {item.message}" for item in statuses if item.status == "failed"]
    return "\n".join([text_table(header, rows), "", counts_text(statuses), *reasons])


def counts_text(statuses: Sequence[StateStatus]) -> str:
    """The number of states and, by status, those that there are."""
    found = [f"{count} {name}" for name, count in counts(statuses).items() if count]
    return f"{counted(len(statuses), 'state')}: " + ", ".join(found)


def state_table(statuses: Sequence[StateStatus]) -> str:
    """The table of states with their identifiers and stages."""
    header = ["state", *(name for name, _, _ in _COLUMNS), "stage", "status"]
    rows = [[item.state.identifier, *_measured(item), item.stage or None, status_word(item)] for item in statuses]
    return text_table(header, rows)


def _row(item: StateStatus) -> list[str | None]:
    state = item.state
    point = [state.potential, f"{state.density:g}", f"{state.temperature:g}", str(state.replica)]
    return [*point, *_measured(item), status_word(item)]


def _measured(item: StateStatus) -> list[str | None]:
    return [_formatted(item.summary.get(key), spec) for _, key, spec in _COLUMNS]


def _formatted(value: float | None, spec: str) -> str | None:
    return None if value is None else format(value, spec)


def status_word(item: StateStatus) -> str:
    """The status with what else is to be said: stage, phase and share of one at work, flags of a finished one."""
    flags = [word for word in ("temperature_off", "energy_drifting") if item.summary.get(f"is_{word}")]
    if item.status == "running":
        share = "" if item.progress is None else f" {item.progress:.0%}"
        return f"{item.stage}{f' ({item.phase})' if item.phase else ''}{share}"
    return item.status + "".join(f" +{flag}" for flag in flags)


def _without(header: list[str], rows: list, name: str) -> tuple[list[str], list]:
    place = header.index(name)
    return header[:place] + header[place + 1 :], [row[:place] + row[place + 1 :] for row in rows]


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
