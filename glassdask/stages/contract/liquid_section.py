"""The tables ``[liquid.NAME]`` of a campaign file: liquids that its user declares, validated with pydantic."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import MISSING, fields
from typing import Annotated, Any, Literal, NoReturn

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from glassdask.errors import InvalidInput
from glassdask.physics.interactions.pair_potential import FORMS, PairPotential, Shift
from glassdask.physics.interactions.tabulated import Tabulated
from glassdask.physics.liquids.liquid import SPECIES, Liquid, pairs_of

#: Error of a key inside of a table, whose ``ctx`` names it; `validation_message` puts its path together.
IN_TABLE = "in_table"
Number = Annotated[float, Field(allow_inf_nan=False)]


def _number_or_numbers(value: Any) -> Any:
    """A number, or a table of them: pydantic's own message would speak of both at once."""
    numbers = list(value.values()) if isinstance(value, dict) and value else [value]
    if all(isinstance(item, int | float) and not isinstance(item, bool) and math.isfinite(item) for item in numbers):
        return {name: float(item) for name, item in value.items()} if isinstance(value, dict) else float(value)
    raise ValueError("allowed: a number, or one by pair, such as { AA = 1.0, AB = 0.8, BB = 0.88 }")


ByPair = Annotated[float | dict[str, float], BeforeValidator(_number_or_numbers)]
#: Columns of a table u(r), as `campaign.definition.pair_tables` reads them from the file that the campaign file names.
Columns = dict[Literal["x", "u", "f"], list[float]]


