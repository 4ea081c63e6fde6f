"""How somebody is told: by a command, by mail, by a webhook; each with a time limit, each failing in words."""

from __future__ import annotations

import getpass
import json
import os
import signal
import smtplib
import subprocess
import tempfile
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from email.message import EmailMessage
from urllib.parse import urlsplit

from glassdask.campaign.definition.notify_section import NotifySection
from glassdask.operations.notification.notice import Notice

#: Bytes at the end of what a command that failed has written to standard error.
_MOST_BYTES = 300


def tell_by_all(section: NotifySection, notice: Notice, time_limit: float, on_done: Callable[[str, str], None]) -> None:
    """Tells by every way that the section names; `on_done` is called with each way and what went wrong, empty if nothing.

    Parameters
    ----------
    section
        Whom to tell.
    notice
        What.
    time_limit
        For each way. [s]
    on_done
        Called after each.
    """
    ways: dict[str, tuple[object, Callable[[NotifySection, Notice, float], str]]] = {
        "command": (section.command, run_command),
        "mail": (section.mail, send_mail),
        "webhook": (section.webhook, post),
    }
    for name, (is_asked_for, tell) in ways.items():
        if is_asked_for:
            try:
                trouble = tell(section, notice, time_limit)
            except Exception as error:  # noqa: BLE001  whatever it is, the run must not end by it
                trouble = f"{type(error).__name__}: {error}"
            on_done(name, trouble)


def run_command(section: NotifySection, notice: Notice, time_limit: float) -> str:
    """Runs the command by the shell, in a group of processes of its own, which is killed when its time is over."""
    assert section.command is not None
    with tempfile.TemporaryFile() as errors:  # no pipe: a process that it leaves behind may hold it open for ever
        process = subprocess.Popen(
            section.command, shell=True, process_group=0, env=os.environ | notice.environment(),
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=errors,
        )  # fmt: skip
        try:
            process.communicate(json.dumps(notice.as_dict()).encode(), timeout=time_limit)
        except subprocess.TimeoutExpired:
            return f"it took longer than {time_limit:g} s (time_limit) and was killed"
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        if process.returncode == 0:
            return ""
        errors.seek(0)
        said = errors.read()[-_MOST_BYTES:].decode(errors="replace").strip()
        return f"it ended with the code {process.returncode}" + (f": {said}" if said else "")


def send_mail(section: NotifySection, notice: Notice, time_limit: float) -> str:
    """Hands a mail to the server."""
    assert section.mail is not None
    mail = EmailMessage()
    mail["Subject"] = notice.subject
    mail["From"] = section.mail_from or f"{getpass.getuser()}@{notice.host}"
    mail["To"] = ", ".join(section.mail)
    mail.set_content(notice.message)
    host, port = section.mail_host
    try:
        with smtplib.SMTP(host, port, timeout=time_limit) as server:
            refused = server.send_message(mail)
    except (OSError, smtplib.SMTPException) as error:
        return f"{section.mail_server} did not take it ({error})"
    return f"{section.mail_server} refused {', '.join(refused)}" if refused else ""


def post(section: NotifySection, notice: Notice, time_limit: float) -> str:
    """Posts the facts; of the address, which may hold a token, only the host is told."""
    assert section.webhook is not None
    address = os.path.expandvars(section.webhook)
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return f"{section.webhook} holds no address that begins with https:// or http://; export it where the run is started"
    body = json.dumps(notice.as_dict()).encode()
    request = urllib.request.Request(address, body, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=time_limit):
            return ""
    except OSError as error:  # URLError, HTTPError and time limits are
        return f"{parts.hostname} did not take it ({error})"
