"""What importing pycma costs, and that nothing is missing afterwards."""

from __future__ import annotations

from tests.command_line import python


def test_a_fit_loads_nothing_to_draw_with_and_nothing_is_missing_afterwards() -> None:
    code = """
import sys
from glassdask.fits.search.pycma import pycma
cma = pycma()
print(not {"matplotlib", "scipy.stats", "pandas"} & set(sys.modules), cma is sys.modules["cma"])
import scipy.stats
from matplotlib import pyplot
print(scipy.stats.norm.cdf(0.0), callable(pyplot.plot), cma.CMAEvolutionStrategy([0.0, 0.0], 1.0, {"verbose": -9}).N)
"""
    assert python(code).split() == ["True", "True", "0.5", "True", "2"]


def test_where_other_threads_run_it_is_a_plain_import() -> None:
    """They could need what would be out of sight."""
    code = """
import sys, threading
stop = threading.Event()
threading.Thread(target=stop.wait, daemon=True).start()
from glassdask.fits.search.pycma import pycma
pycma()
print("scipy.stats" in sys.modules)
stop.set()
"""
    assert python(code).split() == ["True"]
