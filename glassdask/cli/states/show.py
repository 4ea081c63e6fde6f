"""``glassdask show``: all that is known of one state: numbers, curves, what happened, why it failed."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

import click

from glassdask.campaign.observe.state_detail import StateDetail
from glassdask.cli.states.status_table import status_word
from glassdask.cli.terminal.changed_file import say_what_changed
from glassdask.cli.terminal.own_files import check_folder
from glassdask.cli.terminal.state_words import states_argument
from glassdask.errors import InvalidInput
from glassdask.operations.status import state
from glassdask.stages.contract.registry import scalars
from glassdask.stages.contract.stage import Shown

_FIGURES = (".png", ".pdf", ".svg")
#: Events that are shown; `--json` gives more.
_EVENTS = 8


@click.command("show", short_help="Show all that is known of one state, with its curves.")
@click.argument("campaign", type=click.Path(exists=True))
@states_argument(is_required=True)
@click.option("--figure", type=click.Path(dir_okay=False), help="Write both curves with error bands: .png, .pdf, .svg.")
@click.option("--json", "as_json", is_flag=True, help="Machine-readable, on standard output.")
def command(campaign: str, states: tuple[str, ...], figure: str | None, as_json: bool) -> None:
    """Show one state: numbers, F_s(k_p,t) and S(k), what happened and, if it failed, why and what to do.

    CAMPAIGN is the campaign's TOML file or its folder. STATE is a name as 'glassdask ls' prints it, or words that only one
    state fits: T0.8 (T = 0.8, also T0.80), rho1.2, lj, r0. While a simulation runs, the curves are rough ones from what it has written so far.

    \b
    Example:
      glassdask show campaign.toml lj_rho1.2_T0.8_r0
      glassdask show campaign.toml T0.8 --figure curves.pdf
      glassdask show campaign.toml lj T1
      glassdask show campaign lj_rho1.2_T0.8_r0 --json | jq .attempts
    """
    if figure is not None:
        _check_figure(figure)
    say_what_changed(campaign)
    detail = state(campaign, *states)
    if as_json:
        click.echo(json.dumps(detail.as_dict(), indent=1))
    else:
        _show(detail)
    if figure is not None:
        click.echo(str(_write_figure(detail, Path(figure))), err=as_json)


# --- on the screen --------------------------------------------------------------------------------------------------


def _show(detail: StateDetail) -> None:
    """Draws with what standard output can print; colours only on a terminal."""
    from glassdask.cli.terminal.terminal_curves import terminal_curves

    is_ascii = not (sys.stdout.encoding or "ascii").lower().startswith("utf")
    has_colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    width = shutil.get_terminal_size().columns
    drawings = terminal_curves(detail.curves, width, has_colour, is_ascii)
    parts = [_numbers(detail), drawings, _history(detail), _trouble(detail)]
    text = "\n\n".join(part for part in parts if part)
    click.echo(text, color=has_colour)


def _numbers(detail: StateDetail) -> str:
    summary = detail.status.summary
    rows = [
        (
            scalar.title,
            format(summary[scalar.name], scalar.spec),
            f"{scalar.unit if scalar.unit != '1' else ''} {scalar.of}",
        )
        for scalar in scalars(Shown.STATE)
        if summary.get(scalar.name) is not None
    ]
    device = f" on {detail.device}" if detail.device else ""
    speed = f", {detail.steps_per_second:,.0f} steps/s" if detail.steps_per_second else ""
    if detail.engine or speed:
        rows.append(("simulated by", f"{detail.engine or 'a running engine'}{device}{speed}", ""))
    rows.append(("starts", ", ".join(f"{stage} {count}" for stage, count in detail.attempts.items()) or "none", ""))
    seconds = {stage: value for stage, value in detail.seconds.items() if value is not None}
    if seconds:
        rows.append(("seconds", ", ".join(f"{stage} {value:.1f}" for stage, value in seconds.items()), ""))
    if summary.get("reasons"):
        rows.append(("because", summary["reasons"], ""))
    lines = [f"{label:<13} {value} {unit}".rstrip() for label, value, unit in rows]
    return "\n".join([f"{detail.status.state.identifier}: {status_word(detail.status)}", *lines])


def _history(detail: StateDetail) -> str:
    lines = []
    for event in detail.events[-_EVENTS:]:
        words = [str(event.get(name, "")) for name in ("time", "stage", "event")]
        attempt = f"attempt {event['attempt']}" if "attempt" in event else ""
        reason = ": ".join(str(event[name]) for name in ("reason", "message") if event.get(name))
        where = f"on {event.get('host', '?')}"
        lines.append("  " + "  ".join(filter(None, [*words, attempt, where, reason])))
    return "\n".join(["last events", *lines]) if lines else ""


def _trouble(detail: StateDetail) -> str:
    """The failure and what to do, and the end of the log."""
    lines = []
    failure = detail.failure
    if failure:
        lines += [f"failed in {failure.get('stage')} for the reason {failure.get('reason')!r} ({failure.get('time')}):"]
        lines += [f"  {failure.get('message')}"]
        lines += [f"  then: glassdask retry CAMPAIGN {detail.status.state.identifier}"]
    if detail.log:
        lines += ["end of the log", *(f"  {line}" for line in detail.log.splitlines())]
    return "\n".join(lines)


# --- as a figure ----------------------------------------------------------------------------------------------------


def _check_figure(name: str) -> None:
    if Path(name).suffix.lower() not in _FIGURES:
        raise InvalidInput(f"--figure {name!r}: its ending says the format; allowed: {', '.join(_FIGURES)}")
    check_folder(name, "--figure")


def _write_figure(detail: StateDetail, path: Path) -> Path:
    name = detail.status.state.identifier
    if "t" not in detail.curves and "k" not in detail.curves:
        raise InvalidInput(
            f"{name} has no curve yet ({detail.status.status}); allowed: a state whose production has begun"
        )
    from glassdask.figures.measured.state_curves import draw

    return draw(detail.curves, name, path)
