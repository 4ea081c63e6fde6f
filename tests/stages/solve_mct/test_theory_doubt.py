"""What S(k) leaves open: errors that cover, the end of the table, its spacing; all on hard spheres, whose S(k) is known."""

from __future__ import annotations

import numpy as np
import pytest

from glassdask.physics.structure.bipolar_grid import bipolar_wavenumbers
from glassdask.physics.structure.percus_yevick import percus_yevick
from glassdask.physics.structure.static_structure import StaticStructure, matrix_of_pairs, pairs_of_matrix
from glassdask.physics.structure.table_on_grid import TableOnGrid, on_bipolar_grid
from glassdask.stages.solve_mct.theory_answer import doubts_in_words, theory_json, with_error
from glassdask.stages.solve_mct.theory_doubt import Spread, TheoryDoubt, theory_doubt
from glassdask.stages.solve_mct.theory_of_structure import StructureTheory, theory_arrays, theory_of_structure

#: Up to k = 24: quick, and all that is asked here is asked of this table.
K = bipolar_wavenumbers(0.4, 60)
ONE = percus_yevick(K, 0.5)
MIXTURE = percus_yevick(K, 0.5, (1.0, 0.88), (0.8, 0.2))


def of_table(exact: StaticStructure, table: TableOnGrid, **options) -> StructureTheory:
    S = matrix_of_pairs(table.partials)
    structure = StaticStructure(table.wavenumber, S, exact.density, exact.composition)
    return theory_of_structure(structure, wavenumber=7.0, **options)


def noisy(exact: StaticStructure, sigma: float, seed: int, has_column: bool) -> TableOnGrid:
    S = pairs_of_matrix(exact.structure_factor)
    errors = np.full(S.shape, sigma) if has_column else None
    S = S + np.random.default_rng(seed).normal(0.0, sigma, S.shape)
    return on_bipolar_grid(exact.wavenumber, S, exact.density, exact.composition, errors)


@pytest.fixture(scope="module")
def exact() -> StructureTheory:
    return theory_of_structure(ONE, wavenumber=7.0)


@pytest.mark.parametrize(("sigma", "has_column"), [(0.01, True), (0.03, False)])
def test_quoted_errors_cover_the_scatter_of_noisy_copies(exact, sigma, has_column):
    """Of five copies four or more within two errors, and errors of the size of the scatter: ln τ known to some 0.2 and 0.6.

    Fifty copies, up to k = 40, in four settings: benchmarks/noisy_structure_factors.py.
    """
    truth, inside, errors = exact.relaxation_times[0], 0, []
    for seed in range(5):
        table = noisy(ONE, sigma, seed, has_column)
        theory = of_table(ONE, table)
        doubt = theory_doubt(theory, table, 8)
        assert doubt.error_source == ("column" if has_column else "roughness")
        assert doubt.relaxation_times is not None
        spread = doubt.relaxation_times[0]
        inside += abs(theory.relaxation_times[0] - truth) <= 2 * spread.error
        errors.append(np.log(spread.high / theory.relaxation_times[0]))
    assert inside >= 4
    assert 5 * sigma < np.median(errors) < 40 * sigma


def test_a_mixture_has_errors_of_each_species():
    """Pairs are smoothed together; both species lie within three errors."""
    truth = theory_of_structure(MIXTURE, wavenumber=7.0)
    table = noisy(MIXTURE, 0.01, 3, has_column=True)
    theory = of_table(MIXTURE, table)
    doubt = theory_doubt(theory, table, 5)
    for name in ("relaxation_times", "collective_relaxation_times"):
        for value, spread, right in zip(getattr(theory, name), getattr(doubt, name), getattr(truth, name), strict=True):
            assert abs(value - right) < 3 * spread.error < 3 * right
    found = theory_json(theory_arrays(theory), doubt)
    assert set(found["relaxation_time_error"]) == {"A", "B"}
    assert found["error_source"] == "column"
    assert found["critical_coupling_error"] > 0


