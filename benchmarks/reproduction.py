"""The paper's claims beside ours, at the scale of two cores: each with the rule that its verdict follows from.

    python benchmarks/reproduction.py --output benchmarks/results/reproduction.md

reads what the campaigns deploy/campaigns/{workstation,table1}.toml have left under benchmarks/results: workstation-observables.nc,
learning-states.csv and learning-scores.csv of `glassdask train`, table1.json, memory-predictions.csv of
memory_predictions.py, and no more. No number and no verdict
of the page is typed by hand. The paper's own model is judged first; ours stands beside it.
"""

from __future__ import annotations

import side_by_side  # first: it fixes the number of threads

# isort: split
import csv
import json
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy.optimize import curve_fit

from glassdask.datasets.netcdf import read_netcdf

RESULTS = Path(__file__).parent / "results"
Floats = NDArray[np.float64]
PAPERS, OURS = "paper's network", "decay network"
YES, NO, OPEN = "yes", "no", "cannot be told"
#: T_mct of LJ as others have it from their own simulated S(k), of 1000 particles in L = 9.4: Nauroth and Kob, Phys. Rev. E 55, 657
#: (1997); Flenner and Szamel, Phys. Rev. E 72, 031508 (2005). Beside the density the treatment of S(k) and of the integrals differs.
OTHERS, THEIR_DENSITY = {"Nauroth and Kob": 0.922, "Flenner and Szamel": 0.9515}, 1000 / 9.4**3
#: A number that the paper prints with two digits after the point is rounded by this, one standard deviation.
ROUNDING = 0.005 / math.sqrt(3)
FIGURES = {
    "Fig. 2": "predicted-scattering",
    "Figs 3–5": "transfer",
    "Fig. 6": "memory",
    "Fig. 7": "memory-modes",
    "supplement, second mode": "second-mode",
    "how far errors can be trusted": "calibration",
}


@dataclass(frozen=True)
class Claim:
    """What the paper says, what was found, the rule, its verdict of the paper's own way and of ours (empty: there is one)."""

    where: str
    paper: str
    found: str
    rule: str
    verdict: str
    ours: str = ""

    def row(self) -> list[str]:
        return [self.where, self.paper, self.found, self.rule, self.verdict, self.ours]


def main() -> None:
    """Prints the page."""
    options = side_by_side.arguments(__doc__.splitlines()[0], rounds=1)
    cube = read_netcdf(RESULTS / "workstation-observables.nc")
    judged_by = rows_of(RESULTS / "memory-predictions.csv")
    states, scores = (rows_of(RESULTS / f"learning-{name}.csv") for name in ("states", "scores"))
    table = json.loads((RESULTS / "table1.json").read_text(encoding="utf-8"))
    claims = [*table_1(table), *networks(states, scores), *memories(cube, judged_by), *theory(cube, table)]
    n = int(np.isfinite(cube["mct_critical_coupling"].values).sum())
    text = [
        "# The paper, claim by claim, at the scale of two cores",
        "",
        f"Campaign `deploy/campaigns/workstation.toml`: LJ and WCA at four densities, {n} states in equilibrium, 3 down to about 0.7 T_mct; the",
        "paper has 355 states from 10 T_mct to deep in the glass, up to 1000 times as long. Glasses are not learned from here. Each verdict",
        "follows from the numbers by the rule beside it; *cannot be told* is one. Errors are one standard error, over states unless said",
        "otherwise.",
        "",
        side_by_side.table(["where", "paper", "here", "rule", "verdict", "with the decay network"], [claim.row() for claim in claims]),
        "",
        "Not judged here, for they speak of machines and seeds: how low the evolution gets ([memory_fit.md](memory_fit.md)), how long training",
        "takes ([training.md](training.md)) and a state's fits ([memory_states.md](memory_states.md)). What networks are worth beside answers that",
        "need none: [baselines.md](baselines.md). T_mct against the end of the k grid: [critical_grid.md](critical_grid.md).",
        "",
        "Figures: " + ", ".join(f"[{where}](workstation-{name}.png)" for where, name in FIGURES.items()) + ".",
    ]  # fmt: skip
    side_by_side.publish("\n".join(text), options.output)


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def judged(value: float, error: float, least: float) -> str:
    """Whether a number is above a limit, by two standard errors; in between it cannot be told."""
    if value - 2 * error > least:
        return YES
    return NO if value + 2 * error < least else OPEN


