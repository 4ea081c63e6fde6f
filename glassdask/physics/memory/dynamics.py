"""The two equations of motion that a memory function belongs to: one vocabulary for theory, fits, files and verbs."""

from __future__ import annotations

from typing import Literal, cast, get_args

from glassdask.errors import InvalidInput

#: "newtonian": F'' + Omega F + M∗F' = 0, atoms; "overdamped": F' + Omega F + M∗F' = 0 (eq. 5 of the paper), colloids.
Dynamics = Literal["newtonian", "overdamped"]
DYNAMICS: tuple[Dynamics, ...] = get_args(Dynamics)
#: Of every question about somebody's own table, S(k) or F(t), where nothing else is said: colloids, and the paper's equation.
#: A campaign's states are Newtonian, because that is how they were simulated.
DEFAULT_DYNAMICS: Dynamics = "overdamped"


def checked_dynamics(name: str) -> Dynamics:
    """The name, if it is one of `DYNAMICS`.

    Returns
    -------
    str
        The name.

    Raises
    ------
    InvalidInput
        If it is not.
    """
    if name not in DYNAMICS:
        raise InvalidInput(f"dynamics is {name!r}; allowed: {', '.join(map(repr, DYNAMICS))}")
    return cast("Dynamics", name)
