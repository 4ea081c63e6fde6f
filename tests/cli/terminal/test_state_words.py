"""What a shell completes: verbs, and the states of a campaign that was started."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from glassdask.files.folder_rule import CAMPAIGN_RECORD
from tests.command_line import environment, python

NAMES = ["lj_rho1.2_T0.8_r0", "lj_rho1.2_T1.0_r0", "wca_rho1.2_T1.0_r0"]
#: The folder of the command that users type.
_BIN = Path(sys.executable).parent
_IN_BASH = """
eval "$(_GLASSDASK_COMPLETE=bash_source glassdask)"
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
_glassdask_completion glassdask
printf '%s\\n' "${COMPREPLY[@]}"
"""
_LOADED = """
import json, os, sys
os.environ |= {"_GLASSDASK_COMPLETE": "bash_complete", "COMP_WORDS": f"glassdask show {sys.argv[1]} ", "COMP_CWORD": "3"}
from glassdask.cli import main
try:
    main()
except SystemExit as end:
    assert not end.code
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""


@pytest.fixture
def campaign(tmp_path: Path) -> Path:
    """The file of a campaign that was started: its folder has its record."""
    file = tmp_path / "campaign.toml"
    file.write_text("[campaign]\nname = 'some'\n")
    file.with_suffix("").mkdir()
    states = [["lj", 0.8, 1.2, 0], ["lj", 1.0, 1.2, 0], ["wca", 1.0, 1.2, 0]]
    (file.with_suffix("") / CAMPAIGN_RECORD).write_text(json.dumps({"specification": {}, "states": states}))
    return file


def completed(*words: str | Path) -> list[str]:
    """What bash would offer after these words; the last one is being typed."""
    if shutil.which("bash") is None or not (_BIN / "glassdask").is_file():
        pytest.skip("there is no bash, or no command 'glassdask' beside this Python")
    env = environment() | {"PATH": os.pathsep.join([str(_BIN), os.environ["PATH"]])}
    command = ["bash", "-c", _IN_BASH, "bash", "glassdask", *map(str, words)]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return done.stdout.split()


@pytest.mark.parametrize("verb", ["show", "ls", "retry", "cancel"])
def test_names_of_states(campaign: Path, verb: str) -> None:
    assert completed(verb, campaign, "") == NAMES
    assert completed(verb, campaign.with_suffix(""), "wca") == [NAMES[2], "wca"]


def test_words_and_only_states_that_fit_the_words_before(campaign: Path) -> None:
    assert completed("ls", campaign, "T") == ["T0.8", "T1.0"]
    assert completed("ls", campaign, "wca", "") == [NAMES[2]]
    assert completed("ls", campaign, "wca", "T") == ["T1.0"]


def test_verbs_and_options(campaign: Path) -> None:
    assert completed("fi") == ["fit", "figures"]
    assert "--figure" in completed("show", campaign, "--")


def test_nothing_and_no_message_where_there_is_no_campaign(tmp_path: Path, campaign: Path) -> None:
    assert completed("show", tmp_path / "none.toml", "") == []
    assert completed("ls", campaign, "nonsense", "") == []
    (campaign.with_suffix("") / CAMPAIGN_RECORD).write_text("{")
    assert completed("show", campaign, "") == []


def test_it_loads_nothing_that_takes_time(campaign: Path) -> None:
    *offered, loaded = python(_LOADED, campaign).splitlines()
    assert offered == [f"plain,{name}" for name in NAMES]
    assert not set(json.loads(loaded)) & {"numpy", "xarray", "dask", "distributed", "pydantic", "matplotlib", "rich"}


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_every_shell_has_its_script(shell: str) -> None:
    env = environment() | {"_GLASSDASK_COMPLETE": f"{shell}_source"}
    main = "from glassdask.__main__ import main; main()"
    done = subprocess.run([sys.executable, "-c", main], env=env, capture_output=True, text=True, check=True)
    assert "_GLASSDASK_COMPLETE" in done.stdout
