"""What the errors of T_mct hold: two determinations of Table 1, finite size, the treatment of S(k), the literature's values.

    glassdask run deploy/campaigns/table1-second.toml   # and the like of it at other N
    python benchmarks/critical_errors.py --collect FOLDER ... # S(k) of the runs of campaigns into results/critical-series.nc
    python benchmarks/critical_errors.py --output benchmarks/results/critical_errors.md

reads table1.json, critical-series.nc and workstation-observables.nc of benchmarks/results, and no more.
"""

from __future__ import annotations

import side_by_side  # first: it fixes the number of threads

# isort: split
import argparse
import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from scipy import stats

from glassdask.campaign.definition.campaign import load_campaign
from glassdask.datasets.netcdf import read_netcdf
from glassdask.errors import InvalidInput
from glassdask.outcome import Status
from glassdask.physics.liquids.catalogue import LIQUIDS
from glassdask.physics.mode_coupling.critical_coupling import critical_coupling
from glassdask.physics.mode_coupling.critical_point import critical_point
from glassdask.physics.mode_coupling.critical_temperature import CriticalTemperature, Treatment, critical_temperature
from glassdask.physics.mode_coupling.error_budget import SOURCES, ErrorBudget, jackknife
from glassdask.physics.mode_coupling.structure_series import StructureSeries, TemperatureForm
from glassdask.physics.structure.bipolar_grid import bipolar_wavenumbers
from glassdask.physics.structure.static_structure import Floats, StaticStructure, matrix_of_pairs
from glassdask.physics.structure.table_on_grid import even_spline
from glassdask.physics.structure.wavevectors import octant
from glassdask.stages.collect.treatments import WIDTHS
from glassdask.stages.contract.grids import wavenumber_centres, wavenumber_edges
from glassdask.stages.contract.sections import WavenumbersSection
from glassdask.stages.solve_mct.run import partials_for_theory

RESULTS = Path(__file__).parent / "results"
SERIES, CUBE = RESULTS / "critical-series.nc", RESULTS / "workstation-observables.nc"
#: The k grid of all campaigns here.
GRID = WavenumbersSection()
#: Temperatures of the runs of Table 1, of the second determination, of the earlier one, between −1 and 1: 10, 4 and 5 runs.
TEN, FOUR, FIVE = np.repeat(np.linspace(-1, 1, 5), 2), np.linspace(-1, 1, 4), np.linspace(-1, 1, 5)
#: The one mixture that others have, and their T_mct.
OTHERS = {"Nauroth and Kob 1997": 0.922, "Flenner and Szamel 2005": 0.9515}
#: The second determination of earlier, of which no S(k) was kept: T_mct and the jackknife's error.
EARLIER = {
    ("lj", 1.2): (0.900, 0.003), ("lj", 1.4): (1.906, 0.010), ("lj", 1.6): (3.435, 0.030), ("lj", 1.8): (5.94, 0.03),
    ("wca", 1.2): (0.742, 0.004), ("wca", 1.4): (1.817, 0.010), ("wca", 1.6): (3.456, 0.010), ("wca", 1.8): (5.966, 0.030),
}  # fmt: skip


@dataclass(frozen=True)
class Series:
    """Runs of one mixture and density in one box."""

    potential: str
    n: int
    box_length: float
    T: Floats
    nominal: Floats
    runs: tuple[xr.Dataset, ...]

    @property
    def density(self) -> float:
        return self.n / self.box_length**3

    @property
    def composition(self) -> Floats:
        return np.array(LIQUIDS[self.potential].counts(self.n)) / self.n

    def partials(self, width: float = 1.0) -> Floats:
        """S_ab(k) of every run, as the theory takes it."""
        return np.array([partials_for_theory(run, GRID, self.box_length, width) for run in self.runs])

    def some(self, keep: Iterable[int]) -> Series:
        kept = list(keep)
        return replace(self, T=self.T[kept], nominal=self.nominal[kept], runs=tuple(self.runs[i] for i in kept))

    def answer(self) -> CriticalTemperature:
        """As `glassdask mct` has it."""
        k, S = wavenumber_centres(GRID), self.partials()
        treatments = [Treatment("window", k, self.partials(width)) for width in WIDTHS.values()]
        return critical_temperature(
            self.T, S, k, self.density, self.composition, self.nominal.tolist(), treatments=treatments
        )

    def by(
        self, form: TemperatureForm, bracket: tuple[float, float], S: Floats | None = None, k: Floats | None = None
    ) -> float:
        """T_mct by a form of S(k, T) through all runs."""
        k = wavenumber_centres(GRID) if k is None else k
        S = self.partials() if S is None else S
        runs = StructureSeries(self.T, S, self.nominal, k, self.density, self.composition)
        return critical_point(runs.smooth(form), *bracket).control


