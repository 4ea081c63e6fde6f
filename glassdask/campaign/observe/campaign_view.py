"""What there is to see of a campaign while it runs, as plain data, and what has changed since somebody looked."""

from __future__ import annotations

import itertools
import time
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from glassdask.campaign.definition.campaign import Campaign
from glassdask.campaign.files.driver_lock import live_driver
from glassdask.campaign.files.folder import state_folder
from glassdask.campaign.files.state_index import IndexLine, add_to_index, state_changed
from glassdask.campaign.files.status import STATUSES, StateStatus
from glassdask.campaign.observe.clock import ClockReading
from glassdask.campaign.observe.job_history import JobHistory
from glassdask.campaign.observe.ledger import DriverFacts, Ledger, n_stages_done
from glassdask.campaign.observe.status_cache import StatusCache
from glassdask.campaign.work.stage_inputs import basis_of_inputs
from glassdask.campaign.work.stock import finished_line
from glassdask.outcome import UNFINISHED, Status
from glassdask.physics.liquids.liquid import SPECIES, pairs_of
from glassdask.stages.contract.registry import STATE_STAGES, scalars
from glassdask.stages.contract.stage import Shown
from glassdask.stages.simulate import asked_lengths
from glassdask.stages.simulate.marks import Kind, kind_of, signs_of
from glassdask.state_point import StatePoint

#: Records read at each look: of 10,000 states that are done before, all are known after two minutes.
_RECORDS_A_LOOK = 400
#: Finished states noted at each look: each takes some 1 ms.
_NOTED_A_LOOK = 100
#: Rows of the tables of running states, failed states of one kind, and batch jobs.
_MOST_ROWS = 50
_MOST_NAMED = 20


@dataclass(frozen=True)
class Live:
    """What a worker has said last of the stage that it runs."""

    stage: str
    phase: str
    fraction: float | None
    steps_per_second: float


@dataclass(frozen=True)
class Numbers:
    """A look in numbers, for whoever keeps them over time: states by status, the share of all work that is done, stages
    at work by name, steps per second of all simulations, wall-clock time of finished stages by name [s], batch jobs by
    state, and how long each that has started had waited [s]."""

    states: Mapping[str, int]
    work_done: float
    running: Mapping[str, int]
    steps_per_second: float
    stage_seconds: Mapping[str, float]
    jobs: Mapping[str, int]
    queue_waits: Sequence[float]


