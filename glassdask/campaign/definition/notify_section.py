"""The table ``[notify]`` of campaign and site files: whom to tell when a run ends, or states begin to fail.

It changes no number: no stage sees it, no hash holds it, and the record in the campaign's folder is written without it, so
that whoever runs a folder that somebody else has made runs no command of theirs, and an address with a token in it stays in
the file of its owner.
"""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from glassdask.stages.contract.sections import Section, one_or_many

_SERVER = re.compile(r"(?P<host>[A-Za-z0-9][A-Za-z0-9._-]*)(:(?P<port>[0-9]{1,5}))?")


def _command(value: str) -> str:
    if not value.strip() or "\0" in value:
        raise ValueError("allowed: a command of the shell, as 'notify-send glassdask \"$GLASSDASK_MESSAGE\"'")
    return value


def _mail_address(value: str) -> str:
    if not re.fullmatch(r"[^\s@,<>-][^\s@,<>]*(@[^\s@,<>]+)?", value):
        raise ValueError("allowed: a mail address, as 'me@example.org', or a list of them")
    return value


def _web_address(value: str) -> str:
    if not re.fullmatch(r"https?://[^\s/]+\S*|\$[A-Za-z_]\w*|\$\{[A-Za-z_]\w*\}", value):
        raise ValueError(
            "allowed: an address that begins with https:// or http://, or $NAME of a variable of the environment that holds it"
        )
    return value


def _server(value: str) -> str:
    found = _SERVER.fullmatch(value)
    if not found or not 0 < int(found["port"] or 25) < 65536:
        raise ValueError(
            "allowed: a host, with its port where that is not 25, as 'localhost' or 'mail.example.org:587'"
        )
    return value


MailAddress = Annotated[str, AfterValidator(_mail_address)]


class NotifySection(Section):
    """Whom to tell; nobody by default.

    Parameters
    ----------
    command
        Given to the shell, with facts in variables ``GLASSDASK_…`` and as JSON on standard input.
    mail
        One address or several.
    mail_server, mail_from
        Which takes mail without a password, and who is its sender; by default the user on this machine.
    webhook
        Gets the facts as JSON by POST, with the message as ``text``, as Slack's and Mattermost's do.
    time_limit
        What takes longer is given up. [s]
    failure_interval
        States that fail are told of when the first has failed, and then no sooner than after this time. [s]
    """

    command: Annotated[str, AfterValidator(_command)] | None = None
    mail: Annotated[list[MailAddress], BeforeValidator(one_or_many), Field(min_length=1)] | None = None
    mail_server: Annotated[str, AfterValidator(_server)] = "localhost"
    mail_from: MailAddress | None = None
    webhook: Annotated[str, AfterValidator(_web_address)] | None = None
    time_limit: Annotated[float, Field(ge=0.1, le=600, allow_inf_nan=False)] = 30.0
    failure_interval: Annotated[float, Field(ge=1, le=7 * 86400, allow_inf_nan=False)] = 3600.0

    @model_validator(mode="after")
    def _has_somebody_to_tell(self) -> NotifySection:
        if self.mail is None and self.model_fields_set & {"mail_server", "mail_from"}:
            raise ValueError("notify.mail is missing; mail_server and mail_from belong to it: give it the addresses")
        return self

    @property
    def is_on(self) -> bool:
        """Whether anybody is to be told."""
        return any((self.command, self.mail, self.webhook))

    @property
    def mail_host(self) -> tuple[str, int]:
        """Host and port of the mail server."""
        host, _, port = self.mail_server.partition(":")
        return host, int(port or 25)