def collected(folders: Sequence[Path]) -> xr.Dataset:
    """S(k) in fine bins of all runs in equilibrium of campaigns."""
    rows: list[dict[str, Any]] = []
    for path in sorted(file for folder in folders for file in folder.glob("states/*/observables.nc")):
        data = read_netcdf(path)
        if Status(data.attrs["status"]) is not Status.DONE:
            print(f"{path} is {data.attrs['status']}: left out")
            continue
        rows.append(
            {
                "campaign": path.parents[2].name,
                "potential": str(data["potential"].values),
                "rho": float(data["rho"]),
                "T": float(data["T"]),
                "measured_temperature": float(data["measured_temperature"]),
                "measured_temperature_error": float(data["measured_temperature_error"]),
                "production_time": float(data["production_time"]),
                "n_particles": int(data.attrs["n_particles"]),
                "box_length": load_campaign(path.parents[2]).specification.system.box_length,
                "structure_factor_fine": data["structure_factor_fine"].transpose("pair", "k_fine").values,
                "mean_wavenumber_fine": data["mean_wavenumber_fine"].values,
            }
        )
    dims = {"structure_factor_fine": ("run", "pair", "k_fine"), "mean_wavenumber_fine": ("run", "k_fine")}
    values = {name: (dims.get(name, ("run",)), np.array([row[name] for row in rows])) for name in rows[0]}
    return xr.Dataset(values, {"pair": ["AA", "AB", "BB"]}, {"title": "S(k) in fine bins of single runs, for T_mct"})


def series_of(data: xr.Dataset, potential: str, rho: float, campaign: str) -> Series:
    """The runs of one mixture, density and campaign."""
    is_it = (data["potential"] == potential) & np.isclose(data["rho"], rho) & (data["campaign"] == campaign)
    chosen = data.isel(run=np.flatnonzero(is_it.values))
    return Series(
        potential,
        int(chosen["n_particles"][0]),
        float(chosen["box_length"][0]),
        chosen["measured_temperature"].values,
        chosen["T"].values,
        tuple(
            chosen[["structure_factor_fine", "mean_wavenumber_fine"]].isel(run=i) for i in range(chosen.sizes["run"])
        ),
    )


def workstation_series(cube: xr.Dataset, potential: str, rho: float) -> Series:
    """One of the campaign workstation.toml: one run a temperature, L = 10."""
    at = cube.sel(potential=potential, rho=rho)
    at = at.isel(T=np.flatnonzero(np.isfinite(at["mct_critical_coupling"].values)))
    runs = at[["structure_factor_fine", "mean_wavenumber_fine"]].transpose("T", "pair", "k_fine")
    n = round(rho * 1000)
    return Series(
        potential,
        n,
        10.0,
        at["measured_temperature"].values,
        at["T"].values,
        tuple(runs.isel(T=i) for i in range(at.sizes["T"])),
    )


# --- two determinations of Table 1 ----------------------------------------------------------------------------------


