"""The same trajectory gives the same S(k) and F_s(k,t) in every format, to the precision with which that keeps positions."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import glassdask
from tests.datasets.trajectories.every_format import written_in_every_format
from tests.datasets.trajectories.made_frames import PLANE, TILTED, made_frames

#: Of the bins of S(k). [1/length]
LARGEST_WAVENUMBER = 40.0
#: Sums of phases over lattice columns, and F_s kept in single precision.
ROUNDING = 5e-8


@pytest.mark.parametrize("breathing", [0.0, 0.01], ids=["constant volume", "constant pressure"])
@pytest.mark.parametrize("cell", [TILTED, PLANE], ids=["tilted", "plane"])
def test_every_format_gives_the_same_statics_and_dynamics(tmp_path: Path, cell: np.ndarray, breathing: float) -> None:
    """A phase k·r is wrong by k δ at most, δ the rounding of a position along k; F_s, an average of cosines, by no more than twice
    that, as it has two positions; S_ab = ⟨ρ_a ρ_b*⟩/N, of size 1, by a few times that, as the errors of particles are independent."""
    frames = made_frames(cell, n_frames=20, N=200, breathing=breathing).only(
        list(range(8, 20))
    )  # its lattice has melted
    written = written_in_every_format(tmp_path, frames)
    path, options, _ = written.pop("binary")  # in double precision
    masses = {"A": 1.0, "B": 1.0}  # which few formats say; the drift of the whole depends on them
    known = glassdask.analyse(path, options=replace(options, masses=masses)).data
    assert len(written) >= 10
    for name, (path, options, precision) in written.items():
        found = glassdask.analyse(path, options=replace(options, masses=masses)).data
        tolerance = ROUNDING + 4 * LARGEST_WAVENUMBER * precision
        for variable in ("structure_factor", "self_intermediate_scattering", "peak_scattering"):
            np.testing.assert_allclose(
                found[variable], known[variable], atol=tolerance, err_msg=f"{variable} of {name}"
            )
        np.testing.assert_allclose(found["t"], known["t"], rtol=1e-6)
