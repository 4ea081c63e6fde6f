"""The identifier of a job, out of all that its submission has printed."""

from __future__ import annotations

import re

#: What a line is as a whole: ``7.server`` of qsub, ``7;cluster`` of ``sbatch --parsable`` or sbatch's usual words, of
#: wrappers that drop the option; only where there is no such line, a number alone.
_LINES = (
    re.compile(r"(\d+)(\.[A-Za-z][\w.-]*|;\S+)"),
    re.compile(r"Submitted batch job (\d+)( on cluster \S+)?"),
    re.compile(r"(\d+)"),
)


def job_identifier(printed: str) -> str | None:
    """The number of the job; None if no line is one. What a wrapper prints before and after it is passed over.

    Parameters
    ----------
    printed
        Standard output of sbatch or qsub.

    Examples
    --------
    >>> job_identifier("*** 2 nodes are down until 18:00 ***\\nYou have used 80.5 % of 10000 hours\\n4711.pbs1")
    '4711'
    >>> job_identifier("4711;glass\\n")
    '4711'
    """
    lines = [line.strip() for line in printed.splitlines()]
    found = (match for pattern in _LINES for line in reversed(lines) if (match := pattern.fullmatch(line)))
    match = next(found, None)
    return match and match.group(1)
