"""The same frames in every format give the same S(k) and F_s(k,t), to the precision that the format has."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from glassdask.datasets.trajectories.own_trajectory import open_trajectory
from glassdask.observables.catalogue import observables_named
from glassdask.observables.pass_over_frames import measure
from glassdask.observables.setting import Setting
from glassdask.physics.motion.lag_pairs import lag_pairs
from glassdask.physics.structure.columns.structure_plan import structure_plan
from tests.datasets.trajectories.every_format import Written, written_in_every_format
from tests.datasets.trajectories.made_frames import CUBE, TILTED, made_frames

K: np.ndarray = np.asarray((np.arange(5, 30) + 0.5) * 0.4, dtype=np.float64)
EDGES = np.arange(5, 31) * 0.4


def numbers_of(written: Written) -> dict[str, Any]:
    """S_ab(k) of the frames, and F_s(k,t)."""
    with open_trajectory(written.path, written.options) as frames:
        plan = structure_plan(frames.cell(0), frames.species, EDGES, precision="float64")
        S = np.array([plan.of_frame(frames.positions(i), frames.cell(i)) for i in range(len(frames))])
        lags = lag_pairs(frames.times, min_origins=1)
        setting = Setting(
            frames.species,
            tuple(frames.names),
            (1.0, 1.0),
            frames.cell(0),
            lags.lag_times,
            (7.0,),
            K,
            remove_drift=False,
        )
        found = measure(frames, lags.pairs, observables_named(["self_intermediate_scattering"]), setting)
        return {"S": S, "F": found["self_intermediate_scattering"], "t": lags.lag_times}


@pytest.mark.parametrize(
    ("cell", "breathing"), [(CUBE, 0.0), (TILTED, 0.0), (TILTED, 0.02)], ids=["cube", "tilted", "NPT"]
)
def test_every_format_gives_the_same_structure_and_motion(tmp_path: Path, cell: np.ndarray, breathing: float) -> None:
    written = written_in_every_format(tmp_path, made_frames(cell, breathing=breathing))
    exact = numbers_of(written["binary"])
    assert np.isfinite(exact["S"]).all()
    assert len(written) >= 10
    for name, file in written.items():
        found = numbers_of(file)
        assert found["t"] == pytest.approx(exact["t"], rel=1e-5), name  # TRR and XTC keep times in float32
        # an error δ of each coordinate moves phases k·r by up to √3 k δ; S, a square of N of them, by twice √N times that
        bound = np.sqrt(3) * K * file.precision
        moved = np.abs(found["S"] - exact["S"]).max(axis=(0, 1))
        assert np.all(moved <= 2 * np.sqrt(60) * bound + 1e-9), name
        assert np.all(np.abs(found["F"] - exact["F"]).max(axis=(0, 2)) <= 2 * bound + 1e-9), name
