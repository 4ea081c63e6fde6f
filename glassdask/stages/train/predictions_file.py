"""``predictions.nc``: F_s(k_p,t) that the models gave of states that they had not seen, in the cube's dimensions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from glassdask.datasets.netcdf import dataset, write_netcdf
from glassdask.datasets.schema.learning_variables import PREDICTION_VARIABLES
from glassdask.datasets.schema.variables import STATE_DIMENSIONS
from glassdask.learning.data.training_set import TrainingSet
from glassdask.learning.judgement.examination import Examined
from glassdask.learning.models.predictor import Predictor
from glassdask.physics.liquids.liquid import SPECIES


def write_predictions(
    samples: TrainingSet, random: Examined, model: dict[str, Predictor], path: Path, attributes: dict[str, Any]
) -> Path:
    """Writes the answers to the examination of random states, in which each was tested once; replicas are averaged. The
    model has the factors of the ensembles' errors."""
    names = list(model)
    given, rows = random.answers, random.examination.tested
    keys = (samples.potential, samples.temperature, samples.density)
    axes = dict(zip(STATE_DIMENSIONS, (np.unique(values) for values in keys), strict=True))
    n_t = len(samples.lag_time)
    sizes = {
        **{name: len(values) for name, values in axes.items()},
        "model": len(names),
        "species": samples.n_species,
        "t": n_t,
    }
    values = {
        name: np.full([sizes[d] for d in (*STATE_DIMENSIONS, *variable.dims)], np.nan)
        for name, variable in PREDICTION_VARIABLES.items()
    }
    for state in np.unique(samples.state):
        here = np.flatnonzero(samples.state == state)
        tested = np.isin(rows, here)
        place = tuple(
            int(np.searchsorted(axes[name], key[here[0]])) for name, key in zip(STATE_DIMENSIONS, keys, strict=True)
        )
        for m, name in enumerate(names):
            error = model[name].error_factor * given.spread[name][tested]
            is_there = np.where(samples.has_species[here[0]], 1.0, np.nan)[:, None]
            values["predicted_scattering"][(*place, m)] = given.F[name][tested].mean(axis=0).T * is_there
            values["predicted_scattering_error"][(*place, m)] = error.mean(axis=0).T * is_there
        values["peak_scattering"][place] = samples.scattering[here].mean(axis=0).T
        error = np.sqrt((samples.scattering_error[here] ** 2).sum(axis=0)) / len(here)
        values["peak_scattering_error"][place] = error.T
        values["mct_peak_scattering"][place] = samples.theory[here].mean(axis=0).T
        values["reduced_temperature"][place] = samples.reduced_temperature[here[0]]
    coordinates = {**axes, "model": names, "species": list(SPECIES[: samples.n_species]), "t": samples.lag_time}
    write_netcdf(dataset(values, coordinates, PREDICTION_VARIABLES, STATE_DIMENSIONS), path, attributes)
    return path
