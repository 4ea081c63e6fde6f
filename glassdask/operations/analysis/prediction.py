"""F_s(k_p,t) from one's own S(k), by a trained model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from glassdask.operations.train import require_learning

if TYPE_CHECKING:
    import xarray as xr

    from glassdask.datasets.tables.number_table import TableOptions
    from glassdask.learning.models.model_folder import Model
    from glassdask.stages.train.predict_scattering import Prediction


def predict(
    model: str | Path | Model,
    source: str | Path | xr.Dataset,
    *,
    temperature: float,
    density: float,
    potential: str,
    network: str | None = None,
    extrapolate: bool = False,
    table: TableOptions | None = None,
    normalisation: str | None = None,
) -> Prediction:
    """F_s(k_p,t) of every species of a liquid from its static structure factor, with an error.

    Parameters
    ----------
    model
        The folder ``learning/model`` of a trained campaign, or what `glassdask.read_model` has read from it: for many
        predictions.
    source
        S_ab(k): a file (`read_structure_factor`), or a Dataset with ``structure_factor(pair, k)``; another k grid than that
        of the training is interpolated. [k in 1/sigma_AA]
    temperature, density, potential
        The state. [epsilon_AA/k_B, 1/sigma_AA³]
    network
        "Gaussian process", "decay network" or "paper's network"; by default the first that was examined on such questions.
    extrapolate
        Accept a potential that the model never saw, even if it was never examined on other liquids.
    table
        How a table is to be read, where it leaves that open.
    normalisation
        Of S; found by default.

    Returns
    -------
    Prediction
        With the Dataset in ``data``, relaxation times, and warnings where the state lies outside of the training's range.

    Raises
    ------
    InvalidInput
        If the folder is no model, S(k) cannot be right, the state is impossible, or the model never saw such a potential.
    MissingComponent
        Without the libraries of ``glassdask[ml]``.

    Examples
    --------
    >>> glassdask.predict("learning/model", "S.csv", temperature=1, density=1.2, potential="lj").data  # doctest: +SKIP
    """
    require_learning()
    from glassdask.learning.models.model_folder import Model, read_model
    from glassdask.stages.train.predict_scattering import predicted_scattering

    loaded = model if isinstance(model, Model) else read_model(Path(model))
    return predicted_scattering(
        loaded, source, temperature, density, potential, network, extrapolate, table, normalisation
    )
