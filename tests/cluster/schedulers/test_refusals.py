"""What batch systems say when they refuse a job: for ever, for now, or because the user has enough of them."""

from __future__ import annotations

import pytest

from glassdask.cluster.schedulers.protocol import Refusal
from glassdask.cluster.schedulers.registry import schedulers

_SBATCH = "sbatch: error: Batch job submission failed: "
_POLICY = _SBATCH + "Job violates accounting/QOS policy (job submit limit, user's size and/or time limits)"
#: What messages of each system hold.
_MARKS = {"slurm": "sbatch", "pbs": "qsub", "lsf": "."}


def refusal(said: str) -> Refusal:
    """As the system understands it whose message it is."""
    name = next((name for name, mark in _MARKS.items() if mark in said), "lsf")
    return schedulers()[name].refusal(said)


@pytest.mark.parametrize(
    "said",
    [
        "qsub: Unknown queue",
        "qsub: Unknown queue MSG=cannot locate queue",
        "qsub: Unknown resource: foo",
        "qsub: Unknown resource Resource_List.foo",
        "qsub: Illegal attribute or resource value select.ncpus",
        "qsub: Unauthorized Request ",
        "qsub: Access to queue is denied",
        "qsub: Job violates queue and/or server resource limits",
        "qsub: Cannot be used with select or place: nodes",
        "qsub: Bad UID for job execution",
        "qsub: Invalid Account",
        "qsub: No default queue specified",
        "qsub: illegal -k value\nusage: qsub [-a date_time] [-A account_string]",
        _SBATCH + "Invalid partition name specified",
        _SBATCH + "Invalid account or account/partition combination specified",
        _SBATCH + "Invalid qos specification",
        _SBATCH + "Requested node configuration is not available",
        _SBATCH + "Invalid generic resource (gres) specification",
        _SBATCH + "Requested time limit is invalid (missing or exceeds some limit)",
        _SBATCH + "User's group not permitted to use this partition",
        _SBATCH + "More processors requested than permitted",
        "sbatch: error: Memory specification can not be satisfied\n" + _SBATCH + "Requested node configuration is not available",
        "sbatch: error: QOSMaxWallDurationPerJobLimit\n" + _POLICY,
        "sbatch: error: QOSMaxCpuPerJobLimit\n" + _POLICY,
        "sbatch: unrecognized option '--gpu'\nTry \"sbatch --help\" for more information",
        "sbatch: error: You must specify an account (-A)",
        "nowhere: No such queue. Job not submitted.",
        "Bad resource requirement syntax. Job not submitted.",
        "User not in the specified user group. Job not submitted.",
        "User cannot use the queue. Job not submitted.",
        "RUNLIMIT: Cannot exceed queue's hard limit(s). Job not submitted.",
    ],
)  # fmt: skip
def test_what_no_later_submission_can_get(said: str) -> None:
    assert refusal(said) is Refusal.FINAL


@pytest.mark.parametrize(
    "said",
    [
        "qsub: would exceed queue generic's per-user limit",
        "qsub: would exceed complex's per-user limit",
        "qsub: would exceed queue workq's per-user limit of jobs in 'Q' state",
        "qsub: would exceed user glass's limit on resource ncpus in complex",
        "qsub: Maximum number of jobs already in queue",
        "qsub: Maximum number of jobs for user glass already in queue one",
        "sbatch: error: AssocMaxSubmitJobLimit\n" + _POLICY,
        "sbatch: error: QOSMaxSubmitJobPerUserLimit\n" + _POLICY,
        "sbatch: error: AssocGrpSubmitJobsLimit\n" + _POLICY,
        "sbatch: error: You have too many jobs in the queue",
        "User <glass>: Pending job threshold reached. Retrying in 60 seconds...",
    ],
)
def test_what_another_job_may_get_when_one_has_ended(said: str) -> None:
    assert refusal(said) is Refusal.LIMIT


@pytest.mark.parametrize(
    "said",
    [
        "qsub: Queue is not enabled",
        "qsub: cannot connect to server pbs1 (errno=111)",
        "Connection refused\nqsub: cannot connect to server pbs1 (errno=15010)",
        "qsub: Request not allowed: Server shutting down",
        "qsub: Resource temporarily unavailable",
        "qsub: Invalid credential",
        _SBATCH + "Socket timed out on send/recv operation",
        _SBATCH + "Unable to contact slurm controller (connect failure)",
        _SBATCH + "Required partition not available (inactive or drain)",
        _SBATCH + "Resource temporarily unavailable",
        _SBATCH + "Invalid authentication credential",
        "sbatch: error: Slurm temporarily unable to accept job, sleeping and retrying",
        "Cannot connect to LSF. Please wait ...\nCannot connect to LSF. Please wait ...",
        "LSF is down. Please wait ...",
        "Batch daemon not responding ... still trying",
        "night: Queue has been closed. Job not submitted.",
    ],
)
def test_what_may_go_well_later(said: str) -> None:
    assert refusal(said) is Refusal.PASSING


@pytest.mark.parametrize(
    "said", ["", "qsub: request rejected by filter", _POLICY, "Request aborted by esub. Job not submitted."]
)
def test_a_word_of_the_site_s_own_may_mean_anything(said: str) -> None:
    """Older versions of SLURM say nothing else of a limit, be it of the number of jobs or of their size."""
    assert refusal(said) is Refusal.UNKNOWN


def test_what_a_wrapper_prints_is_no_complaint() -> None:
    said = "module: invalid shell\n*** queue 'old' is unknown from June on ***\nqsub: Queue is not enabled\n"
    complaint = schedulers()["pbs"].complaint
    assert complaint(said) == "qsub: Queue is not enabled"
    assert refusal(said) is Refusal.PASSING
    assert complaint("quota exceeded\n\nask help@site\n") == "quota exceeded; ask help@site"


@pytest.mark.parametrize(
    ("name", "printed", "identifier"),
    [
        ("pbs", "4711.pbs1\n", "4711"),
        ("pbs", "4711.pbs-1.cluster.edu", "4711"),
        ("pbs", "0.pbshost", "0"),
        ("pbs", "*** 3 of 120 nodes are down until 18:00 ***\n2026\n4711.pbs1\nRemaining: 815.5 hours\n12\n", "4711"),
        ("slurm", "4711\n", "4711"),
        ("slurm", "4711;glass\n", "4711"),
        ("slurm", "Submitted batch job 4711\n", "4711"),
        ("slurm", "Submitted batch job 4711 on cluster glass\n", "4711"),
        ("slurm", "You have used 80 % of 1000 hours\nJob priority: 17\n4711\n\n", "4711"),
        ("lsf", "Job <4711> is submitted to queue <normal>.\n", "4711"),
        ("lsf", "Project: 12\n17\nJob <4711> is submitted to default queue <normal>.\nbye", "4711"),
        *((name, printed, None) for name in _MARKS for printed in ("", "Job 4711 will be charged to 0815\n")),
    ],
)
def test_the_identifier_is_found_among_other_lines(name: str, printed: str, identifier: str | None) -> None:
    assert schedulers()[name].identifier(printed) == identifier
