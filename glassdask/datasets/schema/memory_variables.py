"""Variables of the memory of a user's own F(t), in that person's own unit of time."""

from __future__ import annotations

from glassdask.datasets.schema.variables import CHI2_PER_POINT, Variable, flags, with_error
from glassdask.outcome import MemoryVerdict

_RATE = "1/time^2 (1/time in overdamped dynamics)"
_FIT = ("species", "n_exp")
_MODES = (*_FIT, "mode")
_CURVES = (*_FIT, "t")
_TERM = "of the term w exp(-(t/tau)^b) of M (eq. 6, a = 0)"


#: What was measured.
MEASURED_VARIABLES: dict[str, Variable] = {
    "F": Variable(("species", "t"), "1", "measured F(t), 1 at t = 0; NaN where it was left out"),
    "F_error": Variable(("species", "t"), "1", "standard error of F(t), as it was given", combine="error"),
    "points": Variable(("species",), "1", "number of points that were fitted", "int32"),
    "short_time_slope": Variable(
        ("species",), "1", "d ln(1 - F)/d ln t at the first times; NaN where nothing tells it"
    ),
    "short_time_slope_error": Variable(("species",), "1", "standard error of short_time_slope", combine="error"),
}
#: Fits of eq. 6; NaN where a species has too few points for n_exp.
CURVE_MEMORY_VARIABLES: dict[str, Variable] = {
    **MEASURED_VARIABLES,
    "F_fit": Variable(_CURVES, "1", "F(t) of the memory, 1 at t = 0"),
    **with_error("M", _CURVES, _RATE, "memory M(t); its error over resampled data, NaN without any"),
    **with_error("weight", _MODES, _RATE, f"weight w {_TERM}"),
    **with_error("time", _MODES, "time", f"time tau {_TERM}"),
    **with_error("stretch", _MODES, "1", f"stretch b {_TERM}"),
    "verdict": flags(_MODES, f"what F says {_TERM}: the worst of w, tau, b, and of the whole fit", MemoryVerdict),
    **with_error("baseline", _FIT, _RATE, "c = M(∞) of eq. 6"),
    "baseline_limit": Variable(_FIT, _RATE, "95 % upper limit of c = M(∞) of eq. 6"),
    "omega": Variable(_FIT, _RATE, "Omega"),
    "loss": Variable(_FIT, "1", "sum over times of (F_fit - F)^2 (eq. 7 without its regularisation)"),
    "chi2_per_point": Variable(_FIT, "1", CHI2_PER_POINT + "; NaN without errors"),
    "rms_deviation": Variable(_FIT, "1", "root mean square of F_fit - F"),
    "is_reproduced": Variable(_FIT, "1", "1 where F is reproduced, within its errors where they are known", "int8"),
    "bic": Variable(_FIT, "1", "Bayesian information criterion; smaller is better"),
    "independent_points": Variable(
        _FIT, "1", "points that count as independent in bic: neighbouring times err together"
    ),
    "probability": Variable(_FIT, "1", "share of resampled data in which this n_exp has the lowest bic"),
    "solver_error": Variable(_FIT, "1", "estimated error of F_fit"),
    "baseline_is_bounded": Variable(_FIT, "1", "1 where c is not told from 0: only its limit counts", "int8"),
    "is_resolved": Variable(_FIT, "1", "1 where the solver can follow the solution", "int8"),
    "fits_omega": Variable(_FIT, "1", "1 where Omega is a parameter of the fit", "int8"),
    "parameter_bootstrap_error": Variable(
        (*_FIT, "parameter"), f"{_RATE}, time or 1", "standard deviation over resampled data; NaN without any"
    ),
    "correlation": Variable(
        (*_FIT, "parameter", "other_parameter"), "1", "correlation of K, log A, log tau, b, log Omega"
    ),
    "evaluations": Variable(_FIT, "1", "solutions of the memory equation", "int32"),
    "seconds": Variable(_FIT, "s", "time spent"),
    "stop_reason": Variable(_FIT, "1", "why the best search stopped, and then the polish", "str"),
    "known_omega": Variable(("species",), _RATE, "Omega as it was given or estimated"),
    "best_n_exp": Variable(("species",), "1", "number of exponentials of the lowest BIC", "int8"),
}
#: A memory without a form: M(t) = baseline + sum_l weight_l exp(-rate_l t).
INVERTED_MEMORY_VARIABLES: dict[str, Variable] = {
    **MEASURED_VARIABLES,
    "F_fit": Variable(("species", "t"), "1", "F(t) of the memory, 1 at t = 0: a sum of decaying exponentials"),
    "M": Variable(("species", "t"), "1/time", "memory M(t)"),
    "weight": Variable(("species", "mode"), "1/time", "weight of an exponential of M"),
    "rate": Variable(("species", "mode"), "1/time", "rate of an exponential of M"),
    "baseline": Variable(("species",), "1/time", "M(∞)"),
    "omega": Variable(("species",), "1/time", "Omega, the initial slope of F"),
    "residual": Variable(("species",), "1", "rms of F_fit - F, in standard errors where they are known"),
}
