"""States that are not alike are marked: those of another length than asked for, those of another version than most."""

from __future__ import annotations

from pathlib import Path

from matplotlib.figure import Figure

from glassdask.figures.drawing.style import noted, save
from glassdask.stages.simulate import ASKED, MADE_BY, asked_lengths
from glassdask.stages.simulate.marks import LENGTH, VERSION, marks_of

FIXED = {"length": 30.0, "relaxation_times": None}
NOW = asked_lengths({"equilibration": FIXED, "production": {**FIXED, "length": 90.0}})
BEFORE = asked_lengths({"equilibration": FIXED, "production": FIXED})
NEW = {"measured_temperature": 1.0, ASKED: NOW, MADE_BY: "glassdask 0.2.0, lammps 1"}


def test_states_that_are_alike_have_no_mark():
    """Nor has one that was not simulated yet, or was imported."""
    marks = marks_of([NEW, {}, {"relaxation_time_A": 3.0}, NEW], NOW)
    assert marks.signs == ("",) * 4
    assert marks.notes == ()


def test_a_state_of_another_length_is_marked_and_the_mark_explained():
    marks = marks_of([NEW, {**NEW, ASKED: BEFORE}], NOW)
    assert marks.signs == ("", LENGTH)
    assert marks.notes == (
        (
            "† of another length than asked for (equilibration 30, production 90 tau_MD): "
            "equilibration 30, production 30 tau_MD, 1 state"
        ),
    )


def test_a_state_of_another_version_than_most_is_marked():
    """0.1.0 did not note itself."""
    old, other = {"measured_temperature": 1.0}, {**NEW, MADE_BY: "glassdask 0.2.0, hoomd 5"}
    marks = marks_of([NEW, NEW, old, other], NOW)
    assert marks.signs == ("", "", VERSION, VERSION)
    assert marks.notes == (
        (
            "‡ made by another version than most (glassdask 0.2.0, lammps 1): a version that did not note itself, 1 state; "
            "glassdask 0.2.0, hoomd 5, 1 state"
        ),
    )
    assert marks_of([old, old], NOW).notes == ()


def test_a_figure_carries_the_remark(tmp_path: Path):
    """As text of its file; and no line of it where there is nothing to remark."""
    for remark in ("† of another length", ""):
        figure = Figure(layout="constrained")
        figure.add_subplot().plot([1, 2])
        with noted(remark):
            save(figure, tmp_path / "figure.svg")
        assert ("of another length" in (tmp_path / "figure.svg").read_text()) is bool(remark)
