"""Fits of memory functions: the compiled solver against a NumPy loop, and the search against others, to the same misfit.

    python benchmarks/memory_fit.py --output benchmarks/results/memory_fit.md

A candidate is a memory for two species that know nothing of each other (F_AB = 0): two rows of the solver. Searches end
when the sum of squares over 80 times is below 1e-6 as their solver sees it (N = 32, which is good for 3e-9 at the
truth). Times are the processor's.
"""

from __future__ import annotations

import side_by_side  # first: it fixes the number of threads

# isort: split
import json
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import memory_fit_peers as peers
import numpy as np
from memory_fit_peers import Counted, Outcome
from numpy.typing import NDArray
from paper_method import PaperSpace, fit_as_the_paper

from glassdask.fits.fit_options import FitOptions
from glassdask.fits.fitting import fit_memories
from glassdask.fits.refinement.memory_fit import MemoryFit, accurate_solution
from glassdask.fits.search.search_space import SearchSpace
from glassdask.fits.target.target import Target
from glassdask.physics.memory.dynamics import DYNAMICS, Dynamics
from glassdask.physics.memory.memory_candidates import CandidateSolver
from glassdask.physics.memory.memory_kernels import StretchedMemory

Floats = NDArray[np.float64]
BATCHES = (16, 64, 256)
LOOP_ROWS = 4
#: Estimated error above which a fit calls a solution unresolved.
RESOLUTION = 0.01
DECADES_14 = np.geomspace(1e-6, 1e8, 60)
MEASURED = np.geomspace(0.03, 1000.0, 30)  # tau_MD

T = np.geomspace(1e-4, 1e4, 80)
TARGETS = {
    "two steps": StretchedMemory.from_invariants(0.0, [8.0, 4.0], [0.05, 50.0], [0.8, 0.6]),
    "glass": StretchedMemory.from_invariants(2.0, [20.0, 3.0], [0.1, 30.0], [0.7, 0.9]),
    "liquid": StretchedMemory.from_invariants(0.0, [3.0, 1.0], [0.3, 5.0], [1.0, 0.8]),
    "slow": StretchedMemory.from_invariants(0.0, [5.0, 10.0], [1.0, 1e3], [0.6, 0.5]),
}
GOAL = 1e-6
#: Evaluations that the NumPy loop may spend, and those of the paper's search on our solver.
LOOP_EVALUATIONS, PAPER_EVALUATIONS = 1500, 100_000
#: As measured Kob–Andersen data: fast compressed mode of collisions, slow stretched one; Ω = k_p² k_BT/m. [1/tau_MD²]
STATE = {
    "A": StretchedMemory.from_invariants(0.0, [40.0, 20.0], [0.3, 30.0], [1.8, 0.7]),
    "B": StretchedMemory.from_invariants(0.0, [25.0, 8.0], [0.4, 12.0], [1.6, 0.6]),
}
STATE_RATE, NOISE = 0.9, 1e-3


def random_rows(n: int) -> Floats:
    """Candidates of two modes over the whole of 14 decades."""
    rng = np.random.default_rng(0)
    K = np.exp(rng.uniform(-5, 0, n))
    A, tau = np.exp(rng.uniform(-2, 4, (n, 2))), np.exp(rng.uniform(-4, 9, (n, 2)))
    return np.column_stack([np.ones(n), K, A, tau, rng.uniform(0.3, 1.2, (n, 2))])


def searched_rows(n: int, dynamics: Dynamics) -> Floats:
    """Candidates as a search of a measured F draws them."""
    target = Target(MEASURED, accurate_solution(STATE["A"], STATE_RATE, MEASURED, dynamics)[0])
    space = SearchSpace.of(target, 2, dynamics, STATE_RATE, False)
    return space.candidates(space.random(np.random.default_rng(0), n))


