"""Files in each other's place, with marks of other editors, or for another machine: one line, exit code 2."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

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
