"""``glassdask predict``: F_s(k_p,t) of the user's own S(k), by a trained model, with an error."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from glassdask.cli.terminal.own_files import check_folder, say_what_was_read, table_options, table_options_of
from glassdask.cli.terminal.table import text_table
from glassdask.errors import InvalidInput

if TYPE_CHECKING:
    from glassdask.stages.train.predict_scattering import Prediction

#: Endings of --output and what is written.
_OUTPUTS = (".nc", ".csv")
#: Rows of the table on a terminal.
_ROWS = 16


@click.command("predict", short_help="F_s(k,t) of your own S(k), by a trained model.")
@click.option("--model", required=True, type=click.Path(), help="Folder: learning/model of a trained campaign.")
@click.option("--structure-factor", "source", required=True, type=click.Path(), help="Table k,AA,AB,BB, or netCDF.")
@click.option("--temperature", required=True, type=float, help="k_BT/epsilon_AA.")
@click.option("--density", required=True, type=float, help="rho sigma_AA³.")
@click.option(
    "--potential",
    required=True,
    help="A liquid, such as lj: learned from, or, if the model was examined on other liquids, any of the catalogue.",
)
@click.option(
    "--network",
    help='"Gaussian process", "decay network" or "paper\'s network".  [default: the one for such questions]',
)
@click.option(
    "--extrapolate",
    is_flag=True,
    help="Accept a potential that the model never saw, without having been examined on other liquids.",
)
@click.option("--output", type=click.Path(dir_okay=False), help="File for F: .nc or .csv.")
@click.option("--figure", type=click.Path(dir_okay=False), help="PNG of F with its error.")
@click.option(
    "--normalisation", help="Of the file's S: by-N, ashcroft-langreth, faber-ziman …  [default: found, or asked for]"
)
@table_options
@click.option("--json", "as_json", is_flag=True, help="Machine-readable, on standard output.")
def command(model: str, source: str, output: str | None, figure: str | None, as_json: bool, **options: Any) -> None:
    """Predict F_s(k_p,t) of each species from a static structure factor.

    S_ab = (1/N) <rho_a rho_b*>, which tends to the mole fractions (0.8 and 0.2 for lj) at large k, with k in 1/sigma_AA; another k
    grid is interpolated. The answer says which kind of question the state is to the model (interpolation, hotter, colder, other
    density, other liquid, other number of species); errors and intervals are those that held in such questions about states that
    were left out. Where none was examined, and outside of the range of the training, you are warned.

    \b
    Example:
      glassdask predict --model campaign/learning/model --structure-factor S.csv \\
        --temperature 0.8 --density 1.2 --potential lj --output F.csv --figure F.png
      glassdask predict --model model --structure-factor S.nc --temperature 1 --density 1.2 --potential wca --json
    """
    _refuse_bad_names(output, figure)
    from glassdask.operations.analysis.prediction import predict

    table = table_options_of(options)
    prediction = predict(model, source, table=table, **options)
    state = {name: options[name] for name in ("potential", "temperature", "density")}
    if output is not None:
        prediction.write(output, {"model": model, "structure_factor_file": source, **state})
    if figure is not None:
        from glassdask.figures.learned.prediction_of_structure import draw

        title = "{potential}, T = {temperature:g}, ρ = {density:g}: ".format(**state) + prediction.network
        draw(prediction.lag_time, prediction.F, prediction.error, title, Path(figure))
    written = [name for name in (output, figure) if name is not None]
    click.echo(json.dumps(_plain(prediction, written), indent=1) if as_json else _text(prediction, written))
    say_what_was_read(prediction.read)
    for warning in prediction.warnings:
        click.echo(f"warning: {warning}", err=True)


def _refuse_bad_names(output: str | None, figure: str | None) -> None:
    for option, name, endings in (("--output", output, _OUTPUTS), ("--figure", figure, (".png",))):
        if name is None:
            continue
        check_folder(name, option)
        if Path(name).suffix.lower() not in endings:
            raise InvalidInput(f"{option} is {name!r}; allowed: a name ending in {' or '.join(endings)}")


def _plain(prediction: Prediction, written: list[str]) -> dict[str, Any]:
    data = prediction.data
    times = prediction.relaxation_times.items()

    def by_species(name: str) -> dict[str, list[float]]:
        return {str(species): data[name].sel(species=species).values.tolist() for species in data["species"].values}

    return {
        "network": prediction.network,
        "question": _question(prediction),
        "critical_coupling": prediction.critical_coupling,
        "distance_from_training": prediction.distance,
        "relaxation_time": {species: value if math.isfinite(value) else None for species, value in times},
        "t": data["t"].values.tolist(),
        "F": by_species("predicted_scattering"),
        "error": by_species("predicted_scattering_error"),
        "interval": None
        if prediction.interval is None
        else {end: by_species(f"predicted_scattering_{end}") for end in ("lower", "upper")},
        "relaxation_time_interval": {
            species: [value if math.isfinite(value) else None for value in ends]
            for species, ends in prediction.relaxation_intervals.items()
        },
        "read": prediction.read,
        "notes": prediction.notes,
        "warnings": prediction.warnings,
        "files": written,
    }


def _time(tau: float) -> str:
    return f"{tau:.4g}" if math.isfinite(tau) else "beyond the last time"


def _errors_in_words(prediction: Prediction) -> str:
    """The kind of question, and from how many such questions its errors are."""
    asked, known = prediction.question, prediction.calibration
    words = f"question: {asked.kind} ({asked.words})"
    if known is None:
        return f"{words}; never examined by kind"
    held = known.coverage[1]
    measured = f", intervals for 95 % held {held:.0%} of the points" if math.isfinite(held) else ""
    return f"{words}; examined on {known.n_states} state{'s' * (known.n_states != 1)}{measured}"


def _question(prediction: Prediction) -> dict[str, Any]:
    """Which kind of question it was, and what is known of errors in such ones."""
    asked, known = prediction.question, prediction.calibration
    record = {
        "kind": str(asked.kind),
        "why": asked.words,
        "distance": asked.distance,
        "is_calibrated": prediction.is_calibrated,
        "n_states": 0 if known is None else known.n_states,
    }
    if known is None:
        return {
            **record,
            "n_units": 0,
            "reach": None,
            "coverage": None,
            "coverage_error": None,
            "bias": None,
            "bias_error": None,
        }
    return {**record, **{name: value for name, value in known.plain().items() if name not in ("n_states", "delays")}}


def _text(prediction: Prediction, written: list[str]) -> str:
    times = {name: _time(tau) for name, tau in prediction.relaxation_times.items()}
    if prediction.interval is not None:
        ends = prediction.relaxation_intervals
        times = {
            name: f"{words} (95 %: {_time(ends[name][0])} … {_time(ends[name][1])})" for name, words in times.items()
        }
    step = max(1, math.ceil(len(prediction.lag_time) / _ROWS))
    rows = [
        [f"{t:.4g}", *(f"{value:.4f} ± {sigma:.4f}" for value, sigma in zip(F, error, strict=True))]
        for t, F, error in list(zip(prediction.lag_time, prediction.F, prediction.error, strict=True))[::step]
    ]
    lines = [
        f"{prediction.network}; critical coupling of S(k) {prediction.critical_coupling:.4f} (1 at T_mct, below it a glass)",
        _errors_in_words(prediction),
        f"relaxation time (F_s = 1/e, tau_MD): {', '.join(f'{name} {words}' for name, words in times.items())}",
        "",
        text_table(["t [tau_MD]", *(f"F_s of {name}" for name in times)], rows),
    ]
    return "\n".join([*lines, *(f"note: {note}" for note in prediction.notes), *written])
