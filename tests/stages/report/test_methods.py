"""What the report says of liquids: form, numbers, masses and source from their own records."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
import xarray as xr

from glassdask.campaign.definition.specification import Specification
from glassdask.stages.report.methods import MethodsText, methods
from glassdask.stages.report.references import _ENTRIES, Bibliography

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
    return {part.title: part.text for part in methods(campaign, runs, ("fit_memory",), None, None).parts}


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


def campaign(**changes: Any) -> Specification:
    """Of one state of the paper's liquid."""
    tables = {
        "grid": [{"potential": "lj", "density": 0.9, "temperature": 1.0}],
        "system": {"box_length": 7.0},
        "equilibration": {"length": 10.0},
        "production": {"length": 100.0},
        **changes,
    }
    return Specification.model_validate(tables, context={"potentials": ["lj"]})


def cube() -> xr.Dataset:
    """The grids of one."""
    k = (np.arange(100) + 0.5) * 0.4
    axes = {"k": k, "k_fine": k / 8, "t": [0.0, 0.03, 100.0], "t_mct": [1.0, 1e6]}
    return xr.Dataset(coords={name: (name, values) for name, values in axes.items()})


STAGES = ("reduce", "solve_mct", "fit_memory", "correlate")


def everything(specification: Specification, *runs: dict, **more: Any) -> MethodsText:
    return methods(specification, runs or ({**RUN, "potential": "lj"},), STAGES, cube(), None, **more)


def test_one_run_is_told_in_the_singular() -> None:
    text = " ".join(part.text for part in everything(campaign()).parts)
    assert "1 run of molecular dynamics was made" in text
    assert "It was equilibrated for" in text
    assert "The seed of random numbers derives from the number" in text
    assert "replica" not in text
    assert "9 configurations in all." in text


def test_many_runs_are_told_in_the_plural_and_each_engine_is_cited() -> None:
    first = {**RUN, "potential": "lj"}
    second = {**first, "rho": 1.2, "n_particles": 412, "engine": "hoomd", "device": "gpu", "precision": "float32"}
    said = everything(campaign(campaign={"replicas": 3}), first, second)
    text = " ".join(part.text for part in said.parts)
    assert (
        "2 runs of molecular dynamics were made with HOOMD-blue 1 (on graphics processors, in single precision) and LAMMPS"
        in text
    )
    assert "[@Anderson2020; @Thompson2022]" in text
    assert "Numbers of particles: N = 309 (number density ρ = 0.9/σ_AA³), N = 412" in text
    assert "3 independent runs of each state" in text
    assert "of three and more, taken from their scatter" in text


def test_a_program_is_cited_by_its_address() -> None:
    run = {
        **RUN,
        "potential": "lj",
        "engine": "gamdpy",
        "engine_version": "0.8.3",
        "device": "gpu",
        "precision": "float32",
    }
    said = everything(campaign(), run)
    text = " ".join(part.text for part in said.parts)
    assert "made with gamdpy 0.8.3 (on graphics processors, in single precision) [@Pedersen2023]." in text
    assert "Python, https://github.com/ThomasBechSchroeder/gamdpy (2023)" in said.references["Pedersen2023"].text
    assert "@software{Pedersen2023," in said.bibtex()


def test_only_what_was_done_is_told() -> None:
    said = everything(
        campaign(
            memory={"n_exp": [1], "bootstrap": 0, "dynamics": ["newtonian"]}, observables={"compute": ["diffusion"]}
        )
    )
    text = " ".join(part.text for part in said.parts)
    for absent in (
        "T_mct",
        "overdamped",
        "resampled",
        "Bayesian",
        "overlaps",
        "g_ab(r)",
        "wavevectors of each wavenumber",
        "neural",
    ):
        assert absent not in text
    assert "with N_exp = 1 term were fitted" in text
    assert "T_mct" in " ".join(part.text for part in everything(campaign(), has_critical=True).parts)
    assert not {"Schwarz1978", "Lacevic2003", "Paszke2019", "Anderson2020"} & set(said.references)


def test_lengths_in_relaxation_times_are_told_as_such() -> None:
    asked = {"relaxation_times": 40.0, "minimum_length": 5.0, "maximum_length": 1e6}
    text = " ".join(part.text for part in everything(campaign(production=asked)).parts)
    assert "τ_MD, 40 estimated relaxation times, at least 5 and at most 10⁶ τ_MD began, at constant energy" in text


def test_citations_are_numbered_as_they_come_and_each_is_listed() -> None:
    said = everything(campaign(), has_critical=True)
    plain = said.plain()
    body, _, listed = plain.partition("References\n")
    marks = [int(number) for mark in re.findall(r"\[(\d+(?:, \d+)*)\]", body) for number in mark.split(", ")]
    assert list(dict.fromkeys(marks)) == list(range(1, len(said.references) + 1)), "in the order of their first mention"
    assert [int(number) for number in re.findall(r"^\[(\d+)\]", listed, re.MULTILINE)] == sorted(set(marks))
    assert "@" not in body
    for word in ("base step", "asked for", "campaign", "the paper"):
        assert word not in body, "no word of the program, nothing that a reader of another paper would not know"


def test_bibtex_has_an_entry_for_each_key_of_the_markdown() -> None:
    said = everything(campaign(), has_critical=True)
    keys = set(re.findall(r"@([A-Za-z]+\d*)", said.markdown()))
    assert keys == set(re.findall(r"^@\w+{(\w+),", said.bibtex(), re.MULTILINE))
    assert said.bibtex().count("doi = {10.") == len(said.references) - 1, "all but this software"


def test_every_reference_can_be_given() -> None:
    bibliography = Bibliography()
    for key in _ENTRIES:
        one = bibliography[key]
        assert one.bibtex.startswith(("@article{", "@book{", "@software{"))
        assert one.text.count("(") >= 1
    with pytest.raises(KeyError):
        bibliography.cite("Nobody1900")
