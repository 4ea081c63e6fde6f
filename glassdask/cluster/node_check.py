"""``python -m glassdask.cluster.node_check --gpus N``: does this node show a job the GPUs that it asked for?

Run by job scripts before any worker starts: a node without its GPU then ends the job with a clear message, and takes no
state.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import platform
import sys

#: The driver's library is all that can be counted on; CUDA's other libraries come with CuPy or HOOMD-blue.
_DRIVER = "libcuda.so.1"


def visible_gpus() -> int:
    """Number of GPUs that CUDA shows to this process; 0 where there is no driver."""
    try:
        driver = ctypes.CDLL(_DRIVER)
    except OSError:
        return 0
    count = ctypes.c_int(0)
    if driver.cuInit(0) != 0 or driver.cuDeviceGetCount(ctypes.byref(count)) != 0:
        return 0
    return count.value


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