def table1_budgets(
    rows: list[dict[str, Any]], second: dict[tuple[str, float], CriticalTemperature]
) -> dict[Any, ErrorBudget]:
    """Of Table 1: its own jackknife, windows and parabolas; end and spacing, which the runs don't matter to, as a share of T_mct
    from the second determination."""
    budgets = {}
    for row in rows:
        key, T = (row["potential"], row["rho"]), row["T_mct"]
        tried, answer = row["other_treatments"], second[key]
        budgets[key] = ErrorBudget(
            statistics=row["jackknife"],
            window=max(abs(tried[name] - T) for name in ("window 0.15", "window 0.4")) / math.sqrt(3.0),
            interpolation=abs(tried["parabola in T"] - T),
            end=answer.errors.temperature.end * T / answer.temperature,
            spacing=answer.errors.temperature.spacing * T / answer.temperature,
        )
    return budgets


@dataclass(frozen=True)
class Cell:
    """T_mct of a mixture from two determinations, with the error of the difference by each mixture's jackknife, by the jackknife
    pooled over mixtures, and by that with the treatment of S(k)."""

    key: tuple[str, float]
    first: float
    second: float
    alone: float
    pooled: float
    on_one_grid: float

    def row(self) -> list[str]:
        difference = self.second - self.first
        errors = (self.alone, self.pooled, self.on_one_grid)
        return [
            *name_of(self.key), f"{self.first:.3f}", f"{self.second:.3f}", f"{100 * (self.second / self.first - 1):+.2f}",
            *(f"{difference / error:+.1f}" for error in errors),
        ]  # fmt: skip


def cell(
    key: tuple[str, float],
    first: tuple[float, ErrorBudget],
    second: tuple[float, ErrorBudget],
    shares: tuple[float, float],
) -> Cell:
    """Of T_mct and budget of both, and the pooled errors of the statistics as shares of T_mct."""
    pooled_budgets = [
        replace(budget, statistics=share * T) for (T, budget), share in zip((first, second), shares, strict=True)
    ]
    return Cell(
        key,
        first[0],
        second[0],
        math.hypot(first[1].statistics, second[1].statistics),
        math.hypot(*(budget.statistics for budget in pooled_budgets)),
        math.hypot(*(budget.on_one_grid for budget in pooled_budgets)),
    )


def pooled(shares: Sequence[float]) -> float:
    """Root mean square over the mixtures: four runs leave a jackknife two degrees of freedom, eight mixtures sixteen."""
    return float(np.sqrt(np.mean(np.square(shares))))


def exceeded(cells: Sequence[Cell], designs: tuple[Floats, Floats], shares: tuple[float, float]) -> str:
    """χ² by each mixture's own jackknife, and how often pure chance exceeds it: lines through runs at these temperatures whose
    noise is known, with errors by the same jackknife."""
    seen = sum(((one.second - one.first) / one.alone) ** 2 for one in cells)
    rng = np.random.default_rng(1)
    found = [lines(T, share, rng, len(cells) * 20_000) for T, share in zip(designs, shares, strict=True)]
    z = (found[0][0] - found[1][0]) / np.hypot(found[0][1], found[1][1])
    by_chance = (z.reshape(len(cells), -1) ** 2).sum(axis=0)
    return (
        f"χ² = {seen:.1f} for {len(cells)} cells; chance alone exceeds it in {100 * np.mean(by_chance > seen):.0f} of 100 cases, and has "
        f"a median of {np.median(by_chance):.1f}"
    )


def lines(T: Floats, share: float, rng: np.random.Generator, n: int) -> tuple[Floats, Floats]:
    """What n lines through noise have at 0, scaled to a standard deviation, and their jackknife errors."""
    weights = np.linalg.pinv(np.vander(T, 2))[1]
    y = rng.standard_normal((T.size, n)) * share / np.linalg.norm(weights)
    left_out = []
    for i in range(T.size):
        others = np.arange(T.size) != i
        left_out.append(np.linalg.pinv(np.vander(T[others], 2))[1] @ y[others])
    return weights @ y, jackknife(left_out)


def chi2(cells: Sequence[Cell], name: str) -> str:
    """χ² over the cells, per cell, and how often chance alone exceeds it."""
    total = sum(((cell.second - cell.first) / getattr(cell, name)) ** 2 for cell in cells)
    return f"χ² = {total:.1f} for {len(cells)} cells, χ²/n = {total / len(cells):.2f}, p = {stats.chi2.sf(total, len(cells)):.2g}"