def rows_near_a_measured_memory(n: int) -> Floats:
    """Amplitudes and times off by 30 %, stretches by 0.1."""
    rng, row = np.random.default_rng(0), STATE["A"].candidate(STATE_RATE)
    rows = np.repeat(row[None], n, axis=0)
    rows[:, 2:6] *= np.exp(0.3 * rng.standard_normal((n, 4)))
    rows[:, 6:] += 0.1 * rng.standard_normal((n, 2))
    return rows


# --- the solver -----------------------------------------------------------------------------------------------------


def solver_rows(rounds: int) -> list[list[str]]:
    """Microseconds a candidate, ours in batches and a NumPy loop."""
    rows = []
    for name, times in {"14 decades": DECADES_14, "measured F, 0.03 to 1000": MEASURED}.items():
        for dynamics in DYNAMICS:
            for n_half in (32, 64):
                some = random_rows(256) if times is DECADES_14 else searched_rows(256, dynamics)
                solver = CandidateSolver(times, dynamics, n_half)
                cases: dict[str, Callable[[], object]] = {
                    f"{n}": partial(solver.solve, some[:n]) for n in reversed(BATCHES)
                }
                cases["loop"] = partial(_loop, some[:LOOP_ROWS], times, dynamics == "newtonian", n_half)
                seconds = median_cpu_seconds(cases, rounds)
                ours = {n: 2e6 * seconds[f"{n}"] / n for n in BATCHES}
                loop = 2e6 * seconds["loop"] / LOOP_ROWS
                rows.append(
                    [
                        f"{name}, {dynamics}, N = {n_half}",
                        *(f"{ours[n]:.0f}" for n in BATCHES),
                        f"{loop:,.0f}",
                        f"{loop / ours[16]:.0f} to {loop / ours[256]:.0f}",
                    ]
                )
    return rows


