"""``glassdask show``: one state in numbers, drawings and words."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from glassdask.campaign.definition.campaign import load_campaign
from glassdask.campaign.files.failure import write_failure
from glassdask.campaign.files.folder import state_folder
from glassdask.cli.terminal.terminal_curves import terminal_curves
from glassdask.stages.collect.state_curves import state_curves
from tests.command_line import environment

STATE = "lj_rho1.2_T1.0_r0"


@pytest.fixture(scope="module")
def curves(tiny_file: Path) -> dict:
    return state_curves(state_folder(tiny_file.with_suffix(""), STATE))


def test_a_finished_state(call, tiny_file: Path) -> None:
    answer = call("show", tiny_file, STATE)
    assert (answer.code, answer.err) == (0, "")
    assert answer.out.startswith(f"{STATE}: ")
    for words in ("T measured", "epsilon_AA/k_B", "k_p", "tau_A", "starts        simulate 1", "F_s(k_p,t)", "S(k)"):
        assert words in answer.out
    assert "t [tau_MD]" in answer.out
    assert "k [1/sigma_AA]" in answer.out
    assert "fit_memory  done  attempt 1" in answer.out
    assert "\x1b" not in answer.out, "colours are for terminals"


@pytest.mark.parametrize("words", [("T1.0",), ("T1",), ("lj", "T=1.00"), ("rho1.2", "T1", "r0"), ("lj_rho1.20_T1",)])
def test_words_that_one_state_fits_will_do(words: tuple[str, ...], call, tiny_file: Path) -> None:
    assert json.loads(call("show", tiny_file, *words, "--json").out)["state"] == STATE


def test_the_documented_word_is_one_state_of_the_campaign_that_init_makes(call, tmp_path: Path) -> None:
    (tmp_path / "campaign.toml").write_text(call("init").out)
    load_campaign(tmp_path / "campaign.toml").folder.mkdir()
    load_campaign(tmp_path / "campaign.toml").write_record()
    assert call("show", tmp_path / "campaign.toml", "T0.8").out.startswith("lj_rho1.2_T0.8_r0: waiting")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (
            "lj",
            f"'lj' selects 2 states ({STATE}, lj_rho1.2_T2.0_r0); allowed: one. Add what sets yours apart, such as T1.0",
        ),
        ("lj_rho1.2_T1.1_r0", "no state of the campaign has T1.1; there are T1.0, T2.0"),
        ("$", "'$' selects no states: allowed: a name as 'glassdask ls CAMPAIGN --identifiers' prints it"),
        ("LJ", "did you mean 'lj'?"),
    ],
)
def test_a_name_that_is_no_states_own_is_refused(name: str, words: str, call, tiny_file: Path) -> None:
    answer = call("show", tiny_file, name)
    assert (answer.code, answer.out) == (2, "")
    assert words in answer.err


def test_a_failed_state_says_why_and_what_to_do(call, tiny_copy: Path) -> None:
    home = state_folder(tiny_copy.with_suffix(""), STATE)
    (home / "simulate.json").unlink()
    work = home / "work" / "simulate" / "inputs" / "attempt-1"
    work.mkdir(parents=True)
    (work / "log.txt").write_text("the last words\n")
    write_failure(home, "simulate", "diverged", "lost atoms; use a smaller time step", 3)
    out = call("show", tiny_copy, STATE).out
    assert "failed in simulate for the reason 'diverged'" in out
    assert "lost atoms; use a smaller time step" in out
    assert f"then: glassdask retry CAMPAIGN {STATE}" in out
    assert out.endswith("end of the log\n  the last words\n")


def test_a_state_without_files(call, tiny_copy: Path) -> None:
    folder = tiny_copy.with_suffix("")
    record = json.loads((folder / "campaign.json").read_text())
    record["states"].append(["lj", 3.0, 1.2, 0])
    (folder / "campaign.json").write_text(json.dumps(record))
    assert call("show", folder, "T3.0").out == "lj_rho1.2_T3.0_r0: waiting\nstarts        none\n"
    answer = call("show", folder, "T3.0", "--figure", folder / "x.png")
    assert answer.code == 2
    assert "has no curve yet (waiting)" in answer.err


@pytest.mark.parametrize("ending", ["png", "pdf", "svg"])
def test_a_figure(ending: str, call, tiny_file: Path, tmp_path: Path) -> None:
    path = tmp_path / f"curves.{ending}"
    answer = call("show", tiny_file, STATE, "--figure", path)
    assert answer.out.splitlines()[-1] == str(path)
    head = {"png": b"\x89PNG", "pdf": b"%PDF", "svg": b"<?xml"}[ending]
    assert path.read_bytes().startswith(head)


@pytest.mark.parametrize(
    ("name", "words"), [("curves.gif", "allowed: .png, .pdf, .svg"), ("no/folder/curves.png", "does not exist")]
)
def test_a_figure_that_cannot_be_is_refused_at_once(name: str, words: str, call, tiny_file: Path) -> None:
    answer = call("show", tiny_file, STATE, "--figure", name)
    assert (answer.code, answer.out) == (2, "")
    assert words in answer.err


def test_letters_draw_where_there_is_no_colour(curves: dict) -> None:
    text = terminal_curves(curves, width=72, has_colour=False, is_ascii=True)
    assert text.isascii()
    assert max(map(len, text.splitlines())) <= 72
    scattering, _, structure = text.partition("S(k)")
    plateau = next(line for line in scattering.splitlines() if line.startswith("1.00"))
    assert plateau.count("A") + plateau.count("B") > 3, "F_s begins at 1"
    assert structure.count("A") > 50
    assert "0.1" in scattering, "decades of t"


def test_colours_and_dots_where_there_are_colours(curves: dict) -> None:
    text = terminal_curves(curves, width=100, has_colour=True, is_ascii=False)
    assert "\x1b[38;5;" in text
    assert any("\u2800" < character <= "\u28ff" for character in text), "dots of Braille"


def test_a_drawing_follows_the_width_and_needs_a_curve(curves: dict) -> None:
    widths = [max(map(len, terminal_curves(curves, w, False, False).splitlines())) for w in (10, 80, 500)]
    assert widths == [50, 80, 140]
    assert terminal_curves({"is_so_far": True}, 80, False, False) == ""
    assert "F_s(k_p,t) so far" in terminal_curves({**curves, "is_so_far": True}, 80, False, False)


def test_the_output_fits_an_old_terminal(tiny_file: Path) -> None:
    """Whatever stands in the files, as a message with Greek letters."""
    done = subprocess.run(
        [sys.executable, "-c", "from glassdask.__main__ import main; main()", "show", str(tiny_file), STATE],
        env=environment() | {"PYTHONIOENCODING": "ascii", "COLUMNS": "60"},
        capture_output=True,
        check=True,
    )
    assert done.stdout.isascii()
    assert max(map(len, done.stdout.decode().splitlines()[20:50])) <= 60


def test_three_species_have_a_letter_each() -> None:
    x = [1.0, 2.0, 5.0, 10.0]
    state = {"t": x, "t_mct": x, "k": x}
    state |= {f"F_{name}": [0.9, 0.6, 0.3, 0.1] for name in "ABC"} | {"F_mct_C": [0.9, 0.8, 0.7, 0.6]}
    state |= {f"S_{pair}": [number, 1.0, 1.0, 1.0] for number, pair in enumerate(("AA", "AB", "AC", "BB", "BC", "CC"))}
    text = terminal_curves(state, width=72, has_colour=False, is_ascii=True)
    assert "C: C   B: B   A: A   c: C, theory" in text
    assert "A: AA   B: BB   C: CC   z: BC   y: AC   x: AB" in text
