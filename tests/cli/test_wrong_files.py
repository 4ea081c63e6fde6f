"""Files in each other's place, with marks of other editors, or for another machine: one line, exit code 2."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from glassdask.campaign.definition.campaign import load_campaign
from tests.command_line import environment
from tests.waiting import wait_until

CAMPAIGN = """\
[[grid]]
potential = "wca"
density = 1.2
temperature = [1.0, 2.0]
[equilibration]
length = 10.0
[production]
length = 20.0
"""
SITE = 'scheduler = "slurm"\ninterface = "{}"\n[pool.cpu]\nqueue = "cpu"\n'


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """A campaign file and a site file whose interface this machine lacks."""
    campaign, site = tmp_path / "campaign.toml", tmp_path / "site.toml"
    campaign.write_text(CAMPAIGN)
    site.write_text(SITE.format("ib0"))
    return campaign, site


def only_line(answer) -> str:
    """The message, which is one line with exit code 2."""
    assert answer.code == 2
    assert answer.out == ""
    (line,) = answer.err.splitlines()
    return line


@pytest.mark.parametrize("verb", [("run",), ("doctor",)])
def test_an_interface_that_this_machine_lacks_is_named_with_those_it_has(
    verb: tuple[str], files: tuple[Path, Path], call: Callable
) -> None:
    campaign, site = files
    line = only_line(call(*verb, campaign, "--on", site))
    assert f"{site}: interface = 'ib0': it is no network interface of {socket.gethostname()}" in line
    assert re.search(r"allowed: one that all nodes share, here .*\blo\b", line)
    assert [path.name for path in site.parent.iterdir()] == ["campaign.toml", "site.toml"], "nothing was written"


def test_a_near_interface_is_named(files: tuple[Path, Path], call: Callable) -> None:
    campaign, site = files
    site.write_text(SITE.format("lo0"))
    assert "did you mean 'lo'?" in only_line(call("run", campaign, "--on", site))


@pytest.mark.parametrize("verb", ["plan", "run", "status", "ls", "verify", "report"])
def test_a_site_file_given_as_a_campaign_is_told(verb: str, files: tuple[Path, Path], call: Callable) -> None:
    _, site = files
    line = only_line(call(verb, site))
    assert f"{site} is a site file (it says where to run: scheduler, pool)" in line
    assert f"--on {site}" in line


@pytest.mark.parametrize("verb", ["run", "doctor", "script"])
def test_a_campaign_file_given_as_a_site_is_told(verb: str, files: tuple[Path, Path], call: Callable) -> None:
    campaign, _ = files
    line = only_line(call(verb, campaign, "--on", campaign))
    assert "is a campaign file (it says what to run: grid, equilibration, production); give a site file here" in line


def test_a_byte_order_mark_is_passed_over(files: tuple[Path, Path], call: Callable) -> None:
    campaign, _ = files
    campaign.write_text(CAMPAIGN, encoding="utf-8-sig")
    assert "2 states" in call("plan", "--no-pilot", campaign).out


def test_another_encoding_is_told(files: tuple[Path, Path], call: Callable) -> None:
    campaign, _ = files
    campaign.write_text(CAMPAIGN, encoding="utf-16")
    assert "is not TOML, which is text in UTF-8" in only_line(call("plan", "--no-pilot", campaign))


@pytest.mark.parametrize("verb", [("status",), ("ls",), ("show", "T1"), ("verify",)])
def test_verbs_that_show_a_campaign_say_that_its_file_has_changed(
    verb: tuple[str, ...], files: tuple[Path, Path], call: Callable
) -> None:
    """On standard error: what shells read stays as it is."""
    campaign, _ = files
    load_campaign(campaign).folder.mkdir()
    load_campaign(campaign).write_record()
    name, *rest = verb
    before = call(name, campaign, *rest)
    assert before.err == ""
    campaign.write_text(CAMPAIGN.replace("length = 20.0", "length = 40.0"))
    after = call(name, campaign, *rest)
    assert (after.code, after.out) == (before.code, before.out)
    (line,) = after.err.splitlines()
    assert "has changed since it was run: production.length: 20.0 -> 40.0. Shown is the record of that run" in line
    assert call(name, campaign.with_suffix(""), *rest).err == ""


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (
            '"wca"',
            '"WCA"',
            "grid[0].potential[0] = 'WCA': did you mean 'wca'? allowed: 'lj', 'wca', 'harmonic-spheres', ",
        ),
        ("[1.0, 2.0]", "{start = 0.4, stop = 1.0, step = 0.25}", "passes its stop 1 by, from 0.9 to 1.15"),
    ],
)
def test_slips_in_a_campaign_file_are_told(
    old: str, new: str, words: str, files: tuple[Path, Path], call: Callable
) -> None:
    campaign, _ = files
    campaign.write_text(CAMPAIGN.replace(old, new))
    answer = call("plan", "--no-pilot", campaign)
    assert answer.code == 2
    assert words in answer.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--composition", "0,8,0,2"), "did you mean 0.8,0.2?"),
        (("--diameters", "0,8"), "--diameters is '0,8'; did you mean 0.8?"),
    ],
)
def test_decimal_commas_are_told(arguments: tuple[str, str], words: str, call: Callable) -> None:
    assert words in only_line(call("mct", "--packing-fraction", "0.4", *arguments))


def test_one_is_no_plural(files: tuple[Path, Path], call: Callable) -> None:
    campaign, _ = files
    campaign.write_text(CAMPAIGN.replace("[1.0, 2.0]", "1.0"))
    load_campaign(campaign).folder.mkdir()
    load_campaign(campaign).write_record()
    assert "1 state: 1 waiting" in call("status", campaign).out
    assert call("plan", "--no-pilot", campaign).out.splitlines()[-1] == "1 state"


def test_what_is_no_failure_is_said_once(files: tuple[Path, Path], call: Callable) -> None:
    campaign, _ = files
    load_campaign(campaign).folder.mkdir()
    load_campaign(campaign).write_record()
    answer = call("retry", campaign, "T1")
    assert (answer.out, answer.err) == ("wca_rho1.2_T1.0_r0 has not failed: it is waiting\n", "")
    assert call("retry", campaign, "wca").out == "none of these 2 states has failed: 2 waiting\n"


def test_a_suspended_driver_is_called_so(files: tuple[Path, Path], call: Callable) -> None:
    """By the next run, which the campaign's lock refuses, and by status."""
    campaign, _ = files
    folder = load_campaign(campaign).folder
    folder.mkdir()
    load_campaign(campaign).write_record()
    hold = (
        "import sys, time; from pathlib import Path; from glassdask.campaign.files.driver_lock import driver_lock\n"
        "with driver_lock(Path(sys.argv[1]), 3600.0):\n    print('held', flush=True); time.sleep(600)"
    )
    command = [sys.executable, "-c", hold, str(folder)]
    with subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, text=True) as driver:
        try:
            assert driver.stdout is not None
            assert driver.stdout.readline() == "held\n"
            assert "which is suspended" not in call("run", campaign).err
            driver.send_signal(signal.SIGSTOP)
            words = f"is suspended (as by Ctrl-Z: 'fg' or 'kill -CONT {driver.pid}' lets it go on)"
            wait_until(lambda: words in call("status", campaign).err)
            refused = call("run", campaign)
            assert (refused.code, words in refused.err) == (1, True)
        finally:
            driver.kill()