def median_cpu_seconds(cases: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """As `side_by_side.median_seconds`, of the processor: of a machine that others use too."""
    times: dict[str, list[float]] = {name: [] for name in cases}
    for case in cases.values():
        case()
    for _ in range(rounds):
        for name, case in cases.items():
            begun = time.process_time()
            case()
            times[name].append(time.process_time() - begun)
    return {name: statistics.median(values) for name, values in times.items()}


def _loop(rows: Floats, times: Floats, is_newtonian: bool, n_half: int) -> None:
    for row in rows:
        peers.step_loop_solution(row, times, is_newtonian, n_half)


def agreement() -> float:
    """Largest difference between the NumPy loop and ours at times that both grids hold."""
    times = DECADES_14[-1] * 2.0 ** -np.arange(40.0)[::-1]
    largest = 0.0
    for dynamics in DYNAMICS:
        solver = CandidateSolver(times, dynamics)
        for row in random_rows(8):
            loop = peers.step_loop_solution(row, times, dynamics == "newtonian")
            largest = max(largest, float(np.abs(loop - solver.solve(row)[0]).max()))
    return largest


def error_rows() -> list[list[str]]:
    """Worst and median error of 64 random candidates; of Newtonian ones, those that the accurate solution calls resolved."""
    rows = []
    cases: tuple[tuple[str, Floats, Dynamics, Floats], ...] = (
        ("14 decades", DECADES_14, "overdamped", random_rows(64)),
        ("14 decades", DECADES_14, "newtonian", random_rows(64)),
        ("starts of a search, 0.03 to 1000", MEASURED, "newtonian", searched_rows(64, "newtonian")),
        ("near a measured memory, 0.03 to 1000", MEASURED, "newtonian", rows_near_a_measured_memory(64)),
    )
    for name, times, dynamics, some in cases:
        best = [_accurate(row, times, dynamics) for row in some]
        is_resolved = [error <= RESOLUTION for _, error in best]
        some = some[is_resolved]
        coarse, fine = (CandidateSolver(times, dynamics, n, 0.002).solve(some) for n in (1024, 2048))
        exact = (4.0 * fine - coarse) / 3.0
        found = {f"N = {n}": CandidateSolver(times, dynamics, n).solve(some) for n in (32, 64, 128)}
        found["256 and 512 extrapolated"] = np.array([F for F, _ in best])[is_resolved]
        for solver, F in found.items():
            errors = np.abs(F - exact).max(axis=1)
            rows.append(
                [f"{name}, {dynamics}", f"{len(some)}", solver, f"{errors.max():.1e}", f"{np.median(errors):.1e}"]
            )
    return rows


def _accurate(row: Floats, times: Floats, dynamics: Dynamics) -> tuple[Floats, float]:
    memory = StretchedMemory.from_invariants(row[1], *row[2:].reshape(3, -1))
    return accurate_solution(memory, row[0], times, dynamics)


# --- the fit --------------------------------------------------------------------------------------------------------


@dataclass(eq=False)
class Record:
    """The runs of one method, by target."""

    outcomes: dict[str, list[Outcome]] = field(default_factory=dict)

    def add(self, target: str, outcome: Outcome) -> None:
        """One more run."""
        self.outcomes.setdefault(target, []).append(outcome)

    def runs(self, target: str | None = None) -> list[Outcome]:
        """Of one target, or all."""
        return [o for name, found in self.outcomes.items() for o in found if target in (None, name)]

    def a_success(self, quantity: str, target: str | None = None) -> float:
        """All that was spent over the number of successes; infinite if there are none."""
        runs = self.runs(target)
        reached = sum(o.is_reached for o in runs)
        return sum(getattr(o, quantity) for o in runs) / reached if reached else np.inf

    def median(self, quantity: str, target: str | None = None) -> float:
        """Of all runs."""
        return statistics.median(getattr(o, quantity) for o in self.runs(target))


OURS, OURS_TO_END, PYCMA = "glassdask, until 1e-6 is seen", "glassdask, to its end", "pycma, defaults, one run"
EVOLUTION, DESCENT = "scipy differential_evolution", "scipy least_squares from one random start"
DESCENTS = "least squares from the best of 16 starts, then the next, up to 6"
PAPER, PAPER_STOPPED = "the paper's settings, tolfacupx off", "the paper's settings as printed (tolfacupx on)"
SEEDS = {OURS: 10, PYCMA: 10, EVOLUTION: 4, DESCENT: 40, DESCENTS: 40, PAPER: 3, PAPER_STOPPED: 3}


def exact_target(memory: StretchedMemory) -> Target:
    """F of a memory, Ω = 1, overdamped."""
    return Target(T, accurate_solution(memory, 1.0, T, "overdamped")[0])


def where_a_theory_might_put_it(memory: StretchedMemory) -> StretchedMemory:
    """A start for the paper's search: times off by factors of two."""
    return StretchedMemory.from_invariants(
        memory.plateau + 0.3,
        memory.amplitudes * np.array([0.75, 1.5]),
        memory.times * np.array([0.6, 2.4]),
        memory.stretches + np.array([0.1, -0.1]),
    )


def searches() -> dict[str, Record]:
    """All methods on all targets, methods in turns."""
    records = {
        name: Record() for name in (OURS, OURS_TO_END, PYCMA, EVOLUTION, DESCENT, DESCENTS, PAPER, PAPER_STOPPED)
    }
    for name, memory in TARGETS.items():
        target, start = exact_target(memory), where_a_theory_might_put_it(memory)
        solver = CandidateSolver(T, "overdamped")
        space = SearchSpace.of(target, 2, "overdamped", 1.0, False)
        peer_searches = {
            PYCMA: peers.by_pycma,
            EVOLUTION: peers.by_differential_evolution,
            DESCENT: peers.by_least_squares,
            DESCENTS: peers.by_descents,
        }
        for seed in range(max(SEEDS.values())):
            if seed < SEEDS[OURS]:
                until, to_end = ours(target, seed)
                records[OURS].add(name, until)
                records[OURS_TO_END].add(name, to_end)
            for method, search in peer_searches.items():
                if seed < SEEDS[method]:
                    counted = Counted(target, space, solver, GOAL)
                    records[method].add(name, peers.run_counted(counted, partial(search, seed=seed)))
            for method in (PAPER, PAPER_STOPPED):
                if seed < SEEDS[method]:
                    begun = time.process_time()
                    fit = fit_as_the_paper(
                        target,
                        start,
                        1.0,
                        seed=seed,
                        checks_step=method == PAPER_STOPPED,
                        most_evaluations=PAPER_EVALUATIONS,
                        loss_target=GOAL,
                    )
                    seconds = time.process_time() - begun
                    records[method].add(name, _outcome(fit, seconds, fit.stop_reason == "target"))
    return records


def ours(target: Target, seed: int) -> tuple[Outcome, Outcome]:
    """The default fit: until the goal was seen, and to its end, where the fine solver found the minimum again."""
    begun = time.process_time()
    with peers.first_seen(target, GOAL) as seen:
        (fit,) = fit_memories({"A": target}, {"A": 1.0}, FitOptions((2,), "overdamped", seed=seed))["A"]
    whole = _outcome(fit, time.process_time() - begun, fit.loss < GOAL)
    if seen.evaluations is None or seen.seconds is None:
        return whole, whole
    return Outcome(whole.is_reached, seen.evaluations, seen.seconds, fit.loss), whole


def _outcome(fit: MemoryFit, seconds: float, is_reached: bool) -> Outcome:
    return Outcome(is_reached, fit.evaluations, seconds, fit.loss)


def by_the_loop(records: dict[str, Record]) -> tuple[list[str], str]:
    """The paper's settings with the NumPy loop on the first target: a row, and how it was found."""
    name = next(iter(TARGETS))
    target, start = exact_target(TARGETS[name]), where_a_theory_might_put_it(TARGETS[name])
    begun = time.process_time()
    counted = Counted(target, PaperSpace(2, 1.0), peers.StepLoop(T), GOAL, LOOP_EVALUATIONS)
    outcome = peers.run_counted(counted, partial(peers.by_pycma_as_the_paper, seed=0, start=start, checks_step=False))
    seconds, evaluations = time.process_time() - begun, outcome.evaluations
    note = ""
    if not outcome.is_reached:
        same = records[PAPER].outcomes[name][0]
        a_solution = seconds / evaluations
        seconds, evaluations = a_solution * same.evaluations, same.evaluations
        note = (
            f"The NumPy loop was stopped after {outcome.evaluations:,} evaluations, {1e3 * a_solution:.2f} ms each; its row is that "
            f"times the {same.evaluations:,} evaluations after which the same search (seed 0, target '{name}') "
            f"{'reached 1e-6' if same.is_reached else 'gave up'} on our solver."
        )
    ratio = seconds / records[OURS_TO_END].median("seconds", name)
    row = [
        f"the paper's settings, tolfacupx off, NumPy loop ('{name}', seed 0{', extrapolated' if note else ''})",
        "–",
        f"{evaluations:,}",
        "–",
        f"{seconds:.0f}",
        "–",
        f"{ratio:.0f} (of '{name}')",
        "–",
    ]
    return row, note


def fit_rows(records: dict[str, Record]) -> list[list[str]]:
    """One line a method."""
    least, end = records[OURS].a_success("evaluations"), records[OURS_TO_END].a_success("seconds")
    rows = []
    for name, record in records.items():
        runs = record.runs()
        evaluations, seconds = record.a_success("evaluations"), record.a_success("seconds")
        rows.append(
            [
                name,
                f"{sum(o.is_reached for o in runs)} of {len(runs)}",
                f"{record.median('evaluations'):,.0f}",
                _number(evaluations, ",.0f"),
                _number(seconds, ".2f"),
                _number(evaluations / least, ".1f"),
                _number(seconds / end, ".1f"),
                f"{record.median('loss'):.0e}",
            ]
        )
    return rows


def target_rows(records: dict[str, Record]) -> list[list[str]]:
    """Evaluations a success, by target."""
    rows = []
    for name, memory in TARGETS.items():
        until, whole, pycma = (records[m].a_success("evaluations", name) for m in (OURS, OURS_TO_END, PYCMA))
        others = (records[m].a_success("evaluations", name) for m in (EVOLUTION, DESCENT, DESCENTS, PAPER))
        rows.append(
            [
                f"{name}: K = {memory.plateau:g}, A = {_list(memory.amplitudes)}, τ = {_list(memory.times)}, b = {_list(memory.stretches)}",
                *(_number(value, ",.0f") for value in (until, whole, pycma)),
                _number(pycma / until, ".1f"),
                _number(pycma / whole, ".1f"),
                *(_number(value, ",.0f") for value in others),
            ]
        )
    return rows


def _number(value: float, form: str) -> str:
    return format(value, form) if np.isfinite(value) else "∞"


def _list(values: Floats) -> str:
    return "(" + ", ".join(f"{value:g}" for value in values) + ")"


# --- a state --------------------------------------------------------------------------------------------------------


def state_rows() -> list[list[str]]:
    """What a state costs as the stage fit_memory does it, without and with 20 resampled data sets."""
    rows = []
    for n_bootstrap in (0, 20):
        seconds, evaluations, quality = [], [], []
        for seed in range(3):
            rng, targets = np.random.default_rng(seed), {}
            for name, memory in STATE.items():
                F = accurate_solution(memory, STATE_RATE, MEASURED, "newtonian")[0]
                error = np.full(F.size, NOISE)
                targets[name] = Target(MEASURED, F + error * rng.standard_normal(F.size), error)
            begun = time.process_time()
            options = FitOptions((1, 2, 3), "newtonian", seed=seed, n_bootstrap=n_bootstrap)
            with peers.first_seen(targets["A"], 0.0) as seen:
                fits = fit_memories(targets, dict.fromkeys(targets, STATE_RATE), options)
            seconds.append(time.process_time() - begun)
            evaluations.append(seen.solved)
            quality += [
                fit.chi2_per_point for found in fits.values() for fit in found if fit.n_exp == 2 and fit.chi2_per_point
            ]
        rows.append(
            [
                f"{n_bootstrap} resampled data sets",
                f"{statistics.median(seconds):.1f}",
                f"{statistics.median(evaluations):,}",
                f"{statistics.median(quality):.2f}",
            ]
        )
    return rows


# --- an earlier version ---------------------------------------------------------------------------------------------

#: Run by the Python of a checkout, in its benchmarks: seconds and losses as JSON.
OF_CHECKOUT = """
import json, statistics, time
import memory_fit as m
from glassdask.fits.fit_options import FitOptions
from glassdask.fits.fitting import fit_memories
losses, seconds = {}, {}
for name, memory in m.TARGETS.items():
    target = m.exact_target(memory)
    begun = time.process_time()
    fits = [fit_memories({"A": target}, {"A": 1.0}, FitOptions((2,), "overdamped", seed=s))["A"][0] for s in range(10)]
    seconds[name] = (time.process_time() - begun) / 10
    losses[name] = [fit.loss for fit in fits]
for n_bootstrap in (0, 20):
    spent = []
    for seed in range(3):
        rng, targets = m.np.random.default_rng(seed), {}
        for name, memory in m.STATE.items():
            F = m.accurate_solution(memory, m.STATE_RATE, m.MEASURED, "newtonian")[0]
            error = m.np.full(F.size, m.NOISE)
            targets[name] = m.Target(m.MEASURED, F + error * rng.standard_normal(F.size), error)
        options = FitOptions((1, 2, 3), "newtonian", seed=seed, n_bootstrap=n_bootstrap)
        begun = time.process_time()
        fit_memories(targets, dict.fromkeys(targets, m.STATE_RATE), options)
        spent.append(time.process_time() - begun)
    seconds[f"a state, {n_bootstrap} resampled data sets"] = statistics.median(spent)
print(json.dumps([seconds, losses]))
"""


def checkout_rows(other: Path, rounds: int) -> list[list[str]]:
    """CPU seconds of a state and of the four targets, median of the rounds, and the worst loss of ten seeds, before and now."""
    found: dict[Path, list[tuple[dict, dict]]] = {other: [], Path(__file__).parents[1]: []}
    for _ in range(rounds):
        for checkout, records in found.items():
            python, place = checkout / ".venv" / "bin" / "python", checkout / "benchmarks"
            answer = subprocess.run([python, "-c", OF_CHECKOUT], cwd=place, check=True, capture_output=True, text=True)
            records.append(json.loads(answer.stdout))
    before, now = found.values()
    rows = []
    for name in now[0][0]:
        seconds = [statistics.median(of_run[name] for of_run, _ in records) for records in (before, now)]
        worst = [max(records[0][1].get(name, [np.nan])) for records in (before, now)]
        losses = [f"{value:.0e}" if np.isfinite(value) else "–" for value in worst]
        rows.append([name, *(f"{value:.3f}" for value in seconds), f"{seconds[1] / seconds[0]:.2f}", *losses])
    return rows


def main() -> None:
    args = side_by_side.arguments(__doc__.splitlines()[0], rounds=5, has_other_checkout=True)
    solver = solver_rows(args.rounds)
    records = searches()
    loop_row, loop_note = by_the_loop(records)
    reach = records[PYCMA].a_success("evaluations")
    verdict = (
        f"pycma spends {reach / records[OURS].a_success('evaluations'):.1f} times the evaluations until 1e-6 is seen, "
        f"{reach / records[OURS_TO_END].a_success('evaluations'):.1f} times those of the whole fit."
    )
    text = "\n\n".join(
        [
            "# Fits of memory functions: solver and search",
            side_by_side.circumstances(["scipy", "cma"]),
            "## Solver: microseconds a candidate (two species, two rows, two modes)",
            side_by_side.table(["case", *(f"batch of {n} rows" for n in BATCHES), "NumPy loop", "times ours"], solver),
            f"The NumPy loop is the same scheme: at times on both grids the largest difference is {agreement():.0e}.",
            (
                "Error of 64 random candidates (against N = 1024 and 2048 extrapolated), F(0) = 1, less those whose extrapolated "
                f"solution has an estimated error above {RESOLUTION:g}: weakly damped oscillations, which a doubling grid cannot "
                "follow and the fit calls unresolved."
            ),
            side_by_side.table(["case", "resolved of 64", "solver", "worst", "median"], error_rows()),
            "## Fit: four targets of two modes, Ω = 1, overdamped, 80 times, to a sum of squares below 1e-6",
            side_by_side.table(
                [
                    "method",
                    "reached",
                    "median evaluations",
                    "evaluations a success",
                    "CPU seconds a success",
                    "evaluations / ours until seen",
                    "seconds / ours to the end",
                    "median loss at the end",
                ],
                [*fit_rows(records), loop_row],
            ),
            (
                "A success costs all evaluations over the number of successes: what failed must be started again. All but the last "
                f"row use our solver. {loop_note} {verdict}"
            ),
            "Evaluations a success, by target:",
            side_by_side.table(
                [
                    "target",
                    "ours until seen",
                    "ours to the end",
                    "pycma",
                    "pycma / until",
                    "pycma / to the end",
                    "differential evolution",
                    "least squares",
                    "least squares from the best of 16",
                    "the paper's",
                ],
                target_rows(records),
            ),
            "## A state: two species, N_exp 1 to 3, Newtonian, 30 times, noise 1e-3 with its errors given",
            side_by_side.table(["case", "CPU seconds", "evaluations", "χ²/n of N_exp = 2"], state_rows()),
        ]
    )
    if args.against is not None:
        header = ["case", "CPU seconds before", "now", "ratio", "worst loss of ten seeds before", "now"]
        text += (
            "\n\n## Before: evolution for every fit; now: least squares from many starts first\n\n"
            f"The same on a checkout of the version before, in turns, medians of {args.rounds} rounds; of targets one fit, the mean of "
            "ten seeds.\n\n" + side_by_side.table(header, checkout_rows(args.against.resolve(), args.rounds))
        )
    side_by_side.publish(text, args.output)


if __name__ == "__main__":
    main()