class CampaignView:
    """A campaign as seen by one who looks about once a second; cheap for 10,000 states.

    `asked` are the states that a run does, whose work and time left are told; all by default.
    """

    def __init__(self, campaign: Campaign, asked: Sequence[StatePoint] | None = None):
        self.campaign = campaign
        self._watch = StatusCache(campaign.folder)
        self._ledger = Ledger(campaign, asked)
        self._jobs = JobHistory(campaign.folder)
        self._asked = asked_lengths(campaign.tables)
        self._basis = basis_of_inputs(campaign)
        self._index = {state: i for i, state in enumerate(campaign.states)}
        n = len(campaign.states)
        self._code, self._share = [-1] * n, [0.0] * n
        #: Energy drift over k_B T, and T measured over T less 1; None before a state is simulated.
        self._drift: list[float | None] = [None] * n
        self._temperature_error: list[float | None] = [None] * n
        #: As of the last look, whether the campaign has each of them, and how often their names were read.
        self._last: Sequence[StateStatus | None] = ()
        self._known: list[bool] = []
        self._n_readings = 0
        #: Versions at which states changed last, the latest last, by their numbers; and those of what was measured of them.
        self._changes: dict[int, int] = {}
        self._changes_measured: dict[int, int] = {}
        self._counts = Counter[Status]()
        self._kinds = Counter[Kind]()
        self._at_work: dict[int, StateStatus] = {}
        self._failed: dict[int, StateStatus] = {}
        #: Since when each state that is at work has been seen to be, and at which stage.
        self._begun: dict[StatePoint, float] = {}
        self._stage_at: dict[StatePoint, str] = {}
        self.statuses: list[StateStatus] = []
        self._live: Mapping[str, Live] = {}
        self._summary: dict[str, Any] = {}
        self.version = 0
        self.looked = 0.0
        #: Those of the last look; a look replaces them as a whole.
        self.numbers: Numbers | None = None
        self.clock: ClockReading | None = None

    def look(self, live: Mapping[str, Live] | None = None, driver: DriverFacts | None = None) -> None:
        """Takes note of what has changed.

        `live` is what workers have said, by state; where they say nothing, their progress files are read. `driver`: what the
        driver says of itself; None where nobody drives the campaign.
        """
        self._live = live or {}
        self.looked = time.time()
        self.version += 1
        found = self._watch.look(driver.touched if driver else None)
        self._take_note(found, self._ledger.expect_longer(driver.longer if driver else ()))
        self._ledger.read(_RECORDS_A_LOOK)
        self.clock = self._reading(driver)
        self._jobs.look()
        self._summary = self._summed()
        self.numbers = self._counted()

    def _take_note(self, found: list[StateStatus], again: Collection[StatePoint]) -> None:
        """Of states whose status is another object than at the last look, which are few, and of those named."""
        if self._n_readings != self._watch.n_readings:  # the campaign's states may be others now
            self._n_readings = self._watch.n_readings
            self._known = [item.state in self._index for item in found]
            self._last = [None] * len(found)
            for sums in (self._counts, self._kinds, self._at_work, self._failed):
                sums.clear()
        new = [k for k, (item, last) in enumerate(zip(found, self._last, strict=True)) if item is not last]
        for k in new:
            if self._known[k]:
                self._note(found[k], self._last[k])
        self._last = found
        self.statuses = found if all(self._known) else list(itertools.compress(found, self._known))
        for item in filter(None, map(self._watch.last, again)):
            self._ledger.note(item)

    def _note(self, item: StateStatus, last: StateStatus | None) -> None:
        i = self._index[item.state]
        n_done = n_stages_done(item.status, item.stage)
        code = STATUSES.index(item.status)
        fraction = (self._fraction(item) or 0.0) if item.status == Status.RUNNING else 0.0
        share = round((n_done + fraction) / len(STATE_STAGES), 3)
        self._ledger.note(item)
        if (code, share) != (self._code[i], self._share[i]):
            self._code[i], self._share[i] = code, share
            _move_to_end(self._changes, i, self.version)
        if is_at_work(item):
            if self._stage_at.get(item.state) != item.stage:
                self._begun[item.state], self._stage_at[item.state] = self.looked, item.stage
        else:
            self._begun.pop(item.state, None)
            self._stage_at.pop(item.state, None)
        measured = _measured(item)
        if measured != (self._drift[i], self._temperature_error[i]):
            self._drift[i], self._temperature_error[i] = measured
            _move_to_end(self._changes_measured, i, self.version)
        self._count(i, item, last)

    def _count(self, i: int, item: StateStatus, last: StateStatus | None) -> None:
        """Keeps the sums over all states."""
        if last is not None:
            self._counts[last.status] -= 1
            self._kinds[kind_of(last.summary, self._asked)] -= 1
        self._counts[item.status] += 1
        self._kinds[kind_of(item.summary, self._asked)] += 1
        for group, belongs in ((self._at_work, is_at_work(item)), (self._failed, item.status == Status.FAILED)):
            if belongs:
                group[i] = item
            else:
                group.pop(i, None)

    def _reading(self, driver: DriverFacts | None) -> ClockReading:
        """The campaign's clock now."""
        at_work = ((item.state, self._fraction(item)) for _, item in sorted(self._at_work.items()))
        self._ledger.look(at_work, self.looked)
        crews = driver.crews if driver else None
        return self._ledger.clock.reading(crews, self.looked, self._ledger.is_collected(self._counts))

    def _fraction(self, item: StateStatus) -> float | None:
        live = self._live.get(item.state.identifier)
        return live.fraction if live and live.stage == item.stage else item.progress

    def note_finished(self) -> None:
        """Notes in the index what was found of finished states, for whoever looks at the campaign next; for its driver alone."""
        waiting = self._watch.to_be_noted
        found = (waiting.popleft() for _ in range(min(_NOTED_A_LOOK, len(waiting))))
        lines = [self._line(state, changed) for state, changed in found]
        add_to_index(self.campaign.folder, [line for line in lines if line is not None])

    def _line(self, state: StatePoint, changed: int) -> IndexLine | None:
        """None where the state's folder has changed since that time. [ns]"""
        now = state_changed(str(state_folder(self.campaign.folder, state.identifier)))
        return finished_line(self.campaign, state, now, self._basis) if now.startswith(f"{changed}/") else None

    # --- as plain data ------------------------------------------------------------------------------------------------

    def full(self) -> dict[str, Any]:
        """Everything."""
        states = self.campaign.states
        columns = {
            "identifier": [state.identifier for state in states],
            "potential": [state.potential for state in states],
            "T": [state.temperature for state in states],
            "rho": [state.density for state in states],
            "replica": [state.replica for state in states],
            "code": self._code,
            "share": self._share,
            "drift": self._drift,
            "temperature_error": self._temperature_error,
        }
        named = self.campaign.specification.liquid_named
        liquids = [named(name) for name in sorted({state.potential for state in states})]
        most = max((liquid.n_species for liquid in liquids), default=0)
        return {
            "campaign": self.campaign.specification.campaign.name,
            "titles": {liquid.name: liquid.title for liquid in liquids},
            "species": list(SPECIES[:most]),
            "pairs": list(pairs_of(most)),
            "folder": str(self.campaign.folder.resolve()),
            "statuses": list(STATUSES),
            "stages": [stage.name for stage in STATE_STAGES],
            "numbers": [[scalar.name, *scalar.heading(), scalar.spec] for scalar in scalars(Shown.PAGE)],
            "limits": self.campaign.tables["quality"],
            "states": columns,
            **self._summary,
        }

    def since(self, version: int) -> dict[str, Any]:
        """What has changed after a version: ``changed`` lists [number of the state, code, share], ``measured`` [number of
        the state, drift, temperature error]; and the sums anew."""
        new = [[i, self._code[i], self._share[i]] for i in _after(version, self._changes)]
        measured = [[i, self._drift[i], self._temperature_error[i]] for i in _after(version, self._changes_measured)]
        return {"changed": new, "measured": measured, **self._summary}

    def _summed(self) -> dict[str, Any]:
        now, driver = self.looked, self._driver()
        until = now if driver["is_alive"] else None
        n_finished = sum(count for status, count in self._counts.items() if status not in UNFINISHED)
        queue = self._ledger.queue.series(len(self.campaign.states), self._begun.values(), n_finished, until)
        return {
            "version": self.version,
            "time": now,
            "counts": self._by_status(),
            "notes": signs_of(self._kinds, self._asked)[1],
            "work": self._clock.share,
            "clock": self._clock.as_dict(),
            "running": self.running()[:_MOST_ROWS],
            "failures": self._failures(),
            "hours": self._hours(now),
            "stage_rows": [asdict(row) for row in self._clock.rows],
            "pace": self._ledger.pace(until),
            "queue": queue,
            "jobs": self._jobs.series(until),
            "job_list": [job.as_dict(now) for job in list(self._jobs.jobs.values())[: -_MOST_ROWS - 1 : -1]],
            "driver": driver,
        }

    @property
    def _clock(self) -> ClockReading:
        assert self.clock is not None, "nothing was looked at yet"
        return self.clock

    def running(self) -> list[dict[str, Any]]:
        """The states at work, furthest first: state, stage, phase, fraction, steps per second."""
        rows = []
        for _, item in sorted(self._at_work.items()):
            name = item.state.identifier
            live = self._live.get(name)
            row = {"state": name, "stage": item.stage, "phase": item.phase, "fraction": self._fraction(item)}
            if live is not None and live.stage == item.stage:
                row |= {"phase": live.phase or item.phase, "rate": live.steps_per_second}
            rows.append(row)
        return sorted(rows, key=lambda row: -(row["fraction"] or 0.0))

    def _failures(self) -> list[dict[str, Any]]:
        """Failed states by reason and stage, the most frequent first."""
        failed = [item for _, item in sorted(self._failed.items())]
        groups = []
        for (reason, stage), found in itertools.groupby(sorted(failed, key=_kind), key=_kind):
            items = list(found)
            names = [item.state.identifier for item in items[:_MOST_NAMED]]
            groups.append(
                {"reason": reason, "stage": stage, "count": len(items), "message": items[0].message, "states": names}
            )
        return sorted(groups, key=lambda group: -group["count"])

    def _hours(self, now: float) -> dict[str, Any]:
        """Hours of finished stages, those of them on GPUs, GPU-hours of jobs, what is left of each, and until when.

        What is left of a stage is on GPUs as far as what is done of it was.
        """
        used, on_gpus, clock = self._ledger.seconds, self._ledger.gpu_seconds, self._clock
        hours: dict[str, Any] = {
            "used": sum(used.values()) / 3600,
            "on_gpus": sum(on_gpus.values()) / 3600,
            "jobs_on_gpus": self._jobs.gpu_hours(now),
            "left": None,
            "left_on_gpus": None,
            "words": clock.words,
            "finish": None if not clock.seconds_left else now + clock.seconds_left,
        }
        if clock.work_seconds is not None:
            left = {row.stage: row.seconds_left or 0.0 for row in clock.rows if used.get(row.stage)}
            hours["left"] = clock.work_seconds / 3600
            hours["left_on_gpus"] = sum(left[name] * on_gpus[name] / used[name] for name in left) / 3600
        return hours

    def _counted(self) -> Numbers:
        running = self.running()
        return Numbers(
            self._by_status(),
            self._clock.share,
            Counter(row["stage"] for row in running),
            sum(row.get("rate", 0.0) for row in running),
            dict(self._ledger.seconds),
            dict(self._jobs.counts),
            [job.wait for job in self._jobs.jobs.values() if job.wait is not None],
        )

    def _by_status(self) -> dict[str, int]:
        return {status: self._counts[status] for status in STATUSES}

    def _driver(self) -> dict[str, Any]:
        """Who drives the campaign, if anybody does."""
        lease = live_driver(self.campaign.folder)
        if lease is None:
            return {"is_alive": False}
        return {"is_alive": True, "host": lease.host, "pid": lease.pid, "since": lease.since}


def is_at_work(item: StateStatus) -> bool:
    """Whether a stage of the state runs now."""
    return item.status == Status.RUNNING or item.goes_on


def _move_to_end(changes: dict[int, int], i: int, version: int) -> None:
    changes.pop(i, None)
    changes[i] = version


def _after(version: int, changes: Mapping[int, int]) -> list[int]:
    """Numbers of what has changed after a version, in their order."""
    return sorted(itertools.takewhile(lambda i: changes[i] > version, reversed(list(changes))))


def _measured(item: StateStatus) -> tuple[float | None, float | None]:
    """Energy drift over k_B T, and T measured over T less 1, to four digits."""
    drift, T = item.summary.get("energy_drift"), item.summary.get("measured_temperature")
    wanted = item.state.temperature
    return (
        None if drift is None else float(f"{drift / wanted:.4g}"),
        None if T is None else float(f"{T / wanted - 1:.4g}"),
    )


def _kind(item: StateStatus) -> tuple[str, str]:
    return item.message.partition(":")[0], item.stage
