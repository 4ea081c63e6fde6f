"""``glassdask analyse``: all that this field asks of one's own trajectory."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from glassdask.cli.terminal.number_lists import numbers_of
from glassdask.cli.terminal.table import text_table
from glassdask.cli.terminal.trajectory_options import trajectory_options, trajectory_options_of
from glassdask.physics.memory.dynamics import DYNAMICS

#: Columns of the table of species: heading, key of `as_dict`, key of the error.
_COLUMNS = (
    ("tau_alpha", "relaxation_time", "relaxation_time_error"),
    ("D", "diffusion_coefficient", "diffusion_coefficient_error"),
    ("max alpha_2", "alpha2_peak", "alpha2_peak_error"),
    ("at t", "alpha2_peak_time", ""),
    ("max chi_4", "chi4_peak", "chi4_peak_error"),
    ("at t", "chi4_peak_time", ""),
)


@click.command("analyse", short_help="S(k), F_s(k,t) and all that follows from your own trajectory.")
@click.argument("trajectory", type=click.Path())
@click.option(
    "--output", type=click.Path(), help="Folder for results and progress.  [default: TRAJECTORY's name + -analysis]"
)
@click.option("--temperature", type=float, help="k_BT, where theory or memory are wanted in Newtonian dynamics.")
@click.option("--density", type=float, help="N/V of a file without a box, taken as a cube.")
@trajectory_options
@click.option(
    "--observables", help="Names, with commas.  [default: all of its dimension; docs/observables.md lists them]"
)
@click.option("--wavenumbers", help="Of collective scattering, besides k_p, such as 5.0,10.0.")
@click.option("--overlap-distance", type=float, default=0.3, show_default=True, help="Of Q(t) and chi_4(t).")
@click.option(
    "--max-vectors", type=click.IntRange(min=1), help="Wavevectors of a bin.  [default: all; 1000 above N = 5000]"
)
@click.option("--structure-frames", type=click.IntRange(min=1), default=200, show_default=True, help="Frames for S(k).")
@click.option("--mct", is_flag=True, help="Go on to mode-coupling theory of S(k).")
@click.option("--fit", is_flag=True, help="Go on to memory functions of F_s(k_p,t).")
@click.option("--dynamics", type=click.Choice(DYNAMICS), help="Of both.  [default: newtonian with --temperature]")
@click.option("--figures/--no-figures", default=True, show_default=True, help="Draw them.")
@click.option("--array", type=click.Choice(["auto", "numpy", "cupy"]), default="auto", show_default=True, help="Where.")
@click.option("--json", "as_json", is_flag=True, help="Machine-readable, on standard output.")
def command(trajectory: str, output: str | None, as_json: bool, **options: Any) -> None:
    """S(k), F_s(k,t), relaxation times, diffusion and dynamic heterogeneity of a trajectory that you have.

    TRAJECTORY is a GSD file, a LAMMPS dump (text or binary), XYZ or extended XYZ, DCD, XTC, TRR, H5MD or AMBER NetCDF. What was
    understood is printed first. Lengths must be in units of about a particle's diameter (--length-unit), times are those of the
    file or steps × --time-step, and all results are in these units. The folder holds observables.nc (as of a campaign's state),
    tables that 'glassdask mct' and 'glassdask fit' read, and figures. Killed and run again, it goes on.

    \b
    Example:
      glassdask analyse trajectory.gsd
      glassdask analyse dump.lammpstrj --types 1=A,2=B --time-step 0.005 --mct --fit --temperature 0.8
      glassdask analyse run.xtc --topology start.gro --length-unit 0.34 --json | jq .relaxation_time.A
    """
    from glassdask.operations.trajectories.analysis import analyse

    for name in ("observables", "wavenumbers"):
        text = options.pop(name)
        if text is not None:
            options[name] = numbers_of(text, "--wavenumbers") if name == "wavenumbers" else _names(text)
    own = trajectory_options_of(options)
    folder = output or f"{_stem(Path(trajectory))}-analysis"
    with _bar() as progress:
        found = analyse(
            trajectory,
            options=own,
            output=folder,
            say=lambda line: click.echo(line, err=True),
            progress=progress,
            **options,
        )
    answer = found.as_dict()
    click.echo(json.dumps(answer, indent=1, allow_nan=False) if as_json else _text(answer))


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _stem(path: Path) -> str:
    name = path.name.removesuffix(".gz")
    return name.partition(".")[0] or name


@contextmanager
def _bar() -> Iterator[Callable[[Any], None]]:
    """A progress bar on a terminal; nothing elsewhere."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda _: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(bar_width=24), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        tasks: dict[str, Any] = {}

        def show(step: Any) -> None:
            if step.part not in tasks:
                tasks[step.part] = bar.add_task(step.part, total=step.total)
            bar.update(tasks[step.part], completed=step.done, total=step.total)

        yield show


def _text(found: dict[str, Any]) -> str:
    shown = [column for column in _COLUMNS if column[1] in found]
    rows = [[name, *(_cell(found, name, *keys) for _, *keys in shown)] for name in found["species"]]
    crystal = found["crystalline_fraction"]
    lines = [
        "",
        f"density {found['density']:.6g}, main peak of S(k): k_p = {found['k_p']:.4g}, S_AA(k_p) = {found['peak']:.4g}",
        f"{'solid-like particles' if found['dimension'] == 3 else 'particles in ordered hexagons'}: "
        + ("not known" if crystal is None else f"{crystal:.2%}"),
        {
            "done": "in equilibrium, as far as its halves and its length can tell",
            "not_equilibrated": "not in equilibrium, or too short",
            "crystallised": "crystallised",
        }[found["status"]],
        *(f"  {reason}" for reason in found["reasons"]),
        "",
        text_table(["species", *(column[0] for column in shown)], rows),
        f"times in {found['time_unit']}",
        "",
        *_theory_lines(found),
        *(f"note: {note}" for note in found["notes"]),
        f"{found['folder']}: {', '.join(found['files'])}",
    ]
    return "\n".join(lines)


def _cell(found: dict[str, Any], species: str, key: str, error_key: str) -> str | None:
    value = found[key][species]
    if value is None:
        return None
    error = found.get(error_key, {}).get(species) if error_key else None
    return f"{value:.4g}" if error is None else f"{value:.4g} ± {error:.1g}"


def _theory_lines(found: dict[str, Any]) -> list[str]:
    lines = []
    if found["mct"] is not None:
        theory = found["mct"]
        times = ", ".join(
            f"{name} {'none' if tau is None else f'{tau:.4g}'}" for name, tau in theory["relaxation_time"].items()
        )
        coupling = theory["critical_coupling"]
        g_c = "" if coupling is None else f", critical coupling {coupling:.4g} (1 at the critical point)"
        lines.append(f"mode-coupling theory: {theory['outcome']}{g_c}; tau of {times}; {theory['dynamics']}")
        lines += [f"warning: {line}" for line in theory["warnings"]]
    if found["memory"] is not None:
        for name, of_species in found["memory"]["species"].items():
            lines.append(f"memory of {name}: {of_species.get('best_n_exp', '–')} stretched exponentials by BIC")
    return [*lines, ""] if lines else []
