"""``python -m glassdask.cluster.node_check --gpus N``: does this node show a job the GPUs that it asked for?

Run by job scripts before any worker starts: a node without its GPU then ends the job with a clear message, and takes no
state.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys

from glassdask.gpus import visible_gpus


def main() -> None:
    """Fails with a message if this node shows fewer GPUs than asked for."""
    parser = argparse.ArgumentParser(description="Fails if this node shows fewer GPUs than asked for.")
    parser.add_argument("--gpus", type=int, required=True, help="how many the job asked for")
    gpus = parser.parse_args().gpus
    found = visible_gpus()
    if found < gpus:
        shown = os.environ.get("CUDA_VISIBLE_DEVICES", "(not set)")
        sys.exit(
            f"glassdask: node {platform.node()} shows {found} of {gpus} GPUs (CUDA_VISIBLE_DEVICES = {shown}). "
            "Ask for GPUs in the pool's directives, load the driver in its prologue, or set check_gpu = false"
        )


if __name__ == "__main__":
    main()
