"""A finished campaign of which a part has to be made again: seconds of work, no molecular dynamics."""

from __future__ import annotations

from pathlib import Path

import pytest

from glassdask.campaign.files.folder import state_folder


@pytest.fixture
def unfinished(tiny_copy: Path) -> Path:
    """The memory fits of both states at T = 2 are to be made again."""
    for state in ("lj_rho1.2_T2.0_r0", "wca_rho1.2_T2.0_r0"):
        (state_folder(tiny_copy.with_suffix(""), state) / "fit_memory.json").unlink()
    return tiny_copy
