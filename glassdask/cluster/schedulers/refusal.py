"""What a refused submission means: will another try go better, and when?

Batch systems say it in words, on standard error, whatever wrapper stands before their commands. The words looked for are
those of OpenPBS (``src/lib/Liblog/pbs_messages.c``) and of SLURM (``src/common/slurm_errno.c``, and the names of limits in
``src/slurmctld/acct_policy.c``).
"""

from __future__ import annotations

import re
from enum import Enum


class Refusal(Enum):
    """Why a job was not taken."""

    #: Too many jobs of this user: another one is taken when one of them has ended.
    LIMIT = "limit"
    #: The batch system is busy, down, or closed for now.
    PASSING = "passing"
    #: The job cannot be had as it is asked for.
    FINAL = "final"
    #: Words of the site's own.
    UNKNOWN = "unknown"


#: In the order in which they are looked for: SLURM ends its word about a limit with one about a policy. That word alone,
#: of older versions, may mean either and is unknown.
_WORDS = {
    Refusal.LIMIT: (
        r"per-(user|group|project) limit|would exceed .*limit",  # PBS: would exceed queue cpu's per-user limit
        r"max\w*submit|submit\w*limit|(max|grp)jobs\w*limit",  # SLURM: QOSMaxSubmitJobPerUserLimit
        r"maximum number of (queued |submitted )?jobs|too many (queued |submitted )?jobs|submit limit (reached|exceeded)",
    ),
    Refusal.PASSING: (
        r"timed? ?out|try again|retry|temporar(y|ily)|busy|overloaded|standby|shutting down|not responding",
        r"unable to contact|(cannot|could not|unable to|failed to) connect|connection|communication|no route to host",
        r"end of file|zero bytes|zero length|broken pipe|protocol error|unreachable",
        r"not enabled|disabled|down state|\(inactive|\(down|not available now|not usable now|currently not|maintenance",
        r"credential|munge|authentication",  # of a service that hiccups
        r"internal error|system error",
    ),
    Refusal.FINAL: (
        r"\binvalid|\bunknown|\billegal|\bunrecogni[sz]ed|\bundefined|unsupported|not support",
        r"unauthori[sz]ed|not authori[sz]ed|not permitted|not allowed|(permission|access)\b.*\bdenied|not a member",
        r"violates (?!accounting)|exceeds|exceeded|more \w+ (requested )?than|can ?not be (satisfied|used)|out of range",
        r"(qos|assoc)(max|min|grp)\w+",  # SLURM: QOSMaxWallDurationPerJobLimit
        r"(configuration|task) is not available|does not exist|doesn't exist|not found|no such|bad (uid|gid)|not in this",
        r"mutually exclusive|duplicate|no default queue|no partition|must \w+|required, but|rejected by all|too long",
    ),
}
_PATTERNS = {kind: re.compile("|".join(words), re.IGNORECASE) for kind, words in _WORDS.items()}
#: How both batch systems begin a complaint of theirs.
_COMPLAINT = re.compile(r"\s*(qsub|sbatch)\b.*:")


def complaint(printed: str) -> str:
    """What a command has complained of, on one line, without what a wrapper or the site prints around it.

    >>> complaint("Welcome to glass1\\nqsub: illegal -k value\\nusage: qsub [-a date_time]")
    'qsub: illegal -k value'
    """
    lines = [line.strip() for line in printed.splitlines() if line.strip()]
    return "; ".join([line for line in lines if _COMPLAINT.match(line)] or lines)


def refusal(printed: str) -> Refusal:
    """What a command's complaint means.

    Parameters
    ----------
    printed
        What it has printed.

    Examples
    --------
    >>> refusal("qsub: would exceed queue one's per-user limit")
    <Refusal.LIMIT: 'limit'>
    >>> refusal("sbatch: error: Batch job submission failed: Invalid partition name specified")
    <Refusal.FINAL: 'final'>
    >>> refusal("sbatch: error: Batch job submission failed: Unable to contact slurm controller (connect failure)")
    <Refusal.PASSING: 'passing'>
    """
    said = complaint(printed)
    return next((kind for kind, pattern in _PATTERNS.items() if pattern.search(said)), Refusal.UNKNOWN)
