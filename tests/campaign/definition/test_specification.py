"""Mistakes in a campaign file (fault 27): one message with the key's path, its value and what is allowed."""

from __future__ import annotations

from pathlib import Path

import pytest

from glassdask.campaign.definition.campaign import load_campaign
from glassdask.cli import main
from glassdask.errors import InvalidInput
from tests.campaign.campaign_files import SHORT, campaign_from, changed

T = "temperature = 1.0"
NAME = 'name = "short"'
LJ = '"lj"'
LIQUID = 'potential = "lj"\ndensity = 1.2\n'
THOUSAND = "{start = 1, stop = 2, count = 1000}"
HUGE = "1" + "0" * 400

#: What is changed in a valid file, and words that the message must hold: path and value, then what is allowed.
MISTAKES = {
    "unknown key": ((T, "temprature = 1.0"), ["grid[0].temprature is not a known key", "did you mean 'temperature'?"]),
    "unknown table": (("[system]", "[sytem]"), ["sytem is not a known key", "did you mean 'system'?", "equilibration"]),
    "unknown key, nothing near": (("retries", "zzz"), ["execution.zzz is not a known key", "allowed: engine"]),
    "T zero": ((T, "temperature = 0"), ["grid[0].temperature[0] = 0.0", "above 0"]),
    "T negative": ((T, "temperature = [1.0, -1.5]"), ["grid[0].temperature[1] = -1.5", "above 0"]),
    "rho zero": (("density = 1.2", "density = 0.0"), ["grid[0].density[0] = 0.0", "above 0"]),
    "rho negative": (("density = 1.2", "density = -1.2"), ["grid[0].density[0] = -1.2", "above 0"]),
    "T nan": ((T, "temperature = nan"), ["grid[0].temperature[0] = nan", "a finite number"]),
    "T inf": ((T, "temperature = [1.0, inf]"), ["grid[0].temperature[1] = inf", "a finite number"]),
    "T beyond every float": ((T, f"temperature = {HUGE}"), ["grid[0].temperature[0] = inf", "a finite number"]),
    "T as text": ((T, 'temperature = "1.0"'), ["grid[0].temperature[0] = '1.0'", "a number"]),
    "T as truth": ((T, "temperature = true"), ["grid[0].temperature[0] = True", "a number"]),
    "no T at all": ((T, "temperature = []"), ["grid[0].temperature = []", "at least one value"]),
    "list in a list": ((T, "temperature = [[1.0]]"), ["grid[0].temperature[0] = [1.0]", "a number"]),
    "box nan": (("box_length = 10.0", "box_length = nan"), ["system.box_length = nan", "a finite number"]),
    "box too small": (("box_length = 10.0", "box_length = 3.0"), ["system.box_length = 3.0", "at least 6.5"]),
    "k grid too coarse": (
        ("[frames]", "[wavenumbers]\nfine_bins = 2\n[frames]"),
        ["wavenumbers =", "spacing / fine_bins = 0.2", "allowed: at most 0.1"],
    ),
    "k grid too short": (
        ("[frames]", "[wavenumbers]\ncount = 20\n[frames]"),
        ["wavenumbers =", "spacing * count = 8", "allowed: at least 12"],
    ),
    "MCT dynamics": (
        ("[frames]", '[mode_coupling]\ndynamics = "brownian"\n[frames]'),
        ["mode_coupling.dynamics = 'brownian'", "'newtonian' or 'overdamped'"],
    ),
    "MCT unknown key": (
        ("[frames]", "[mode_coupling]\nend_tme = 1e5\n[frames]"),
        ["mode_coupling.end_tme is not a known key", "did you mean 'end_time'?"],
    ),
    "MCT n_half odd": (("[frames]", "[mode_coupling]\nn_half = 33\n[frames]"), ["mode_coupling.n_half = 33", "multiple of 2"]),
    "MCT n_half": (("[frames]", "[mode_coupling]\nn_half = 4\n[frames]"), ["mode_coupling.n_half = 4", "at least 8"]),
    "MCT end": (("[frames]", "[mode_coupling]\nend_time = 1\n[frames]"), ["mode_coupling.end_time = 1", "at least 10"]),
    "MCT end never": (("[frames]", "[mode_coupling]\nend_time = inf\n[frames]"), ["mode_coupling.end_time = inf", "finite"]),
    "MCT diffusivity": (
        ("[frames]", "[mode_coupling]\ndiffusivity = 0\n[frames]"),
        ["mode_coupling.diffusivity = 0", "above 0"],
    ),
    "MCT times": (
        ("[frames]", "[mode_coupling]\ntimes_per_octave = 17\n[frames]"),
        ["mode_coupling.times_per_octave = 17", "at most 16"],
    ),
    "potential": ((LJ, '["lj", "soft"]'), ["grid[0].potential[1] = 'soft'", "'lj', 'wca', 'harmonic-spheres'"]),
    "a state twice": ((T, "temperature = [1.0, 1.0]"), ["potential = 'lj', density = 1.2, temperature = 1.0", "twice"]),
    "a state twice, by rounding": (
        (T, "temperature = [0.3, 0.30000000000000004]"),
        ["temperature = 0.3", "appears twice", "allowed: each state once", "campaign.replicas"],
    ),
    "two potentials alike": ((LJ, '["wca", "wca"]'), ["potential = 'wca'", "appears twice"]),
    "name with folders": ((NAME, 'name = "../short"'), ["campaign.name = '../short'", "letters, digits"]),
    "name with a newline": ((NAME, r'name = "a\nb"'), [r"campaign.name = 'a\nb'", "letters, digits"]),
    "name that ends in a newline": ((NAME, r'name = "short\n"'), [r"campaign.name = 'short\n'", "letters, digits"]),
    "empty name": ((NAME, 'name = ""'), ["campaign.name = ''", "letters, digits"]),
    "folder above": ((NAME, 'folder = "../x"'), ["campaign.folder = '../x'", "without '..'"]),
    "folder above, hidden": ((NAME, 'folder = "a/../../x"'), ["campaign.folder = 'a/../../x'", "without '..'"]),
    "folder with a newline": ((NAME, r'folder = "a\nb"'), [r"campaign.folder = 'a\nb'", "a path"]),
    "folder not a text": ((NAME, "folder = 3"), ["campaign.folder = 3", "a path in quotes"]),
    "seed": ((NAME, "seed = -1"), ["campaign.seed = -1", "at least 0"]),
    "seed not whole": ((NAME, "seed = 1.5"), ["campaign.seed = 1.5", "a whole number"]),
    "replicas": ((NAME, "replicas = 0"), ["campaign.replicas = 0", "at least 1"]),
    "no length": (("length = 20.0", "minimum_length = 20.0"), ["equilibration =", "exactly one of length"]),
    "two lengths": (("length = 20.0", "length = 20.0\nrelaxation_times = 3.0"), ["equilibration =", "exactly one of"]),
    "no production": (("[production]\nlength = 30.0\n", ""), ["production is missing"]),
    "bounds crossed": (
        ("length = 30.0", "relaxation_times = 9\nminimum_length = 3.0\nmaximum_length = 2.0"),
        ["production =", "minimum_length is above maximum_length"],
    ),
    "production of a few samples": (
        ("length = 30.0\n[frames]\nblock_length = 512", "length = 3.0\n[frames]\nblock_length = 16"),
        ["production.length = 3 is 112 base steps", "allowed: at least 512 base steps, 15.36 tau_MD"],
    ),
    "block length": (("block_length = 512", "block_length = 1000"), ["frames.block_length = 1000", "a power of two"]),
    "engine": (("retries = 1", 'engine = "gromacs"'), ["execution.engine = 'gromacs'", "'auto', 'gamdpy', 'hoomd', 'lammps' or 'native'"]),
    "a number for a table": (
        ("[system]\nbox_length = 10.0\n", "[[system]]\n"),
        ["system =", "allowed: a table"],
    ),
    "product without density": (("density = 1.2\n", ""), ["grid[0] =", "potential, density and temperature"]),
    "product and file": ((T, 'states = "x.csv"'), ["grid[0] =", 'states = "FILE.csv" alone']),
    "file above": (
        (LIQUID + T, 'states = "../x.csv"'),
        ["grid[0].states = '../x.csv'", "without '..'"],
    ),
    "file that is not there": (
        (LIQUID + T, 'states = "x.csv"'),
        ["grid[0].states", "x.csv", "No such file", "a readable CSV file"],
    ),
    "1e6 states": (
        (f"density = 1.2\n{T}", f"density = {THOUSAND}\ntemperature = {THOUSAND}"),
        ["grid holds 1000000 states", "at most 100000"],
    ),
    "1e6 by replicas": (
        (SHORT[: SHORT.index("[system]")], f"campaign.replicas = 1000\n[grid]\n{LIQUID}temperature = {THOUSAND}\n"),
        ["grid holds 1000000 states", "at most 100000"],
    ),
    "1e6 values in a range": ((T, "temperature = {start = 1, stop = 2, count = 1000000}"), ["1000000 values", "1 to 10000"]),
    "not TOML": ((LJ, '"lj'), ["is not TOML", "line 4"]),
    "a key twice": ((T, f"{T}\n{T}"), ["is not TOML"]),
}  # fmt: skip