def name_of(key: tuple[str, float]) -> list[str]:
    return [key[0].upper(), f"{key[1]:g}"]


def budget_rows(answers: dict[tuple[str, float], tuple[float, ErrorBudget]]) -> list[list[str]]:
    """T_mct, its parts in % of it, and the whole."""
    return [
        [
            *name_of(key),
            f"{T:.3f} ± {budget.total:.3f}",
            *(percent(getattr(budget, source) / T) for source in SOURCES[:-1]),
            percent(budget.total / T),
        ]
        for key, (T, budget) in answers.items()
    ]


def percent(share: float) -> str:
    return "–" if math.isnan(share) else f"{100 * share:.2f}"


BUDGET_HEADER = ["mixture", "ρ", "T_mct", "statistics", "window", "interpolation", "end", "spacing", "all, %"]
CELL_HEADER = ["mixture", "ρ", "first", "second", "%", "in σ of own jackknife", "of pooled jackknife", "and treatment"]


# --- finite size, treatments, literature ---------------------------------------------------------------------------


def in_boxes(data: xr.Dataset, cube: xr.Dataset, table1: dict[str, Any], small: CriticalTemperature) -> list[list[str]]:
    """T_mct of LJ at ρ = 1.2 against N, of series and of single runs: where g_c of a run is that of the smooth S(k, T) of N = 600 at
    T', T_mct of its size is T/T' times that of N = 600."""
    series = series_of(data, "lj", 1.2, "table1-second")
    rows = [
        ["600", "4", said(small.temperature, small.standard_error), *single(series, series, small.temperature)],
        ["1200", str(table1["runs"]), said(table1["T_mct"], table1["jackknife"]), "–", "–"],
    ]
    near = workstation_series(cube, "lj", 1.2)
    near = near.some(np.flatnonzero(np.abs(near.T / small.temperature - 1) < 0.12))
    rows.append(["1200", str(near.T.size), "–", *single(near, series, small.temperature)])
    if "finite-size-4800" in data["campaign"].values:
        large = series_of(data, "lj", 1.2, "finite-size-4800")
        rows.append([str(large.n), str(large.T.size), "–", *single(large, series, small.temperature)])
    return rows


def single(series: Series, reference: Series, T_mct: float) -> list[str]:
    """T_mct from each run by itself, and their mean with its standard error."""
    k = wavenumber_centres(GRID)
    runs = StructureSeries(
        reference.T, reference.partials(), reference.nominal, k, reference.density, reference.composition
    )
    smooth = runs.smooth(TemperatureForm(1))
    T = T_mct * np.linspace(0.86, 1.14, 8)
    g = [critical_coupling(smooth(t), 1e-4) for t in T]
    found = []
    for measured, S in zip(series.T, series.partials(), strict=True):
        own = StaticStructure(k, matrix_of_pairs(S), series.density, series.composition)
        found.append(T_mct * measured / float(np.interp(critical_coupling(own, 1e-4), g, T)))
    each = ", ".join(f"{t:.3f}" for t in found)
    error = f" ± {np.std(found, ddof=1) / math.sqrt(len(found)):.3f}" if len(found) > 1 else ""
    return [each, f"{np.mean(found):.3f}{error}"]


def said(T: float, error: float) -> str:
    return f"{T:.4f} ± {error:.4f}"


