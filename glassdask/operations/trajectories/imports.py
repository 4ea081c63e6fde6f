"""Trajectories that somebody brings as states of a campaign, in the place of simulations."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from glassdask.errors import InvalidInput
from glassdask.files.atomic_write import write_text
from glassdask.files.checksum import file_sha256
from glassdask.operations.progress import tell
from glassdask.outcome import Outcome
from glassdask.state_point import StatePoint, decimal_text

if TYPE_CHECKING:
    from glassdask.campaign.definition.campaign import Campaign
    from glassdask.datasets.trajectories.options import TrajectoryOptions

#: tau_LJ in tau_MD: sqrt(48); most files of reduced units count time in tau_LJ.
TIME_UNITS = {"tau_LJ": 48.0**0.5, "tau_MD": 1.0}


@dataclass(frozen=True)
class TrajectoryOfState:
    """A file and the state that it is a trajectory of."""

    path: Path
    state: StatePoint


@dataclass(frozen=True)
class Imported:
    """What has become of one file.

    Parameters
    ----------
    state
        Identifier of the state.
    path
        The file.
    is_new
        Whether it was imported now; else it had been before.
    n_frames, n_particles
        What it holds.
    notes
        How it was understood.
    """

    state: str
    path: str
    is_new: bool
    n_frames: int
    n_particles: int
    notes: tuple[str, ...] = ()


def import_trajectories(
    trajectories: Iterable[TrajectoryOfState],
    into: str | Path,
    *,
    options: TrajectoryOptions | None = None,
    time_unit: Literal["tau_LJ", "tau_MD"] = "tau_LJ",
    lag_times: Sequence[float] | None = None,
    copy: bool = False,
    replace_present: bool = False,
    say: Callable[[str], None] = tell,
) -> list[Imported]:
    """Makes files the simulations of states; ``glassdask run`` reduces them, and goes on with theory, fits and report.

    Parameters
    ----------
    trajectories
        Files and their states.
    into
        The campaign's TOML file, which asks for these states, or its folder; a TOML file that is not there is written, with
        these states.
    options
        How the files are read.
    time_unit
        Of their times: tau_LJ = (m sigma²/epsilon)^(1/2), or the campaign's own tau_MD = tau_LJ/√48.
    lag_times
        At which correlations are wanted; those that the frames of each file suggest by default. [tau_MD]
    copy
        Copy files into the campaign's folder; links by default.
    replace_present
        Take the place of a trajectory that a state already has, simulated or imported.
    say
        Called with a line for each file.

    Returns
    -------
    list of Imported
        In the order of the files.

    Raises
    ------
    InvalidInput
        If a file cannot be read or is no trajectory of its state, the campaign does not ask for the state, or the state has a
        trajectory; what stood before in the list is imported then.
    """
    from glassdask.datasets.trajectories.options import TrajectoryOptions

    if time_unit not in TIME_UNITS:
        raise InvalidInput(f"time_unit is {time_unit!r}; allowed: {', '.join(map(repr, TIME_UNITS))}")
    chosen = options or TrajectoryOptions()
    wanted = list(trajectories)
    campaign = _campaign_with(Path(into), wanted)
    found = []
    for item in wanted:
        lags = None if lag_times is None else [float(lag) for lag in lag_times]
        result = _imported(campaign, item, chosen, time_unit, lags, copy, replace_present)
        say(f"{result.state}: {'imported' if result.is_new else 'had been imported'} from {result.path}")
        found.append(result)
    return found


def _imported(
    campaign: Campaign,
    item: TrajectoryOfState,
    options: TrajectoryOptions,
    time_unit_name: str,
    lag_times: list[float] | None,
    copy: bool,
    replace_present: bool,
) -> Imported:
    from glassdask.campaign.files.folder import state_folder
    from glassdask.campaign.files.products import read_record
    from glassdask.campaign.work.stage_inputs import expected_inputs
    from glassdask.campaign.work.verify import send_back
    from glassdask.datasets.trajectories.own_trajectory import open_trajectory
    from glassdask.stages.simulate import STAGE as SIMULATE
    from glassdask.stages.simulate.imported import ImportedTrajectory, read_import
    from glassdask.stages.simulate.take_trajectory import check_fits

    source, folder = item.path.absolute(), state_folder(campaign.folder, item.state.identifier)
    with open_trajectory(source, options) as trajectory:  # all that can be wrong is told before anything is written
        check_fits(trajectory, item.state, campaign.liquid_of(item.state), str(item.path))
        if not (trajectory.has_times or trajectory.is_single):
            raise InvalidInput(
                f"{item.path} counts {trajectory.time_unit}, and a state needs times; give --time-step, in {time_unit_name}"
            )
        n_frames, n_particles, notes = len(trajectory), len(trajectory.species), tuple(trajectory.notes)
    record = ImportedTrajectory(
        str(source),
        file_sha256(source),
        source.stat().st_size,
        "copy" if copy else "link",
        _plain(options),
        TIME_UNITS[time_unit_name],
        lag_times,
    )
    present, before = read_record(folder, SIMULATE.name), read_import(folder)
    facts = (item.state.identifier, str(item.path))
    if present is not None:
        if before is not None and before.inputs() == record.inputs():
            return Imported(*facts, False, n_frames, n_particles, notes)
        if not replace_present:
            has = f"the imported trajectory {before.source}" if before else "a simulated trajectory"
            raise InvalidInput(
                f"{item.state.identifier} has {has}; allowed: a state without one, or --replace, which takes back all that was "
                "made from it"
            )
        send_back(campaign, item.state, SIMULATE.name, f"replaced by the import of {source}")
    _take(campaign, item.state, folder, record)
    made = read_record(folder, SIMULATE.name)
    assert made is not None
    assert made.inputs == expected_inputs(campaign, item.state, SIMULATE)
    return Imported(*facts, True, n_frames, n_particles, notes)


def _take(campaign: Campaign, state: StatePoint, folder: Path, record) -> None:
    """The stage itself takes the file, under the lease of the state's folder; what it cannot take leaves no trace."""
    from glassdask.campaign.files.failure import clear_failure
    from glassdask.campaign.work.execution import execute
    from glassdask.campaign.work.state_stages import stage_job
    from glassdask.stages.simulate import IMPORT
    from glassdask.stages.simulate import STAGE as SIMULATE
    from glassdask.stages.simulate.imported import write_import

    write_import(folder, record)
    campaign.imports.pop(state, None)
    clear_failure(folder, SIMULATE.name)
    job = stage_job(campaign, state, SIMULATE)
    answer = execute(job)
    if answer.outcome is not Outcome.DONE:
        (folder / IMPORT).unlink(missing_ok=True)
        clear_failure(folder, SIMULATE.name)
        remedy = "; cancel the campaign, or wait until it is done" if answer.outcome is Outcome.BUSY else ""
        raise InvalidInput(f"{state.identifier} could not be imported: {answer.message or answer.outcome}{remedy}")


