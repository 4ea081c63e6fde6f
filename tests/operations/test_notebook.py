"""A campaign run in a real IPython kernel, whose event loop is at work: a bar, the kernel's interrupt, and on it goes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.command_line import python
from tests.faults.campaigns import LONG, STATE, write_campaign

_CELLS = (
    """
import asyncio, json, os, signal, threading
import glassdask
from pathlib import Path
from tests.faults.campaigns import checkpointed_step, home
from tests.waiting import wait_until

file = Path("run.toml").absolute()
assert asyncio.get_running_loop().is_running()

def interrupt():  # as the kernel's manager does
    wait_until(lambda: checkpointed_step(home(file)))
    os.kill(os.getpid(), signal.SIGINT)
""",
    """
threading.Thread(target=interrupt, daemon=True).start()
try:
    glassdask.run_campaign(file, workers=1, dashboard=False)
except KeyboardInterrupt as end:
    print(json.dumps([type(end).__name__, str(end), checkpointed_step(home(file))]))
""",
    """
done = glassdask.run_campaign(file, workers=1, dashboard=False)
""",
    """
cube = glassdask.collect(file)
print(json.dumps([done.failed, done.table["status"].to_dict(), dict(cube.sizes)]))
""",
)
_RUN = """
import json, os, sys
import nbclient, nbformat

os.environ.pop("PYTEST_CURRENT_TEST", None)  # where it is set, a kernel shows nothing that goes past Python's own streams
notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in json.loads(sys.argv[1])])
nbclient.NotebookClient(notebook, timeout=500, kernel_name="python3", resources={"metadata": {"path": "."}}).execute()
print(json.dumps([cell.outputs for cell in notebook.cells]))
"""


def text_of(outputs: list[dict[str, Any]], name: str = "stdout") -> str:
    return "".join(output["text"] for output in outputs if output.get("name") == name)


def test_a_notebook_runs_a_campaign(an_engine: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ARG001
    for name in ("ipykernel", "nbclient"):
        pytest.importorskip(name, reason=f"{name} is not installed (pip install --group docs)")
    write_campaign(tmp_path, **LONG | {"production": {"length": 4000.0}})  # seconds of the quickest engine
    for variable in ("IPYTHONDIR", "JUPYTER_RUNTIME_DIR"):
        monkeypatch.setenv(variable, str(tmp_path / "jupyter"))
    _, first, second, last = json.loads(python(_RUN, json.dumps(_CELLS), cwd=tmp_path, timeout=550))

    kind, message, reached = json.loads(text_of(first))
    assert kind == "Interrupted"
    assert (
        message == f"stopped by SIGINT. Simulations keep a checkpoint: 'glassdask run {tmp_path / 'run.toml'}' goes on."
    )
    assert reached > 0
    assert "stopping: checkpoints are written" in text_of(first, "stderr")

    bars = [output["data"]["text/html"] for output in second if output["output_type"] == "display_data"]
    assert len(bars) == 1, "one output, drawn again and again"
    assert "1 done" in bars[0]
    assert "100%" in bars[0]
    assert "ipywidgets" not in text_of(second, "stderr")

    failed, statuses, sizes = json.loads(text_of(last))
    assert (failed, statuses) == ({}, {STATE: "done"})
    assert sizes["potential"] == 1