# --- Table 1 ----------------------------------------------------------------------------------------------------------


def table_1(rows: list[dict]) -> Iterator[Claim]:
    """Every T_mct; the spread between treatments of S(k) is that of one mixture that three groups have computed."""
    lj = {row["rho"]: row["T_mct"] for row in rows if row["potential"] == "lj"}
    own = lj[1.2] * (THEIR_DENSITY / 1.2) ** (math.log(lj[1.4] / lj[1.2]) / math.log(1.4 / 1.2))
    spread = max(*OTHERS.values(), own) / min(*OTHERS.values(), own) - 1
    rule = (
        f"yes: within 2 standard errors, the paper's rounding included; cannot be told: within {spread:.0%}, by which treatments of S(k) "
        f"differ (LJ, ρ = {THEIR_DENSITY:.3f}: " + ", ".join(f"{value:g} {name}" for name, value in OTHERS.items()) + f", {own:.3f} here); no: beyond"
    )  # fmt: skip
    for row in rows:
        ratio = row["paper"] / row["T_mct"] - 1
        error = math.hypot(row["error"], ROUNDING)
        apart = abs(row["paper"] - row["T_mct"]) / error
        verdict = YES if apart <= 2 else OPEN if abs(ratio) <= spread else NO
        yield Claim(
            "Table 1",
            f"T_mct {row['potential'].upper()}, ρ = {row['rho']:g}: {row['paper']:.2f}",
            f"{row['T_mct']:.3f} ± {row['error']:.3f}; the paper's is {ratio:+.1%}, {apart:.1f} errors",
            rule if row is rows[0] else "the same",
            verdict,
        )


# --- networks ---------------------------------------------------------------------------------------------------------


def networks(states: list[dict[str, str]], scores: list[dict[str, str]]) -> Iterator[Claim]:
    """Figs 2 to 5 and the abstract."""
    yield whole_range(scores)
    yield above_critical(states)
    for threshold in (1.5, 1.2, 1.0):
        yield colder(states, threshold)
    for name, words in (("wca from lj", "LJ → WCA"), ("lj from wca", "WCA → LJ")):
        yield other_potential(states, name, words)


def whole_range(scores: list[dict[str, str]]) -> Claim:
    """R² of all points of states left out in turn."""
    found = {
        row["model"]: (float(row["r2"]), float(row["r2_error"])) for row in scores if row["examination"] == "states at random"
    }  # fmt: skip
    theory, theory_error = found["mode-coupling theory"]
    verdicts = {
        name: judged(found[name][0], found[name][1], 0.95) if theory + 2 * theory_error < 0.95 else NO
        for name in (PAPERS, OURS)
    }
    return Claim(
        "Fig. 2",
        "the network gives F_s over the whole range of T, far better than mode-coupling theory",
        "; ".join(
            f"{name}: R² {value:.4f} ± {error:.4f}" for name, (value, error) in found.items() if "network" in name
        )
        + f"; theory: {theory:.2f} ± {theory_error:.2f}",
        "R² of the network above 0.95 by 2 errors, that of theory below it",
        verdicts[PAPERS],
        verdicts[OURS],
    )


def above_critical(states: list[dict[str, str]]) -> Claim:
    """R² of each state above T_mct."""
    said, verdicts = [], {}
    for model in (PAPERS, OURS):
        r2 = of_states(states, "states at random", model, lambda theta: theta > 1.0)
        share = float(np.mean(r2 > 0.99))
        said.append(f"{model}: {np.sum(r2 > 0.99)} of {r2.size} states, median {np.median(r2):.4f}")
        verdicts[model] = judged(share, math.sqrt(max(share * (1 - share), 1 / r2.size**2) / r2.size), 0.9)
    return Claim(
        "Fig. 3",
        "R² near 1 for T > T_mct",
        "R² above 0.99: " + "; ".join(said),
        "R² above 0.99 in more than 90 % of the states, by 2 errors of that share; the paper learns from 320 states, we from 56",
        verdicts[PAPERS],
        verdicts[OURS],
    )


