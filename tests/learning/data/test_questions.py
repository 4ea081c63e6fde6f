"""Kinds of question: one rule, from what was learned from and the state that is asked about."""

from __future__ import annotations

import json

import numpy as np
import pytest

from glassdask.learning.data.questions import Kind, Learned, Series, questions
from tests.learning.synthetic import make_samples

#: LJ at two densities, WCA at one, all of two species.
LEARNED = Learned(
    (
        Series("lj", 1.2, (0.5, 0.8, 2.0), 2),
        Series("lj", 1.4, (1.0,), 2),
        Series("wca", 1.2, (0.4, 0.6), 2),
    )
)


@pytest.mark.parametrize(
    ("state", "kind", "distance", "why"),
    [
        (("lj", 1.2, 1.0, 2), Kind.INTERPOLATION, 1.5, "between T = 0.8 and 2 of lj at rho = 1.2"),
        (("lj", 1.2, 0.8, 2), Kind.INTERPOLATION, 0.0, "the state itself was learned from, of lj at rho = 1.2"),
        (("lj", 1.2, 0.4, 2), Kind.COLDER, 0.25, "the coldest learned from, of lj at rho = 1.2, is T = 0.5"),
        (("lj", 1.2, 3.0, 2), Kind.HOTTER, 0.5, "the hottest learned from, of lj at rho = 1.2, is T = 2"),
        (("lj", 1.4, 0.9, 2), Kind.COLDER, 1 / 9, "is T = 1"),
        (("lj", 1.3, 1.0, 2), Kind.DENSITY, np.log(1.4 / 1.3), "lj was learned from at rho = 1.4, not at 1.3"),
        (("wca", 1.4, 0.5, 2), Kind.DENSITY, np.log(1.4 / 1.2), "wca was learned from at rho = 1.2, not at 1.4"),
        (("ka21", 1.2, 0.5, 2), Kind.LIQUID, 0.0, "ka21 was not learned from (lj, wca)"),
        (("soft", 1.2, 0.5, 3), Kind.SPECIES, 0.0, "soft has 3 species, all liquids learned from 2"),
    ],
)
def test_the_first_line_that_fits_says_the_kind(
    state: tuple[str, float, float, int], kind: Kind, distance: float, why: str
) -> None:
    found = LEARNED.question(*state)
    assert found.kind is kind
    assert found.distance == pytest.approx(distance, abs=1e-12)
    assert found.words.endswith(why)


def test_rounding_makes_no_other_state() -> None:
    """Files keep numbers to less than all digits."""
    found = LEARNED.question("lj", 1.2 * (1 + 1e-9), 0.5 * (1 - 1e-9), 2)
    assert (found.kind, found.distance) == (Kind.INTERPOLATION, 0.0)


def test_what_was_learned_is_kept_as_json() -> None:
    assert Learned.from_plain(json.loads(json.dumps(LEARNED.plain()))) == LEARNED


def test_splits_ask_by_the_same_rule() -> None:
    """The coldest and the hottest of a series and one between, a density, a liquid, each left out; replicas are one state."""
    samples = make_samples(5, ("lj", "wca"), (1.2, 1.4), n_replicas=2, n_times=3, n_wavenumbers=20)
    T = np.unique(samples.temperature[(samples.potential == "lj") & (samples.density == 1.2)])
    here = (samples.potential == "lj") & (samples.density == 1.2)
    for out, kind in (
        (here & (samples.temperature == T[0]), Kind.COLDER),
        (here & (samples.temperature == T[2]), Kind.INTERPOLATION),
        (here & (samples.temperature == T[4]), Kind.HOTTER),
        (here, Kind.DENSITY),
        (samples.potential == "wca", Kind.LIQUID),
    ):
        found = questions(samples, np.flatnonzero(~out), np.flatnonzero(out))
        assert [one.kind for one in found] == [kind] * int(out.sum())
    assert Learned.of(samples).series[0] == Series("lj", 1.2, tuple(T), 2)
    assert len(Learned.of(samples, np.flatnonzero(here)).series) == 1
