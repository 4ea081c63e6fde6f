"""Memory functions: those that a campaign's states were found to have, and those of one's own F(t)."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from glassdask.counted import duration
from glassdask.errors import InvalidInput
from glassdask.operations.progress import tell

if TYPE_CHECKING:
    import xarray as xr

    from glassdask.datasets.labelled_arrays import LabelledArrays
    from glassdask.datasets.tables.number_table import TableOptions
    from glassdask.physics.memory.dynamics import Dynamics
    from glassdask.stages.fit_memory.memory_of_curve import CurveMemories

#: Seconds between two lines of progress.
_LINE_SECONDS = 5.0


@dataclass(frozen=True, eq=False)
class StateMemory:
    """What the stage ``fit_memory`` found for one state.

    Parameters
    ----------
    state
        Its name.
    status
        What became of the state.
    data
        ``memory_weight``, ``memory_time``, ``memory_stretch``, ``memory_bic`` … over dynamics, species, n_exp and mode.
    """

    state: str
    status: str
    data: xr.Dataset


def memory_fits(path: str | Path) -> list[StateMemory]:
    """The memory functions of a campaign's states so far, replica by replica.

    Parameters
    ----------
    path
        The campaign's TOML file or its folder.

    Returns
    -------
    list of StateMemory
        Of the states that have come so far; `glassdask.open_campaign` has them averaged over replicas.

    Raises
    ------
    InvalidInput
        If the campaign was not started.
    """
    from glassdask.campaign.definition.campaign import load_campaign
    from glassdask.campaign.files.folder import state_folder
    from glassdask.campaign.files.status import campaign_status
    from glassdask.datasets.netcdf import read_netcdf
    from glassdask.stages.fit_memory import MEMORY

    campaign = load_campaign(path)
    found = []
    for item in campaign_status(campaign.folder):
        file = state_folder(campaign.folder, item.state.identifier) / MEMORY
        if file.is_file():
            found.append(StateMemory(item.state.identifier, item.status, read_netcdf(file)))
    return found


@dataclass(frozen=True, eq=False)
class MemoryFunctions:
    """Memory functions of one set of correlation functions.

    Parameters
    ----------
    found
        The fits or the inversions themselves.
    arrays
        What they say, with dimensions, names and units.
    read
        How the data were understood, in a line.
    doubts
        What looks odd in them.
    source
        The file.
    """

    found: CurveMemories
    arrays: LabelledArrays
    read: str
    doubts: tuple[str, ...]
    source: str | None = None

    @property
    def notes(self) -> list[str]:
        """What was done to the data, and what is odd about them and the fits."""
        return self.found.notes

    @property
    def data(self) -> xr.Dataset:
        """``F``, ``F_fit`` and ``M`` over species, t and n_exp; ``weight``, ``time``, ``stretch`` and their errors over mode;
        ``bic``, ``chi2_per_point``, ``best_n_exp`` …; of an inversion ``weight`` and ``rate`` of its exponentials."""
        from glassdask.stages.fit_memory.memory_answer import memory_dataset

        return memory_dataset(self.arrays)

    def write(self, path: str | Path) -> None:
        """Writes `data` as netCDF, whole or not at all."""
        from glassdask.stages.fit_memory.memory_answer import write_memory

        write_memory(self.arrays, Path(path), {"scattering_file": self.source})

    def draw(self, path: str | Path) -> None:
        """Draws F with its fits, and M, against log t: a file .png, .pdf or .svg."""
        from glassdask.figures.memory.memory_of_curve import draw
        from glassdask.stages.fit_memory.memory_answer import smooth_curves

        draw(self.data, smooth_curves(self.found), Path(path))

    def as_dict(self) -> dict[str, Any]:
        """Every number as plain data, for strict JSON: what is not finite or does not exist is None."""
        from glassdask.stages.fit_memory.memory_answer import memory_json

        return memory_json(self.arrays) | {"read": self.read, "doubts": list(self.doubts)}


def fit_memory(
    source: str | Path | xr.Dataset,
    *,
    dynamics: Dynamics | None = None,
    omega: Sequence[float] | None = None,
    fit_omega: bool = False,
    t_min: float | None = None,
    n_exp: Sequence[int] | None = None,
    seed: int = 1,
    bootstrap: int = 0,
    method: Literal["evolution", "inversion"] = "evolution",
    lasso: float = 0.0,
    checkpoint: str | Path | None = None,
    wavenumber: float | None = None,
    table: TableOptions | None = None,
    say: Callable[[str], None] = tell,
) -> MemoryFunctions:
    """Memory functions M(t) = c + Σ w_i exp[−(t/τ_i)^b_i] from one's own F(t), such that the memory equation gives F back.

    Overdamped, of colloids: F' + Ω F + M∗F' = 0; Newtonian, of atoms: F'' + Ω F + M∗F' = 0; eq. 6 of the paper, by CMA-ES.

    Parameters
    ----------
    source
        F(t): a file (`read_scattering`), the ``observables.nc`` of a campaign's state, or a Dataset with ``F(species, t)``
        or ``F(t)`` and, if it is known, ``error``. F is 1 at t = 0, or it has t = 0.
    dynamics
        "overdamped", by default, or "newtonian", as a campaign's states are.
    omega
        Ω, one for all species or one for each; by default estimated, then fitted. [1/time, Newtonian 1/time²]
    fit_omega
        Fit Ω, from the value of `omega`.
    t_min
        Earlier times are left out. [time]
    n_exp
        Numbers of stretched exponentials to be tried: 1, 2, 3 by default.
    seed
        Of all random numbers.
    bootstrap
        Resampled data sets for errors; 0 for none.
    method
        "evolution", or "inversion": M without a form for it, of overdamped dynamics.
    lasso
        Weight of Σ w_i/Ω in the loss; above 1e-8 it moves the fit.
    checkpoint
        File from which an interrupted or killed fit goes on.
    wavenumber
        Which k of a table with the columns k,t,F. [1/length]
    table
        How a table is to be read, where it leaves that open.
    say
        Called with a line now and then.

    Returns
    -------
    MemoryFunctions
        With the Dataset in ``data``.

    Raises
    ------
    InvalidInput
        If F is no correlation function, has too few points, or values do not go together.

    Examples
    --------
    >>> found = glassdask.fit_memory("F.csv", omega=[0.87], n_exp=[2])  # doctest: +SKIP
    >>> found.data.time.sel(species="A", n_exp=2), found.draw("memory.png")  # doctest: +SKIP
    """
    from glassdask.datasets.own_files.scattering_file import read_scattering
    from glassdask.fits.fit_options import FitOptions
    from glassdask.stages.fit_memory.curve_problem import CurveOptions, checkpoint_of, curve_problem, dynamics_of
    from glassdask.stages.fit_memory.memory_answer import memory_arrays
    from glassdask.stages.fit_memory.memory_of_curve import memories_of_curve

    of_evolution = {
        "fit_omega": fit_omega,
        "bootstrap": bootstrap,
        "lasso": lasso,
        "checkpoint": checkpoint,
        "n_exp": n_exp,
    }
    _check(method, of_evolution, t_min, lasso, bootstrap)
    measured = read_scattering(source, table, wavenumber)
    used, reason = dynamics_of(measured, dynamics)
    modes, rates = (1, 2, 3) if n_exp is None else tuple(n_exp), None if omega is None else tuple(omega)
    fit = FitOptions(modes, used, fit_omega, seed, lasso=lasso, n_bootstrap=bootstrap)
    options = CurveOptions(fit, rates, t_min, method, reason)
    problem = curve_problem(measured, options)
    file = Path(source) if isinstance(source, str | Path) else None
    if file is not None and measured.peak_wavenumber is not None:
        problem.starts.update(_starts_beside(file, measured.peak_wavenumber, used))
    searches = None
    if checkpoint is not None:
        searches, notes = checkpoint_of(Path(checkpoint), problem)
        problem.notes.extend(notes)
    found = memories_of_curve(problem, searches, _progress(", ".join(problem.targets), method, say))
    return MemoryFunctions(
        found, memory_arrays(found), measured.read, measured.doubts, None if file is None else str(source)
    )


def _check(method: str, of_evolution: dict[str, Any], t_min: float | None, lasso: float, bootstrap: int) -> None:
    for name in () if method == "evolution" else [name for name, value in of_evolution.items() if value]:
        option = "--" + name.replace("_", "-")
        raise InvalidInput(f"{option} has no part in --method {method}; leave it out, or give --method evolution")
    if bootstrap == 1:
        raise InvalidInput("--bootstrap is 1; allowed: 0, or 2 or more resampled data sets, better 50")
    if t_min is not None and not 0 < t_min < math.inf:
        raise InvalidInput(f"--t-min is {t_min:g}; allowed: a finite number, above 0")
    if not 0 <= lasso < math.inf:
        raise InvalidInput(f"--lasso is {lasso:g}; allowed: a finite number, 0 or more")


def _starts_beside(source: Path, peak_wavenumber: float, dynamics: Dynamics) -> dict:
    """Mode-coupling theory's memories where the state's ``mode_coupling.nc`` lies beside its observables."""
    from glassdask.datasets.netcdf import read_netcdf
    from glassdask.stages.fit_memory.memory_starts import memories_of_theory
    from glassdask.stages.solve_mct.run import MODE_COUPLING

    path = source.with_name(MODE_COUPLING)
    return memories_of_theory(read_netcdf(path), peak_wavenumber, dynamics) if path.is_file() else {}


def _progress(names: str, method: str, say: Callable[[str], None]) -> Callable[[], None]:
    """A function that says, now and then, that the fit goes on."""
    begun = time.monotonic()
    said = [begun]

    def keep_alive() -> None:
        now = time.monotonic()
        if now - said[0] >= _LINE_SECONDS:
            said[0] = now
            say(f"fitting {names} ({method}): {duration(now - begun)}")

    return keep_alive
