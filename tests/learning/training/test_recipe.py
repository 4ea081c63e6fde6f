"""Recipes: what makes no sense is refused before anything is trained, and nothing that weights depend on goes unnoticed."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest

from glassdask.errors import InvalidInput
from glassdask.learning.training.recipe import PAPER, Recipe, decay_candidates, identity


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"view": "colour"}, "view is 'colour'; allowed: structure, "),
        ({"loss": "l3"}, "loss is 'l3'; allowed: l1, weighted"),
        ({"epochs": 0}, "epochs is 0; allowed: 1 or more"),
        ({"patience": 0}, "patience is 0; allowed: 1 or more"),
        ({"batch_size": -1}, "batch_size is -1; allowed: 1 or more"),
        ({"precision": "float16"}, "precision is 'float16'; allowed: float32, float64"),
        ({"validation": 1.0}, "validation is 1; allowed: 0, or a share below 1"),
        ({"validation": float("nan")}, "validation is nan; allowed: 0, or a share below 1"),
    ],
)
def test_a_recipe_that_makes_no_sense_is_refused(change: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        replace(PAPER, **change)
    assert words in str(caught.value)


def test_a_recipe_is_plain_data() -> None:
    for recipe in (PAPER, *decay_candidates()):
        assert Recipe.from_plain(json.loads(json.dumps(recipe.plain()))) == recipe


def test_what_a_newer_release_added_is_refused() -> None:
    with pytest.raises(InvalidInput, match="unknown colour, taste in a recipe; allowed: batch_size, "):
        Recipe.from_plain(PAPER.plain() | {"taste": 1, "colour": "red"})


def test_candidates_are_told_apart_by_their_names() -> None:
    """The simplest one first: it is taken where two are as good."""
    candidates = decay_candidates()
    assert len({recipe.name for recipe in candidates}) == len(candidates)
    assert candidates[0].options == {}
    assert candidates[0].view == "coupling"
    assert all(recipe.network == "decay" for recipe in candidates)


def test_an_identity_hangs_on_every_part_and_every_bit() -> None:
    """Of each field of a recipe, and of arrays: value, order, shape, type."""
    plain = PAPER.plain()
    array = np.arange(6.0)
    known = [identity(plain, array)]
    known += [identity(plain | {f.name: "another"}, array) for f in fields(Recipe)]
    known += [identity(plain, other) for other in (array[::-1], array.reshape(2, 3), array.astype(int), array[:5])]
    known += [
        identity(plain, np.nextafter(array, 9.0)),
        identity(plain, np.where(array > 4, np.nan, array)),
        identity(),
    ]
    assert len(set(known)) == len(known)
    assert identity(plain, array) == identity(dict(reversed(plain.items())), array.copy())


def test_nan_is_as_good_as_itself() -> None:
    """What was not measured does not make samples others."""
    gaps = np.array([1.0, np.nan])
    assert identity(gaps) == identity(gaps.copy())
