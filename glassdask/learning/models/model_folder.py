"""A trained model as a folder that can be handed on: weights or arrays, scaling, recipe, range, scores, where it comes from.

``model.json`` names every file with its SHA-256; weights are tensors and plain data, loaded with ``weights_only``, so that a
model from elsewhere can run no code. A folder that is not of this form is refused.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import glassdask
from glassdask.errors import InvalidInput
from glassdask.files.atomic_write import write_json
from glassdask.files.checksum import file_sha256
from glassdask.learning.data.questions import Kind, Learned, Series
from glassdask.learning.data.training_set import TrainingSet
from glassdask.learning.models.calibration import Calibration
from glassdask.learning.models.ensemble import Ensemble
from glassdask.learning.models.predictor import Predictor
from glassdask.learning.models.process_model import ProcessModel
from glassdask.learning.training.study import load_trained, write_trained

MODEL = "model.json"
#: Version 2 may hold Gaussian processes, which a release that knows version 1 alone could not read.
_FORMAT, _VERSION, _READABLE = "glassdask model", 2, (1, 2)


@dataclass(frozen=True, eq=False)
class Model:
    """Predictors by name, and what they were made from.

    Parameters
    ----------
    ensembles
        Gaussian processes and networks by name, the first one the one to use, but for kinds of question that another one is calibrated for.
    about
        Plain data: potentials, densities, temperatures, lag_time and wavenumber of the training, scores, provenance.
    """

    ensembles: Mapping[str, Predictor]
    about: dict[str, Any]

    @property
    def wavenumber(self) -> np.ndarray:
        """The k grid of the paper's view. [1/sigma_AA]"""
        return np.array(self.about["wavenumber"])

    @property
    def lag_time(self) -> np.ndarray:
        """Lag times that were learned from. [tau_MD]"""
        return np.array(self.about["lag_time"])

    @property
    def learned(self) -> Learned:
        """What it has learned from.

        A model of an older release names liquids, densities and the range of temperatures alone: every liquid then counts as
        learned from at every density and over the whole range.
        """
        if "learned" in self.about:
            return Learned.from_plain(self.about["learned"])
        n_species = next(iter(self.ensembles.values())).n_species
        temperatures = tuple(sorted(set(self.about["temperatures"])))
        counts = {name: len(record["composition"]) for name, record in self.about.get("liquids", {}).items()}
        return Learned(
            tuple(
                Series(name, density, temperatures, counts.get(name, n_species))
                for name in self.about["potentials"]
                for density in self.about["densities"]
            )
        )

    def network_for(self, kind: Kind) -> str:
        """Name of the first ensemble that is calibrated for this kind of question, else of the first."""
        able = [name for name, ensemble in self.ensembles.items() if kind in ensemble.calibrations]
        return able[0] if able else next(iter(self.ensembles))


def training_range(samples: TrainingSet) -> dict[str, Any]:
    """What of the states a model saw, as plain data."""
    return {
        "potentials": sorted(set(samples.potential.tolist())),
        "densities": sorted(set(samples.density.tolist())),
        "temperatures": [float(samples.temperature.min()), float(samples.temperature.max())],
        "critical_couplings": [float(samples.critical_coupling.min()), float(samples.critical_coupling.max())],
        "n_states": len(set(samples.state.tolist())),
        "learned": Learned.of(samples).plain(),
        "lag_time": samples.lag_time.tolist(),
        "wavenumber": samples.wavenumber.tolist(),
    }


def write_model(folder: Path, model: Model) -> list[Path]:
    """Writes a model, ``model.json`` last; returns its files."""
    folder.mkdir(parents=True, exist_ok=True)
    listed: dict[str, Any] = {}
    paths = []
    for name, ensemble in model.ensembles.items():
        made = _write_files(folder, _short(name), ensemble)
        files = {path.name: file_sha256(path) for path in made}
        paths += made
        known = {str(kind): one.plain() for kind, one in ensemble.calibrations.items()}
        listed[name] = {"error_factor": ensemble.error_factor, "members": files, "calibrations": known}
    record = {"format": _FORMAT, "version": _VERSION, "glassdask": glassdask.__version__, "ensembles": listed}
    write_json(folder / MODEL, {**record, **model.about})
    return [*paths, folder / MODEL]


