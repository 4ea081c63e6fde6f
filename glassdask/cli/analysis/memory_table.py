"""The answer of ``glassdask fit`` in words: a row for each mode of each fit, and what the data say of it."""

from __future__ import annotations

from typing import Any

from glassdask.cli.terminal.table import text_table


def memory_text(plain: dict[str, Any]) -> str:
    """What `glassdask.stages.fit_memory.memory_answer.memory_json` says, as a table with its notes."""
    lines = (_inversion_lines if plain["method"] == "inversion" else _fit_lines)(plain["species"])
    notes = [f"note: {note}" for note in plain["notes"]]
    return "\n".join([_dynamics(plain), *lines, *notes])


def _dynamics(plain: dict[str, Any]) -> str:
    """The equation, why it is this one, and the units."""
    inertia, rate = ("F''", "1/time^2") if plain["dynamics"] == "newtonian" else ("F'", "1/time")
    return (
        f"{plain['dynamics']} dynamics ({plain['dynamics_reason']}): {inertia} + Omega F + M*F' = 0; "
        f"times in {plain['time_unit']}, Omega, c and w in {rate}"
    )


def _fit_lines(species: dict[str, Any]) -> list[str]:
    has_errors = all(fit["chi2_per_point"] is not None for about in species.values() for fit in about["fits"])
    misfit = "chi2_per_point" if has_errors else "loss"
    header = ["species", "n_exp", misfit, "BIC", "Omega", "c", "w", "tau", "b", ""]
    rows = [row for name, about in species.items() for fit in about["fits"] for row in _rows(name, fit, has_errors)]
    best = [f"BIC prefers n_exp = {about['best_n_exp']} for {name}" for name, about in species.items()]
    unresolved = [
        f"warning: the solver cannot follow n_exp = {fit['n_exp']} of {name} (weakly damped oscillations)"
        for name, about in species.items()
        for fit in about["fits"]
        if not fit["is_resolved"]
    ]
    return [text_table(header, rows), "", *best, *unresolved]


def _rows(name: str, fit: dict[str, Any], has_errors: bool) -> list[list[str]]:
    """A row for each mode; what belongs to the whole fit stands in the first."""
    misfit = fit["chi2_per_point"] if has_errors else fit["loss"]
    baseline = (
        f"< {_number(fit['baseline_limit'])}"
        if fit["baseline_is_bounded"]
        else _with_error(fit["baseline"], fit["baseline_error"])
    )
    whole = [name, str(fit["n_exp"]), _number(misfit), _number(fit["bic"]), _number(fit["omega"]), baseline]
    rows: list[list[str]] = []
    for mode in fit["modes"]:
        values = [_with_error(mode[key], mode[f"{key}_error"]) for key in ("weight", "time", "stretch")]
        rows.append([*(whole if not rows else [""] * len(whole)), *values, mode["verdict"].replace("_", " ")])
    return rows


def _inversion_lines(species: dict[str, Any]) -> list[str]:
    header = ["species", "points", "Omega", "M(0)", "M(∞)", "exponentials", "rms residual"]
    rows = [
        [
            name,
            str(about["points"]),
            *(
                _number(value)
                for value in (about["omega"], about["baseline"] + sum(about["weights"]), about["baseline"])
            ),
            str(len(about["rates"])),
            _number(about["residual"]),
        ]
        for name, about in species.items()
    ]
    return [text_table(header, rows), ""]


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.4g}"


def _with_error(value: float | None, error: float | None) -> str:
    return _number(value) if error is None else f"{_number(value)} ± {error:.2g}"
