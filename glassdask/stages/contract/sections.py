"""The tables of a campaign file that stages go by: every key, its unit and what is allowed, validated with pydantic.

A stage's own table is a class here and a field of :class:`Sections`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from string import Formatter
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    model_validator,
)

from glassdask.files.folder_rule import checked_folder
from glassdask.observables.catalogue import OFFERED, default_names
from glassdask.physics.liquids.catalogue import LIQUIDS, liquid_named
from glassdask.physics.liquids.liquid import Liquid
from glassdask.physics.memory.dynamics import DYNAMICS, Dynamics
from glassdask.simulation.engines.engine_choice import ENGINES
from glassdask.stages.contract.liquid_section import LiquidSection
from glassdask.state_point import LIQUID_NAME

if TYPE_CHECKING:
    EngineName = str
    ObservableName = str
else:
    EngineName = Literal[("auto", *ENGINES)]
    ObservableName = Literal[tuple(OFFERED)]

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NotNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=1)]
#: What the search for the main peak needs (physics.wavenumber_bins.peak: windows of ± 0.4 from k = 4 to 12). [1/sigma_AA]
_WIDEST_FINE_BIN, _LEAST_REACH = 0.1, 12.0
#: TrainingSet of the energy enough to compare the halves of a run. [base steps]
_FEWEST_STEPS = 512


def one_or_many(value: Any) -> Any:
    """A list, also of what was given alone."""
    return value if isinstance(value, list) else [value]


def _power_of_two(value: int) -> int:
    if value < 2 or value & (value - 1):
        raise ValueError("allowed: a power of two, 2 or more, such as 1024, 4096 or 1048576")
    return value


FolderPath = Annotated[str, AfterValidator(checked_folder)]


class Section(BaseModel):
    """A table of the campaign file: unknown keys are refused, numbers are not read out of strings."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class CampaignSection(Section):
    """What the campaign is called, where it is kept, and what makes it reproducible."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")] = "campaign"
    folder: FolderPath | None = None
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 1
    replicas: Annotated[int, Field(ge=1, le=1000)] = 1


#: What of a state may stand in the name of the file that it starts from.
_OF_STATE = ("potential", "T", "rho", "replica")


def _with_known_places(value: str) -> str:
    try:
        names = {name for _, name, _, _ in Formatter().parse(value) if name is not None}
    except ValueError:
        names = {value}
    if not value or names - set(_OF_STATE):
        raise ValueError(
            f"allowed: the name of a file, with {', '.join(f'{{{name}}}' for name in _OF_STATE)} where it differs between "
            'states, as "configurations/{potential}_{T}.gsd"'
        )
    return value


class SystemSection(Section):
    """The periodic cubic box; N = rho L^3 particles, 80 % of them A. `start`: the configuration that a state starts from, in the
    place of a random one.

    The least length still has shells of wavevectors enough to find the main peak of S(k) from (k = 4 upwards).
    """

    box_length: Annotated[float, Field(ge=6.5, le=100, allow_inf_nan=False)] = 10.0
    start: Annotated[str, AfterValidator(_with_known_places)] | None = None


class TimeStepSection(Section):
    """The rule that picks the integer n of a state's time step, dt = base_step / n."""

    base_step: Annotated[float, Field(gt=0, le=0.1, allow_inf_nan=False)] = 0.03
    drift_tolerance: Annotated[float, Field(ge=1e-8, le=0.1, allow_inf_nan=False)] = 1.0e-4


class EquilibrationSection(Section):
    """The thermostatted run before production: a length, or a number of relaxation times with a cap."""

    length: Positive | None = None
    relaxation_times: Positive | None = None
    minimum_length: NotNegative = 300.0
    maximum_length: Positive = 1.0e5
    thermostat_time: Positive = 1.4

    @model_validator(mode="after")
    def _one_of(self) -> EquilibrationSection:
        return _length_or_relaxation_times(self)


class ProductionSection(Section):
    """The run at constant energy that is analysed: a length, or a number of relaxation times with a cap."""

    length: Positive | None = None
    relaxation_times: Positive | None = None
    minimum_length: Positive = 300.0
    maximum_length: Positive = 1.0e6

    @model_validator(mode="after")
    def _one_of(self) -> ProductionSection:
        return _length_or_relaxation_times(self)