def interpolated(cube: xr.Dataset) -> list[list[str]]:
    """What a line in T, one in 1/T and a parabola through the same four or two sparse temperatures give, mixture by mixture."""
    rows = []
    for potential in ("lj", "wca"):
        for rho in (1.2, 1.4, 1.6, 1.8):
            series = workstation_series(cube, potential, rho)
            whole = series.answer()
            four = series.some(np.flatnonzero(np.isin(series.nominal, whole.temperatures)))
            bracket = float(four.T.max()), float(four.T.min())
            T = four.by(TemperatureForm(2), bracket)
            below, above = four.T[four.T < T].max(), four.T[four.T > T].min()
            two = four.some(np.flatnonzero((below == four.T) | (above == four.T)))
            hot = series.some(np.argsort(series.T)[np.sort(series.T) > T][:3])
            moves = [
                moved(four, TemperatureForm(1), bracket, T),
                moved(four, TemperatureForm(1, True), bracket, T),
                moved(four, TemperatureForm(2, True), bracket, T),
                moved(two, TemperatureForm(1), bracket, T),
                moved(two, TemperatureForm(1, True), bracket, T),
                moved(hot, TemperatureForm(1), (hot.T.min(), 0.6 * T), T),
                moved(hot, TemperatureForm(1, True), (hot.T.min(), 0.6 * T), T),
            ]
            rows.append(
                [*name_of((potential, rho)), f"{four.T.min() / T:.2f} … {four.T.max() / T:.2f}", f"{T:.3f}", *moves]
            )
    return rows


def moved(series: Series, form: TemperatureForm, bracket: tuple[float, float], T: float, **options: Any) -> str:
    """By how many percent T_mct moves; "–" where S is no structure factor, or the bracket is none."""
    try:
        return f"{100 * (series.by(form, bracket, **options) / T - 1):+.2f}"
    except InvalidInput:
        return "–"


def literature(series: Series, T_here: float, slope: float) -> list[list[str]]:
    """What of the treatment of S(k), the state and its size moves T_mct of LJ, tried one by one. [moved by, of what]"""
    bracket, line = (float(series.T.max()) * 1.04, float(series.T.min()) * 0.94), TemperatureForm(1)
    T = series.by(line, bracket)
    k = wavenumber_centres(GRID)
    S = series.partials()
    fine = bipolar_wavenumbers(0.5 * GRID.spacing, 2 * GRID.count)
    between = np.array([even_spline(k, one, fine) for one in S])
    bins = np.array([bin_means(run, series.box_length) for run in series.runs])
    rows = [["their state: N = 1000 in L = 9.4, ρ = 1.2040, with S(k) of our runs there, T_mct =", f"{T:.4f}"]]
    rows.append([f"against {T_here:.4f} at ρ = 1.2 (d ln T_mct / d ln ρ = {slope:.2f} of Table 1 has {100 * slope * math.log(series.density / 1.2):+.2f} %)", f"{100 * (T / T_here - 1):+.2f}"])  # fmt: skip
    for words, form, options in (
        ("dk = 0.2 in place of 0.4", line, {"S": between, "k": fine}),
        ("k up to 32", line, {"S": S[..., k < 32], "k": k[k < 32]}),
        ("k up to 24", line, {"S": S[..., k < 24], "k": k[k < 24]}),
        ("k up to 20", line, {"S": S[..., k < 20], "k": k[k < 20]}),
        ("means over bins of 0.4 in place of S at k_i", line, {"S": bins, "k": k}),
        ("parabolas of half width 0.15", line, {"S": series.partials(width=0.6)}),
        ("parabolas of half width 0.4", line, {"S": series.partials(width=1.6)}),
        ("S(k, T) linear in 1/T", TemperatureForm(1, True), {}),
        ("S(k, T) a parabola in T", TemperatureForm(2), {}),
    ):
        wide = (1.08 * T, 0.82 * T) if "up to" in words or "bins" in words else bracket
        rows.append([words, moved(series, form, wide, T, **options)])
    return rows


def bin_means(run: xr.Dataset, box_length: float) -> Floats:
    """S_ab averaged over all wavevectors of each bin of 0.4; nothing lies in the first, which gets the second's."""
    _, edges = wavenumber_edges(GRID)
    weight = octant(box_length, edges).count.reshape(GRID.count, -1)
    S = np.nan_to_num(run["structure_factor_fine"].values).reshape(-1, GRID.count, GRID.fine_bins)
    total = weight.sum(axis=1)
    means = (weight * S).sum(axis=2) / np.maximum(total, 1)
    means[:, total == 0] = means[:, [np.flatnonzero(total)[0]]]
    return means


