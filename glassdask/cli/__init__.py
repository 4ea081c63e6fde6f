"""The command line: one file per verb, each loaded only when it is called."""

from __future__ import annotations

import importlib
import keyword
import signal
import sys
from typing import Any

import click

import glassdask
from glassdask.cli.terminal.printing import print_anything
from glassdask.errors import GlassdaskError
from glassdask.files.atomic_write import DISK_ERRORS, no_room
from glassdask.interruption import Interrupted, interruptible

#: Verb: what it does in a line; its module is loaded when the verb is used, so that `status` starts in milliseconds.
VERBS = {
    "init": "Print a commented campaign file to start from.",
    "liquids": "List the liquids that a campaign may ask for; all of one, with its u(r).",
    "plan": "Say what a campaign will cost, from a short measured pilot.",
    "run": "Run a campaign, or go on with one.",
    "status": "Show how far a campaign is.",
    "ls": "List the states of a campaign that are asked for.",
    "show": "Show all that is known of one state, with its curves.",
    "retry": "Make failed states ready again.",
    "cancel": "Stop a campaign, or some of its states, in good order.",
    "script": "Print the job scripts of a campaign on a site; submit nothing.",
    "doctor": "Ask one tiny job per pool what its workers see.",
    "import": "Make your own trajectories states of a campaign.",
    "analyse": "S(k), F_s(k,t) and all that follows from your own trajectory.",
    "collect": "Gather what is done so far into one dataset and figures.",
    "mct": "Mode-coupling theory of a campaign or of your own S(k).",
    "fit": "Memory function of a campaign's states or of your own F(t).",
    "train": "Learn F_s(k,t) from S(k) of a campaign.",
    "predict": "F_s(k,t) of your own S(k), by a trained model.",
    "report": "Write one HTML page of all results, with each figure's data.",
    "figures": "Draw a campaign's figures as PNG, PDF or SVG.",
    "compare": "Compare two campaigns in units of their errors.",
    "export": "Write a campaign's data as CSV, Parquet or Zarr.",
    "verify": "Check every product's checksum and inputs.",
}
#: Where the modules of verbs lie, by room.
_ROOMS = {
    "campaign": ("init", "liquids", "plan", "run", "import", "retry", "cancel", "script", "doctor"),
    "states": ("status", "ls", "show", "verify"),
    "analysis": ("analyse", "collect", "mct", "fit", "train", "predict", "report", "figures", "compare", "export"),
}


def verb_command(verb: str) -> click.Command:
    """The command of a verb, loaded now."""
    room = next(room for room, verbs in _ROOMS.items() if verb in verbs)
    module = f"{verb}_" if keyword.iskeyword(verb) else verb
    command: click.Command = importlib.import_module(f"glassdask.cli.{room}.{module}").command
    return command


class LazyVerbs(click.Group):
    """A group whose commands are imported on use."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        return verb_command(cmd_name) if cmd_name in VERBS else None

    def invoke(self, ctx: click.Context) -> Any:
        """Ctrl-C ends every verb alike; those that have more to put in order (run, train, doctor) say so themselves."""
        try:
            with interruptible(signals=(signal.SIGINT,), is_command=True):
                return super().invoke(ctx)
        except Interrupted as stop:  # to click, a KeyboardInterrupt like any other
            click.echo(f"glassdask: {stop}", err=True)
            ctx.exit(stop.exit_code)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Verbs"):
            formatter.write_dl(list(VERBS.items()))


@click.group(cls=LazyVerbs, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(glassdask.__version__, prog_name="glassdask")
def glassdask_command() -> None:
    """Slow dynamics of supercooled liquids from static averages, as a campaign of molecular-dynamics runs.

    \b
    Example:
      glassdask init > campaign.toml     # then edit it
      glassdask plan campaign.toml
      glassdask run campaign.toml        # again after any interruption: it goes on
      glassdask status campaign.toml
    """


def main() -> None:
    """Entry point: mistakes of the user end in one message and an exit code, without a traceback."""
    print_anything()
    try:
        glassdask_command(prog_name="glassdask")
    except GlassdaskError as error:
        click.echo(f"glassdask: {error}", err=True)
        sys.exit(error.exit_code)
    except OSError as error:
        if error.errno not in DISK_ERRORS:
            raise
        click.echo(f"glassdask: {no_room(error)} (what is finished is kept)", err=True)
        sys.exit(1)
