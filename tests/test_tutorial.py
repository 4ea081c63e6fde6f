"""docs/tutorial.py, run as the notebook that it is, comes to what is known."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.command_line import python

ROOT = Path(__file__).parent.parent
_RUN = """
import sys
from pathlib import Path
import jupytext, nbclient, nbformat

notebook = jupytext.read(sys.argv[1])
for cell in notebook.cells:
    if "parameters" in cell.metadata.get("tags", []):
        cell.source = f"campaign = Path({sys.argv[2]!r})"
notebook.cells.append(nbformat.v4.new_code_cell(Path(sys.argv[3]).read_text()))
place = {"metadata": {"path": str(Path(sys.argv[1]).parent)}}
nbclient.NotebookClient(notebook, timeout=500, kernel_name="python3", resources=place).execute()
images = sum("image/png" in out.get("data", {}) for cell in notebook.cells for out in cell.get("outputs", []))
code = sum(cell.cell_type == "code" for cell in notebook.cells) - 1
print(images)
print(code)
print(notebook.cells[-1].outputs[0].text)
"""
_ANSWERS = """
import json
print(json.dumps({
    "verdict": found.verdict, "T_mct": T_mct, "T_table": T_table, "limits": {str(T[i]): limits[i] for i in states},
    "outcomes": [solution.outcome for solution in theory.values()],
    "chi2": {fit.n_exp: fit.chi2_per_point for fit in fits}, "best": best.n_exp, "k_p": fitted_peak,
    "stretches": best.memory.stretches.tolist(), "inversion_error": inversion_error,
    "sizes": dict(cube.sizes), "done": cube.glass.states("done"),
}))
"""


@pytest.fixture(scope="module")
def answers(tiny_file: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    for name in ("ipykernel", "jupytext", "nbclient"):
        pytest.importorskip(name, reason=f"{name} is not installed (pip install --group docs)")
    folder = tmp_path_factory.mktemp("tutorial")
    (folder / "answers.py").write_text(_ANSWERS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IPYTHONDIR", str(folder))
        patch.setenv("JUPYTER_RUNTIME_DIR", str(folder))
        where = (ROOT / "docs" / "tutorial.py", tiny_file.with_suffix(""), folder / "answers.py")
        images, code, said = python(_RUN, *where, timeout=550).split("\n", 2)
    return {"images": int(images), "code": int(code), **json.loads(said)}


@pytest.mark.slow
def test_it_is_a_short_notebook_with_figures(answers: dict[str, Any]) -> None:
    assert 10 <= answers["code"] <= 15
    assert answers["images"] == 5


@pytest.mark.slow
def test_the_critical_temperature_is_that_of_table_1(answers: dict[str, Any]) -> None:
    """One run a temperature moves T_mct by a percent (glassdask.physics.mode_coupling.critical_temperature)."""
    assert answers["verdict"] == "found"
    assert answers["T_table"] == pytest.approx(0.897, abs=5e-4)
    assert answers["T_mct"] == pytest.approx(answers["T_table"], rel=0.01)


@pytest.mark.slow
def test_the_theory_is_a_glass_below_it_and_a_liquid_above(answers: dict[str, Any]) -> None:
    assert set(answers["outcomes"]) == {"converged"}
    states = {float(T): state for T, state in answers["limits"].items()}
    assert states == {T: "glass" if answers["T_mct"] > T else "liquid" for T in states}
    assert set(states.values()) == {"glass", "liquid"}


@pytest.mark.slow
def test_the_memory_of_the_simulation_has_two_modes(answers: dict[str, Any]) -> None:
    assert answers["chi2"]["1"] > 5.0
    assert answers["chi2"]["2"] < 1.2
    assert answers["best"] == 2
    assert answers["k_p"] == pytest.approx(7.2, abs=0.2)  # the main peak of S_AA, which the grid of 0.4 has at 7.4
    collisions, structure = answers["stretches"]
    assert collisions > 1.5
    assert 0.4 < structure < 1.0


@pytest.mark.slow
def test_the_inversion_gives_the_theory_its_own_memory_back(answers: dict[str, Any]) -> None:
    assert answers["inversion_error"] < 2e-3


@pytest.mark.slow
def test_the_cube_of_a_campaign_is_opened(answers: dict[str, Any]) -> None:
    assert answers["sizes"]["potential"] == 2
    assert answers["done"]