class LiquidSection(BaseModel):
    """Species, their interactions and cut-offs; what holds for all pairs is given once, else by pair: ``{AA = 1.0, …}``."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    species: Annotated[list[str], Field(min_length=1)]
    composition: list[Number]
    mass: list[Number] | None = None
    interaction: str | dict[str, str]
    sigma: ByPair = 1.0
    epsilon: ByPair = 1.0
    mixing: Literal["additive", "Lorentz-Berthelot"] | None = None
    exponent: ByPair | None = None
    prefactor: ByPair | None = None
    repulsive_exponent: ByPair | None = None
    attractive_exponent: ByPair | None = None
    screening: ByPair | None = None
    table: Columns | dict[str, Columns] | None = None
    cutoff: ByPair | None = None
    shift: Literal["energy", "energy and force"] = "energy"
    title: str | None = None
    source: str = "the campaign file"

    @model_validator(mode="after")
    def _is_a_liquid(self) -> LiquidSection:
        self._check_species()
        self.liquid("declared")
        return self

    def liquid(self, name: str) -> Liquid:
        """The liquid of this name that the table describes."""
        masses = self.mass or [1.0] * len(self.species)
        return Liquid(
            name=name,
            title=self.title or name,
            mixture=name,
            composition=dict(zip(self.species, self.composition, strict=True)),
            pairs={pair: self._pair(pair) for pair in self._pairs},
            source=self.source,
            masses=dict(zip(self.species, masses, strict=True)),
        )

    @property
    def _pairs(self) -> tuple[str, ...]:
        return pairs_of(len(self.species))

    def _check_species(self) -> None:
        if tuple(self.species) != SPECIES[: len(self.species)]:
            _refuse("species", self.species, f"the first one to {len(SPECIES)} of {', '.join(SPECIES)}, in this order")
        for key in ("composition", "mass"):
            values = getattr(self, key)
            if values is not None and (len(values) != len(self.species) or not all(value > 0 for value in values)):
                _refuse(key, values, f"{len(self.species)} numbers above 0, one for each of {', '.join(self.species)}")
        if not math.isclose(total := sum(self.composition), 1.0, abs_tol=1e-6):
            _refuse("composition", self.composition, f"fractions that sum to 1; these sum to {total:.6g}")
        if self.mass and self.mass[0] != 1.0:
            _refuse("mass", self.mass, "1 for A, the unit of mass: divide the others by that of A")

    def _pair(self, pair: str) -> PairPotential:
        sigma, epsilon = self._of_like_or_mixed("sigma", pair), self._of_like_or_mixed("epsilon", pair)
        form = self._form(pair)
        cutoff = None if self.cutoff is None else self._of("cutoff", pair)
        if cutoff is None and form.usual_cutoff is None:
            _refuse("cutoff", None, f"a number above 0 or one by pair, as {form.name!r} has no end; in units of sigma")
        reach = form.usual_cutoff if cutoff is None else cutoff
        assert reach is not None
        with _named("cutoff"):
            return PairPotential(epsilon, sigma, reach * sigma, form, Shift(self.shift))

    def _form(self, pair: str) -> Any:
        name = str(self._of("interaction", pair))
        if name not in FORMS:
            near = difflib.get_close_matches(name.lower(), [known.lower() for known in FORMS], n=1, cutoff=0.4)
            meant = next((repr(known) for known in FORMS if [known.lower()] == near), None)
            _refuse("interaction", name, f"{', '.join(map(repr, FORMS))}", f"did you mean {meant}? " if meant else "")
        kind = FORMS[name]
        own = [] if kind is Tabulated else fields(kind)  # type: ignore[arg-type]
        wanted = ["table"] if kind is Tabulated else [item.name for item in own]
        needed = [name for name in wanted if name not in {item.name for item in own if item.default is not MISSING}]
        for key in ("exponent", "prefactor", "repulsive_exponent", "attractive_exponent", "screening", "table"):
            if getattr(self, key) is None and key in needed:
                _refuse(key, None, f"what {name!r} needs: {' and '.join(needed)}")
            if getattr(self, key) is not None and key not in wanted and isinstance(self.interaction, str):
                _refuse(key, getattr(self, key), f"of {name!r} {' and '.join(wanted) or 'no parameter'}; leave it out")
        if kind is Tabulated:
            assert self.table is not None
            columns: Any = self.table if "u" in self.table else self._of("table", pair)
            with _named("table" if columns is self.table else f"table.{pair}"):
                return Tabulated(**columns)
        with _named("interaction", *wanted):
            return kind(**{key: self._of(key, pair) for key in wanted if getattr(self, key) is not None})

    def _of(self, key: str, pair: str) -> Any:
        """The value of a pair, of one that is given once or by pair."""
        value = getattr(self, key)
        if not isinstance(value, dict):
            return value
        self._refuse_strangers(key, value)
        if pair not in value:
            _refuse(f"{key}.{pair}", None, f"one for each of {', '.join(self._pairs)}, or one number for all")
        return value[pair]

    def _of_like_or_mixed(self, key: str, pair: str) -> float:
        """sigma or epsilon; of unlike pairs by the rule where `mixing` names one and the pair is not given."""
        value = getattr(self, key)
        number = self._mixed(key, pair, value) if isinstance(value, dict) else value
        if not number > 0:
            _refuse(f"{key}.{pair}" if isinstance(value, dict) else key, number, "a number above 0")
        if pair == "AA" and number != 1.0:
            _refuse(
                f"{key}.AA" if isinstance(value, dict) else key,
                number,
                "1, as it is the unit: divide those of the other pairs by it, and scale temperature and density",
            )
        return float(number)

    def _mixed(self, key: str, pair: str, value: Mapping[str, float]) -> float:
        if pair in value or self.mixing is None or pair[0] == pair[1]:
            return float(self._of(key, pair))
        self._refuse_strangers(key, value)
        first, second = (float(self._of(key, 2 * species)) for species in pair)
        if key == "sigma":
            return 0.5 * (first + second)
        if self.mixing == "additive":
            _refuse(
                f"epsilon.{pair}", None, 'a number: mixing = "additive" is of sigma alone ("Lorentz-Berthelot" of both)'
            )
        return math.sqrt(first * second)

    def _refuse_strangers(self, key: str, value: Iterable[str]) -> None:
        for name in value:
            if name not in self._pairs:
                _refuse(f"{key}.{name}", None, f"the pairs {', '.join(self._pairs)}")


@contextmanager
def _named(*keys: str) -> Iterator[None]:
    """What the physics refuses is an error of the key that its message begins with, or else of the first."""
    try:
        yield
    except InvalidInput as error:
        text = str(error)
        key = next((key for key in keys if text.startswith(f"{key} ")), keys[0])
        raise PydanticCustomError(IN_TABLE, "{text}", {"key": key, "value": "", "text": text}) from None


def _refuse(key: str, value: object, allowed: str, hint: str = "") -> NoReturn:
    """A pydantic error that names the key inside of the table; a value of None is one that is missing."""
    raise PydanticCustomError(
        IN_TABLE, "{hint}allowed: {allowed}", {"key": key, "value": value, "allowed": allowed, "hint": hint}
    )
