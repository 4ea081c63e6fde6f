"""Variables of what networks predict and of how they were examined."""

from __future__ import annotations

from glassdask.datasets.schema.variables import MODE_COUPLING_VARIABLES, Variable, with_error

#: Of states that the networks had not seen, in the cube's dimensions (potential, T, rho) before these.
PREDICTION_VARIABLES: dict[str, Variable] = {
    **with_error(
        "predicted_scattering",
        ("model", "species", "t"),
        "1",
        "predicted F_s(k_p,t) of a state that was not learned from, 1 at t = 0",
    ),
    **with_error("peak_scattering", ("species", "t"), "1", "measured F_s(k_p,t), 1 at t = 0"),
    "mct_peak_scattering": Variable(("species", "t"), "1", "mode-coupling theory: F_s(k_p,t), 1 at t = 0"),
    "reduced_temperature": Variable((), "1", "T/T_mct"),
}
#: Of one S(k) that somebody brings.
ONE_PREDICTION_VARIABLES: dict[str, Variable] = {
    **with_error("predicted_scattering", ("species", "t"), "1", "predicted F_s(k_p,t), 1 at t = 0"),
    "mct_critical_coupling": MODE_COUPLING_VARIABLES["mct_critical_coupling"],
    "predicted_scattering_lower": Variable(("species", "t"), "1", "lower end of the interval for 95 % of measured F_s"),
    "predicted_scattering_upper": Variable(("species", "t"), "1", "upper end of the interval for 95 % of measured F_s"),
    "distance": Variable((), "1", "distance from the range of the training, in widths of that range; 0 inside"),
}
_MARK = ("examination", "model")
_BY_QUESTION = ("model", "question")
_BY_STATE = ("examination", "model", "state")
#: Examinations; NaN where a state was not tested, or a model has no answer.
EXAMINATION_VARIABLES: dict[str, Variable] = {
    "kind": Variable(("examination",), "1", "random, temperature, potential or density", "str"),
    "threshold": Variable(("examination",), "1", "T0/T_mct above which was learned"),
    "best_baseline": Variable(("examination",), "1", "baseline with the lowest squared error", "str"),
    "best_of_knowledge": Variable(
        ("examination", "knowledge"), "1", "best baseline among those that know this much of the tested state", "str"
    ),
    "chosen": Variable(("examination",), "1", "recipes that cross-validation chose, and how often", "str"),
    "n_learned": Variable(("examination",), "1", "states learned from (fewest of the parts)", "int32"),
    "state_potential": Variable(("state",), "1", "name of the liquid", "str"),
    "state_temperature": Variable(("state",), "epsilon_AA/k_B", "temperature"),
    "state_density": Variable(("state",), "1/sigma_AA^3", "number density"),
    "reduced_temperature": Variable(("state",), "1", "T/T_mct"),
    "is_tested": Variable(("examination", "state"), "1", "1 where the state was tested", "int8"),
    "r2_by_state": Variable(_BY_STATE, "1", "R² of a state's curves, mean of the truth"),
    "paper_r2_by_state": Variable(_BY_STATE, "1", "R² of a state's curves, mean of the prediction"),
    "rmse_by_state": Variable(_BY_STATE, "1", "root mean squared error of a state's curves"),
    **with_error("r2", _MARK, "1", "R² of all tested points, mean of the truth"),
    **with_error("paper_r2", _MARK, "1", "R² of the paper (eq. 4), mean of the prediction"),
    **with_error("rmse", _MARK, "1", "root mean squared error of F"),
    **with_error("skill", _MARK, "1", "skill: 1 - SSE/SSE of the best baseline"),
    "coverage": Variable(("error_bar", "nominal"), "1", "share of deviations within the half-width"),
    "n_states_by_question": Variable(_BY_QUESTION, "1", "states that questions of this kind were asked of", "int32"),
    "n_units_by_question": Variable(
        _BY_QUESTION, "1", "what is independent among these states: states, series or liquids", "int32"
    ),
    **with_error(
        "coverage_by_question",
        (*_BY_QUESTION, "share"),
        "1",
        "share of points within an interval that was made to hold `share` of them, without them",
    ),
    **with_error(
        "bias_by_question",
        _BY_QUESTION,
        "1",
        "mean of ln(tau measured / tau predicted), F_s = 1/e of the first species",
    ),
}