def colder(states: list[dict[str, str]], threshold: float) -> Claim:
    """Learned above T_0, asked below."""
    name = f"T ≤ {threshold:g} T_mct from hotter"
    said, verdicts = [], {}
    for model in (PAPERS, OURS):
        near = of_states(states, name, model, lambda theta: (theta > 0.8) & (theta <= threshold))
        far = of_states(states, name, model, lambda theta: theta <= 0.8)
        said.append(f"{model}: {median_of(near)}; below 0.8: {median_of(far)}")
        verdicts[model] = judged(float(np.median(near)), median_error(near), 0.9)
    return Claim(
        "Fig. 4",
        f"learned from T > {threshold:g} T_mct: full transferability down to 0.8 T_mct, limited below",
        "median R² of a state. " + ". ".join(said),
        "median R² between 0.8 T_mct and what was learned from above 0.9, by 2 errors of the median",
        verdicts[PAPERS],
        verdicts[OURS],
    )


def other_potential(states: list[dict[str, str]], name: str, words: str) -> Claim:
    """Learned from one potential, asked for the other."""
    said, verdicts = [], {}
    for model in (PAPERS, OURS):
        r2 = of_states(states, name, model, lambda theta: theta > 0.6)
        said.append(f"{model}: {median_of(r2)}")
        verdicts[model] = judged(float(np.median(r2)), median_error(r2), 0.95)
    return Claim(
        "Fig. 5",
        f"{words}: excellent for T > 0.6 T_mct",
        "median R² of a state. " + ". ".join(said),
        "median R² above 0.95, by 2 errors of the median",
        verdicts[PAPERS],
        verdicts[OURS],
    )


def of_states(
    states: list[dict[str, str]], name: str, model: str, wanted: Callable[[Floats], NDArray[np.bool_]]
) -> Floats:
    """R² of the states of an examination whose T/T_mct is wanted."""
    rows = [row for row in states if row["examination"] == name and row["model"] == model]
    theta, r2 = (np.array([float(row[column]) for row in rows]) for column in ("T/T_mct", "r2"))
    return r2[wanted(theta) & np.isfinite(r2)]


def median_of(values: Floats) -> str:
    """Median and quartiles."""
    low, middle, high = np.percentile(values, [25, 50, 75])
    return f"{middle:.3f} ({low:.3f} … {high:.3f}, {values.size} states)"


def median_error(values: Floats) -> float:
    """From resampled states."""
    random = np.random.default_rng(0)
    return float(np.median(values[random.integers(values.size, size=(2000, values.size))], axis=1).std())


# --- memories ---------------------------------------------------------------------------------------------------------


def memories(cube: xr.Dataset, judged_by: list[dict[str, str]]) -> Iterator[Claim]:
    """Figs 6 and 7, by what a second run of the same state says of fits to the first (memory_predictions.py)."""
    yield predicted(cube, judged_by)
    for dynamics, words in (("newtonian", "Newtonian, all times"), ("overdamped", "overdamped, t ≥ 0.1 τ_LJ")):
        yield modes(judged_by, dynamics, words)


def predicted(cube: xr.Dataset, judged_by: list[dict[str, str]]) -> Claim:
    """Whether two modes give a held-out run, by a check that one mode fails."""
    chi2 = flat(cube.sel(dynamics="newtonian", n_exp=2)["memory_chi2_per_point"])
    missed = {n: column(judged_by, "newtonian", n, "is_missed") for n in (1, 2)}
    can_fail = share_judged(missed[1], 0.5) == YES
    return Claim(
        "Fig. 6a",
        "the memory of eq. 6 with N_exp = 2 reproduces F_s(k_p,t)",
        f"Newtonian, {missed[2].size} pairs of runs of five liquids: the second run is missed by a fit of two modes to the first in "
        f"{missed[2].sum():.0f}, by one of one mode in {missed[1].sum():.0f}. χ²/n of the data fitted says nothing of it: median "
        f"{np.median(chi2):.2f} of {chi2.size} curves, largest {chi2.max():.2f}",
        "missed: farther from the fit than from the first run itself, by 2 errors of correlated times. yes: the second run is not missed in "
        "90 % of the pairs, by 2 errors of that share, in a check that one mode fails in more than half of them, by 2 errors",
        share_judged(1 - missed[2], 0.9) if can_fail else OPEN,
    )


