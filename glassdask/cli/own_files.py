"""What the verbs share that take a campaign, or a file of the user's own."""

from __future__ import annotations

from pathlib import Path

import click
from click.core import ParameterSource

from glassdask.errors import InvalidInput

#: Endings of files of data; all else is taken for a campaign.
DATA_FILES = (".csv", ".nc", ".txt", ".dat")


def is_data_file(source: str) -> bool:
    """Whether a source is a file of data rather than a campaign."""
    return Path(source).suffix.lower() in DATA_FILES and not Path(source).is_dir()


def refuse_options_of_files(source: str, subject: str, remedy: str) -> None:
    """For a campaign, whose file says it all: no option but --json may have been given.

    Parameters
    ----------
    source
        The campaign.
    subject
        What the verb's own files hold, such as "S(k)".
    remedy
        Where the campaign says it, or what to do instead.
    """
    context = click.get_current_context()
    for name in context.params:
        is_given = context.get_parameter_source(name) is ParameterSource.COMMANDLINE
        if is_given and name not in ("source", "as_json"):
            option = "--" + name.replace("_", "-")
            raise InvalidInput(
                f"{option} belongs to a file of {subject} ({', '.join(DATA_FILES)}); {source} is taken for a campaign, whose "
                f"file says it all {remedy}"
            )


def check_folder(name: str, option: str) -> None:
    """The folder of a file to be written must be there before anything is computed."""
    if not Path(name).absolute().parent.is_dir():
        raise InvalidInput(f"{option} {name!r}: its folder does not exist; make it first")
