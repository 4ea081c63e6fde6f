"""Every variable of the data, declared once: dimensions, unit, meaning, type. Files, attributes and docs follow this."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from glassdask.outcome import CriticalVerdict, MemoryVerdict, ModeCouplingState, Status
from glassdask.state_point import StatePoint

REFERENCES = "Ciarella et al., Mach. Learn.: Sci. Technol. 4, 025010 (2023), doi:10.1088/2632-2153/acc7e1"
STATUS = ("missing", Status.DONE, Status.NOT_EQUILIBRATED, Status.CRYSTALLISED, Status.FAILED)
#: Dimensions that make a state of the cube; replicas are averaged.
STATE_DIMENSIONS = ("potential", "T", "rho")


@dataclass(frozen=True)
class Variable:
    """A variable of the dataset.

    Parameters
    ----------
    dims
        Dimensions beyond those of the state.
    units
        In units of the liquid's species A: sigma_AA, epsilon_AA, k_B and tau_MD = (m_A sigma_AA^2 / 48 epsilon_AA)^(1/2);
        "1" if it has none.
    long_name
        What it is, with its normalisation.
    dtype
        Type in files.
    combine
        How replicas of a state become one value of the cube: ``mean``, ``error`` (of the mean), ``any``, ``sum``.
    """

    dims: tuple[str, ...]
    units: str
    long_name: str
    dtype: str = "float64"
    combine: str = "mean"
    attributes: dict[str, Any] = field(default_factory=dict)


def with_error(
    name: str, dims: tuple[str, ...], units: str, long_name: str, dtype: str = "float64"
) -> dict[str, Variable]:
    """A variable and its standard error, by name, as two entries of a schema."""
    error = Variable(dims, units, f"standard error of {long_name}", dtype, "error")
    return {name: Variable(dims, units, long_name, dtype), f"{name}_error": error}


VARIABLES: dict[str, Variable] = {
    **with_error(
        "structure_factor",
        ("pair", "k"),
        "1",
        "partial structure factor S_ab(k) = (1/N) <rho_a(k) rho_b*(k)>, mean of a bin",
    ),
    "structure_factor_is_filled": Variable(("k",), "1", "1 where no lattice vector lies in the bin", "int8", "any"),
    "mean_wavenumber": Variable(("k",), "1/sigma_AA", "mean |k| of the lattice vectors in a bin"),
    **with_error("structure_factor_fine", ("pair", "k_fine"), "1", "partial structure factor S_ab(k) in fine bins"),
    "mean_wavenumber_fine": Variable(("k_fine",), "1/sigma_AA", "mean |k| of the lattice vectors in a fine bin"),
    **with_error(
        "self_intermediate_scattering",
        ("species", "k", "t"),
        "1",
        "self intermediate scattering function F_s(k,t), 1 at t = 0",
        "float32",
    ),
    **with_error(
        "peak_scattering", ("species", "t"), "1", "self intermediate scattering function F_s(k_p,t), 1 at t = 0"
    ),
    **with_error(
        "mean_squared_displacement", ("species", "t"), "sigma_AA^2", "mean squared displacement <|r(t) - r(0)|^2>"
    ),
    "n_origins": Variable(("t",), "1", "number of time origins of a lag", "int32", "sum"),
    "peak_wavenumber": Variable((), "1/sigma_AA", "k_p, position of the main peak of S_AA(k)"),
    "peak_structure_factor": Variable(("species",), "1", "S_aa(k_p) of each species a"),
    **with_error("relaxation_time", ("species",), "tau_MD", "relaxation time: F_s(k_p,t) = 1/e"),
    **with_error("measured_temperature", (), "epsilon_AA/k_B", "measured kinetic temperature, 3N-3 degrees of freedom"),
    **with_error("pressure", (), "epsilon_AA/sigma_AA^3", "pressure"),
    "potential_energy": Variable((), "epsilon_AA", "mean potential energy per particle"),
    "total_energy": Variable((), "epsilon_AA", "mean total energy per particle"),
    "energy_drift": Variable((), "epsilon_AA", "change of the total energy per particle over production, linear fit"),
    "time_step": Variable((), "tau_MD", "time step of the molecular dynamics"),
    "production_time": Variable((), "tau_MD", "length of the production run"),
    "crystalline_fraction": Variable(
        (), "1", "share of the majority species with averaged q6 above 0.35, largest block"
    ),
    "is_temperature_off": Variable((), "1", "1 where the measured temperature misses the target", "int8", "any"),
    "is_energy_drifting": Variable((), "1", "1 where the energy drift is above its limit", "int8", "any"),
}


#: What `reduce` leaves beside these of a trajectory that somebody brings, whose box may have any shape.
OWN_VARIABLES: dict[str, Variable] = {
    "n_vectors_fine": Variable(("k_fine",), "1", "wavevectors in a fine bin, all signs, mean over frames", "int64"),
    "composition": Variable(("species",), "1", "fraction of the particles that are of a species"),
    "density": Variable((), "1/sigma_AA^3 (1/sigma_AA^2 in two dimensions)", "number density, mean over frames"),
}


def flags(dims: tuple[str, ...], long_name: str, words: Iterable[str]) -> Variable:
    """A variable of words: what its numbers mean stands in its attributes."""
    names = list(words)
    meanings = {"flag_values": list(range(len(names))), "flag_meanings": " ".join(names)}
    return Variable(dims, "1", long_name, "int8", "any", meanings)


_MCT = "mode-coupling theory: "
#: What mode-coupling theory makes of a state's S(k), as `solve_mct` leaves it.
MODE_COUPLING_VARIABLES: dict[str, Variable] = {
    "mct_state": flags((), _MCT + "long-time limit of F(k,t)", ModeCouplingState),
    "mct_critical_coupling": Variable(
        (), "1", _MCT + "factor on the memory kernel at which this S(k) turns glass; above 1 in the liquid"
    ),
    "mct_is_unresolved": Variable((), "1", _MCT + "1 where the time-domain solution did not converge", "int8", "any"),
    "mct_structure_factor": Variable(
        ("pair", "k"), "1", _MCT + "S_ab(k) that was used: at k itself, by a parabola through the fine bins around it"
    ),
    "mct_nonergodicity": Variable(("pair", "k"), "1", _MCT + "F_ab(k,∞); F_ab(k,0) = S_ab(k)"),
    "mct_self_nonergodicity": Variable(("species", "k"), "1", _MCT + "F_s(k,∞); F_s(k,0) = 1"),
    "mct_scattering": Variable(("pair", "k", "t_mct"), "1", _MCT + "F_ab(k,t); F_ab(k,0) = S_ab(k)", "float32"),
    "mct_memory": Variable(
        ("pair", "k", "t_mct"),
        "1/tau_MD^2 (1/tau_MD in overdamped dynamics)",
        _MCT + "memory M_ab(k,t), a ≤ b; M_ba = M_ab x_b m_a/(x_a m_b), without masses overdamped",
        "float32",
    ),
    "mct_self_scattering": Variable(("species", "k", "t_mct"), "1", _MCT + "F_s(k,t), 1 at t = 0", "float32"),
    "mct_self_memory": Variable(
        ("species", "k", "t_mct"), "1/tau_MD^2 (1/tau_MD in overdamped dynamics)", _MCT + "memory M_s(k,t)", "float32"
    ),
    "mct_peak_scattering": Variable(("species", "t_mct"), "1", _MCT + "F_s(k_p,t), 1 at t = 0"),
    "mct_mean_squared_displacement": Variable(("species", "t_mct"), "sigma_AA^2", _MCT + "<|r(t) - r(0)|^2>"),
    "mct_relaxation_time": Variable(("species",), "tau_MD", _MCT + "F_s(k_p,t) = 1/e; NaN where it stays above"),
}
#: What `reduce` leaves beside the observables: blocks of time, for resampling; not in the cube.
BLOCK_VARIABLES: dict[str, Variable] = {
    "peak_scattering_blocks": Variable(
        ("species", "block", "t"), "1", "F_s(k_p,t) of the time origins in each tenth of production, NaN without any"
    ),
}

_FIT = ("dynamics", "species", "n_exp")
_MODES = (*_FIT, "mode")
_RATE = "1/tau_MD^2 (1/tau_MD in overdamped dynamics)"
_EQ_6 = "memory M(t) = c + sum_i w_i exp(-(t/tau_i)^b_i) (eq. 6, a_i = 0): "
_FIT_MEMORY = "memory fit: "
#: χ² wherever it is told of: per point, whatever else is made of its sum.
CHI2_PER_POINT = "mean over times of ((F_fit - F)/error)^2, errors at least 1e-3"
#: The memories that reproduce F_s(k_p,t), as `fit_memory` leaves them; NaN where a state has too few points for N_exp.
MEMORY_VARIABLES: dict[str, Variable] = {
    **with_error("memory_weight", _MODES, _RATE, _EQ_6 + "weight w_i, modes in the order of their times"),
    **with_error("memory_time", _MODES, "tau_MD", _EQ_6 + "time tau_i"),
    **with_error("memory_stretch", _MODES, "1", _EQ_6 + "stretch b_i"),
    **with_error("memory_baseline", _FIT, _RATE, _EQ_6 + "baseline c = M(∞)"),
    "memory_baseline_limit": Variable(_FIT, _RATE, _EQ_6 + "95 % upper limit of c"),
    "memory_baseline_is_bounded": Variable(
        _FIT, "1", "1 where c is not told from 0: only its limit counts", "int8", "any"
    ),
    "memory_is_degenerate": Variable(_FIT, "1", "1 where w, tau or b of a mode is not determined", "int8", "any"),
    "memory_is_unresolved": Variable(_FIT, "1", "1 where the solver cannot follow the solution", "int8", "any"),
    "memory_is_misfit": Variable(_FIT, "1", "1 where F is not reproduced within its errors", "int8", "any"),
    "memory_omega": Variable(
        _FIT, _RATE, _FIT_MEMORY + "Omega; k_p^2 k_BT/m in Newtonian dynamics, fitted in overdamped"
    ),
    "memory_loss": Variable(_FIT, "1", _FIT_MEMORY + "sum over times of (F_fit - F)^2 (eq. 7)"),
    "memory_chi2_per_point": Variable(_FIT, "1", _FIT_MEMORY + CHI2_PER_POINT),
    "memory_r2_complement": Variable(_FIT, "1", _FIT_MEMORY + "1 - R^2, sum (F_fit - F)^2 / sum (F - mean F)^2"),
    "memory_bic": Variable(
        _FIT, "1", _FIT_MEMORY + "Bayesian information criterion n chi2_per_point + p ln n; smaller is better"
    ),
    "memory_independent_points": Variable(_FIT, "1", _FIT_MEMORY + "n of memory_bic: points that count as independent"),
    "memory_probability": Variable(
        _FIT, "1", _FIT_MEMORY + "share of resampled data in which this n_exp has the lowest memory_bic"
    ),
    "memory_scattering": Variable((*_FIT, "t"), "1", _FIT_MEMORY + "F_s(k_p,t) of the memory, 1 at t = 0", "float32"),
    **with_error(
        "memory_kernel", (*_FIT, "t"), _RATE, _EQ_6 + "M(t); its error over resampled time origins (bootstrap)"
    ),
}
_PARAMETERS = (*_FIT, "parameter")
#: Of the fits, what lies in the state's own file only: what the data say of each parameter.
MEMORY_PARAMETER_VARIABLES: dict[str, Variable] = {
    "memory_parameter": Variable(_PARAMETERS, _RATE + ", tau_MD or 1", "value of the parameter"),
    "memory_parameter_error": Variable(_PARAMETERS, _RATE + ", tau_MD or 1", "standard error from the covariance"),
    "memory_parameter_bootstrap_error": Variable(
        _PARAMETERS, _RATE + ", tau_MD or 1", "standard deviation over resampled time origins"
    ),
    "memory_verdict": flags(_PARAMETERS, "what the data say of the parameter", MemoryVerdict),
    "memory_correlation": Variable(
        (*_PARAMETERS, "other_parameter"), "1", "correlation of K, log A, log tau, b, log Omega"
    ),
    "memory_evaluations": Variable(_FIT, "1", _FIT_MEMORY + "solutions of the memory equation", "int32"),
    "memory_seconds": Variable(_FIT, "s", _FIT_MEMORY + "time spent"),
}

#: What variables of older versions are called now.
PRESENT_NAMES = {"memory_chi2": "memory_chi2_per_point"}

#: All that the cube is made of.
STATE_VARIABLES = {**VARIABLES, **MODE_COUPLING_VARIABLES, **MEMORY_VARIABLES}

#: What ``glassdask mct`` makes of a structure factor that somebody brings, in that person's own units.
STRUCTURE_VARIABLES: dict[str, Variable] = {
    "structure_factor": Variable(("pair", "k"), "1", "S_ab(k) on the bipolar grid"),
    "direct_correlation": Variable(("pair", "k"), "length^3", "direct correlation function c_ab(k)"),
    "nonergodicity": Variable(("pair", "k"), "1", _MCT + "F_ab(k,∞); F_ab(k,0) = S_ab(k)"),
    "self_nonergodicity": Variable(("species", "k"), "1", _MCT + "F_s(k,∞); F_s(k,0) = 1"),
    "scattering": Variable(("pair", "k", "t"), "1", _MCT + "F_ab(k,t); F_ab(k,0) = S_ab(k)"),
    "memory": Variable(("species", "other_species", "k", "t"), "1/time", _MCT + "memory M_ab(k,t)"),
    "self_scattering": Variable(("species", "k", "t"), "1", _MCT + "F_s(k,t), 1 at t = 0"),
    "self_memory": Variable(("species", "k", "t"), "1/time", _MCT + "memory M_s(k,t)"),
    "mean_squared_displacement": Variable(("species", "t"), "length^2", _MCT + "<|r(t) - r(0)|^2>"),
    "critical_coupling": Variable((), "1", _MCT + "factor on the memory kernel at which this S(k) turns glass"),
    "relaxation_wavenumber": Variable((), "1/length", "wavenumber of the relaxation times"),
    "relaxation_time": Variable(("species",), "time", _MCT + "F_s(k,t) = 1/e; NaN where it stays above"),
    "collective_relaxation_time": Variable(
        ("species",), "time", _MCT + "F_aa(k,t) = S_aa(k)/e; NaN where it stays above"
    ),
    "largest_eigenvalue": Variable((), "1", _MCT + "of the stability matrix, 1 at the critical point; NaN of a liquid"),
    "exponent_parameter": Variable((), "1", _MCT + "exponent parameter lambda; NaN of a liquid"),
}


def _with_budget(name: str, units: str, of: str) -> dict[str, Variable]:
    """The standard error of a number, statistics and treatment of S(k) together, and its parts."""
    return {
        f"{name}_error": Variable((), units, f"standard error of {of}: statistics of the runs and treatment of S(k)"),
        f"{name}_error_part": Variable(("error_source",), units, f"parts of the standard error of {of}; squares add"),
    }


#: Of each (potential, density) of a campaign, in ``critical_temperature.nc``.
CRITICAL_VARIABLES: dict[str, Variable] = {
    "verdict": flags((), "what became of the search for T_mct", CriticalVerdict),
    "message": Variable((), "1", "the verdict in a sentence", "str"),
    "critical_temperature": Variable((), "epsilon_AA/k_B", _MCT + "critical temperature T_mct"),
    **_with_budget("critical_temperature", "epsilon_AA/k_B", "T_mct"),
    "exponent_parameter": Variable((), "1", _MCT + "exponent parameter lambda at the critical point"),
    **_with_budget("exponent_parameter", "1", "lambda"),
    "exponent_a": Variable((), "1", _MCT + "exponent a of the critical decay"),
    **_with_budget("exponent_a", "1", "a"),
    "exponent_b": Variable((), "1", _MCT + "exponent b of von Schweidler's law"),
    **_with_budget("exponent_b", "1", "b"),
    **_with_budget("critical_coupling", "1", "g_c at T_mct, where it is 1"),
    "n_runs": Variable((), "1", "runs that T_mct was found from", "int32"),
    "critical_nonergodicity": Variable(("pair", "k"), "1", _MCT + "F_ab(k,∞) / S_ab(k) just below T_mct"),
    "critical_self_nonergodicity": Variable(("species", "k"), "1", _MCT + "F_s(k,∞) just below T_mct"),
}

CUBE_VARIABLES: dict[str, Variable] = {
    "status": Variable(
        (),
        "1",
        "what became of the state",
        "int8",
        attributes={"flag_values": list(range(len(STATUS))), "flag_meanings": " ".join(STATUS)},
    ),
    "n_replicas": Variable((), "1", "replicas in the averages", "int16"),
}

#: Time series of a run, as `simulate` leaves them: the thermostatted run first, then production.
THERMO_VARIABLES: dict[str, Variable] = {
    f"{phase}_{name}": Variable((f"{phase}_time",), units, f"{words} during {phase}")
    for phase in ("equilibration", "production")
    for name, units, words in (
        ("potential_energy", "epsilon_AA", "potential energy per particle"),
        ("kinetic_energy", "epsilon_AA", "kinetic energy per particle"),
        ("pressure", "epsilon_AA/sigma_AA^3", "pressure"),
    )
}

#: What a simulation takes of the structure while it runs, frame by frame.
FRAME_VARIABLES: dict[str, Variable] = {
    "frame_structure_factor": Variable(
        ("frame_step", "pair", "k_fine"), "1", "S_ab(k) of single frames on the fine bins"
    ),
}

COORDINATES: dict[str, dict[str, str]] = {
    "potential": {"long_name": "liquid, by its name in the campaign file"},
    "T": {"units": "epsilon_AA/k_B", "long_name": "temperature"},
    "rho": {"units": "1/sigma_AA^3", "long_name": "number density"},
    "k": {"units": "1/sigma_AA", "long_name": "wavenumber, centre of the bin"},
    "k_fine": {"units": "1/sigma_AA", "long_name": "wavenumber, centre of the fine bin"},
    "t": {"units": "tau_MD", "long_name": "lag time"},
    "t_mct": {"units": "tau_MD", "long_name": "time of mode-coupling theory"},
    "van_hove_lag": {"units": "1", "long_name": "number of the lag of the van Hove function"},
    "r": {"units": "sigma_AA", "long_name": "distance, centre of the bin"},
    "chosen": {"units": "1", "long_name": "number of the wavenumber: 0 is k_p, then those of the campaign file"},
    "pair": {"long_name": "pair of species"},
    "species": {"long_name": "species"},
    "other_species": {"long_name": "second species of a pair whose order matters"},
    "dynamics": {"long_name": "memory equation that was fitted: newtonian (E1') or overdamped (eq. 5)"},
    "n_exp": {"units": "1", "long_name": "number of stretched exponentials of eq. 6"},
    "block": {"units": "1", "long_name": "number of the tenth of production"},
    "mode": {"units": "1", "long_name": "number of the term of eq. 6, in the order of their times"},
    "parameter": {"long_name": "parameter of a memory: K = M(∞), A_i = w_i, tau_i, b_i, Omega"},
    "other_parameter": {"long_name": "second parameter of a correlation"},
    "equilibration_time": {"units": "tau_MD", "long_name": "time since the random start"},
    "production_time": {"units": "tau_MD", "long_name": "time since the beginning of production"},
    "frame_step": {"units": "1", "long_name": "base steps since the beginning of production"},
    "replica": {"long_name": "number of the independent copy"},
    "model": {"long_name": "network, or baseline that it is set beside"},
    "examination": {"long_name": "question that models were asked"},
    "state": {"long_name": "state in words"},
    "nominal": {"units": "1", "long_name": "share of a normal distribution within a half-width"},
    "error_source": {"long_name": "where an error comes from; what was not looked at is NaN"},
    "error_bar": {"long_name": "error bar whose coverage is looked at"},
    "knowledge": {"long_name": "what a baseline knows of the tested state"},
    "question": {"long_name": "kind of question that a tested state was to the states learned from"},
    "share": {"units": "1", "long_name": "share of the points that an interval is made to hold"},
}


def state_coordinates(state: StatePoint) -> dict[str, Any]:
    """Scalar coordinates of a state's file."""
    return {"potential": state.potential, "T": state.temperature, "rho": state.density, "replica": state.replica}


def variable_attributes(variable: Variable) -> dict[str, Any]:
    """Attributes of a variable in a file."""
    return {"units": variable.units, "long_name": variable.long_name, **variable.attributes}