# --- the record ------------------------------------------------------------------------------------------------------


def main() -> None:
    """Collects S(k), or prints the record."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--collect", nargs="+", type=Path, help="folders of campaigns, run to their end")
    parser.add_argument("--output", type=Path, help="file of the record")
    arguments = parser.parse_args()
    if arguments.collect:
        data = collected(arguments.collect)
        packed = {name: {"zlib": True, "complevel": 9} for name in data.data_vars if data[name].ndim > 1}
        data.to_netcdf(SERIES, encoding={name: {**how, "dtype": "float32"} for name, how in packed.items()})
        return
    table1 = json.loads((RESULTS / "table1.json").read_text(encoding="utf-8"))
    side_by_side.publish("\n".join(record(table1, read_netcdf(SERIES), read_netcdf(CUBE))), arguments.output)
    (RESULTS / "table1.json").write_text(json.dumps(table1, indent=1) + "\n", encoding="utf-8")


def record(table1: list[dict[str, Any]], data: xr.Dataset, cube: xr.Dataset) -> list[str]:
    """Lines of the record; the rows of Table 1 get the parts of their errors."""
    keys = [(row["potential"], row["rho"]) for row in table1]
    second = {key: series_of(data, *key, "table1-second").answer() for key in keys}
    first = table1_budgets(table1, second)
    for row in table1:
        budget = first[row["potential"], row["rho"]]
        row["error"] = round(budget.total, 5)
        row["difference_in_errors"] = round(
            (row["T_mct"] - row["paper"]) / math.hypot(budget.total, 0.005 / math.sqrt(3)), 1
        )
        row["error_parts"] = {name: round(part, 5) for name, part in asdict(budget).items() if not math.isnan(part)}
    T_first = {(row["potential"], row["rho"]): row["T_mct"] for row in table1}
    T_second = {key: one.temperature for key, one in second.items()}
    one_share = pooled([first[key].statistics / T_first[key] for key in keys])
    two_share = pooled([one.standard_error / one.temperature for one in second.values()])
    old_share = pooled([error / T for T, error in EARLIER.values()])
    ours = [
        cell(key, (T_first[key], first[key]), (T_second[key], second[key].errors.temperature), (one_share, two_share))
        for key in keys
    ]
    earlier = [
        cell(
            key,
            (T_first[key], first[key]),
            (T, replace(second[key].errors.temperature, statistics=error)),
            (one_share, old_share),
        )
        for key, (T, error) in EARLIER.items()
    ]
    lj = next(row for row in table1 if (row["potential"], row["rho"]) == ("lj", 1.2))
    slope = math.log(T_first["lj", 1.4] / T_first["lj", 1.2]) / math.log(1.4 / 1.2)
    here = series_of(data, "lj", 1.20397, "literature-state")
    there = here.answer()
    others = ", ".join(f"{T:g} ({name}, {100 * (T / lj['T_mct'] - 1):+.1f} %)" for name, T in OTHERS.items())
    table = side_by_side.table
    return [
        "# What the errors of T_mct hold",
        "",
        side_by_side.circumstances(["scipy"]),
        "",
        "Parts of the error in % of T_mct: statistics, the jackknife over runs; window, 1/√3 of the larger",
        "move by parabolas in k of half width 0.15 and 0.4 in place of 0.25; interpolation, the move by a parabola in T in place of a line; end,",
        "by a k grid that is a tenth shorter; spacing, by one of dk = 0.2. Squares add. Two determinations on one k grid have end and spacing",
        "in common: their difference is judged without.",
        "",
        "## The second determination: 32 runs, N = 600 … 900, other seeds and temperatures (deploy/campaigns/table1-second.toml)",
        "",
        table(
            BUDGET_HEADER, budget_rows({key: (one.temperature, one.errors.temperature) for key, one in second.items()})
        ),
        "",
        "λ, a, b and g_c at T_mct (where it is 1) of the same, with whole errors:",
        "",
        table(["mixture", "ρ", "λ", "a", "b", "g_c"], [exponents(key, one) for key, one in second.items()]),
        "",
        "## The first, Table 1: 80 runs, N = 1200 … 1800",
        "",
        table(BUDGET_HEADER, budget_rows({key: (T_first[key], budget) for key, budget in first.items()})),
        "",
        "## Do the two agree?",
        "",
        table(CELL_HEADER, [cell.row() for cell in ours]),
        "",
        f"- each mixture's own jackknife, as errors were before: {exceeded(ours, (TEN, FOUR), (one_share, two_share))}",
        f"- pooled over the mixtures, {100 * one_share:.2f} and {100 * two_share:.2f} % of T_mct: {chi2(ours, 'pooled')}",
        f"- with the treatment of S(k): {chi2(ours, 'on_one_grid')}",
        "",
        "An earlier second determination, of which T_mct and jackknife were kept and S(k) was not:",
        "",
        table(CELL_HEADER, [cell.row() for cell in earlier]),
        "",
        f"- each mixture's own jackknife: {exceeded(earlier, (TEN, FIVE), (one_share, old_share))}, were there five runs each",
        f"- pooled, {100 * old_share:.2f} % of T_mct in the earlier one: {chi2(earlier, 'pooled')}",
        f"- with a treatment of S(k) in the earlier one as good as in the second: {chi2(earlier, 'on_one_grid')}",
        "",
        "A jackknife of four or five runs is right on average and far too small now and then, so that χ² = 16 or 18 for 8 cells is nothing",
        "unusual: the same runs with errors pooled over the mixtures have χ²/n near 1. That is the test; the treatment of S(k) is the same in",
        "both determinations and hardly shows in their difference. Of the earlier one seven cells agree so, too. LJ at ρ = 1.6 does not: a line",
        "in T or 1/T through temperatures some 30 % apart is off by as much, as the next table has it, but without its S(k) it cannot be told.",
        "",
        "## Line, parabola, sparse temperatures, extrapolation",
        "",
        "Of the campaign workstation.toml, which has 4 temperatures from 0.7 to 1.3 T_mct: T_mct by a parabola in T through them, and by",
        "how many percent others move it: lines in T and 1/T, a parabola in 1/T, lines through the two nearest alone, and lines",
        "extrapolated from the three temperatures above T_mct.",
        "",
        table(
            [
                "mixture",
                "ρ",
                "T/T_mct",
                "T_mct",
                "line in T",
                "in 1/T",
                "parabola in 1/T",
                "two: T",
                "two: 1/T",
                "extrapolated: T",
                "1/T",
            ],
            interpolated(cube),
        ),
        "",
        "## Finite size, LJ at ρ = 1.2",
        "",
        table(
            ["N", "runs", "T_mct, error of the statistics", "of single runs", "mean of these"],
            in_boxes(data, cube, lj, second["lj", 1.2]),
        ),
        "",
        "From 600 to 1200 particles T_mct moves by less than its statistics. A larger box: deploy/campaigns/finite-size-4800.toml, of which",
        "S(k) is read here where it was collected.",
        "",
        "## The literature's values for LJ at ρ = 1.2",
        "",
        f"{others}; ours {lj['T_mct']:.4f} ± {lj['error']:.4f}. What moves it, tried one by one, in % of T_mct",
        f"(the statistics there, four runs, are {100 * there.errors.temperature.statistics / there.temperature:.1f} %):",
        "",
        table(["tried", "moves T_mct by"], literature(here, lj["T_mct"], slope)),
    ]


def exponents(key: tuple[str, float], one: CriticalTemperature) -> list[str]:
    point, errors = one.point, one.errors
    assert point is not None
    numbers = (
        (point.exponent_parameter, errors.exponent_parameter),
        (point.a, errors.a),
        (point.b, errors.b),
        (1.0, errors.coupling),
    )
    return [*name_of(key), *(f"{value:.4f} ± {budget.total:.4f}" for value, budget in numbers)]


if __name__ == "__main__":
    main()
