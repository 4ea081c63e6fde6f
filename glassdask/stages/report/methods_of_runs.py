"""Methods of the molecular dynamics, with the numbers that the runs recorded of themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from glassdask.counted import counted
from glassdask.physics.liquids.catalogue import LIQUIDS, POTENTIALS
from glassdask.physics.liquids.liquid import TAU_MD, Liquid
from glassdask.simulation.run.molecular_dynamics import RELAXATION_STEPS
from glassdask.stages.contract.sections import EquilibrationSection, ProductionSection, Sections
from glassdask.stages.report.methods_part import Methods, span

Run = Mapping[str, Any]


def system(sections: Sections, runs: Sequence[Run]) -> Methods:
    """The mixture, its potential, the box and the particles."""
    box = sections.system.box_length
    liquids = [LIQUIDS[name] for name in sorted({run["potential"] for run in runs}) or POTENTIALS]
    mixtures: dict[tuple[str, str], list[Liquid]] = {}  # liquids that differ in their cut-offs are one
    for liquid in liquids:
        mixtures.setdefault((_mixture(liquid), _parameters(liquid)), []).append(liquid)
    sizes = sorted({(run["rho"], run["n_particles"]) for run in runs})
    numbers = ", ".join(f"{n} (ρ = {rho:g})" for rho, n in sizes)
    return Methods(
        "System",
        [
            *(
                sentence
                for (mixture, parameters), here in mixtures.items()
                for sentence in (
                    f"{mixture} particles of equal mass m in a periodic cube of side {box:g} σ_AA.",
                    (
                        f"Pair potential: eq. 9 of the paper, with {parameters}, shifted to zero at its cut-off, "
                        f"{', '.join(map(_cutoff, here))}."
                    ),
                )
            ),
            *([f"Particles: {numbers}."] if sizes else []),
            f"Units: σ_AA, ε_AA, k_B and τ_MD = √(m σ_AA²/48 ε_AA) = {TAU_MD:.5g} τ_LJ.",
        ],
    )


def _mixture(liquid: Liquid) -> str:
    shares = " and ".join(f"{fraction:.0%} {species}" for species, fraction in liquid.composition.items())
    return f"{liquid.mixture} mixture of {shares}"


def _parameters(liquid: Liquid) -> str:
    energies = ", ".join(f"ε_{name} = {pair.epsilon:g}" for name, pair in liquid.pairs.items())
    return energies + ", " + ", ".join(f"σ_{name} = {pair.sigma:g}" for name, pair in liquid.pairs.items())


def _cutoff(liquid: Liquid) -> str:
    pair = liquid.pairs["AA"]
    return f"{pair.cutoff / pair.sigma:.5g} σ_ab ({liquid.name})"


def dynamics(sections: Sections, runs: Sequence[Run]) -> Methods:
    """Engine, time steps, thermostat and lengths, as the runs recorded them."""
    rule, section = sections.time_step, sections.equilibration
    base = rule.base_step
    engines = sorted({f"{r['engine']} {r['engine_version']} ({r['device']}, {r['precision']})" for r in runs})
    equilibrated = [run["equilibration_steps"] * base / run["divisor"] for run in runs]
    produced = [run["n_steps"] * base / run["divisor"] for run in runs]
    sentences = [
        f"Velocity-Verlet dynamics with {', '.join(engines)}; {counted(len(runs), 'run')}.",
        (
            f"The time step of a state is {base:g} τ_MD / n with the smallest n whose expected energy drift stays "
            f"below {rule.drift_tolerance:g} k_BT per particle (table)."
        ),
        (
            f"From a random start {span(equilibrated)} τ_MD at the temperature ({_length(section)}) under stochastic "
            "velocity rescaling (Bussi, Donadio, Parrinello 2007) with a relaxation time of "
            f"{section.thermostat_time:g} τ_MD; then one rescaling to the mean energy of its second half and "
            f"{RELAXATION_STEPS * base:g} τ_MD without a thermostat."
        ),
        f"Production at constant energy for {span(produced)} τ_MD ({_length(sections.production)}).",
    ]
    header = ["potential", "n", "time step [τ_MD]", "T [ε_AA/k_B]", "ρ [1/σ_AA³]", "runs"]
    return Methods("Molecular dynamics", sentences, header, _time_steps(runs, base))


def _time_steps(runs: Sequence[Run], base: float) -> list[list[str]]:
    groups: dict[tuple[str, int], list[Run]] = {}
    for run in runs:
        groups.setdefault((run["potential"], int(run["divisor"])), []).append(run)
    return [
        [
            potential,
            str(n),
            f"{base / n:.4g}",
            span([r["T"] for r in here]),
            span([r["rho"] for r in here]),
            str(len(here)),
        ]
        for (potential, n), here in sorted(groups.items())
    ]


def _length(section: EquilibrationSection | ProductionSection) -> str:
    if section.length is not None:
        return f"asked for: {section.length:g}"
    return (
        f"asked for: {section.relaxation_times:g} relaxation times, at least {section.minimum_length:g} and at "
        f"most {section.maximum_length:g}"
    )


def frames(sections: Sections, runs: Sequence[Run]) -> Methods:
    """When positions were kept."""
    frames, base = sections.frames, sections.time_step.base_step
    block = frames.block_length
    return Methods(
        "Frames",
        [
            (
                f"Positions at log-spaced times, {frames.per_octave:g} a factor of two, inside blocks of {block} "
                f"base steps ({block * base:g} τ_MD); each block's start is a time origin. "
                f"{span([r['n_frames'] for r in runs])} frames a run."
            )
        ],
    )


def seeds(sections: Sections) -> Methods:
    """Where random numbers come from."""
    return Methods(
        "Seeds",
        [
            (
                f"Campaign seed {sections.campaign.seed}; the seed of a run is made from it and the state's name "
                f"(states.csv lists them). {sections.campaign.replicas} replicas a state."
            )
        ],
    )
