"""``glassdask figures``: formats, a choice, what cannot be drawn, every slip in a line."""

from __future__ import annotations

from pathlib import Path

import pytest

from glassdask.figures.catalogue import FIGURES


@pytest.mark.parametrize(("file_format", "beginning"), [("pdf", b"%PDF"), ("svg", b"<?xml"), ("png", b"\x89PNG")])
def test_a_figure_in_each_format(file_format: str, beginning: bytes, call, tiny_file: Path, tmp_path: Path) -> None:
    options = ("--format", file_format, "--output", tmp_path, "--only", "quality", "--only", "relaxation_time")
    answer = call("figures", tiny_file, *options)
    assert answer.code == 0
    paths = [tmp_path / f"{name}.{file_format}" for name in ("relaxation_time", "quality")]
    assert answer.out.splitlines() == [str(path) for path in paths]
    assert all(path.read_bytes().startswith(beginning) for path in paths)
    assert sorted(tmp_path.iterdir()) == sorted(paths)


def test_a_sheet_shows_all_that_was_drawn(call, tiny_file: Path, tmp_path: Path) -> None:
    """Each under its title, whatever the format of the others."""
    options = ("--format", "svg", "--output", tmp_path, "--only", "quality", "--only", "relaxation_time", "--sheet")
    answer = call("figures", tiny_file, *options)
    assert answer.code == 0
    sheet = tmp_path / "contact_sheet.svg"
    assert answer.out.splitlines()[-1] == str(sheet)
    text = sheet.read_text(encoding="utf-8")
    assert text.count("<image ") == 2
    assert "Relaxation times (relaxation_time)</text>" in text
    assert "tiny" in text


def test_the_list_names_every_figure(call) -> None:
    answer = call("figures", "--list")
    assert answer.code == 0
    assert [line.split()[0] for line in answer.out.splitlines()[1:]] == list(FIGURES)
    assert "Fig. 6" in answer.out


def test_slips_are_told(call, tiny_file: Path, tiny_copy: Path, tmp_path: Path) -> None:
    for arguments, words in (
        ((tiny_file, "--only", "memry"), "there is no figure 'memry'; allowed: structure_factor, "),
        ((tiny_file, "--format", "eps"), "'eps' is not one of 'png', 'pdf', 'svg'"),
        ((tiny_file, "--only", "transfer"), "The campaign has no trained networks. 'glassdask train' makes it."),
        ((), "Missing argument 'CAMPAIGN'"),
    ):
        answer = call("figures", *arguments, *(("--output", tmp_path / "out") if arguments else ()))
        assert answer.code == 2
        assert words in answer.err
        assert not (tmp_path / "out").exists()
    (tiny_copy.with_suffix("") / "observables.nc").unlink()
    for record in tiny_copy.with_suffix("").glob("states/*/fit_memory.json"):
        record.unlink()
    answer = call("figures", tiny_copy)
    assert answer.code == 2
    assert "so there is nothing to collect or to show yet" in answer.err
    (tmp_path / "fresh.toml").write_text(tiny_file.read_text())
    assert "starts the campaign" in call("figures", tmp_path / "fresh.toml").err