def modes(judged_by: list[dict[str, str]], dynamics: str, words: str) -> Claim:
    """How many modes each curve asks for, by a criterion that counts independent points, and how sure that is."""
    counts = [int(column(judged_by, dynamics, n, "is_preferred").sum()) for n in (1, 2, 3)]
    probability = 1 - column(judged_by, dynamics, 1, "probability")
    independent = column(judged_by, dynamics, 1, "independent_points") / column(judged_by, dynamics, 1, "points")
    needs, enough = probability > 0.95, probability < 0.05
    verdict = share_judged(needs, 0.9)
    return Claim(
        "Fig. 7",
        "a good solution needs at least N_exp = 2",
        f"{words}: N_exp = 1, 2, 3 preferred in {', '.join(map(str, counts))} of {sum(counts)} curves; two or more with a probability above "
        f"95 % in {needs.sum()}, below 5 % in {enough.sum()}",
        "information criterion of the points that count as independent (here "
        f"{np.median(independent):.0%} of them, median), probability over resampled data. yes: above 95 % in 90 % of the curves, by 2 errors of "
        "that share; no: below 5 % in 90 %",
        verdict if verdict == YES else NO if share_judged(enough, 0.9) == YES else OPEN,
    )


def column(rows: list[dict[str, str]], dynamics: str, n_exp: int, name: str) -> Floats:
    """Of all curves of held-out runs."""
    wanted = ("replica", dynamics, str(n_exp))
    return np.array([float(row[name]) for row in rows if (row["held_out"], row["dynamics"], row["n_exp"]) == wanted])


def share_judged(is_so: NDArray, least: float) -> str:
    """Whether something is so in more than a share of the cases."""
    share = float(np.mean(is_so))
    return judged(share, math.sqrt(max(share * (1 - share), 1 / is_so.size) / is_so.size), least)


def flat(array: xr.DataArray) -> Floats:
    """All finite values in one row."""
    values = array.values.ravel()
    return values[np.isfinite(values)]


# --- theory beside simulation -----------------------------------------------------------------------------------------


def theory(cube: xr.Dataset, table: list[dict]) -> Iterator[Claim]:
    """Relaxation times of theory and simulation at equal T, and at equal distance from where each arrests."""
    measured, solved = (cube[name].sel(species="A") for name in ("relaxation_time", "mct_relaxation_time"))
    ratio = flat(solved / measured)
    yield Claim(
        "Fig. 6b",
        "mode-coupling theory overestimates the slowing down",
        f"τ_MCT/τ of A at equal T, where the theory is liquid: median {np.median(ratio):.2g}, from {ratio.min():.2g} to "
        f"{ratio.max():.2g} ({ratio.size} states)",
        "yes: above 1 in every state",
        YES if (ratio > 1).all() else NO if (ratio < 1).all() else OPEN,
    )
    yield at_equal_distance(cube, table)
    below = []
    said = []
    for row in table:
        T_c, error = dynamical(cube, row)
        if np.isfinite(T_c):
            below.append((row["T_mct"] - T_c) / error)
            said.append(
                f"{row['potential'].upper()} {row['rho']:g}: {T_c:.3f} ± {error:.3f} ({T_c / row['T_mct']:.2f} T_mct)"
            )
    yield Claim(
        "section 3",
        "and arrests at a T_mct above where relaxation times diverge",
        "T_c of τ_A ~ (T − T_c)^(−γ), all states of a series: " + "; ".join(said),
        "yes: T_c below T_mct by 2 errors (jackknife over states) in every series; the law is fitted, not tested",
        YES if min(below) > 2 else NO if max(below) < -2 else OPEN,
    )