_Run = TypeVar("_Run", EquilibrationSection, ProductionSection)


def _length_or_relaxation_times(section: _Run) -> _Run:
    if (section.length is None) == (section.relaxation_times is None):
        raise ValueError("allowed: exactly one of length (tau_MD) and relaxation_times")
    if section.relaxation_times is not None and section.minimum_length > section.maximum_length:
        raise ValueError("minimum_length is above maximum_length; allowed: at most maximum_length")
    return section


class FramesSection(Section):
    """When positions are kept: log-spaced inside blocks; each block's start is a time origin."""

    block_length: Annotated[int, AfterValidator(_power_of_two), Field(le=2**30)] = 2**12
    per_octave: Annotated[float, Field(ge=1, le=8, allow_inf_nan=False)] = 2.5


class WavenumbersSection(Section):
    """The one k grid of the campaign, k_i = (i + 1/2) spacing, and the fine bins below it."""

    spacing: Annotated[float, Field(gt=0, le=2, allow_inf_nan=False)] = 0.4
    count: Annotated[int, Field(ge=2, le=1000)] = 100
    fine_bins: Annotated[int, Field(ge=1, le=64)] = 8
    structure_frames: Count = 200

    @model_validator(mode="after")
    def _holds_the_main_peak(self) -> WavenumbersSection:
        """A grid on which k_p cannot be found would fail every state, after its simulation."""
        if self.spacing / self.fine_bins > _WIDEST_FINE_BIN * (1 + 1e-9):
            raise ValueError(
                f"fine bins of spacing / fine_bins = {self.spacing / self.fine_bins:g} are too wide for the main peak "
                f"of S(k); allowed: at most {_WIDEST_FINE_BIN}"
            )
        if self.spacing * self.count < _LEAST_REACH * (1 - 1e-9):
            raise ValueError(
                f"the grid ends at spacing * count = {self.spacing * self.count:g}, before the main peak of S(k) is "
                f"passed at all densities; allowed: at least {_LEAST_REACH}"
            )
        return self


class ModeCouplingSection(Section):
    """Mode-coupling theory of every state's S(k)."""

    dynamics: Dynamics = "newtonian"
    diffusivity: Positive = 1.0
    end_time: Annotated[float, Field(ge=10, le=1e15, allow_inf_nan=False)] = 1.0e6
    times_per_octave: Annotated[int, Field(ge=1, le=16)] = 4
    n_half: Annotated[int, Field(ge=8, le=512, multiple_of=2)] = 32


def _sorted_modes(values: list[int]) -> list[int]:
    if len(set(values)) != len(values) or values != sorted(values):
        raise ValueError("allowed: numbers of modes from 1 to 4, increasing, each once, such as [1, 2, 3]")
    return values


def _each_once(values: list[str]) -> list[str]:
    if len(set(values)) != len(values):
        raise ValueError(f"allowed: {', '.join(map(repr, DYNAMICS))} or both, each once")
    return values


def _no_two_alike(values: list[Any]) -> list[Any]:
    if len(set(values)) != len(values):
        raise ValueError("allowed: each once")
    return values


class MemorySection(Section):
    """Memory functions (eq. 6) that reproduce every state's F_s(k_p,t)."""

    dynamics: Annotated[
        list[Dynamics],
        BeforeValidator(one_or_many),
        AfterValidator(_each_once),
        Field(min_length=1),
    ] = list(DYNAMICS)
    n_exp: Annotated[
        list[Annotated[int, Field(ge=1, le=4)]],
        BeforeValidator(one_or_many),
        AfterValidator(_sorted_modes),
        Field(min_length=1),
    ] = [1, 2, 3]
    overdamped_from: NotNegative = 0.7
    starts: Annotated[int, Field(ge=1, le=10_000)] = 64
    generations: Annotated[int, Field(ge=1, le=10_000)] = 40
    bootstrap: Annotated[int, Field(ge=0, le=1000)] = 20


class QualitySection(Section):
    """Limits beyond which a state is flagged."""

    temperature_error: Positive = 0.005
    energy_drift: Positive = 1.0e-3
    relaxation_times: NotNegative = 10.0