def _write_files(folder: Path, short: str, predictor: Predictor) -> list[Path]:
    """One file of a process, one for each member of an ensemble."""
    if isinstance(predictor, ProcessModel):
        predictor.write(folder / f"{short}.npz")
        return [folder / f"{short}.npz"]
    members = predictor.members if isinstance(predictor, Ensemble) else ()
    paths = [folder / f"{short}-{number}.pt" for number in range(len(members))]
    for path, member in zip(paths, members, strict=True):
        write_trained(path, member, "")
    return paths


def _short(name: str) -> str:
    """First word and last, of a name with a purpose: "decay" of a decay network, "decay-colder" of one for colder."""
    words = name.replace("'s", "").split()
    return "-".join([words[0], *words[words.index("for") + 1 :]] if "for" in words else words[:1])


def read_model(folder: Path) -> Model:
    """Reads a model.

    Raises
    ------
    InvalidInput
        If the folder is none that `write_model` wrote, of a newer form, or one of its files is missing or altered.
    """
    record = _record(folder)
    try:
        ensembles = {name: _ensemble(folder, listed) for name, listed in record["ensembles"].items()}
    except (AttributeError, KeyError, TypeError):
        raise _foreign(folder) from None
    if not ensembles:
        raise _foreign(folder)
    return Model(ensembles, record)


def _ensemble(folder: Path, listed: dict[str, Any]) -> Predictor:
    members = [_member(folder, file, checksum) for file, checksum in listed["members"].items()]
    if not members:
        raise _foreign(folder)
    known = float(listed["error_factor"]), _calibrations(folder, listed.get("calibrations", {}))
    if isinstance(members[0], ProcessModel):
        return members[0].calibrated(*known)
    return Ensemble(members, *known)


def _calibrations(folder: Path, listed: dict[str, Any]) -> dict[Kind, Calibration]:
    """None in a folder of an older release."""
    try:
        return {Kind(kind): Calibration.from_plain(kind, one) for kind, one in listed.items()}
    except ValueError:
        raise _foreign(folder) from None


def _foreign(folder: Path) -> InvalidInput:
    return InvalidInput(f"{folder / MODEL} is no model of glassdask; allowed: what 'glassdask train' has written")


def _record(folder: Path) -> dict[str, Any]:
    try:
        record = json.loads((folder / MODEL).read_text(encoding="utf-8"))
    except OSError as error:
        raise InvalidInput(
            f"{folder} holds no {MODEL} ({error.strerror}); allowed: the folder learning/model that 'glassdask train' "
            "leaves in a campaign"
        ) from None
    except ValueError:
        record = None
    needed = {"format", "version", "ensembles", "potentials", "densities", "temperatures", "critical_couplings"}
    needed |= {"lag_time", "wavenumber"}
    if not isinstance(record, dict) or record.get("format") != _FORMAT or not needed <= set(record):
        raise _foreign(folder)
    if record["version"] not in _READABLE:
        raise InvalidInput(
            f"{folder / MODEL} has the version {record['version']!r}; this glassdask reads {' and '.join(map(str, _READABLE))}: "
            "train again, or install the release that wrote it"
        )
    return record


def _member(folder: Path, name: str, checksum: str) -> Any:
    path = folder / name
    if Path(name).name != name:
        raise InvalidInput(f"{folder / MODEL} names the file {name!r}; allowed: names of files in its own folder")
    try:
        is_same = file_sha256(path) == checksum
    except OSError:
        raise InvalidInput(f"{path} is missing; copy the whole folder of the model, or train again") from None
    load = ProcessModel.read if path.suffix == ".npz" else load_trained
    trained = load(path) if is_same else None
    if trained is None:
        raise InvalidInput(f"{path} is not the file that {MODEL} names (its checksum differs); copy the model again")
    return trained
