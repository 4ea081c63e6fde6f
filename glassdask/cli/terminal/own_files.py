"""What the verbs share that take a campaign, or a file of the user's own."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from glassdask.errors import InvalidInput

if TYPE_CHECKING:
    from glassdask.datasets.tables.number_table import TableOptions

#: The first line of a TOML file that is no comment: a table, or a key with its value.
_TOML = re.compile(rb"\s*(\[{1,2}\s*[A-Za-z_\"']|[A-Za-z_][\w.-]*\s*=)")
_OPTIONS = (
    click.option(
        "--columns", help="Names of the file's columns in order, _ for one to leave out.  [default: as the file says]"
    ),
    click.option(
        "--separator", help="Between the file's columns: comma, semicolon, tab, blanks or a sign.  [default: found]"
    ),
    click.option("--decimal", help="Of the file's numbers: point or comma.  [default: found]"),
)


def table_options(command: Callable) -> Callable:
    """Adds what says how a table is to be read, where it leaves that open."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def table_options_of(options: dict[str, Any]) -> TableOptions:
    """What those options say, which are taken out of the others."""
    from glassdask.datasets.tables.number_table import TableOptions

    columns = options.pop("columns")
    names = None if columns is None else tuple(re.split(r"[,;\s]+", columns.strip()))
    return TableOptions(names, options.pop("separator"), options.pop("decimal"))


def say_what_was_read(read: str, doubts: tuple[str, ...] = ()) -> None:
    """How a file was understood, in a line on standard error, and what looks odd in it."""
    click.echo(f"read: {read}", err=True)
    for doubt in doubts:
        click.echo(f"warning: {doubt}", err=True)


def is_data_file(source: str) -> bool:
    """Whether a source is a file of data rather than a campaign: a folder, or TOML by its ending or its first line."""
    path = Path(source)
    if path.is_dir() or path.suffix.lower() == ".toml":
        return False
    try:
        with path.open("rb") as file:
            start = file.read(65536)
    except OSError:
        return True  # who reads it says why it cannot be read
    lines = start.removeprefix(b"\xef\xbb\xbf").splitlines()
    first = next((line for line in lines if line.strip() and not line.lstrip().startswith(b"#")), b"")
    return _TOML.match(first) is None


def refuse_options_of_files(source: str, subject: str, remedy: str, allowed: tuple[str, ...] = ()) -> None:
    """For a campaign, whose file says it all: no option but --json, and those of campaigns, may have been given.

    `subject` is what the verb's own files hold, such as "S(k)"; `remedy` where the campaign says it, or what to do
    instead; `allowed` are the names of the options of campaigns.
    """
    context = click.get_current_context()
    for name in context.params:
        is_given = context.get_parameter_source(name) is ParameterSource.COMMANDLINE
        if is_given and name not in ("source", "as_json", *allowed):
            option = "--" + name.replace("_", "-")
            raise InvalidInput(
                f"{option} belongs to a file of {subject}; {source} is taken for a campaign, whose file says it all {remedy}"
            )


def check_folder(name: str, option: str) -> None:
    """The folder of a file to be written must be there before anything is computed."""
    if not Path(name).absolute().parent.is_dir():
        raise InvalidInput(f"{option} {name!r}: its folder does not exist; make it first")
