"""``glassdask import``: trajectories that somebody has, as states of a campaign."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from glassdask.cli.terminal.number_lists import numbers_of
from glassdask.cli.terminal.trajectory_options import trajectory_options, trajectory_options_of
from glassdask.errors import InvalidInput


@click.command("import", short_help="Make your own trajectories states of a campaign.")
@click.argument("trajectories", nargs=-1, required=True, type=click.Path(dir_okay=False))
@click.option("--into", required=True, type=click.Path(), help="Campaign file (written if it is not there) or folder.")
@click.option("--potential", help="Liquid of the trajectories, as in the campaign file.")
@click.option("--temperature", type=float, help="k_BT/epsilon_AA.")
@click.option("--density", type=float, help="rho sigma_AA³ of the state; the file's must agree to 1 %.")
@click.option(
    "--replica", type=click.IntRange(min=0), default=0, show_default=True, help="Of the first; others follow."
)
@click.option(
    "--time-unit",
    type=click.Choice(["tau_LJ", "tau_MD"]),
    default="tau_LJ",
    show_default=True,
    help="Of the file's times.",
)
@click.option(
    "--times", help="Lag times in tau_MD at which all are to be known, such as 0.1,1,10.  [default: each its own]"
)
@click.option("--copy", is_flag=True, help="Copy the files into the campaign's folder.  [default: link to them]")
@click.option("--replace", "replace_present", is_flag=True, help="Take the place of the trajectory that a state has.")
@trajectory_options
@click.option("--json", "as_json", is_flag=True, help="Machine-readable, on standard output.")
def command(trajectories: tuple[str, ...], into: str, as_json: bool, **options: Any) -> None:
    """Make trajectories the simulations of states of a campaign; 'glassdask run' does the rest.

    TRAJECTORIES are files of one state, replica after replica, or one CSV file with the columns file,potential,rho,T and, for
    several runs of one state, replica. Formats are those of 'glassdask analyse'. A campaign may hold imported and simulated
    states; each imported one keeps its own times.

    \b
    Example:
      glassdask import run1.lammpstrj run2.lammpstrj --into mine.toml --potential lj --temperature 0.8 \\
        --density 1.2 --types 1=A,2=B --time-step 0.005
      glassdask import runs.csv --into mine.toml --types 1=A,2=B --time-step 0.005
      glassdask run mine.toml
    """
    from glassdask.operations.trajectories.import_list import read_import_list
    from glassdask.operations.trajectories.imports import TrajectoryOfState, import_trajectories
    from glassdask.state_point import StatePoint

    own = trajectory_options_of(options)
    state = {name: options.pop(name) for name in ("potential", "temperature", "density")}
    replica, times = options.pop("replica"), options.pop("times")
    if _is_list(trajectories):
        given = [name for name, value in state.items() if value is not None]
        if given:
            raise InvalidInput(f"--{given[0]} is given beside {trajectories[0]}, whose rows say it; leave it out")
        wanted = read_import_list(trajectories[0])
    else:
        missing = [name for name, value in state.items() if value is None]
        if missing:
            raise InvalidInput(
                f"--{missing[0]} is missing; allowed: the state of the trajectories, or a CSV file of them"
            )
        wanted = [
            TrajectoryOfState(
                Path(name), StatePoint(state["potential"], state["temperature"], state["density"], replica + i)
            )
            for i, name in enumerate(trajectories)
        ]
    lag_times = None if times is None else numbers_of(times, "--times")
    done = import_trajectories(
        wanted, into, options=own, lag_times=lag_times, say=lambda line: click.echo(line, err=True), **options
    )
    if as_json:
        click.echo(json.dumps([asdict(item) for item in done], indent=1))
        return
    for item in done:
        for note in item.notes:
            click.echo(f"note: {item.path}: {note}")
    click.echo(f"next: glassdask run {into}")


def _is_list(trajectories: tuple[str, ...]) -> bool:
    return len(trajectories) == 1 and Path(trajectories[0]).suffix.lower() == ".csv"
