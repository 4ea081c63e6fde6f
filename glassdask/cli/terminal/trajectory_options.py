"""Options that say of a trajectory what its file does not."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from glassdask.cli.terminal.number_lists import numbers_of
from glassdask.errors import InvalidInput

if TYPE_CHECKING:
    from glassdask.datasets.trajectories.options import TrajectoryOptions

_OPTIONS = (
    click.option(
        "--types",
        help="Species of the file's types: 1=A,2=B; of a file that says none, particles in their order: A:800,B:200.  "
        "[default: A, B, … in the order of the types]",
    ),
    click.option(
        "--time-step", type=float, help="Time of one step, where the file counts steps: times are steps × time step."
    ),
    click.option(
        "--box", help="Periodic box of a file without one: L, or Lx,Ly,Lz, or nine numbers, vector after vector."
    ),
    click.option(
        "--length-unit", type=float, help="Lengths of the file are divided by it, such as sigma in Å.  [default: 1]"
    ),
    click.option("--mass", "masses", help="Masses of the species: A=1,B=2.  [default: as the file says, else all 1]"),
    click.option(
        "--topology",
        type=click.Path(dir_okay=False),
        help="File with the species, where the trajectory has none (DCD, XTC, TRR).",
    ),
    click.option("--dimension", type=click.Choice(["2", "3"]), help="Of space.  [default: as the file says]"),
    click.option("--first", type=int, help="Number of the first frame that counts, from 0."),
    click.option("--last", type=int, help="Number of the last frame that counts."),
    click.option("--stride", type=int, help="Take every so-manieth frame."),
    click.option(
        "--unwrapped/--wrapped",
        "is_unwrapped",
        default=None,
        help="Whether positions were followed through the boundaries.  [default: as the file says or shows]",
    ),
    click.option("--format", help="Format of a file whose ending and content do not tell it, such as lammps."),
    click.option("--columns", help="Columns of a binary dump of a LAMMPS of before 2020: 'id type x y z'."),
)
#: What they are called where they are taken.
_FIELDS = (
    *("types", "time_step", "box", "length_unit", "masses", "topology", "dimension", "first", "last", "stride"),
    *("is_unwrapped", "format", "columns"),
)


def trajectory_options(command: Callable) -> Callable:
    """Adds what says how a trajectory is to be read."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def trajectory_options_of(options: dict[str, Any]) -> TrajectoryOptions:
    """What those options say, which are taken out of the others."""
    from glassdask.datasets.trajectories.options import TrajectoryOptions, species_options

    told: dict[str, Any] = {name: value for name in _FIELDS if (value := options.pop(name)) is not None}
    if "types" in told:
        told |= species_options(told.pop("types"))
    if "masses" in told:
        told["masses"] = {
            name: _number(text, "--mass") for name, text in _named(told["masses"], "--mass", "A=1,B=2").items()
        }
    if "box" in told:
        told["box"] = _box(numbers_of(told["box"], "--box"))
    if "dimension" in told:
        told["dimension"] = int(told["dimension"])
    return TrajectoryOptions(**told)


def _named(text: str, option: str, example: str) -> dict[str, str]:
    """Pairs such as 1=A,2=B."""
    pairs = [part.partition("=") for part in text.split(",")]
    if not all(name.strip() and sign and value.strip() for name, sign, value in pairs):
        raise InvalidInput(f"{option} is {text!r}; allowed: pairs with commas between them, such as {example}")
    return {name.strip(): value.strip() for name, _, value in pairs}


def _number(text: str, option: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise InvalidInput(f"{option} holds {text!r}; allowed: numbers above 0, such as A=1,B=2") from None


def _box(numbers: tuple[float, ...]) -> Any:
    if len(numbers) == 9:
        return tuple(numbers[i : i + 3] for i in (0, 3, 6))
    if len(numbers) == 4:
        return numbers[:2], numbers[2:]
    if len(numbers) in (1, 2, 3):
        return numbers
    raise InvalidInput(
        f"--box has {len(numbers)} numbers; allowed: one, two or three lengths, or nine: a_x,a_y,a_z,b_x,…,c_z"
    )