class ObservablesSection(Section):
    """What is measured of every trajectory beyond S(k) and F_s(k,t)."""

    compute: Annotated[list[ObservableName], AfterValidator(_no_two_alike)] = list(default_names())
    wavenumbers: Annotated[list[Positive], AfterValidator(_no_two_alike), Field(max_length=20)] = []
    overlap_distance: Positive = 0.3
    neighbour_distance: Positive = 1.4
    broken_distance: Positive = 1.7
    distance: Annotated[float, Field(ge=0.5, le=50, allow_inf_nan=False)] = 5.0
    max_vectors: Annotated[int, Field(ge=1, le=100_000)] = 200
    frames: Count = 100

    @model_validator(mode="after")
    def _bonds_break(self) -> ObservablesSection:
        if self.broken_distance < self.neighbour_distance:
            raise ValueError(
                f"broken_distance = {self.broken_distance:g} is below neighbour_distance = {self.neighbour_distance:g}; "
                "allowed: not below it"
            )
        return self


class ExecutionSection(Section):
    """How states are run; none of it changes a number."""

    engine: EngineName = "auto"
    reduce: Literal["from trajectory", "in situ"] = "from trajectory"
    checkpoint_seconds: Annotated[float, Field(ge=0.1, le=86400, allow_inf_nan=False)] = 60.0
    keep_checkpoints: bool = True
    retries: Annotated[int, Field(ge=0, le=100)] = 2
    lease_seconds: Annotated[float, Field(ge=2, le=86400, allow_inf_nan=False)] = 120.0


def _new_names(declared: dict[str, LiquidSection]) -> dict[str, LiquidSection]:
    for name in declared:
        if name in LIQUIDS:
            raise ValueError(
                f"{name!r} is a liquid of the catalogue; allowed: another name (glassdask liquids lists them)"
            )
        if not LIQUID_NAME.fullmatch(name):
            raise ValueError(
                f"{name!r} is no name of a liquid; allowed: a small letter, then small letters, digits and '-', at most 32"
            )
    return declared


class Sections(Section):
    """The tables of a campaign file, all but the states that it asks for."""

    campaign: CampaignSection = CampaignSection()
    liquid: Annotated[dict[str, LiquidSection], AfterValidator(_new_names)] = Field(default_factory=dict)
    system: SystemSection = SystemSection()
    time_step: TimeStepSection = TimeStepSection()
    equilibration: EquilibrationSection
    production: ProductionSection
    frames: FramesSection = FramesSection()
    wavenumbers: WavenumbersSection = WavenumbersSection()
    mode_coupling: ModeCouplingSection = ModeCouplingSection()
    memory: MemorySection = MemorySection()
    quality: QualitySection = QualitySection()
    observables: ObservablesSection = ObservablesSection()
    execution: ExecutionSection = ExecutionSection()

    def liquid_named(self, name: str) -> Liquid:
        """The liquid that ``potential`` names: one that the file declares, or one of the catalogue.

        Raises
        ------
        InvalidInput
            If there is none of this name.
        """
        declared = self.liquid.get(name)
        return liquid_named(name) if declared is None else declared.liquid(name)

    @model_validator(mode="after")
    def _can_be_judged(self) -> Sections:
        """A production run of a few samples would fail every state, after its simulation."""
        production, frames = self.production, self.frames
        name = "minimum_length" if production.length is None else "length"
        length = getattr(production, name)
        n_steps = math.ceil(length / self.time_step.base_step / frames.block_length - 1e-9) * frames.block_length
        if n_steps < _FEWEST_STEPS:
            raise ValueError(
                f"production.{name} = {length:g} is {n_steps} base steps in whole blocks, too few to tell whether the "
                f"state is in equilibrium; allowed: at least {_FEWEST_STEPS} base steps, "
                f"{_FEWEST_STEPS * self.time_step.base_step:g} tau_MD"
            )
        return self

    def only(self, names: Iterable[str]) -> Sections:
        """These tables with no other: a stage that reads one it does not declare raises AttributeError, since its product
        would not be made again when that one changes. The declared liquids are always among them."""
        chosen = self.model_copy()
        chosen.__dict__.clear()
        chosen.__dict__.update({name: getattr(self, name) for name in (*names, "liquid")})
        return chosen
