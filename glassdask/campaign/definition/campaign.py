"""A campaign: its validated file, its states, its folder. Loaded from the TOML file or from the folder itself."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from glassdask.campaign.definition.fingerprint import FINGERPRINT, fingerprint, recorded_fingerprint
from glassdask.campaign.definition.grid import states_of
from glassdask.campaign.definition.pair_tables import read_tables
from glassdask.campaign.definition.specification import Specification
from glassdask.campaign.definition.validation_message import validation_message
from glassdask.errors import InvalidInput
from glassdask.files.atomic_write import write_json
from glassdask.files.checksum import bytes_sha256, json_sha256
from glassdask.files.folder_rule import CAMPAIGN_RECORD, campaign_folder, read_campaign_toml
from glassdask.physics.liquids.kob_andersen import lennard_jones, wca
from glassdask.physics.liquids.liquid import Liquid
from glassdask.state_point import StatePoint

KNOWN_BY_NAME = (lennard_jones.LIQUID, wca.LIQUID)


@dataclass(frozen=True)
class Campaign:
    """What is to be done: a validated specification and the states it stands for.

    Parameters
    ----------
    specification
        The validated campaign file.
    states
        Every state, replicas included.
    folder
        Where products are kept.
    source
        The campaign file; None where the campaign was read from its folder's record.
    imports
        What is known so far of states whose trajectories were brought: filled where it is looked for.
    """

    specification: Specification
    states: tuple[StatePoint, ...]
    folder: Path
    source: Path | None = field(default=None, compare=False)
    imports: dict[StatePoint, Any] = field(default_factory=dict, compare=False, repr=False)

    @cached_property
    def identity(self) -> str:
        """Short hash of everything that the file says; stored with each product."""
        return json_sha256(self.record())[:16]

    @cached_property
    def tables(self) -> dict[str, Any]:
        """The tables of the campaign file as plain data, without the grid."""
        return self._plain(exclude={"grid"})

    def _plain(self, exclude: set[str] | None = None) -> dict[str, Any]:
        """The specification as plain data. A file without liquids of its own has no such table, one without given starts
        no such key: its hash is as in version 0.1.0. Whom to tell is in no hash and no record."""
        hidden: dict[str, Any] = dict.fromkeys((exclude or set()) | {"notify"}, True)
        if not self.specification.liquid:
            hidden["liquid"] = True
        if self.specification.system.start is None:
            hidden["system"] = {"start"}
        return self.specification.model_dump(mode="json", exclude=hidden)

    def liquid_of(self, state: StatePoint) -> Liquid:
        """The liquid of a state: one that the file declares, or one of the catalogue."""
        return self.liquids[state.potential]

    @cached_property
    def liquids(self) -> dict[str, Liquid]:
        """Those of its states, by name."""
        names = {state.potential for state in self.states}
        return {name: self.specification.liquid_named(name) for name in names}

    @cached_property
    def liquid_records(self) -> dict[str, dict[str, Any]]:
        """What products of a liquid depend on, by name: all but its prose. Those of Kob–Andersen's, which version 0.1.0 knew, hold the
        name alone, and so do without."""
        physics = ("composition", "masses", "pairs")  # a mended title or source makes no product again
        return {
            name: {key: liquid.record()[key] for key in physics}
            for name, liquid in self.liquids.items()
            if liquid not in KNOWN_BY_NAME
        }

    def record(self) -> dict[str, Any]:
        """The campaign as plain data, states spelled out, so that the folder needs no other file."""
        return {
            "specification": self._plain(),
            "states": [[s.potential, s.temperature, s.density, s.replica] for s in self.states],
        }

    def seed_of(self, state: StatePoint) -> int:
        """Seed of a state's run: 63 bits of SHA-256 over the campaign's seed and the state's identifier.

        A state's seed does not depend on which other states the grid holds.
        """
        text = f"{self.specification.campaign.seed}:{state.identifier}"
        return int(bytes_sha256(text.encode())[:16], 16) >> 1

    def write_record(self) -> None:
        """Writes the record into the folder; status and figures need nothing else."""
        of_file = recorded_fingerprint(self.folder) if self.source is None else fingerprint(self.source)
        write_json(self.folder / CAMPAIGN_RECORD, {FINGERPRINT: of_file, **self.record()})


def load_campaign(path: str | Path) -> Campaign:
    """The campaign of a TOML file, or of the folder that a run made from one.

    Parameters
    ----------
    path
        ``campaign.toml`` or the campaign's folder.

    Raises
    ------
    InvalidInput
        With the key's path, its value and what is allowed, for everything that is wrong with the file.
    """
    path = Path(path)
    return _from_folder(path) if path.is_dir() else _from_file(path)


def _from_file(path: Path) -> Campaign:
    folder = campaign_folder(path)
    data = read_tables(read_campaign_toml(path), path.parent)
    system = data.get("system")
    if isinstance(system, dict) and isinstance(system.get("start"), str) and system["start"]:
        system["start"] = str((path.parent / system["start"]).absolute())  # as the folder's record has to say
    specification = _validated(data, str(path))
    return Campaign(specification, states_of(specification, path.parent), folder, path)


def _from_folder(folder: Path) -> Campaign:
    record_path = campaign_folder(folder) / CAMPAIGN_RECORD
    try:
        record = json.loads(record_path.read_text(encoding="utf-8"))
        specification, states = record["specification"], tuple(StatePoint(*row) for row in record["states"])
    except (ValueError, KeyError, TypeError) as error:
        raise InvalidInput(
            f"{record_path} is damaged ({error}); give the campaign's TOML file instead of its folder"
        ) from error
    return Campaign(_validated(specification, str(record_path)), states, folder)


def _validated(data: dict[str, Any], source: str) -> Specification:
    try:
        return Specification.of(data)
    except ValidationError as error:
        raise InvalidInput(validation_message(error, Specification, source)) from None
