"""The examinations as tables: Markdown for people, CSV for everything else."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from glassdask.datasets.netcdf import read_netcdf
from glassdask.files.atomic_write import write_text
from glassdask.learning.data.questions import Kind
from glassdask.learning.judgement.baselines.catalogue import BASELINES
from glassdask.learning.models.calibration import UNITS

_SCORES = ("r2", "paper_r2", "rmse", "skill")


def write_tables(scores: Path, folder: Path) -> list[Path]:
    """Writes ``learning.md``, ``scores.csv`` and ``states.csv``, whole."""
    data = read_netcdf(scores)
    texts = {
        "learning.md": learning_markdown(data),
        "scores.csv": _csv(["examination", "model", *_with_errors()], _score_rows(data)),
        "states.csv": _csv(
            ["examination", "potential", "rho", "T", "T/T_mct", "model", "r2", "paper_r2", "rmse"], _state_rows(data)
        ),
    }
    for name, text in texts.items():
        write_text(folder / name, text)
    return [folder / name for name in texts]


def learning_markdown(data: xr.Dataset) -> str:
    """Every examination with its models, best first; then what follows in words."""
    lines = [
        "# Learned models beside what anybody would try first",
        "",
        "F_s(k_p,t) of each species of states that were not learned from. R² with the mean of the truth, and as the paper has it",
        "(eq. 4: mean of the prediction); skill = 1 − SSE/SSE of the best baseline, above 0 where a model earns its place.",
        "Errors: one standard error, from resampled states and, of models that were learned, from other trainings: members of an",
        "ensemble, processes of parts of the states. A baseline knows of the state that is asked about its own S(k), or other temperatures of",
        "its series (one liquid at one density), or both, as models do; marked is the best of each kind.",
        "",
        "| examination | states (learned / tested) | model | R² | R² of the paper | RMSE | skill |",
        "|---|---|---|---|---|---|---|",
    ]
    for examination in data["examination"].values:
        here = data.sel(examination=examination)
        counts = f"{int(here['n_learned'])} / {int(here['is_tested'].sum())}"
        known = here["model"].values[np.isfinite(here["rmse"].values)]
        for name in sorted(known, key=lambda name: float(here["rmse"].sel(model=name))):
            marks = here.sel(model=name)
            numbers = " | ".join(_number(marks, score) for score in _SCORES)
            lines.append(f"| {examination} | {counts} | {name}{_place(here, name)} | {numbers} |")
    return "\n".join([*lines, "", *_words(data), "", *_coverage(data), *_by_question(data), ""])


def _place(here: xr.Dataset, name: str) -> str:
    """Whether a baseline is the best one, or the best of those that know as much."""
    if name == str(here["best_baseline"].values):
        return " (best baseline)"
    kinds = [str(kind) for kind in here["knowledge"].values if here["best_of_knowledge"].sel(knowledge=kind) == name]
    return f" (best that knows {kinds[0]})" if kinds else ""


def _words(data: xr.Dataset) -> list[str]:
    """Whether each model that was learned has skill in each examination, by two standard errors, and what was chosen."""
    lines = []
    learned = [name for name in data["model"].values if name not in BASELINES]
    for examination in data["examination"].values:
        here = data.sel(examination=examination)
        said = []
        for name in learned:
            value, error = (float(here[key].sel(model=name)) for key in ("skill", "skill_error"))
            if not np.isfinite(value):  # it has no answer to some state
                continue
            verdict = (
                "has skill" if value > 2 * error else "has none" if value < -2 * error else "cannot be told from it"
            )
            said.append(f"the {name} {verdict} ({value:.2f} ± {error:.2f})")
        lines.append(
            f"- {examination}, beside {here['best_baseline'].item()}: {'; '.join(said)}. Chosen: {here['chosen'].item()}."
        )
    return lines


def _coverage(data: xr.Dataset) -> list[str]:
    one = int(np.argmin(np.abs(data["nominal"].values - 0.683)))
    two = int(np.argmin(np.abs(data["nominal"].values - 0.954)))
    return [
        f"- {name}: {data['coverage'].values[i, one]:.0%} of the deviations within one standard error (68 % expected), "
        f"{data['coverage'].values[i, two]:.0%} within two (95 %)."
        for i, name in enumerate(data["error_bar"].values)
    ]


def _by_question(data: xr.Dataset) -> list[str]:
    """How often intervals held, and which way predictions err, for each kind of question; best model first."""
    if "coverage_by_question" not in data:  # of an older release
        return []
    lines = [
        "",
        "## Errors by kind of question",
        "",
        "Intervals for 68 % and for 95 % of the points, from questions of the same kind about states that were learned from; coverage is",
        "measured on the states that were left out, on points between F̂ = 0.99 and 0.02; 95 % take 19 states at least. Mean of",
        "ln(τ measured/τ predicted): above 0 where predictions are too fast. Errors: one standard error over what is independent among",
        "these states, given in brackets.",
        "",
        "| question | model | states | within 68 % | within 95 % | mean ln(τ/τ̂) |",
        "|---|---|---|---|---|---|",
    ]
    for kind in data["question"].values:
        here = data.sel(question=kind)
        asked = [name for name in data["model"].values if int(here["n_states_by_question"].sel(model=name))]
        for name in sorted(asked, key=lambda name: abs(float(here["bias_by_question"].sel(model=name)))):
            one = here.sel(model=name)
            shares = [_share(one.sel(share=share)) for share in data["share"].values]
            bias = f"{float(one['bias_by_question']):+.3f} ± {float(one['bias_by_question_error']):.3f}"
            count = f"{int(one['n_states_by_question'])} ({int(one['n_units_by_question'])} {UNITS[Kind(kind)]})"
            lines.append(f"| {kind} | {name} | {count} | {' | '.join(shares)} | {bias} |")
    return lines


def _share(one: xr.Dataset) -> str:
    value, error = float(one["coverage_by_question"]), float(one["coverage_by_question_error"])
    if not np.isfinite(value):
        return "not known"
    return f"{value:.1%}" + (f" ± {error:.1%}" if np.isfinite(error) else "")


def _number(marks: xr.Dataset, score: str) -> str:
    return f"{float(marks[score]):.4f} ± {float(marks[score + '_error']):.4f}"


def _with_errors() -> list[str]:
    return [name for score in _SCORES for name in (score, f"{score}_error")]


def _score_rows(data: xr.Dataset) -> Iterable[list[Any]]:
    for examination in data["examination"].values:
        for model in data["model"].values:
            here = data.sel(examination=examination, model=model)
            if np.isfinite(here["rmse"]):
                yield [examination, model, *(f"{float(here[name]):.6g}" for name in _with_errors())]


def _state_rows(data: xr.Dataset) -> Iterable[list[Any]]:
    for examination in data["examination"].values:
        for model in data["model"].values:
            here = data.sel(examination=examination, model=model)
            for s in np.flatnonzero(np.isfinite(here["rmse_by_state"].values)):
                state = here.isel(state=s)
                about = [
                    state["state_potential"].item(),
                    *(f"{float(state[n]):.6g}" for n in ("state_density", "state_temperature", "reduced_temperature")),
                ]
                scores = [f"{float(state[n + '_by_state']):.6g}" for n in ("r2", "paper_r2", "rmse")]
                yield [examination, *about, model, *scores]


def _csv(header: list[str], rows: Iterable[list[Any]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue()
