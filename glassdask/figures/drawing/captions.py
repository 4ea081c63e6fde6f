"""Captions: what each figure shows, in which units, what its bands are, and which figure of the paper it answers to."""

from __future__ import annotations

from dataclasses import dataclass

from glassdask.figures.drawing.panels import MOST_CURVES, MOST_DENSITIES

_RUN, _TRAIN = "glassdask run", "glassdask train"
_MANY = (
    f"Of more than {MOST_CURVES} temperatures or {MOST_DENSITIES} densities the figure draws some, evenly chosen; the "
    "data hold all."
)


@dataclass(frozen=True)
class Caption:
    """What stands under a figure.

    Parameters
    ----------
    title
        In a few words.
    paper
        The figure or table of the paper that it answers to, or a word on why there is none.
    text
        What is seen, units, bands.
    alt
        The picture for those who do not see it.
    missing
        Why there may be no figure.
    command
        The verb that brings what is missing.
    """

    title: str
    paper: str
    text: str
    alt: str
    missing: str
    command: str = _RUN


STRUCTURE_FACTOR = Caption(
    "Static structure factor S(k)",
    "input of everything that follows (Fig. 1, sketch)",
    "Partial structure factor S_AA(k) of the A particles, (1/N) normalisation, against wavenumber k in 1/σ_AA, in "
    "fine bins. A curve a temperature T (in ε_AA/k_B), a panel a potential and density ρ (in 1/σ_AA³). Bands: two "
    "standard errors, from "
    "blocks of frames. Triangles: the main peak, k_p. " + _MANY,
    "Curves of S_AA(k) with a main peak near k = 7 to 8 per sigma that grows as the temperature falls",
    "No state has been reduced yet.",
)
SCATTERING = Caption(
    "Self intermediate scattering function",
    "what Figs. 2 and 6 compare with (eq. 1)",
    "F_s(k_p,t), 1 at t = 0, against lag time t in τ_MD = √(m σ_AA²/48 ε_AA): A solid, B dashed, a colour a "
    "temperature T (in ε_AA/k_B). Bands: two standard errors, from ten blocks of time. Grey line: 1/e, where the "
    "relaxation time is read. " + _MANY,
    "Curves that decay from 1 to 0 over several decades of time, slower and in two steps at lower temperatures",
    "No state has been reduced yet.",
)
RELAXATION_TIME = Caption(
    "Relaxation times",
    "not drawn in the paper",
    "Relaxation time τ_α of A, F_s(k_p,τ_α) = 1/e, in τ_MD, against 1/T in k_B/ε_AA; colour: potential, marker: "
    "density. Error "
    "bars: one standard error. Hollow: states that are not in equilibrium. " + _MANY,
    "Relaxation times on a logarithmic axis that rise with the inverse temperature, one line for each potential and "
    "density",
    "No state has a relaxation time yet: none has been reduced, or F_s stays above 1/e in all of them.",
)
MODE_COUPLING = Caption(
    "Molecular dynamics beside mode-coupling theory",
    "Fig. 2, dotted lines",
    "F_s(k_p,t) of A against t in τ_MD: molecular dynamics (solid, bands of two standard errors) and mode-coupling "
    "theory of the "
    "same S(k) (dotted; without an error bar). The theory has no free parameter and freezes below T_mct. " + _MANY,
    "Measured decays beside dotted curves of the theory, which are slower and end on a plateau at low temperatures",
    "Mode-coupling theory has not been solved for any state.",
)
PREDICTED_SCATTERING = Caption(
    "F_s predicted from S(k) by networks",
    "Fig. 2",
    "F_s(k_p,t) of A against t in τ_MD for up to five temperatures a panel: molecular dynamics (points, bars of two "
    "standard errors), the first network (line, band of two errors calibrated on states set apart), the second "
    "network (dashed), mode-coupling theory (dotted). No state was learned from by the networks that predict it.",
    "Measured points beside the lines of two networks and of mode-coupling theory, for a ladder of temperatures",
    "The campaign has no trained networks.",
    _TRAIN,
)
TRANSFER = Caption(
    "How far predictions carry",
    "Figs. 3, 4 and 5",
    "1 − R² of each tested state's curves (smaller is better; R² with the mean of the truth, eqs. 2 to 4) against "
    "T/T_mct, or T in ε_AA/k_B where T_mct is not known; a panel a question: states at random (Fig. 3), colder than a "
    "threshold, dashed line (Fig. 4), another potential (Fig. 5), another density. A point a state; errors of the "
    "means stand in learning.md.",
    "Errors of two networks and of the best baseline for every tested state, a panel for each kind of transfer",
    "The campaign has no trained networks.",
    _TRAIN,
)
CALIBRATION = Caption(
    "Whether the networks' error bars hold",
    "not in the paper",
    "Share of the deviations of states set apart that lie within a half-width, against the share that normal errors "
    "would have there (both without unit). The diagonal is a perfect error bar; above it, errors are too wide.",
    "Observed against nominal coverage of four error bars, near the diagonal where they hold",
    "The campaign has no trained networks.",
    _TRAIN,
)
MEMORY = Caption(
    "Memory functions",
    "Fig. 6",
    "Above: F_s(k_p,t) of A (points, bars of two standard errors) and the fit of eq. 6 with the number of modes that "
    "BIC prefers (solid). Below: the memory M(t) that was found (solid) and that of mode-coupling theory (dashed, "
    "where its equation is the same), in 1/τ_MD² for the Newtonian equation and 1/τ_MD for the overdamped one. Time "
    "in τ_MD; up to four temperatures of the density with most states. Standard errors of the parameters are in the "
    "data.",
    "Measured decays with their fits above, memory functions falling over four decades below, theory dashed above them",
    "No memory has been fitted.",
)
MEMORY_MODES = Caption(
    "How many modes a memory needs",
    "Fig. 7",
    "Above: 1 − R² of the fits against the number of stretched exponentials N_exp (without unit; smaller is better). "
    "Below: 1 + BIC − lowest BIC; above the dotted line the evidence against that number is strong. Thin: every "
    "state, of many some evenly chosen; thick: the median of a species. A column an equation.",
    "Quality of the memory fits against the number of stretched exponentials, one to three",
    "No memory has been fitted.",
)
SECOND_MODE = Caption(
    "Weight of the slow mode",
    "supplementary information",
    "Share of the second, slow mode in M(0) of A at N_exp = 2, w₂/(w₁ + w₂), without unit, against T/T_mct; hollow "
    "against T over its lowest where T_mct is not known. Error bars: one standard error; the whole axis where the "
    "data do not determine it.",
    "Weight of the slow mode between 0 and 1 against the reduced temperature, for each potential and density",
    "No memory has been fitted with two modes: memory.n_exp of the campaign file has to hold 2.",
)
CRITICAL_TEMPERATURE = Caption(
    "Critical temperatures of mode-coupling theory",
    "Table 1",
    "T_mct in ε_AA/k_B against density ρ in 1/σ_AA³: filled, of this campaign's S(k), with one standard error from a "
    "jackknife over runs; hollow, the paper's Table 1. Potentials are drawn a little beside each other.",
    "Critical temperatures rising with the density, filled symbols of the campaign on hollow ones of the paper",
    "No critical temperature was found: it takes four or more equilibrated temperatures around T_mct at a density.",
)
NONERGODICITY = Caption(
    "Nonergodicity parameters",
    "not drawn in the paper (§ 4.3)",
    "f(k) of mode-coupling theory just below T_mct, without unit, against k in 1/σ_AA: AA (solid) and a tagged A "
    "particle (dashed), a colour a density. It has no error bar: the error of T_mct says how well S(k) is known.",
    "Nonergodicity parameters that oscillate with the structure factor and fall to zero at large wavenumbers",
    "No critical temperature was found: it takes four or more equilibrated temperatures around T_mct at a density.",
)
QUALITY = Caption(
    "Whether the runs can be trusted",
    "not in the paper",
    "Left: drift of the total energy per particle over production, in k_BT (no error bar: a linear fit of one run). "
    "Right: deviation of the measured temperature from the target in per cent, with one standard error. Against T in "
    "ε_AA/k_B, every state.",
    "Energy drifts and deviations of the temperature of all states, scattered about small values",
    "No state has been reduced yet.",
)
