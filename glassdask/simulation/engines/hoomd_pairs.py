"""How HOOMD-blue is told an interaction: by a pair force that is exactly it, or by tables.

`ForceShiftedLJ` is none of the former: its forces are exact, its energies are not zero at the cut-off (HOOMD-blue 4.8,
EvaluatorPairForceShiftedLJ.h, and the only mode that it takes). A table spreads a force that jumps at the cut-off over its last
row.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from glassdask.physics.interactions.form import Form
from glassdask.physics.interactions.lennard_jones import LennardJones, Mie
from glassdask.physics.interactions.pair_potential import PairPotential, Shift
from glassdask.physics.interactions.repulsion import Harmonic, InversePower, Yukawa
from glassdask.physics.liquids.liquid import Liquid
from glassdask.simulation.engines.tabulation import PairTable, pair_tables, stated
from glassdask.simulation.particles.particles import Floats


@dataclass(frozen=True)
class _Exact:
    """A pair force of ``hoomd.md.pair``, the form that it has, and its parameters of a pair.

    Where it is truncated without a shift of its own, ``mode="shift"`` shifts the energy.
    """

    name: str
    form: type[Form]
    parameters: Callable[[PairPotential, Any], dict[str, float]]
    mode: dict[str, str]


_SHIFTED = {"mode": "shift"}
_EXACT = (
    _Exact("LJ", LennardJones, lambda pair, _: {"epsilon": pair.epsilon, "sigma": pair.sigma}, _SHIFTED),
    _Exact(
        "Mie",
        Mie,
        lambda pair, form: {
            "epsilon": pair.epsilon,
            "sigma": pair.sigma,
            "n": form.repulsive_exponent,
            "m": form.attractive_exponent,
        },
        _SHIFTED,
    ),
    _Exact(  # C1 r^−eta1 + C2 r^−eta2 cos(k r − phi)
        "OPP",
        InversePower,
        lambda pair, form: {
            "C1": pair.epsilon * pair.sigma**form.exponent * float(form.energy(1.0)),
            "eta1": form.exponent,
            "C2": 0.0,
            "eta2": 1.0,
            "k": 0.0,
            "phi": 0.0,
        },
        _SHIFTED,
    ),
    _Exact(
        "Yukawa",
        Yukawa,
        lambda pair, form: {
            "epsilon": pair.epsilon * pair.sigma * float(np.exp(form.screening)),
            "kappa": form.screening / pair.sigma,
        },
        _SHIFTED,
    ),
    # A (r_c − r)² / 2 r_c, zero with its force at r_c
    _Exact("DPDConservative", Harmonic, lambda pair, _: {"A": 2.0 * pair.epsilon / pair.sigma}, {}),
)


def pair_force(pairs: Any, neighbours: Any, liquid: Liquid) -> tuple[Any, str]:
    """The force of a liquid, and how provenance names it.

    Parameters
    ----------
    pairs
        ``hoomd.md.pair``.
    neighbours
        A neighbour list.
    liquid
        With the interactions.
    """
    exact = next((kind for kind in _EXACT if _is_exact(kind, liquid)), None)
    if exact is None:
        tables, error = pair_tables(liquid, _distances, _interpolated)
        name, note = "Table", f" ({stated(error)})"
        force = pairs.Table(nlist=neighbours)
        parameters: dict[str, Any] = {
            names: {"r_min": 0.0, "U": table.energy, "F": table.force} for names, table in tables.items()
        }
    else:
        name, note = exact.name, ""
        force = getattr(pairs, name)(nlist=neighbours, **exact.mode)
        parameters = {names: exact.parameters(pair, pair.form) for names, pair in liquid.pairs.items()}
    for names, pair in liquid.pairs.items():
        force.params[tuple(names)] = parameters[names]
        force.r_cut[tuple(names)] = pair.cutoff
    return force, name + note


def _is_exact(kind: _Exact, liquid: Liquid) -> bool:
    return all(
        isinstance(pair.form, kind.form) and (pair.shift is Shift.ENERGY or kind.form is Harmonic)
        for pair in liquid.pairs.values()
    )


def _distances(pair: PairPotential, n: int) -> Floats:
    """Those that HOOMD-blue takes for granted, from 0 to short of the cut-off."""
    return np.linspace(0.0, pair.cutoff, n, endpoint=False)


def _interpolated(pair: PairPotential, table: PairTable, r: Floats) -> Floats:  # noqa: ARG001
    """HOOMD-blue's table is a straight line between two rows."""
    return np.interp(r, table.r, table.force)
