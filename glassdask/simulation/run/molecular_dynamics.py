"""One state from its start to the end of its production run; it may be stopped anywhere and goes on from there.

1. random start and minimisation, or a given configuration; Maxwell velocities;
2. equilibration with a thermostat; its second half gives the mean total energy at the target temperature;
3. velocities rescaled once so that the total energy is that mean, and a short relaxation without a thermostat:
   switching the thermostat off alone would freeze a momentary energy, 1–5 % off in temperature at N = 1200;
4. production without a thermostat, frames at log-spaced steps.

The ends of 2 and 4 are kept, so that a request that asks for more of either, and for nothing else, goes on from there.

Measured temperature against target, N = 1200, rho = 1.2, production of 71 tau_LJ, LAMMPS, root mean square over WCA at
T = 1 and LJ at T = 1 and 2, three or four seeds each: 0.35 % (largest 0.84 %) after an equilibration of 17 tau_LJ, 0.17 %
(largest 0.34 %) after 69 tau_LJ; half of the equilibration enters the mean energy.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from glassdask.errors import GlassdaskError, SimulationFailed
from glassdask.outcome import FailureReason
from glassdask.simulation import TRAJECTORY
from glassdask.simulation.engines.engine import Engine
from glassdask.simulation.engines.engine_choice import choose_engine, create_engine
from glassdask.simulation.particles.initial_configuration import given_particles, random_particles
from glassdask.simulation.particles.particles import Particles, at_rest
from glassdask.simulation.records.checkpoint import SEGMENTS, Checkpoint, CheckpointStore
from glassdask.simulation.records.frame_recorder import FrameRecorder
from glassdask.simulation.records.kept import keep_equilibrated, keep_produced
from glassdask.simulation.records.request import SimulationRequest
from glassdask.simulation.records.structure_recorder import StructureRecorder
from glassdask.simulation.records.thermo_series import HEAT_CAPACITY, ThermoSeries, energy_at_temperature
from glassdask.simulation.records.trajectory import join_segments
from glassdask.simulation.run.relaxation_monitor import RelaxationMonitor
from glassdask.simulation.run.run_control import RunControl
from glassdask.simulation.run.run_length import equilibration_end, fraction_done, production_end
from glassdask.simulation.run.run_results import RunResults, measured, relaxation_time, write_product

PRODUCT = "simulation.npz"
MINIMISER_ITERATIONS = 300
#: Base steps between samples of energy and pressure, at first: 0.07 and 0.28 tau_LJ at the default base step. A stop
#: costs LAMMPS some 0.2 ms at N = 1200, three steps of WCA, which production must not feel.
SAMPLE_INTERVAL = {"equilibration": 16, "production": 64}
#: Base steps without a thermostat between rescaling and production: 2 tau_LJ at the default base step.
RELAXATION_STEPS = 512

logger = logging.getLogger(__name__)


class Recorder(Protocol):
    """Something that wants to look at the engine at certain steps."""

    @property
    def next_step(self) -> int:
        """The first step that is still to be looked at."""

    def record(self, engine: Engine) -> None:
        """Look at the engine, which stands at `next_step`, and move `next_step` on."""


class MolecularDynamics:
    """The run of one request in its work folder.

    Parameters
    ----------
    request
        What to simulate.
    control
        Says when to stop and when to checkpoint.
    """

    def __init__(self, request: SimulationRequest, control: RunControl):
        self.request = request
        self.control = control
        self.folder = Path(request.work_folder)
        self._store = CheckpointStore(self.folder)
        self._store.segments_folder.mkdir(exist_ok=True)
        self._began = time.monotonic()
        self._restore(self._store.load())
        control.describe = self._progress

    def _restore(self, saved: Checkpoint | None) -> None:
        request = self.request
        arrays = saved.arrays if saved else {}
        self.numbers: dict = saved.numbers if saved else {"wall_seconds": 0.0}
        self._earlier_seconds: float = self.numbers["wall_seconds"]
        self._series = {
            phase: ThermoSeries.from_arrays(arrays, phase, request.temperature)
            if saved
            else ThermoSeries(interval * request.divisor, request.temperature)
            for phase, interval in SAMPLE_INTERVAL.items()
        }
        self._monitor = (
            RelaxationMonitor.from_arrays(arrays, "monitor") if saved else RelaxationMonitor(request.divisor)
        )
        segments = saved.segments if saved else []
        self._frames = FrameRecorder(request.production, request.divisor, self.folder / SEGMENTS, segments)
        is_producing = saved is not None and saved.phase in ("production", "finished") and saved.particles.step > 0
        self._structure = StructureRecorder.for_run(request, arrays, is_producing)
        if saved:
            logger.info("continuing %s at step %d", saved.phase, saved.particles.step)
            self.phase = saved.phase
            self.engine = self._start_engine(saved.particles, self.numbers.get("engine"))
            if self.phase == "finished" and self.engine.step < self._production_end():
                self.phase = "production"  # longer than the run that has left this checkpoint
        else:
            self.phase = "equilibration"
            kind = "random" if request.start is None else "given"
            logger.info("begins from a %s start: %d particles, seed %d", kind, request.n_particles, request.seed)
            self.engine = self._start_engine(self._first_particles())
            if request.start is None:  # a given one is no heap of overlaps: its structure is what it is given for
                self.engine.minimise(MINIMISER_ITERATIONS)
        self.numbers["engine"] = self.engine.capabilities().engine

    def _first_particles(self):
        request = self.request
        random = np.random.default_rng(request.seed)
        if request.start is not None:
            with np.load(self.folder / request.start, allow_pickle=False) as given:
                positions, species = given["positions"], given["species"]
            return given_particles(
                request.liquid, request.temperature, request.box_length, positions, species.astype(np.int64), random
            )
        return random_particles(request.liquid, request.temperature, request.density, request.box_length, random)

    def _start_engine(self, particles: Particles, began_with: str | None = None) -> Engine:
        """The one that is asked for; where any would do, that which the run began with, if it runs here."""
        request, name = self.request, self.request.engine
        if name == "auto" and began_with is not None:
            try:
                name = choose_engine(began_with)
            except GlassdaskError as error:
                logger.warning("the run began with %s and goes on with another engine: %s", began_with, error)
        # a continued run draws other random numbers than the part it continues
        entropy = np.random.SeedSequence([request.seed, particles.step]).generate_state(1, np.uint32)[0]
        return create_engine(name, request.liquid, particles, request.time_step, int(entropy))

    def run(self) -> RunResults:
        """Go through the phases that are left.

        Raises
        ------
        Stopped
            If the control says so; everything up to here is then in a checkpoint.
        SimulationFailed
            If energies explode.
        """
        while self.phase != "finished":
            {"equilibration": self._equilibrate, "relaxation": self._relax, "production": self._produce}[self.phase]()
        self.checkpoint()
        join_segments(self.folder / SEGMENTS, self._frames.segments, self.folder / TRAJECTORY)
        if self.request.keep_checkpoints:
            keep_produced(self.folder, self._state(), self.folder / TRAJECTORY)
        results = self.results()
        write_product(self.folder / PRODUCT, self._series, results, self._structure.arrays() if self._structure else {})
        return results

    # --- phases -------------------------------------------------------------------------------------------------------

    def _equilibrate(self) -> None:
        request = self.request
        self.engine.set_thermostat(request.temperature, request.thermostat_time)
        self._drive(self._equilibration_end, [self._series["equilibration"], self._monitor])
        if self.request.keep_checkpoints:
            keep_equilibrated(self.folder, self._state())
        self._rescale_to_mean_energy()
        self._enter("relaxation")

    def _relax(self) -> None:
        self.engine.set_thermostat(None)
        self._drive(lambda: RELAXATION_STEPS * self.request.divisor, [])
        self._monitor = RelaxationMonitor(self.request.divisor, self._monitor.latest)
        self._enter("production")

    def _produce(self) -> None:
        self.engine.set_thermostat(None)
        recorders: list[Recorder] = [self._frames, self._series["production"], self._monitor]
        self._drive(self._production_end, recorders + ([self._structure] if self._structure else []))
        self.phase = "finished"

    def _enter(self, phase: str) -> None:
        self.phase = phase
        self.engine.step = 0
        self.checkpoint()

    def _rescale_to_mean_energy(self) -> None:
        """Give the system, once, the mean total energy that it had under the thermostat, and no total momentum."""
        series, request = self._series["equilibration"], self.request
        late = series.steps >= self.engine.step // 2
        temperature = series.temperature(request.n_particles)[late]
        energy, error = energy_at_temperature(series.total_energy[late], temperature, request.temperature)
        kinetic = energy - self.engine.thermo().potential_energy
        if kinetic <= 0:
            raise SimulationFailed(
                FailureReason.DIVERGED,
                f"the mean total energy {energy:.4g} lies below the potential energy; equilibrate longer",
            )
        masses = self.engine.masses
        velocities = at_rest(self.engine.snapshot().velocities, masses)
        momentary = 0.5 * np.mean(masses * np.sum(velocities**2, axis=1))
        self.engine.set_velocities(velocities * math.sqrt(kinetic / momentary))
        self.numbers |= relaxation_time("equilibration_", request, *self._monitor.estimate(self.engine.step))
        self.numbers |= {
            "equilibration_steps": self.engine.step,
            "equilibration_temperature": float(temperature.mean()),
            "target_total_energy": energy,
            "target_temperature_error": error / HEAT_CAPACITY,
        }

    # --- lengths ------------------------------------------------------------------------------------------------------

    def _equilibration_end(self) -> int:
        steps, _ = self._monitor.estimate(self.engine.step)
        return equilibration_end(self.request.equilibration, self.request.divisor, steps)

    def _production_end(self) -> int:
        steps, _ = self._monitor.estimate(self.engine.step)
        return production_end(self.request.production, self.request.divisor, steps, self.engine.step)

    # --- stepping -----------------------------------------------------------------------------------------------------

    def _drive(self, end: Callable[[], int], recorders: list[Recorder]) -> None:
        """Run to `end()`, stopping at the recorders' steps.

        A recorder knows what it has recorded, so a run continued at such a step neither misses nor repeats it.
        """
        engine, control = self.engine, self.control
        while True:
            for recorder in recorders:
                if recorder.next_step == engine.step:
                    recorder.record(engine)
            last = end()
            if engine.step >= last:
                return
            target = min([last, *(recorder.next_step for recorder in recorders)])
            n_steps = min(target - engine.step, control.chunk)
            engine.run(n_steps)
            if control.look(n_steps, self._frames.n_buffered):
                self.checkpoint()

    def checkpoint(self) -> None:
        """Put the frames, then everything else, on disk.

        Raises
        ------
        SimulationFailed
            With the reason ``diverged`` if a position or velocity is not finite; nothing is written then.
        """
        particles = self.engine.snapshot()
        if not particles.is_finite:
            raise SimulationFailed(
                FailureReason.DIVERGED, f"a position is NaN at step {particles.step}; use a larger divisor"
            )
        self._frames.write_segment()
        self._store.save(self._state(particles))
        self.control.checkpoint_written()
        rate = self.control.steps_per_second
        logger.info("%s: checkpoint at step %d, %.0f steps/s", self.phase, particles.step, rate)

    def _state(self, particles: Particles | None = None) -> Checkpoint:
        """Where the run stands, with the frames that segments hold."""
        self.numbers["wall_seconds"] = self._wall_seconds()
        arrays = self._monitor.arrays("monitor")
        for phase, series in self._series.items():
            arrays |= series.arrays(phase)
        if self._structure:
            arrays |= self._structure.arrays()
        return Checkpoint(self.phase, particles or self.engine.snapshot(), arrays, self.numbers, self._frames.segments)

    # --- results ------------------------------------------------------------------------------------------------------

    def _progress(self) -> dict[str, Any]:
        lengths = {
            "equilibration": self.numbers.get("equilibration_steps") or self._equilibration_end(),
            "relaxation": RELAXATION_STEPS * self.request.divisor,
            "production": self._production_end(),
        }
        return {
            "phase": self.phase,
            "step": self.engine.step,
            "total_steps": lengths.get(self.phase, self.engine.step),
            "fraction": fraction_done(lengths, self.phase, self.engine.step),
        }

    def results(self) -> RunResults:
        """What was found and measured."""
        found = {
            **self.numbers,
            **measured(self.request, self._series["production"], self.engine.capabilities()),
            **relaxation_time("", self.request, *self._monitor.estimate(self.engine.step)),
            "n_steps": self.engine.step,
            "n_frames": sum(segment.n_frames for segment in self._frames.segments),
            "steps_per_second": self.control.steps_per_second,
            "wall_seconds": self._wall_seconds(),
        }
        return RunResults(**found)

    def _wall_seconds(self) -> float:
        return self._earlier_seconds + time.monotonic() - self._began
