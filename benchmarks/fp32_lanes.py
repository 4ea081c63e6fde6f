"""FP32 units of a multiprocessor of NVIDIA's GPUs, by compute capability: what a peak is counted from."""

from __future__ import annotations

#: CUDA C++ Programming Guide, "Throughput of Native Arithmetic Instructions": 32-bit floating-point add, multiply, multiply-add.
_LANES = {
    (5, 0): 128, (5, 2): 128, (5, 3): 128,
    (6, 0): 64, (6, 1): 128, (6, 2): 128,
    (7, 0): 64, (7, 2): 64, (7, 5): 64,
    (8, 0): 64, (8, 6): 128, (8, 7): 128, (8, 9): 128,
    (9, 0): 128, (10, 0): 128, (10, 3): 128, (12, 0): 128,
}  # fmt: skip


def fp32_lanes(major: int, minor: int) -> float:
    """Two operations each a cycle; NaN for a GPU that the table does not know.

    >>> fp32_lanes(8, 0), fp32_lanes(9, 0)
    (64, 128)
    """
    return _LANES.get((major, minor), float("nan"))