@pytest.mark.parametrize(("change", "words"), MISTAKES.values(), ids=MISTAKES.keys())
def test_a_mistake_is_named_with_its_path_and_what_is_allowed(
    change: tuple[str, str], words: list[str], tmp_path: Path, monkeypatch, capsys
) -> None:
    """Through the command line: one message on standard error, exit code 2, nothing on disk but the file."""
    path = tmp_path / "short.toml"
    path.write_text(changed(change))
    monkeypatch.setattr("sys.argv", ["glassdask", "run", str(path)])
    with pytest.raises(SystemExit) as end:
        main()
    captured = capsys.readouterr()
    assert end.value.code == 2
    assert captured.out == ""
    assert captured.err.startswith("glassdask: ")
    assert all(word in captured.err for word in words), captured.err
    assert "Traceback" not in captured.err
    assert list(tmp_path.iterdir()) == [path]


def test_all_mistakes_of_a_file_are_named_at_once(tmp_path: Path) -> None:
    text = changed((T, "temperature = -1"), ("box_length = 10.0", "box_lenght = 10.0"), ("retries = 1", "retries = -1"))
    with pytest.raises(InvalidInput) as caught:
        campaign_from(tmp_path, text)
    lines = str(caught.value).splitlines()
    assert lines[0].endswith("short.toml is not a valid campaign file (3 errors):")
    assert [line.split()[0] for line in lines[1:]] == [
        "grid[0].temperature[0]",
        "system.box_lenght",
        "execution.retries",
    ]