def at_equal_distance(cube: xr.Dataset, table: list[dict]) -> Claim:
    """F_s(k_p,t) of the theory beside that of the simulation at T, and at the T that is as far from its own arrest."""
    equal, distant = [], []
    for row in table:
        T_c, _ = dynamical(cube, row)
        series = cube.sel(potential=row["potential"], rho=row["rho"], species="A")
        measured, T, t = series["peak_scattering"].values, series["T"].values, series["t"].values
        known = np.isfinite(measured).sum(axis=-1) > 5
        for i in np.flatnonzero(np.isfinite(series["mct_relaxation_time"].values)):
            at = T[i] * T_c / row["T_mct"]
            if known[i] and T[known].min() <= at <= T[known].max():
                F = np.interp(t[1:], series["t_mct"].values, series["mct_peak_scattering"].values[i])
                equal.append(r2(F, measured[i, 1:]))
                distant.append(r2(F, between(T[known], measured[known, 1:], t[1:], at)))
    r2_equal, r2_distant = (np.array(values) for values in (equal, distant))
    return Claim(
        "Fig. 6b",
        "(not said) at equal distance from arrest the theory's F_s(k_p,t) is that of the simulation",
        f"median R² of A in {r2_equal.size} states: at equal T {median_of(r2_equal)}; at equal T/T_mct, the simulation's T_mct being its "
        f"fitted T_c, {median_of(r2_distant)}",
        "R² over the measured times above 0.95, by 2 errors of the median; F_s of the simulation between two temperatures by the times of "
        "equal F, linear in ln T",
        judged(float(np.median(r2_distant)), median_error(r2_distant), 0.95),
    )


def r2(F: Floats, measured: Floats) -> float:
    """Of the times that both hold."""
    known = np.isfinite(F) & np.isfinite(measured)
    spread = measured[known] - measured[known].mean()
    return float(1 - ((F - measured)[known] ** 2).sum() / (spread**2).sum())


def between(T: Floats, curves: Floats, t: Floats, at: float) -> Floats:
    """F at a temperature between those measured: ln t of equal F, linear in ln T."""
    hot = min(max(int(np.searchsorted(T, at)), 1), T.size - 1)
    share = math.log(at / T[hot - 1]) / math.log(T[hot] / T[hot - 1])
    both = [np.minimum.accumulate(curve[np.isfinite(curve)]) for curve in curves[[hot - 1, hot]]]
    levels = np.linspace(max(curve[-1] for curve in both), min(curve[0] for curve in both), 400)
    log_t = [np.interp(levels, curve[::-1], np.log(t[: curve.size])[::-1]) for curve in both]
    at_levels = (1 - share) * log_t[0] + share * log_t[1]
    return np.interp(np.log(t), at_levels[::-1], levels[::-1], left=np.nan, right=np.nan)


def dynamical(cube: xr.Dataset, row: dict) -> tuple[float, float]:
    """T_c and its jackknife error from the power law of a series' relaxation times."""
    series = cube["relaxation_time"].sel(potential=row["potential"], rho=row["rho"], species="A")
    known = np.isfinite(series.values)
    T, log_tau = series["T"].values[known], np.log(series.values[known])
    whole = critical(T, log_tau)
    parts = np.array([critical(np.delete(T, i), np.delete(log_tau, i)) for i in range(T.size)])
    return whole, float(np.sqrt((T.size - 1) / T.size * ((parts - parts.mean()) ** 2).sum()))


def critical(T: Floats, log_tau: Floats) -> float:
    """T_c of the least squares in ln τ."""

    def law(T: Floats, level: float, gamma: float, share: float) -> Floats:
        return level - gamma * np.log(T - share * T_min)

    T_min = T.min()
    best, _ = curve_fit(law, T, log_tau, p0=(1.0, 2.0, 0.8), bounds=([-50, 0.1, 0.0], [50, 20, 0.9999]))
    return float(best[2] * T_min)


if __name__ == "__main__":
    main()
