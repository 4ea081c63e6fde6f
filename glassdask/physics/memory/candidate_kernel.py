"""The steps of ``compiled/candidate_steps.cpp`` on a GPU: one launch for all candidates, a warp for each.

A loop of CuPy calls over the times needs tens of thousands of launches for one generation of a search; the fused kernel
(``candidate_kernel.cu``) keeps a block's history in shared memory and needs one. It is worth it for batches of hundreds of
candidates; a few are quicker on a core.
"""

from __future__ import annotations

import functools
from pathlib import Path
from types import ModuleType
from typing import Any

from glassdask.arrays import namespace

#: Threads of a warp; the kernel is written for them.
LANES = 32
#: Blocks hold several warps as far as their shared memory is what every device gives without being asked. [bytes]
_SHARED_BYTES = 48 * 1024
_MOST_WARPS = 8


def kernel_source() -> str:
    """The kernel in CUDA C++, for NVRTC.

    Returns
    -------
    str
        Of the file beside this one.
    """
    return Path(__file__).with_suffix(".cu").read_text(encoding="utf-8")


def warp_doubles(n_half: int, n_exp: int) -> int:
    """Shared memory of a candidate: ten arrays over a block, (t/τ)^b and two numbers of each mode.

    Parameters
    ----------
    n_half
        Steps in half a block.
    n_exp
        Modes.

    Returns
    -------
    int
        [doubles, of 8 bytes]
    """
    length = 2 * n_half + 1
    return (10 + n_exp) * length + 2 * n_exp


def solve_pack_on_device(columns: Any, first_step: float, n_levels: int, n_half: int, is_newtonian: bool) -> Any:
    """F on the grid, as `glassdask.physics.compiled.solve_pack` gives it, of rows that are neighbours in memory.

    Parameters
    ----------
    columns
        Candidates Ω, K, A, τ, b, shape (2 + 3 n, n_rows), CuPy, float64.
    first_step, n_levels, n_half
        The grid.
    is_newtonian
        Which equation.

    Returns
    -------
    array
        F(0) = 1, shape (n_rows, n_times), CuPy; large or not finite where it diverges. [1]
    """
    xp = namespace(columns)
    columns = xp.ascontiguousarray(columns, dtype=xp.float64)
    n_exp, n_rows = (columns.shape[0] - 2) // 3, columns.shape[1]
    found = xp.empty((n_rows, 2 * n_half + 1 + n_levels * n_half), xp.float64)
    doubles = warp_doubles(n_half, n_exp)
    warps = min(_MOST_WARPS, max(1, _SHARED_BYTES // (8 * doubles)))
    kernel = _kernel(xp)
    if 8 * doubles * warps > _SHARED_BYTES:
        kernel.max_dynamic_shared_size_bytes = 8 * doubles * warps
    sizes = (xp.int32(n_levels), xp.int32(n_half), xp.int32(is_newtonian), xp.int32(doubles))
    arguments = (columns, xp.int32(n_rows), xp.int32(n_exp), xp.float64(first_step), *sizes, found)
    kernel((-(-n_rows // warps),), (LANES, warps), arguments, shared_mem=8 * doubles * warps)
    return found


@functools.lru_cache(maxsize=1)
def _kernel(cupy: ModuleType) -> Any:
    return cupy.RawKernel(kernel_source(), "solve_candidates", options=("--std=c++17",))
