"""The ``glassdask`` command, and ``python -m glassdask`` for launchers that start modules."""

from __future__ import annotations

import os
import signal


def _end_now(*_: object) -> None:
    """Ctrl-C while nothing is at work yet, or any more: an exception in the midst of an import or of Python's own end
    would be a traceback on the screen."""
    os.write(2, b"glassdask: stopped by SIGINT.\n")
    os._exit(130)


def main() -> None:
    """Entry point: from its first line to the end of the process Ctrl-C is heeded."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # nohup's SIG_IGN stays
        signal.signal(signal.SIGINT, _end_now)
    from glassdask.cli import main as command_line

    command_line()


if __name__ == "__main__":
    main()
