"""Tables as numpy, pandas, atooms-pp, dynasor, freud, LAMMPS, MCT.jl and people write them are read for what they are."""

from __future__ import annotations

import gzip
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from glassdask.datasets.own_files.measured_structure_factor import MeasuredStructureFactor
from glassdask.datasets.own_files.scattering_file import read_scattering
from glassdask.datasets.own_files.structure_factor_file import read_structure_factor
from glassdask.datasets.tables.number_table import TableOptions
from glassdask.errors import InvalidInput
from tests.datasets.tables.tables_of_others import CASES, DENSITY, ONE, TWO, K, X, curve, savetxt, text_of


@pytest.mark.parametrize("name", CASES)
def test_it_is_read_for_what_it_is(name: str, tmp_path: Path) -> None:
    """To the ten digits (six of atooms-pp) that are printed; nothing looks odd; what was understood is one line."""
    case = CASES[name]
    found = case.read(tmp_path)
    assert found.doubts == ()
    assert "\n" not in found.read
    if isinstance(found, MeasuredStructureFactor):
        np.testing.assert_allclose(found.wavenumber, K, rtol=1e-9)
        np.testing.assert_allclose(found.partials, TWO if case.species == 2 else [ONE], rtol=1e-6, atol=1e-9)
        assert (found.errors is not None) == (name == "error")
        assert "100 rows of k,AA" in found.read
        assert "k = 0.2 … 39.8 in steps of 0.4; normalisation " in found.read
    else:
        time = found.times / 100 if "LAMMPS" in name else found.times
        np.testing.assert_allclose(found.F["A"], curve(time), atol=1e-6)
        assert (found.error != {}) == (name == "F, error")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("comma", "normalisation by-N"),
        ("self-normalised, cross by N", "normalisation self-cross-by-N (told by g_ab(0) = 0 of all pairs), converted"),
        ("Ashcroft-Langreth", "normalisation ashcroft-langreth (told by"),
        ("Faber-Ziman", "normalisation faber-ziman (told by"),
        ("dynasor", "normalisation by-N-cross-twice (told by"),
        ("S - 1", "normalisation minus-limit (as told)"),
        ("h(k)", "normalisation h (as told)"),
        ("pandas", "a first column of row numbers was left out"),
        ("savetxt, four columns", "100 rows of k,AA,AB,BB, separator: blanks; called k, S_AA, S_AB, S_BB; k = 0.2"),
        ("no header", "100 rows of k,AA, separator: blanks; no names in the file; "),
        ("F, LAMMPS", "80 rows of t,F, separator: blanks; called TimeStep, v_F; t = 100 … 8000 in steps of 100"),
        ("freud", "the arrays bin_edges were left out"),
        ("decimal commas", "separator: semicolon, decimal commas"),
    ],
)
def test_what_was_understood_is_said(name: str, words: str, tmp_path: Path) -> None:
    assert words in CASES[name].read(tmp_path).read


def test_S_minus_1_and_h_are_asked_for_at_a_density_near_1(tmp_path: Path) -> None:
    """S − 1 = ρ h: at ρ = 0.95 they differ by less than g(0) = 0 is sure."""
    for name in ("S - 1", "h(k)"):
        with pytest.raises(InvalidInput) as error:
            replace(CASES[name], further={}).read(tmp_path)
        for word in ("line 2: AA is -", "S(k) - 1 or h(k)", "--normalisation minus-limit", "h (h_ab(k)"):
            assert word in str(error.value)


def test_several_wavenumbers_are_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "pp.fkt"
    path.write_bytes(CASES["F, atooms-pp"].content)
    with pytest.raises(InvalidInput, match=r"holds F at k = 3, 7; allowed: one; give --wavenumber 3"):
        read_scattering(path)
    with pytest.raises(InvalidInput, match=r"--wavenumber is 5, but .* holds k = 3, 7"):
        read_scattering(path, wavenumber=5.0)
    path.write_bytes(CASES["F, comma"].content)
    with pytest.raises(InvalidInput, match=r"--wavenumber is 7, but .* has no column k beside t, F"):
        read_scattering(path, wavenumber=7.0)


def test_k_t_F_without_names_shows_by_its_rows(tmp_path: Path) -> None:
    path = tmp_path / "pp.fkt"
    path.write_bytes(
        b"\n".join(line for line in CASES["F, atooms-pp"].content.split(b"\n") if not line.startswith(b"#"))
    )
    np.testing.assert_allclose(
        read_scattering(path, wavenumber=3.0).F["A"] ** (7 / 3), curve(np.geomspace(0.01, 1000.0, 80)), atol=1e-5
    )


def test_a_block_of_lammps_is_read_and_several_are_refused(tmp_path: Path) -> None:
    """fix ave/time in mode vector: a line with the step and the number of rows over each block."""
    rows = "".join(f"{i + 1} {k:.6g} {S:.10g}\n" for i, (k, S) in enumerate(zip(K, ONE, strict=True)))
    head = "# Time-averaged data for fix sk\n# TimeStep Number-of-rows\n# Row c_k c_S\n"
    path = tmp_path / "sk.out"
    path.write_text(f"{head}1000 100\n{rows}")
    np.testing.assert_allclose(read_structure_factor(path).partials[0], ONE, rtol=1e-9)
    path.write_text(f"{head}1000 100\n{rows}2000 100\n{rows}")
    with pytest.raises(InvalidInput, match=r"2 blocks of LAMMPS' fix ave/time \(at the lines 4, 105\)"):
        read_structure_factor(path)


def test_columns_without_names_are_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "S"
    path.write_bytes(savetxt(K, *TWO))
    with pytest.raises(InvalidInput, match=r"no header over its 4 columns .* --columns k,AA,AB,BB"):
        read_structure_factor(path, X)
    np.testing.assert_allclose(
        read_structure_factor(path, X, options=TableOptions(("q", "S11", "S12", "S22"))).partials, TWO
    )
    path.write_bytes(savetxt(K, curve(K), 0 * K + 0.01))
    with pytest.raises(InvalidInput, match=r"no header over its 3 columns .* --columns t,F,error"):
        read_scattering(path)


def test_species_called_1_2_or_in_quotes_and_errors_of_any_name(tmp_path: Path) -> None:
    path = tmp_path / "S.txt.gz"
    errors = 0.01 * np.ones((3, K.size))
    for header in (
        '"k","S11","S12","S22","err_11","err_12","err_22"',
        "k,AA,AB,BB,sigma_AA,AB_err,dBB",
        "q,1-1,1-2,2-2,error 1-1,error 1-2,error 2-2",
    ):
        path.write_bytes(gzip.compress((header + "\n" + text_of([K, *TWO, *errors], ",")).encode()))
        found = read_structure_factor(path, X, DENSITY)
        np.testing.assert_allclose(found.partials, TWO, rtol=1e-9, atol=1e-10)
        np.testing.assert_array_equal(found.errors, errors)


def test_an_empty_bin_is_to_be_left_out(tmp_path: Path) -> None:
    path = tmp_path / "S.csv"
    for value, words in (
        (0.0, "an empty bin: leave the row out"),
        (-1e-6, "leave the row out if nothing was measured"),
    ):
        S = ONE.copy()
        S[0] = value
        path.write_bytes(savetxt(K, S, header="k S"))
        with pytest.raises(InvalidInput) as error:
            read_structure_factor(path)
        assert words in str(error.value)
        assert "line 2" in str(error.value)
