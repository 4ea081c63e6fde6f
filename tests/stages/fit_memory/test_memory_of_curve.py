"""Memories of a user's own F(t): what is known is found again, what is odd is said, what cannot be is refused."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from glassdask.datasets.netcdf import read_netcdf
from glassdask.datasets.own_files.scattering_file import MeasuredScattering, read_scattering
from glassdask.datasets.schema.memory_variables import CURVE_MEMORY_VARIABLES, INVERTED_MEMORY_VARIABLES
from glassdask.errors import InvalidInput
from glassdask.figures.memory.memory_of_curve import draw, fits_drawn
from glassdask.fits.fit_options import FitOptions
from glassdask.fits.refinement.memory_fit import accurate_solution
from glassdask.physics.memory.dynamics import Dynamics
from glassdask.stages.fit_memory.curve_problem import SEPARATE, CurveOptions, checkpoint_of, curve_problem
from glassdask.stages.fit_memory.memory_answer import (
    memory_arrays,
    memory_dataset,
    memory_json,
    smooth_curves,
    write_memory,
)
from glassdask.stages.fit_memory.memory_of_curve import OFFSETS, CurveMemories, memories_of_curve
from glassdask.stages.fit_memory.memory_starts import first_memory
from tests.stages.fit_memory.known_memory import NOISE, OMEGA, TIMES, TWO_MODES, csv_file, known_curve, simple_curve

#: Errors of parameters are standard errors: five of them.
FIVE = 5.0


def measured(F: np.ndarray, t: np.ndarray = TIMES, error: float | None = NOISE) -> MeasuredScattering:
    errors = {} if error is None else {"A": np.full(t.size, error)}
    return MeasuredScattering(t, {"A": F}, errors, {})


def options(dynamics: Dynamics = "newtonian", n_exp: tuple[int, ...] = (1,), **more) -> CurveOptions:
    return CurveOptions(FitOptions(n_exp, dynamics, rounds=1, generations=20), **{"Omega": (OMEGA,), **more})


@pytest.fixture(scope="module")
def of_atoms(tmp_path_factory: pytest.TempPathFactory) -> CurveMemories:
    """The fit of a CSV file with two modes in it."""
    path = csv_file(
        tmp_path_factory.mktemp("curve") / "F.csv",
        t=TIMES,
        F=known_curve("newtonian"),
        error=np.full(TIMES.size, NOISE),
    )
    chosen = CurveOptions(FitOptions((1, 2), "newtonian"), (OMEGA,))
    return memories_of_curve(curve_problem(read_scattering(path), chosen))


@pytest.fixture(scope="module")
def inverted() -> CurveMemories:
    return memories_of_curve(
        curve_problem(measured(known_curve("overdamped")), options("overdamped", method="inversion"))
    )


# --- what is found --------------------------------------------------------------------------------------------------


def test_a_known_memory_is_found_from_a_file(of_atoms: CurveMemories) -> None:
    """Two modes within five standard errors, and BIC prefers two."""
    answer = memory_json(memory_arrays(of_atoms))["species"]["A"]
    assert answer["best_n_exp"] == 2
    fit = answer["fits"][1]
    assert 0.5 < fit["chi2_per_point"] < 2.0
    truth = TWO_MODES["newtonian"]
    for i, mode in enumerate(fit["modes"]):
        assert mode["verdict"] == "determined"
        for name, values in (("weight", truth.amplitudes), ("time", truth.times), ("stretch", truth.stretches)):
            assert abs(mode[name] - values[i]) < FIVE * mode[f"{name}_error"]
    assert fit["baseline_is_bounded"]
    assert 0 <= fit["baseline"] <= fit["baseline_limit"] < 0.01


def test_Omega_is_estimated_and_fitted_where_none_is_given() -> None:
    """F begins with 1 - Omega t²/2; the estimate is wrong by what the memory does up to the first point that tells."""
    problem = curve_problem(measured(known_curve("newtonian")), options(n_exp=(2,), Omega=None))
    assert problem.rates["A"] == pytest.approx(OMEGA, rel=0.3)
    assert problem.options.fit.fits_omega
    assert "no Omega was given: estimated" in problem.notes[-1]
    fit = memory_json(memory_arrays(memories_of_curve(problem)))["species"]["A"]["fits"][0]
    assert fit["omega"] == pytest.approx(OMEGA, abs=0.1)
    assert fit["correlation"]["parameters"][-1] == "Omega"


def test_heavy_particles_of_a_campaign_start_more_slowly() -> None:
    """Omega = k_p² k_BT/m_s, in tau_MD^-2; of equal masses one number is said."""
    F = known_curve("newtonian")
    for masses, words in (({"A": 1.0, "B": 4.0}, "k_BT/m = 1.083, 0.2708, of"), ({}, "k_BT/m = 1.083, of")):
        state = MeasuredScattering(TIMES, {"A": F, "B": F}, {}, {}, 7.21, 1.0, masses)
        problem = curve_problem(state, options(Omega=None))
        assert problem.rates["A"] == pytest.approx(7.21**2 / 48, rel=1e-12)
        assert problem.rates["B"] == problem.rates["A"] / masses.get("B", 1.0)
        assert words in problem.notes[0]


def test_the_inversion_finds_the_memory_without_a_form(inverted: CurveMemories) -> None:
    """Within 5 % of M(0) where F is far above the noise."""
    answer = memory_json(memory_arrays(inverted))["species"]["A"]
    t, M = np.array(answer["t"]), np.array(answer["M"])
    truth = TWO_MODES["overdamped"]
    is_middle = (t > 0.3) & (t < 100.0)
    np.testing.assert_allclose(M[is_middle], truth(t[is_middle]), atol=0.05 * truth([0.0])[0])
    assert answer["omega"] == pytest.approx(OMEGA, rel=1e-3)
    assert min(answer["weights"]) > 0
    assert np.std(answer["F_residual"]) < 2 * NOISE


@pytest.mark.parametrize("dynamics", ["newtonian", "overdamped"])
def test_a_start_has_the_number_of_modes_asked_for(dynamics: Dynamics) -> None:
    target = curve_problem(measured(known_curve(dynamics)), options(dynamics)).targets["A"]
    for n_exp in (1, 3):
        memory = first_memory(target, OMEGA, dynamics, n_exp)
        assert memory.n_exp == n_exp
        assert np.all(memory.amplitudes > 0)


def test_the_start_of_a_single_exponential_is_a_guess() -> None:
    """F = e^(-t) has no memory: there is nothing to fit a start to."""
    target = curve_problem(measured(np.exp(-TIMES), error=None), options("overdamped")).targets["A"]
    assert first_memory(target, OMEGA, "overdamped", 2).n_exp == 2


# --- what is said ---------------------------------------------------------------------------------------------------


def test_times_in_another_unit_are_told() -> None:
    """tau_LJ = sqrt(48) tau_MD = 6.93 tau_MD: F seems to fall 6.9 times too fast."""
    problem = curve_problem(measured(known_curve("newtonian"), TIMES / np.sqrt(48.0)), options())
    (note,) = [note for note in problem.notes if "another unit" in note]
    factor = float(note.split("another unit, ")[1].split()[0])
    assert factor == pytest.approx(np.sqrt(48.0), rel=0.2)


def test_the_right_unit_is_not_questioned() -> None:
    """Not even where the first points are 1 within their noise."""
    assert curve_problem(measured(known_curve("newtonian")), options()).notes == []
    early = np.concatenate([[1e-4, 1e-3, 1e-2], TIMES])
    F = np.concatenate([[1.0004, 0.9995, 1.0001], known_curve("newtonian")])
    assert curve_problem(measured(F, early), options()).notes == []


def test_missing_values_are_left_out() -> None:
    F = known_curve("newtonian").copy()
    F[[3, 7]] = np.nan, np.inf
    problem = curve_problem(measured(F), options())
    assert problem.targets["A"].n == TIMES.size - 2
    assert "F of A: 2 of 60 values are not finite" in problem.notes[0]


def test_a_value_at_zero_normalises_even_without_an_error() -> None:
    t, F = np.append(0.0, TIMES), 2.5 * np.append(1.0, known_curve("newtonian"))
    data = MeasuredScattering(t, {"A": F}, {"A": np.append(np.nan, np.full(TIMES.size, 2.5 * NOISE))}, {})
    problem = curve_problem(data, options())
    np.testing.assert_allclose(problem.targets["A"].F, known_curve("newtonian"))
    assert problem.notes == ["F of A: divided by its value at t = 0, 2.5"]


def test_a_plateau_that_does_not_decay_is_a_bound() -> None:
    early = TIMES < 5.0
    problem = curve_problem(measured(known_curve("newtonian")[early], TIMES[early]), options())
    assert "has not decayed at the last time" in problem.notes[0]


def test_the_notes_say_once_what_F_cannot_tell(of_atoms: CurveMemories) -> None:
    assert of_atoms.notes.count(OFFSETS) == 1
    both = MeasuredScattering(TIMES, dict.fromkeys("AB", known_curve("newtonian")), {}, {})
    assert SEPARATE in curve_problem(both, options()).notes
    assert SEPARATE not in of_atoms.notes


def test_numbers_of_modes_that_the_points_do_not_bear_are_named() -> None:
    t = np.geomspace(0.05, 50.0, 7)
    found = memories_of_curve(curve_problem(measured(simple_curve(t), t, None), options("overdamped", (1, 2))))
    assert [fit.n_exp for fit in found.fits["A"]] == [1]
    assert "F of A: 7 points are too few for n_exp = 2, left out" in found.notes


# --- what is refused ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("F", "t", "words"),
    [
        (known_curve("newtonian")[:5], TIMES[:5], "F of A has 5 finite values after t = 0; allowed: 6 or more"),
        (1.2 * known_curve("newtonian"), TIMES, "it does not start at its maximum"),
        (1.0 - np.exp(-1.0 / TIMES) / 2 + 0.3, TIMES, "it does not start at its maximum"),
        (known_curve("newtonian"), TIMES[::-1], "the times of F of A do not increase"),
        (np.full(TIMES.size, np.nan), TIMES, "F of A has 0 finite values"),
        (1.0 - 1e-6 * TIMES, TIMES, "F of A stays at 1 within its noise up to the last time, 2000"),
    ],
)
def test_what_is_no_correlation_function_is_refused(F: np.ndarray, t: np.ndarray, words: str) -> None:
    with pytest.raises(InvalidInput) as error:
        curve_problem(measured(F, t, 1e-3), options())
    assert words in str(error.value)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"Omega": (1.0, 2.0)}, "Omega has 2 values for the species A; allowed: one for all or one for each"),
        ({"Omega": (-1.0,)}, "Omega is -1; allowed: finite rates above 0"),
        ({"t_min": 1900.0}, "t_min is 1900: 1 points"),
    ],
)
def test_options_that_do_not_go_with_the_data_are_refused(more: dict, words: str) -> None:
    with pytest.raises(InvalidInput) as error:
        curve_problem(measured(known_curve("newtonian")), options(**more))
    assert words in str(error.value)


def test_the_inversion_is_for_overdamped_dynamics() -> None:
    data = measured(known_curve("newtonian"))
    with pytest.raises(InvalidInput, match="give --dynamics overdamped, or fit with --method evolution"):
        memories_of_curve(curve_problem(data, options(method="inversion")))
    with pytest.raises(InvalidInput, match=r"F of A: no sum of decaying exponentials fits F: .*--t-min"):
        memories_of_curve(curve_problem(data, options("overdamped", method="inversion")))


# --- answers --------------------------------------------------------------------------------------------------------


def test_the_json_is_strict_and_whole(of_atoms: CurveMemories, inverted: CurveMemories) -> None:
    answer = memory_json(memory_arrays(of_atoms))
    assert json.loads(json.dumps(answer, allow_nan=False)) == answer
    assert list(answer) == ["dynamics", "dynamics_reason", "time_unit", "method", "seed", "notes", "species"]
    beginning = ["short_time_slope", "short_time_slope_error"]
    assert list(answer["species"]["A"]) == [*beginning, "omega", "points", "best_n_exp", "fits"]
    for fit in answer["species"]["A"]["fits"]:
        assert set(fit) == {
            "n_exp", "loss", "mean_loss", "chi2_per_point", "rms_deviation", "is_reproduced", "bic", "independent_points", "probability", "baseline", "baseline_error",
            "baseline_limit", "baseline_is_bounded", "omega", "modes", "correlation", "bootstrap_error", "solver_error",
            "is_resolved", "evaluations", "seconds", "stop_reason",
        }  # fmt: skip
        for mode in fit["modes"]:
            assert list(mode) == [
                "weight", "weight_error", "offset", "offset_error", "time", "time_error", "stretch", "stretch_error",
                "verdict",
            ]  # fmt: skip
            assert (mode["offset"], mode["offset_error"]) == (0.0, None)
        parameters = fit["correlation"]["parameters"]
        assert parameters[:3] == ["K", "A_1", "A_2"] if fit["n_exp"] == 2 else ["K", "A_1", "tau_1"]
        assert np.shape(fit["correlation"]["matrix"]) == (len(parameters), len(parameters))
        assert fit["bootstrap_error"] is None
    of_inversion = memory_json(memory_arrays(inverted))
    assert json.loads(json.dumps(of_inversion, allow_nan=False)) == of_inversion


def test_what_is_not_finite_is_none(of_atoms: CurveMemories) -> None:
    """An error of a parameter that nothing tells."""
    fit = of_atoms.fits["A"][0]
    lost = replace(fit.uncertainty, standard_error=np.full(4, np.inf), correlation=np.full((4, 4), np.nan))
    fits = {"A": [replace(fit, uncertainty=lost, solver_error=np.inf, chi2_per_point=None)]}
    found = memory_json(memory_arrays(replace(of_atoms, fits=fits)))["species"]["A"]["fits"][0]
    assert (found["modes"][0]["time_error"], found["baseline_limit"], found["solver_error"]) == (None, None, None)
    assert found["chi2_per_point"] is None
    assert found["correlation"]["matrix"] == [[None] * 4] * 4


def test_the_bootstrap_gives_an_error_to_every_parameter() -> None:
    t = np.geomspace(0.05, 50.0, 20)
    chosen = options("overdamped", (1,))
    chosen = replace(chosen, fit=replace(chosen.fit, n_bootstrap=5))
    found = memories_of_curve(curve_problem(measured(simple_curve(t), t), chosen))
    errors = memory_json(memory_arrays(found))["species"]["A"]["fits"][0]["bootstrap_error"]
    assert list(errors) == ["K", "A_1", "tau_1", "b_1"]
    assert 0 < errors["b_1"] < 0.1


def test_the_file_declares_everything(of_atoms: CurveMemories, tmp_path: Path) -> None:
    write_memory(memory_arrays(of_atoms), tmp_path / "memory.nc", {"scattering_file": "F.csv"})
    data = read_netcdf(tmp_path / "memory.nc")
    assert set(data.data_vars) == set(CURVE_MEMORY_VARIABLES)
    for name, variable in CURVE_MEMORY_VARIABLES.items():
        assert data[name].dims == variable.dims
        assert data[name].attrs["units"] == variable.units
    assert data["t"].attrs["units"] == "time"
    assert (data.attrs["method"], data.attrs["scattering_file"]) == ("evolution", "F.csv")
    two = data.sel(species="A", n_exp=2)
    assert np.abs(two["F_fit"] - two["F"]).max() < FIVE * NOISE
    np.testing.assert_allclose(two["M"][-1], of_atoms.fits["A"][1].memory(TIMES[-1]), rtol=1e-12)
    assert np.isnan(data["weight"].sel(species="A", n_exp=1, mode=2))


def test_the_file_of_an_inversion(inverted: CurveMemories, tmp_path: Path) -> None:
    data = memory_dataset(memory_arrays(inverted))
    assert set(data.data_vars) == set(INVERTED_MEMORY_VARIABLES)
    t, one = data["t"].values, data.sel(species="A")
    M = float(one["baseline"]) + (one["weight"].values * np.exp(-np.outer(t, one["rate"].values))).sum(axis=1)
    np.testing.assert_allclose(one["M"], M, rtol=1e-9, atol=1e-12)
    assert draw(data, smooth_curves(inverted), tmp_path / "inverted.png").stat().st_size > 10_000


def test_species_with_other_times_share_a_file() -> None:
    """A value that one species lacks is missing in its row only."""
    t = np.geomspace(0.05, 50.0, 12)
    F = simple_curve(t)
    holed = F.copy()
    holed[4] = np.nan
    found = memories_of_curve(curve_problem(MeasuredScattering(t, {"A": F, "B": holed}, {}, {}), options("overdamped")))
    data = memory_dataset(memory_arrays(found))
    assert data["F"].isnull().sum(dim="t").values.tolist() == [0, 1]
    assert data["F_fit"].sel(n_exp=1).isnull().sum(dim="t").values.tolist() == [0, 1]
    assert np.isfinite(data["M"]).all()


def test_the_figure_is_drawn(of_atoms: CurveMemories, tmp_path: Path) -> None:
    path = draw(memory_dataset(memory_arrays(of_atoms)), smooth_curves(of_atoms), tmp_path / "memory.png")
    assert path.read_bytes().startswith(b"\x89PNG")


def test_curves_are_those_of_the_memory_between_the_data_too(of_atoms: CurveMemories) -> None:
    """Two vibrations of F lie between two times of the data: 400 times show them, a polygon through 60 would not."""
    curves = smooth_curves(of_atoms).sel(species="A", n_exp=2)
    fit, t = of_atoms.fits["A"][1], curves["t"].values
    assert (t.size, t[0], t[-1]) == (400, pytest.approx(TIMES[0]), pytest.approx(TIMES[-1]))
    F, _ = accurate_solution(fit.memory, fit.Omega, t, "newtonian")
    np.testing.assert_allclose(curves["F_fit"], F, rtol=0, atol=1e-4)
    np.testing.assert_allclose(curves["M"], fit.memory(t), rtol=1e-12)


@pytest.mark.parametrize("chosen", [1, 2])
def test_the_prominent_curve_is_the_one_that_BIC_prefers(of_atoms: CurveMemories, chosen: int) -> None:
    """Not that of the most modes: drawn last, on top, whole and widest."""
    data = memory_dataset(memory_arrays(of_atoms))
    data["best_n_exp"][:] = chosen
    drawn = list(fits_drawn(data.sel(species="A"), smooth_curves(of_atoms).sel(species="A")))
    assert [int(curve["n_exp"]) for _, _, curve in drawn] == [3 - chosen, chosen]
    widths = [style["lw"] for _, style, _ in drawn]
    assert widths[1] > widths[0]
    assert drawn[1][1]["ls"] == "-" != drawn[0][1]["ls"]
    assert "lowest BIC" in drawn[1][0]
    assert {"misses F" in label for label, _, curve in drawn if int(curve["n_exp"]) == 1} == {True}
    assert int(memory_dataset(memory_arrays(of_atoms))["best_n_exp"].item()) == 2


# --- checkpoints ----------------------------------------------------------------------------------------------------


def test_a_finished_search_is_not_searched_again(tmp_path: Path) -> None:
    """The second time every loss is known: the same memory, in less time than the first search took."""
    problem = curve_problem(measured(known_curve("newtonian")), options(n_exp=(1, 2)))
    path = tmp_path / "fit.json"

    def run() -> tuple[CurveMemories, float, int]:
        answers, notes = checkpoint_of(path, problem)
        assert notes == []
        generations: list[float] = []
        found = memories_of_curve(problem, answers, lambda: generations.append(time.monotonic()))
        return found, len(generations), path.stat().st_size

    first, again = run(), run()
    assert again[1] < first[1]  # no generation was solved again
    assert again[2] == first[2]
    for one, other in zip(first[0].fits["A"], again[0].fits["A"], strict=True):
        np.testing.assert_array_equal(one.F, other.F)


def test_a_checkpoint_belongs_to_its_data_and_options(tmp_path: Path) -> None:
    t = np.geomspace(0.05, 50.0, 12)
    problem = curve_problem(measured(simple_curve(t), t), options("overdamped"))
    path = tmp_path / "fit.json"
    memories_of_curve(problem, checkpoint_of(path, problem)[0])
    other = curve_problem(measured(simple_curve(t) + 1e-5, t), options("overdamped"))
    assert other.identity != problem.identity
    assert "is of other data or options: begun anew" in checkpoint_of(path, other)[1][0]
    reseeded = replace(problem.options, fit=replace(problem.options.fit, seed=2))
    assert replace(problem, options=reseeded).identity != problem.identity


@pytest.mark.parametrize("content", ["t,F\n", "{}", "[1]"])
def test_another_file_is_not_overwritten_by_a_checkpoint(content: str, tmp_path: Path) -> None:
    (tmp_path / "F.csv").write_text(content)
    problem = curve_problem(measured(known_curve("newtonian")), options())
    with pytest.raises(InvalidInput, match="is there and is no checkpoint of a fit"):
        checkpoint_of(tmp_path / "F.csv", problem)
    assert (tmp_path / "F.csv").read_text() == content