def _plain(options: TrajectoryOptions) -> dict:
    """Of the options those that are not the defaults, as JSON gives them back: new ones change no hash."""
    from glassdask.datasets.trajectories.options import TrajectoryOptions

    default = asdict(TrajectoryOptions())
    return {name: value for name, value in asdict(options).items() if value != default[name]}


# --- the campaign ---------------------------------------------------------------------------------------------------


def _campaign_with(into: Path, wanted: Sequence[TrajectoryOfState]) -> Campaign:
    """The campaign, which must ask for all of the states; its folder and its record are there afterwards."""
    from glassdask.campaign.definition.campaign import load_campaign
    from glassdask.campaign.files.driver_lock import live_driver
    from glassdask.files.folder_rule import CAMPAIGN_RECORD

    if not into.exists() and into.suffix == ".toml":
        _write_campaign_file(into, wanted)
    campaign = load_campaign(into)
    driver = live_driver(campaign.folder) if campaign.folder.is_dir() else None
    if driver is not None:
        raise InvalidInput(
            f"{into} is being run by process {driver.pid} on {driver.host}; allowed: an import while nobody runs the campaign: wait for its end, or stop it with "
            "'glassdask cancel'"
        )
    asked_for = set(campaign.states)
    for item in wanted:
        if item.state not in asked_for:
            raise InvalidInput(
                f"{into} does not ask for {item.state.identifier}, the state of {item.path}; allowed: a state of its [[grid]] "
                f"(and replica below campaign.replicas = {campaign.specification.campaign.replicas}); add to it\n"
                f'[[grid]]\npotential = "{item.state.potential}"\ndensity = {decimal_text(item.state.density)}\n'
                f"temperature = {decimal_text(item.state.temperature)}"
            )
    campaign.folder.mkdir(parents=True, exist_ok=True)
    if not (campaign.folder / CAMPAIGN_RECORD).exists():
        campaign.write_record()
    return campaign


def _write_campaign_file(path: Path, wanted: Sequence[TrajectoryOfState]) -> None:
    """A campaign of exactly these states; lengths are asked for in the file, and have no part in what is imported."""
    states = sorted({(s.potential, s.density, s.temperature) for s in (item.state for item in wanted)})
    table = path.with_name(f"{path.stem}-states.csv")
    rows = "".join(f"{potential},{decimal_text(rho)},{decimal_text(T)}\n" for potential, rho, T in states)
    write_text(table, f"potential,rho,T\n{rows}")
    replicas = 1 + max(item.state.replica for item in wanted)
    write_text(
        path,
        f"# Written by glassdask import; 'glassdask init' prints all that a campaign file may say.\n"
        f'[campaign]\nname = "{path.stem}"\nreplicas = {replicas}\n\n[[grid]]\nstates = "{table.name}"\n\n'
        "# Of states that are simulated; imported trajectories are as long as they are.\n"
        "[equilibration]\nlength = 300.0\n\n[production]\nlength = 300.0\n",
    )