def test_defaults_are_filled_in(tmp_path: Path) -> None:
    """Decision 7: one k grid for everything, k_i = (i + 1/2) 0.4, i = 0 … 99."""
    specification = campaign_from(tmp_path).specification
    assert (specification.wavenumbers.spacing, specification.wavenumbers.count) == (0.4, 100)
    assert (specification.campaign.seed, specification.campaign.replicas) == (1, 1)
    assert specification.execution.engine == "auto"


@pytest.mark.parametrize(
    "grid",
    [
        "potential = 'lj'\ndensity = 1.2\ntemperature = [0.5, 0.6]",
        "potential = ['lj']\ndensity = [1.2]\ntemperature = {start = 0.5, stop = 0.6, step = 0.1}",
        "potential = 'lj'\ndensity = 1.2\ntemperature = {start = 0.5, stop = 0.6, count = 2}",
        "states = 'states.csv'",
    ],
    ids=["list", "step", "count", "csv"],
)
@pytest.mark.parametrize("header", ["[[grid]]", "[grid]"])
def test_one_grid_has_many_spellings(grid: str, header: str, tmp_path: Path) -> None:
    (tmp_path / "states.csv").write_text("potential,rho,T\nlj,1.2,0.5\nlj,1.2,0.6\n")
    start, stop = SHORT.index("[[grid]]"), SHORT.index("[system]")
    campaign = campaign_from(tmp_path, SHORT[:start] + f"{header}\n{grid}\n" + SHORT[stop:])
    assert [state.identifier for state in campaign.states] == ["lj_rho1.2_T0.5_r0", "lj_rho1.2_T0.6_r0"]


@pytest.mark.parametrize("content", [b"\xff\xfe", None], ids=["not text", "missing"])
def test_a_file_that_cannot_be_read_is_named(content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "short.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InvalidInput, match=r"short\.toml"):
        load_campaign(path)
