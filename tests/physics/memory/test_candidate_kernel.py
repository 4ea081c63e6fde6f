"""The fused kernel for GPUs: its source compiles for them, and its arithmetic, lane by lane on the host, is that of the compiled loop."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from glassdask.physics.compiled import solve_pack
from glassdask.physics.memory import candidate_kernel
from glassdask.physics.memory.candidate_kernel import kernel_source, solve_pack_on_device
from tests.strict_cupy.kernel import solve_on_host

Floats = NDArray[np.float64]
#: Volta, Ampere, Hopper.
ARCHITECTURES = ("compute_70", "compute_80", "compute_90")


def candidates(n_exp: int, n_rows: int = 3) -> Floats:
    """Columns Ω, K, A, τ, b: slow and fast modes, stretched and compressed, with and without a plateau."""
    rng = np.random.default_rng(n_exp)
    head = [rng.uniform(0.5, 2.0, n_rows), np.where(np.arange(n_rows) % 2, rng.uniform(0.0, 2.0, n_rows), 0.0)]
    A, tau = rng.uniform(0.5, 5.0, (n_exp, n_rows)), 10 ** rng.uniform(-1.0, 3.0, (n_exp, n_rows))
    return np.vstack([*head, A, tau, rng.uniform(0.4, 2.0, (n_exp, n_rows))])


@pytest.mark.parametrize("n_exp", [0, 1, 2, 4])
@pytest.mark.parametrize("n_half", [16, 32, 50, 128])
@pytest.mark.parametrize("dynamics", ["overdamped", "newtonian"])
def test_the_lanes_of_a_warp_do_what_the_compiled_loop_does(n_exp, n_half, dynamics) -> None:
    """Sums are added in another order, which is worth a rounding of F, magnified by a second difference in Newton's."""
    is_newtonian = dynamics == "newtonian"
    first_step = (0.3 if is_newtonian else 1e-3) / n_half
    grid = (first_step, 6, n_half, is_newtonian)
    expected = solve_pack(candidates(n_exp), *grid).T
    found = solve_on_host(candidates(n_exp), *grid)
    assert 0.01 < np.ptp(expected) < 10
    assert np.abs(found - expected).max() < _tolerance(first_step, is_newtonian)


def test_no_lane_reads_what_another_writes_without_a_barrier_between(tmp_path: Path) -> None:
    """By the thread sanitizer, which sees every access of the 32 lanes, now threads, to the block's memory."""
    if shutil.which("g++") is None:
        pytest.skip("there is no C++ compiler: g++ (apt-get install g++)")
    here, source = Path(__file__).parent, Path(candidate_kernel.__file__).parent
    (tmp_path / "main.cpp").write_text(_MAIN)
    flags = ["-std=c++20", "-O1", "-fsanitize=thread", "-pthread", "-DLANES_ARE_THREADS", f"-I{source}", f"-I{here}"]
    subprocess.run(["g++", *flags, "-o", tmp_path / "check", tmp_path / "main.cpp"], check=True)
    done = subprocess.run([tmp_path / "check"], capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) < 1.0


_MAIN = """
#include "warp_on_host.cpp"
#include <cstdio>
int main()
{
    double column[] = {1.0, 0.5, 1.0, 2.0, 3.0, 4.0, 0.7, 1.2};
    std::vector<double> found(1000);
    for (int is_newtonian = 0; is_newtonian < 2; ++is_newtonian)
        for (int n_half : {32, 50})
            solve_on_host(column, 1, 2, 1e-3, 3, n_half, is_newtonian, 12 * (2 * n_half + 1) + 4, found.data());
    std::printf("%g", found[100]);
}
"""


def _tolerance(first_step: float, is_newtonian: bool) -> float:
    return max(1e-12, np.finfo(float).eps / first_step**2) if is_newtonian else 1e-12


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_the_source_compiles_for_gpus(architecture: str) -> None:
    """By NVIDIA's own compiler, which needs no GPU."""
    pytest.importorskip("nvidia.cuda_nvrtc", reason="NVRTC is not installed (pip install nvidia-cuda-nvrtc-cu12)")
    import nvidia.cuda_nvrtc

    folder = Path(next(iter(nvidia.cuda_nvrtc.__path__))) / "lib"
    compiler = ctypes.CDLL(str(next(folder.glob("libnvrtc.so.*"))))
    program = ctypes.c_void_p()
    source = kernel_source().encode()
    assert compiler.nvrtcCreateProgram(ctypes.byref(program), source, b"candidate_kernel.cu", 0, None, None) == 0
    options = [b"--std=c++17", f"--gpu-architecture={architecture}".encode()]
    status = compiler.nvrtcCompileProgram(program, len(options), (ctypes.c_char_p * len(options))(*options))
    size = ctypes.c_size_t()
    compiler.nvrtcGetProgramLogSize(program, ctypes.byref(size))
    log = ctypes.create_string_buffer(size.value)
    compiler.nvrtcGetProgramLog(program, log)
    assert status == 0, log.value.decode()
    compiler.nvrtcGetPTXSize(program, ctypes.byref(size))
    ptx = ctypes.create_string_buffer(size.value)
    compiler.nvrtcGetPTX(program, ptx)
    assert b".entry solve_candidates" in ptx.value
    compiler.nvrtcDestroyProgram(ctypes.byref(program))


@pytest.mark.parametrize(
    ("xp", "n_rows"), [("strict", 2), pytest.param("cupy", 300, marks=pytest.mark.gpu)], indirect=["xp"]
)
@pytest.mark.parametrize("n_exp", [0, 2, 4])
@pytest.mark.parametrize("n_half", [32, 128, 256])
@pytest.mark.parametrize("is_newtonian", [False, True])
def test_a_gpu_gives_the_same(xp, n_rows, n_exp, n_half, is_newtonian) -> None:
    """With the launch's own sizes of blocks and of shared memory, which the stand-in checks; it takes milliseconds a row."""
    first_step = (0.3 if is_newtonian else 1e-3) / n_half
    columns = candidates(n_exp, n_rows)
    found = solve_pack_on_device(xp.asarray(columns), first_step, 10, n_half, is_newtonian).get()
    expected = solve_pack(columns, first_step, 10, n_half, is_newtonian).T
    assert np.abs(found - expected).max() < _tolerance(first_step, is_newtonian)
