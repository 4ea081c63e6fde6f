"""``python -m glassdask.cluster.doctor.node_check --gpus N``: does this node show a job the GPUs that it asked for?

Run by job scripts before any worker starts: a node without its GPU then ends the job with a clear message, and takes no
state. With ``--simulates``, so does an engine that cannot use the GPU.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys

from glassdask.gpus import visible_gpus
from glassdask.processes.parent import ChildFailed, ask_child
from glassdask.simulation.engines.engine_choice import available_engines, engines_for_gpus

#: An engine's library is loaded from a cold, shared file system. [s]
_SECONDS = 300


def main() -> None:
    """Fails with a message if this node shows fewer GPUs than asked for, or nothing here can simulate on them."""
    parser = argparse.ArgumentParser(description="Fails if this node shows fewer GPUs than asked for.")
    parser.add_argument("--gpus", type=int, required=True, help="how many the job asked for")
    parser.add_argument("--simulates", action="store_true", help="that an engine of molecular dynamics will use them")
    asked = parser.parse_args()
    found = visible_gpus()
    if found < asked.gpus:
        shown = os.environ.get("CUDA_VISIBLE_DEVICES", "(not set)")
        sys.exit(
            f"glassdask: node {platform.node()} shows {found} of {asked.gpus} GPUs (CUDA_VISIBLE_DEVICES = {shown}). "
            "Ask for GPUs in the pool's directives, load the driver in its prologue, or set check_gpu = false"
        )
    if asked.simulates and (trouble := engine_trouble()):
        sys.exit(f"glassdask: node {platform.node()}: {trouble}; or set check_gpu = false")


def engine_trouble() -> str:
    """Why the engine for GPUs cannot use them, if it is all that could simulate here; "" if it can, or where none is installed.

    Asked in a child, which ends with what it has loaded; whatever else is wrong there, each state will say.
    """
    if not {kind.name for kind in engines_for_gpus()}.intersection(available_engines()):
        return ""
    try:
        answer = ask_child(["-m", "glassdask.simulation.run.engine_check", "--choose", "auto"], _SECONDS)
    except ChildFailed:
        return ""
    return str(answer.get("error", ""))


if __name__ == "__main__":
    main()
