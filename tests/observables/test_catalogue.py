"""The catalogue: every declaration is whole, names are found, and reading it loads nothing heavy."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from glassdask.datasets.schema.variables import COORDINATES
from glassdask.errors import InvalidInput
from glassdask.observables.catalogue import OBSERVABLES, OFFERED, default_names, observables_named
from tests.command_line import python

ROOT = Path(__file__).parent.parent.parent


@pytest.mark.parametrize("name", OBSERVABLES)
def test_a_declaration_is_whole(name: str) -> None:
    one = OBSERVABLES[name]
    assert one.title
    assert re.search(r"\d{4}|Hansen", one.source), "a paper or a book"
    for variable, declared in one.variables.items():
        assert declared.long_name
        assert set(declared.dims) <= set(COORDINATES)
        if variable.endswith("_error"):
            whole = one.variables[variable.removesuffix("_error")]
            assert (declared.combine, declared.dims, declared.units) == ("error", whole.dims, whole.units)


@pytest.mark.parametrize("name", OBSERVABLES)
def test_the_test_of_its_known_answer_is_there(name: str) -> None:
    place = OBSERVABLES[name].oracle.rpartition(": ")[2]
    assert f'"{name}"' in (ROOT / place).read_text() or name in place


def test_no_two_observables_have_a_variable_in_common() -> None:
    names = [variable for one in OBSERVABLES.values() for variable in one.variables]
    assert len(names) == len(set(names))


def test_campaigns_are_offered_what_reduce_has_not() -> None:
    assert "mean_squared_displacement" not in OFFERED
    assert set(default_names()) < set(OFFERED)
    assert "cage_relative" not in default_names()


def test_a_name_that_is_none_is_told_with_the_one_that_was_meant() -> None:
    with pytest.raises(InvalidInput, match="there is no observable 'overlp': did you mean 'overlap'"):
        observables_named(["overlp"])


def test_reading_declarations_loads_neither_compiled_loops_nor_large_packages() -> None:
    """Every verb that reads a campaign file does."""
    code = "import glassdask.observables.catalogue, json, sys; print(json.dumps(sorted(sys.modules)))"
    loaded = json.loads(python(code))
    heavy = ("scipy", "freud", "xarray", "glassdask.physics.compiled")
    assert not [name for name in loaded if name.startswith(heavy)]