def test_a_glass_has_errors_of_its_eigenvalue_and_a_marginal_one_says_so():
    deep, marginal = percus_yevick(K, 0.56), percus_yevick(K, 0.519)  # up to k = 24 the critical packing is 0.52
    table = noisy(deep, 0.005, 1, has_column=True)
    theory = of_table(deep, table, end_time=10.0)
    doubt = theory_doubt(theory, table, 8)
    exact = theory_of_structure(deep, wavenumber=7.0, end_time=10.0)
    assert doubt.relaxation_times is None
    assert doubt.eigenvalue is not None
    assert doubt.critical_coupling is not None
    assert theory.glass_stability is not None
    assert exact.glass_stability is not None
    assert doubt.glass_share == 1.0
    assert abs(theory.glass_stability.eigenvalue - exact.glass_stability.eigenvalue) < 3 * doubt.eigenvalue.error < 0.3
    assert abs(theory.critical_coupling - exact.critical_coupling) < 3 * doubt.critical_coupling.error
    S = pairs_of_matrix(marginal.structure_factor)
    table = on_bipolar_grid(K, S, marginal.density, errors=np.full(S.shape, 0.03))
    theory = of_table(marginal, table, end_time=10.0)
    doubt = theory_doubt(theory, table, 12)
    assert 0 < doubt.glass_share < 1
    assert any("may be a liquid's or a glass's" in warning for warning in doubts_in_words(theory, doubt))


def test_what_the_end_of_the_table_does_is_what_a_shorter_table_gives(exact):
    """The cheap ratio against two full solutions, to 2 %."""
    doubt = theory_doubt(exact, None, 24)
    kept = int(0.75 * K.size)
    shorter = StaticStructure(K[:kept], ONE.structure_factor[..., :kept], ONE.density, ONE.composition)
    ratio = theory_of_structure(shorter, wavenumber=7.0).relaxation_times[0] / exact.relaxation_times[0]
    assert doubt.without_last_quarter == pytest.approx([ratio], rel=0.02)
    assert (doubt.error_source, doubt.n_resamples, doubt.relaxation_times) == (None, 0, None)
    assert any("depend on where S(k) ends" in warning for warning in doubts_in_words(exact, doubt))


def test_ideal_beyond_the_table_is_nearer_to_the_longer_table(exact):
    """Hard spheres up to k = 24 know little of what comes beyond, and S = 1 there is better than nothing there."""
    longer = theory_of_structure(percus_yevick(bipolar_wavenumbers(), 0.5), wavenumber=7.0).relaxation_times[0]
    ideal = theory_of_structure(ONE, wavenumber=7.0, beyond="ideal")
    assert exact.relaxation_times[0] < ideal.relaxation_times[0] < longer
    doubt = theory_doubt(ideal, None, 0, "ideal")
    assert doubt.beyond_the_table == pytest.approx([ideal.relaxation_times[0] / exact.relaxation_times[0]], rel=0.02)
    assert ideal.table_size == K.size < ideal.solution.structure.wavenumber.size


def test_the_default_wavenumber_is_the_main_peak_not_the_highest_value():
    """A rise to small k, as of a compressible or a demixing sample."""
    S = ONE.structure_factor[0, 0] + 6.0 * np.exp(-((K / 0.5) ** 2))
    assert K[np.argmax(S)] < 1
    assert theory_of_structure(StaticStructure(K, S, ONE.density, np.ones(1))).wavenumber == pytest.approx(7.0)


@pytest.mark.parametrize(("value", "spread", "words"), [
    (5.7088, None, "5.7088"),
    (5.7088, Spread(0.31, 5.4, 6.0), "5.71 ± 0.31"),
    (123.4, Spread(12.0, 111.0, 135.0), "123 ± 12"),
    (5.7, Spread(4.0, 2.9, 11.0), "5.7 (2.9 … 11)"),
    (5.7, Spread(float("inf"), 2.9, float("inf")), "5.7 (error not bounded)"),
    (None, None, None),
])  # fmt: skip
def test_numbers_with_errors_have_the_digits_that_they_know(value, spread, words):
    assert with_error(value, spread) == words


def test_nothing_is_drawn_where_none_is_asked_for():
    table = noisy(ONE, 0.01, 0, has_column=True)
    doubt = theory_doubt(of_table(ONE, table, end_time=10.0), table, 0)
    assert isinstance(doubt, TheoryDoubt)
    assert (doubt.error_source, doubt.n_resamples, doubt.critical_coupling) == (None, 0, None)
