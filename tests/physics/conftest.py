"""Each estimator test is written once and runs on NumPy and, where there is a CUDA device, on CuPy."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest
from hypothesis import settings

# The same examples in every run, and no failure because another process keeps the machine busy.
settings.register_profile("glassdask", deadline=None, derandomize=True)
settings.load_profile("glassdask")


@pytest.fixture(params=["numpy", pytest.param("cupy", marks=pytest.mark.gpu)])
def xp(request: pytest.FixtureRequest) -> ModuleType:
    """The array namespace that the positions of a test belong to."""
    if request.param == "numpy":
        return np
    cupy = pytest.importorskip("cupy", reason="CuPy is not installed (pip install glassdask[gpu])")
    try:
        n_devices = cupy.cuda.runtime.getDeviceCount()
    except cupy.cuda.runtime.CUDARuntimeError as error:
        pytest.skip(f"no CUDA device: {error}")
    if n_devices == 0:
        pytest.skip("no CUDA device")
    return cupy
