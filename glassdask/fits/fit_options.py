"""What a fit of memories is to do."""

from __future__ import annotations

from dataclasses import dataclass

from glassdask.errors import InvalidInput
from glassdask.physics.memory.dynamics import DEFAULT_DYNAMICS, Dynamics, checked_dynamics

MOST_MODES = 4


@dataclass(frozen=True)
class FitOptions:
    """What a fit is to do.

    Parameters
    ----------
    n_exp
        Numbers of modes to be tried, 1 to 4.
    dynamics
        "newtonian" (of atoms, NVE data) or "overdamped" (of colloids; of atoms from some time on).
    fits_omega
        Ω is fitted, from the value given.
    seed
        Of all random numbers.
    n_starts
        Random memories tried before each evolution.
    generations
        Of each evolution, at most.
    rounds
        Searches of each number of modes, at most.
    lasso
        λ of λ Σ A_i/Ω in the loss; above 10⁻⁸ it moves the fit.
    n_bootstrap
        Resampled data sets for errors beyond the covariance, for the number of modes of the lowest BIC; 0 for none.
    """

    n_exp: tuple[int, ...] = (1, 2, 3)
    dynamics: Dynamics = DEFAULT_DYNAMICS
    fits_omega: bool = False
    seed: int = 1
    n_starts: int = 64
    generations: int = 40
    rounds: int = 4
    lasso: float = 0.0
    n_bootstrap: int = 0

    def __post_init__(self) -> None:
        numbers = tuple(sorted(set(self.n_exp)))
        if not numbers or numbers[0] < 1 or numbers[-1] > MOST_MODES:
            raise InvalidInput(f"n_exp is {self.n_exp}; allowed: numbers from 1 to {MOST_MODES}")
        object.__setattr__(self, "n_exp", numbers)
        checked_dynamics(self.dynamics)
