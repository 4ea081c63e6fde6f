"""What the report says of liquids: form, numbers, masses and source from their own records."""

from __future__ import annotations

import pytest

from glassdask.campaign.definition.specification import Specification
from glassdask.stages.report.methods import methods

RUN = {"rho": 0.9, "T": 1.0, "n_particles": 309, "divisor": 5, "n_frames": 9, "n_steps": 10, "equilibration_steps": 10,
       "engine": "lammps", "engine_version": "1", "device": "cpu", "precision": "float64"}  # fmt: skip
LIQUIDS = {
    "one": {"species": ["A"], "composition": [1.0], "interaction": "Yukawa", "screening": 3.0, "cutoff": 4.0},
    "three": {
        "species": ["A", "B", "C"],
        "composition": [0.2, 0.5, 0.3],
        "mass": [1.0, 2.5, 1.0],
        "interaction": {"AA": "WCA", "AB": "WCA", "AC": "WCA", "BB": "harmonic", "BC": "harmonic", "CC": "WCA"},
        "source": "a paper",
    },
    "soft": {
        "species": ["A", "B"],
        "composition": [0.5, 0.5],
        "interaction": "inverse power",
        "exponent": 12.0,
        "cutoff": {"AA": 2.0, "AB": 2.5, "BB": 2.0},
        "shift": "energy and force",
    },
}
SAID = {
    "one": (
        "One: particles of one species, A, of mass m in a periodic cube of side 7 σ_AA. Pair potential: u(r) = ε_ab v(r/σ_ab) "
        "with v(x) = exp(−3 (x − 1)) / x, ε_AA = 1, σ_AA = 1, shifted to zero at its cut-off, 4 σ_ab (one). "
        "Source: the campaign file."
    ),
    "three": (
        "Three mixture of 20% A, 50% B and 30% C particles of mass m_A = m, m_B = 2.5 m, m_C = m in a periodic cube of side 7 "
        "σ_AA. Pair potential: u(r) = ε_ab v(r/σ_ab) with v(x) = 4 (x^−12 − x^−6) for AA, AB, AC, CC, v(x) = (1 − x)^2 for x "
        "< 1 for BB, BC, ε_AA = 1,"
    ),
    "soft": (
        "with v(x) = x^−12, ε_AA = 1, ε_AB = 1, ε_BB = 1, σ_AA = 1, σ_AB = 1, σ_BB = 1, energy and force shifted to zero at "
        "its cut-off, 2 σ_AA, 2.5 σ_AB, 2 σ_BB (soft). Source:"
    ),
}


def said(*names: str) -> dict[str, str]:
    campaign = Specification.model_validate(
        {
            "grid": [{"potential": name, "density": 0.9, "temperature": 1.0} for name in names],
            "liquid": {name: LIQUIDS[name] for name in names if name in LIQUIDS},
            "system": {"box_length": 7.0},
            "equilibration": {"length": 10.0},
            "production": {"length": 100.0},
        },
        context={"potentials": names},
    )
    runs = [{**RUN, "potential": name} for name in names]
    return {part.title: part.text for part in methods(campaign, runs, ("fit_memory",), None, None)}


@pytest.mark.parametrize("name", LIQUIDS)
def test_a_liquid_is_described_by_its_record(name: str) -> None:
    assert SAID[name] in said(name)["System"]


def test_species_and_masses_are_those_of_the_campaign() -> None:
    text = said("lj", "three")
    assert "fitted to F_s(k_p,t) of A, B and C of every state" in text["Memory functions"]
    assert "Ω = k_p² k_BT/m_a, all times" in text["Memory functions"]
    assert "Kob–Andersen mixture of 80% A and 20% B particles of equal mass m" in text["System"]
    assert text["System"].endswith("τ_LJ, those of each liquid.")
    assert "fitted to F_s(k_p,t) of A of every" in said("one")["Memory functions"]
