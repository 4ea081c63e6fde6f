"""A user's own S(k): what is right is read as it is, what is wrong is named, and the named remedy works."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from glassdask.datasets.netcdf import dataset, write_netcdf
from glassdask.datasets.own_files.structure_factor_file import MeasuredStructureFactor, read_structure_factor
from glassdask.datasets.schema.variables import VARIABLES, state_coordinates
from glassdask.errors import InvalidInput
from glassdask.state_point import StatePoint

K = (np.arange(100) + 0.5) * 0.4
X = (0.8, 0.2)
MIXTURE = "k,AA,AB,BB"
#: x_a δ_ab and x_a x_b of AA, AB, BB, as columns.
OWN = np.array([[0.8], [0.0], [0.2]])
PRODUCT = np.array([[0.64], [0.16], [0.04]])
PACKING = 0.45
DENSITY = 6 * PACKING / np.pi


def percus_yevick(k: np.ndarray, eta: float = PACKING) -> np.ndarray:
    """S(k) = 1 / (1 - rho c(k)) of hard spheres of diameter 1 at packing fraction eta, shape (n_k,).

    c(r) = -α - β r - η α r³ / 2 for r < 1 (Wertheim; Thiele), α = (1+2η)²/(1-η)⁴, β = -6η(1+η/2)²/(1-η)⁴.
    """
    alpha = (1 + 2 * eta) ** 2 / (1 - eta) ** 4
    beta = -6 * eta * (1 + eta / 2) ** 2 / (1 - eta) ** 4
    r = (np.arange(2000) + 0.5) / 2000
    c = -(alpha + beta * r + eta * alpha * r**3 / 2)
    rho_c = 24 * eta * (r**2 * c * np.sinc(np.outer(k, r) / np.pi)).mean(axis=1)
    return 1 / (1 - rho_c)


def labelled(k: np.ndarray = K, eta: float = PACKING) -> np.ndarray:
    """S_ab = x_a δ_ab + x_a x_b (S - 1): hard spheres of one size, 80 % of them called A at random; shape (3, n_k)."""
    return OWN + PRODUCT * (percus_yevick(k, eta) - 1)


def csv_file(folder: Path, *columns: np.ndarray, header: str = MIXTURE, newline: str = "\n") -> Path:
    """A CSV file; each argument is a column or a block of them, shape (n_k,) or (n, n_k)."""
    rows = np.vstack(columns).T
    text = newline.join([header, *(",".join(map(repr, row)) for row in rows.tolist())]) + newline
    path = folder / "S.csv"
    path.write_bytes(text.encode())
    return path


def with_line(path: Path, number: int, text: str) -> Path:
    lines = path.read_text().split("\n")
    lines[number - 1] = text
    path.write_text("\n".join(lines))
    return path


def state_file(folder: Path, partials: np.ndarray) -> Path:
    """An ``observables.nc`` as `reduce` leaves it: every variable of the schema, scalar coordinates of the state."""
    coordinates = {
        "k": K,
        "k_fine": (np.arange(800) + 0.5) * 0.05,
        "t": np.array([0.0, 0.03, 0.06]),
        "pair": np.array(["AA", "AB", "BB"]),
        "species": np.array(["A", "B"]),
    }
    values = {name: np.zeros([len(coordinates[dim]) for dim in v.dims]) for name, v in VARIABLES.items()}
    values["structure_factor"] = partials
    state = state_coordinates(StatePoint("lj", 1.0, 0.859))
    path = folder / "observables.nc"
    write_netcdf(dataset(values, {**coordinates, **state}, VARIABLES), path, {"source": "lammps 1 (cpu)"})
    return path


def message(path: Path, composition: tuple[float, ...] = X, density: float | None = None) -> str:
    with pytest.raises(InvalidInput) as caught:
        read_structure_factor(path, composition, density)
    return str(caught.value)


def assert_says(text: str, *words: str) -> None:
    for word in (*words, "allowed"):
        assert word in text


def assert_read(measured: MeasuredStructureFactor, partials: np.ndarray, k: np.ndarray = K) -> None:
    np.testing.assert_array_equal(measured.wavenumber, k)
    np.testing.assert_array_equal(measured.partials, partials)
    assert measured.wavenumber.dtype == measured.partials.dtype == np.float64


def test_the_synthetic_structure_factor_is_that_of_a_dense_fluid() -> None:
    """Compressibility of Percus and Yevick, S(0) = (1-η)⁴/(1+2η)²; midpoint rule with 2000 points: 1e-5."""
    assert percus_yevick(np.array([1e-3]))[0] == pytest.approx((1 - PACKING) ** 4 / (1 + 2 * PACKING) ** 2, rel=1e-5)
    assert 6.8 < K[percus_yevick(K).argmax()] < 7.2


# What is right


def test_a_mixture_reads_back_bit_for_bit(tmp_path: Path) -> None:
    measured = read_structure_factor(csv_file(tmp_path, K, labelled()), X, DENSITY)
    assert_read(measured, labelled())
    assert (measured.n_species, measured.pairs) == (2, ("AA", "AB", "BB"))


def test_one_component_reads_back_bit_for_bit(tmp_path: Path) -> None:
    measured = read_structure_factor(str(csv_file(tmp_path, K, percus_yevick(K), header="k,AA")), density=DENSITY)
    assert_read(measured, percus_yevick(K)[np.newaxis])
    assert (measured.n_species, measured.pairs) == (1, ("AA",))


def test_standard_errors_are_read(tmp_path: Path) -> None:
    S, errors = labelled(), np.full((3, K.size), 0.01) * OWN
    header = "k,error_BB,AA,AB,BB,error_AA,error_AB"
    measured = read_structure_factor(csv_file(tmp_path, K, errors[2], S, errors[:2], header=header), X, DENSITY)
    assert_read(measured, S)
    np.testing.assert_array_equal(measured.errors, errors)
    one = read_structure_factor(csv_file(tmp_path, K, percus_yevick(K), 0.01 + 0 * K, header="k,AA,error"))
    np.testing.assert_array_equal(one.errors, [0.01 + 0 * K])
    assert read_structure_factor(csv_file(tmp_path, K, S), X).errors is None


def test_errors_are_those_of_all_pairs_and_not_below_zero(tmp_path: Path) -> None:
    text = message(csv_file(tmp_path, K, labelled(), 0.01 + 0 * K, header=f"{MIXTURE},error_AA"))
    assert_says(text, "no column error_AB beside the other errors")
    text = message(csv_file(tmp_path, K, percus_yevick(K), -0.01 + 0 * K, header="k,AA,error"), (1.0,))
    assert_says(text, "line 2: error_AA is -0.01", "0 or more")


def test_three_species(tmp_path: Path) -> None:
    """Hard spheres of one size, labelled 50:30:20 at random: S_ab = x_a δ_ab + x_a x_b (S - 1)."""
    x = np.array([0.5, 0.3, 0.2])
    first, second = np.triu_indices(3)
    S = np.diag(x)[first, second][:, None] + np.outer(x, x)[first, second][:, None] * (percus_yevick(K) - 1)
    measured = read_structure_factor(csv_file(tmp_path, K, S, header="k,AA,AB,AC,BB,BC,CC"), tuple(x), DENSITY)
    assert_read(measured, S)
    assert (measured.n_species, measured.pairs) == (3, ("AA", "AB", "AC", "BB", "BC", "CC"))
    np.testing.assert_allclose(measured.total(), percus_yevick(K), rtol=1e-12)
    langreth = S / np.sqrt(np.outer(x, x))[first, second][:, None]
    text = message(csv_file(tmp_path, K, langreth, header="k,AA,AB,AC,BB,BC,CC"), tuple(x))
    assert_says(text, "Ashcroft–Langreth", "AC × 0.316228", "CC × 0.2")
    S[3, 7] = 1.01 * S[4, 7] ** 2 / S[5, 7]
    S[4, 7] *= 1.1
    assert_says(message(csv_file(tmp_path, K, S, header="k,AA,AB,AC,BB,BC,CC"), tuple(x)), "line 9", "least eigenvalue")


def test_order_of_columns_spaces_quotes_comments_and_windows_do_not_matter(tmp_path: Path) -> None:
    AA, AB, BB = labelled()
    header = '\ufeff# from a paper, fig. 3\r\n\r\n BB ,"k", AA,AB\r\n # [1/sigma]'
    assert_read(read_structure_factor(csv_file(tmp_path, BB, K, AA, AB, header=header, newline="\r\n"), X), labelled())


def test_the_observables_of_a_state_are_accepted(tmp_path: Path) -> None:
    assert_read(read_structure_factor(state_file(tmp_path, labelled()), X, 0.859), labelled())


def test_netcdf_pairs_are_sorted_and_dimensions_of_size_one_dropped(tmp_path: Path) -> None:
    S = xr.DataArray(labelled()[::-1], {"pair": ["BB", "AB", "AA"], "k": K}, ("pair", "k"), name="structure_factor")
    path = tmp_path / "S.nc"
    S.transpose().expand_dims(T=[1.0], potential=["lj"]).to_netcdf(path)
    assert_read(read_structure_factor(path, X), labelled())


def test_netcdf_of_one_component_needs_no_pair(tmp_path: Path) -> None:
    path = tmp_path / "S.NC"
    xr.Dataset({"structure_factor": ("k", percus_yevick(K))}, {"k": K}).to_netcdf(path)
    assert_read(read_structure_factor(path, density=DENSITY), percus_yevick(K)[np.newaxis])


def test_a_state_chosen_from_a_cube_as_the_message_says_is_accepted(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    with xr.open_dataset(state_file(tmp_path, labelled())) as state:
        one = state[["structure_factor"]].drop_vars(["potential", "T", "rho"]).load()
    one.expand_dims(potential=["lj"], T=[1.0, 2.0], rho=[1.1, 1.2]).to_netcdf("cube.nc")
    text = message(Path("cube.nc"))
    assert_says(text, "potential (1), T (2), rho (2)", "glassdask mct")
    command = "xarray.open_dataset('cube.nc').sel(potential='lj', T=1.0, rho=1.1).squeeze().to_netcdf('state.nc')"
    assert command in text
    with xr.open_dataset("cube.nc") as cube:
        cube.sel(potential="lj", T=1.0, rho=1.1).squeeze().to_netcdf("state.nc")
    assert_read(read_structure_factor("state.nc", X), labelled())


# Files


@pytest.mark.parametrize("name", ["nowhere.csv", "nowhere.nc"])
def test_no_such_file(name: str, tmp_path: Path) -> None:
    assert_says(message(tmp_path / name), name, "No such file")


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    assert_says(message(tmp_path), "Is a directory")


@pytest.mark.parametrize("content", [b"\x89HDF\r\n", b"CDF\x01\x00\x00"])
def test_netcdf_is_known_by_its_first_bytes(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "S.csv").write_bytes(content)
    assert_says(message(tmp_path / "S.csv"), "cannot be read as netCDF")


def test_binary_data_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "S.csv").write_bytes(b"k,AA\n1,\x002\n")
    assert_says(message(tmp_path / "S.csv"), "no text in UTF-8 (line 2 holds the byte 0)", "netCDF")


def test_text_is_no_netcdf(tmp_path: Path) -> None:
    path = csv_file(tmp_path, K, labelled()).rename(tmp_path / "S.nc")
    assert_says(message(path), "cannot be read as netCDF", ".csv")


@pytest.mark.parametrize("content", ["", "# nothing\n"])
def test_an_empty_file(content: str, tmp_path: Path) -> None:
    (tmp_path / "S.csv").write_text(content)
    assert_says(message(tmp_path / "S.csv"), "no line that does not begin with #", MIXTURE)


def test_a_header_that_savetxt_hid_behind_a_hash_is_read(tmp_path: Path) -> None:
    path = csv_file(tmp_path, K, labelled(), header="# by hand\n# k,AA,AB,BB\n# of a liquid")
    assert_read(read_structure_factor(path, X), labelled())


# Columns


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ("n,AA,AB,BB", "unknown column 'n'"),
        ("k,S_AX,AB,BB", "no column AA, AC"),
        ("k,S_Ni,AB,BB", "unknown column 'S_Ni'"),
        ("k,S_Ax,AB,BB", "unknown column 'S_Ax'; did you mean"),
        ("kAA AB BB", "4 values for the columns kAA AB BB"),
        ("k,AA,AA,BB", "2 times the column 'AA'"),
        ("k,AA,AB,", "unknown column ''"),
        ("k,AA,AB,_", "unknown column '_'"),
    ],
)
def test_a_wrong_name_of_a_column(header: str, words: str, tmp_path: Path) -> None:
    assert_says(message(csv_file(tmp_path, K, labelled(), header=header)), words)


@pytest.mark.parametrize(
    "header",
    [
        "q,S_AA,S_AB,S_BB",
        "k AA AB BB",
        "|k| [1/nm], S11, S12, S22",
        "wavenumber;S_AA(k);S_BA(k);S_BB(k)",
        "q_norms,Sq_A_A,Sq_A_B,Sq_B_B",
    ],
)
def test_what_others_call_the_columns(header: str, tmp_path: Path) -> None:
    measured = read_structure_factor(csv_file(tmp_path, K, labelled(), header=header), X)
    assert_read(measured, labelled())
    assert measured.read.startswith("100 rows of k,AA,AB,BB")


def test_S21_beside_S12_is_one_column_if_they_are_equal(tmp_path: Path) -> None:
    AA, AB, BB = labelled()
    path = csv_file(tmp_path, K, AA, AB, AB, BB, header="k,S11,S12,S21,S22")
    assert_read(read_structure_factor(path, X), labelled())
    other = AB.copy()
    other[6] += 1e-3
    text = message(csv_file(tmp_path, K, AA, AB, other, BB, header="k,S11,S12,S21,S22"))
    assert_says(text, "line 8: AB is ", "but BA is ", "equal ones")


def test_a_missing_column(tmp_path: Path) -> None:
    assert_says(message(csv_file(tmp_path, K, labelled()[:2], header="k,AA,AB")), "no column BB beside k, AA, AB")
    assert_says(message(csv_file(tmp_path, labelled(), header=MIXTURE[2:])), "no column k beside AA, AB, BB")
    assert_says(message(csv_file(tmp_path, percus_yevick(K), header="AA")), "two or more numbers", "--separator")


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        (["AA", "AB", "CC"], "no pair AC, BB, BC beside"),
        (["AA", "AB", "1"], "unknown pair '1'"),
        (["AA", "AA", "BB"], "2 times the pair 'AA'"),
    ],
)
def test_a_wrong_label_of_a_pair(labels: list[str], words: str, tmp_path: Path) -> None:
    path = tmp_path / "S.nc"
    xr.Dataset({"structure_factor": (("pair", "k"), labelled())}, {"pair": labels, "k": K}).to_netcdf(path)
    assert_says(message(path), words)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (xr.Dataset({"S": ("k", K)}, {"k": K}), "has the variables S; allowed: one is structure_factor"),
        (xr.Dataset(coords={"k": K}), "has the variables none"),
        (xr.Dataset({"structure_factor": ("q", K)}, {"q": K}), ".rename(q='k')"),
        (xr.Dataset({"structure_factor": ("q", K)}, {"q": K, "k": 1.0}), ".rename(q='k')"),
        (xr.Dataset({"structure_factor": (("pair", "k"), labelled())}, {"k": K}), ".assign_coords(pair="),
        (xr.Dataset({"structure_factor": ("k", K)}), "coordinates"),
        (xr.Dataset({"structure_factor": ("k", K.astype(str))}, {"k": K}), "numbers"),
    ],
)
def test_a_netcdf_file_of_another_layout(data: xr.Dataset, words: str, tmp_path: Path) -> None:
    data.to_netcdf(tmp_path / "S.nc")
    assert_says(message(tmp_path / "S.nc"), words)


# Composition


def test_the_composition_has_one_fraction_for_each_species(tmp_path: Path) -> None:
    text = message(csv_file(tmp_path, K, labelled()), (1.0,))
    assert_says(text, "composition is 1,", "k,AA,AB,BB", "--composition 0.8,0.2")
    text = message(csv_file(tmp_path, K, percus_yevick(K), header="k,AA"))
    assert_says(text, "composition is 0.8,0.2", "columns k,AA;", "--composition 1")


@pytest.mark.parametrize("wrong", [(1.2, -0.2), (1.0, 0.0), (float("nan"), 0.2)])
def test_fractions_are_positive_numbers(wrong: tuple[float, float], tmp_path: Path) -> None:
    assert_says(message(csv_file(tmp_path, K, labelled()), wrong), "composition is", "above 0")


def test_fractions_add_to_one(tmp_path: Path) -> None:
    path = csv_file(tmp_path, K, labelled())
    assert_says(message(path, (80, 20)), "the sum 100;", "--composition 0.8,0.2")
    assert_says(message(path, (0.8, 0.3)), "the sum 1.1;", "--composition 0.7272727273,0.2727272727")
    read_structure_factor(path, (0.8, 0.2000009))  # within 1e-6


# Rows


@pytest.mark.parametrize("text", ["3.8,zero,0.1,0.1", "3.8,,0.1,0.1"])
def test_a_value_that_is_no_number(text: str, tmp_path: Path) -> None:
    path = with_line(csv_file(tmp_path, K, labelled()), 11, text)
    assert_says(message(path), "S.csv, line 11: AA is ", repr(text.split(",")[1]))


def test_decimal_commas(tmp_path: Path) -> None:
    path = with_line(csv_file(tmp_path, K, labelled()), 11, "3,8,0,5,0,1,0,1")
    assert_says(message(path), "line 11: 8 values", "with a point")


@pytest.mark.parametrize("text", ["nan", "inf", "-inf", "1e999"])
def test_a_value_that_is_not_finite(text: str, tmp_path: Path) -> None:
    """Comments count as lines, as an editor counts them."""
    path = with_line(csv_file(tmp_path, K, labelled(), header=f"# mine\n{MIXTURE}"), 12, f"3.8,0.5,{text},0.1")
    assert_says(message(path), f"line 12: AB is {float(text)}", "remove the row")


def test_a_missing_value_in_netcdf(tmp_path: Path) -> None:
    S = labelled()
    S[2, 7] = np.nan
    assert_says(message(state_file(tmp_path, S)), "observables.nc, k[7]: BB is nan")


@pytest.mark.parametrize("value", [0.0, -0.2])
def test_wavenumbers_are_positive(value: float, tmp_path: Path) -> None:
    k = K.copy()
    k[0] = value
    assert_says(message(csv_file(tmp_path, k, labelled())), f"line 2: k is {value:g}", "above 0", "remove the row")


def test_wavenumbers_increase(tmp_path: Path) -> None:
    text = message(csv_file(tmp_path, K[::-1], labelled(K[::-1])))
    assert_says(text, "line 3: k is 39.4 after 39.8", "strictly increasing", "sort the rows by k")
    twice = K.copy()
    twice[9] = twice[8]
    assert_says(message(csv_file(tmp_path, twice, labelled())), "line 11: k is 3.4 after 3.4", "average the rows")


@pytest.mark.parametrize("n", [0, 1, 19])
def test_too_few_rows(n: int, tmp_path: Path) -> None:
    assert_says(message(csv_file(tmp_path, K[:n], labelled()[:, :n])), f"has {n} wavenumbers", "20 or more")


# What a structure factor must be


def test_a_mean_square_is_not_negative(tmp_path: Path) -> None:
    S = labelled()
    S[2, 4] = -0.01
    text = message(csv_file(tmp_path, K, S))
    assert_says(text, "line 6: BB is -0.01 at k = 1.8", "S_BB is a mean square", "no columns are swapped")


def test_the_matrix_has_an_inverse(tmp_path: Path) -> None:
    """Cauchy–Schwarz: S_AB² ≤ S_AA S_BB."""
    S = labelled()
    S[1, 4] = -1.01 * np.sqrt(S[0, 4] * S[2, 4])
    assert_says(message(csv_file(tmp_path, K, S)), "line 6: AA × BB - AB² is -", "no inverse")
    one = percus_yevick(K)
    one[4] = 0.0
    assert_says(message(csv_file(tmp_path, K, one, header="k,AA"), (1.0,)), "line 6: AA is 0 at k = 1.8")


# Normalisation: each conversion, done as the message says, is accepted


def test_ashcroft_langreth_is_named_and_its_conversion_is_right(tmp_path: Path) -> None:
    factors = np.array([[0.8], [0.4], [0.2]])
    text = message(csv_file(tmp_path, K, labelled() / factors))
    assert_says(text, "S_AA → 1", "S_AA → 0.8, S_AB → 0, S_BB → 0.2", "Ashcroft–Langreth", "sqrt(x_a x_b) S_ab^AL")
    assert "AA × 0.8, AB × 0.4, BB × 0.2" in text
    converted = labelled() / factors * factors
    assert_read(read_structure_factor(csv_file(tmp_path, K, converted), X, DENSITY), converted)


def test_faber_ziman_is_named_and_its_conversion_is_right(tmp_path: Path) -> None:
    """A_ab = S here, for labels without meaning."""
    A = np.tile(percus_yevick(K), (3, 1))
    text = message(csv_file(tmp_path, K, A))
    assert_says(text, "Faber–Ziman", "S_ab = x_a δ_ab + x_a x_b (A_ab - 1)")
    assert "0.8 + 0.64 (AA - 1), 0.16 (AB - 1), 0.2 + 0.04 (BB - 1)" in text
    converted = OWN + PRODUCT * (A - 1)
    assert_read(read_structure_factor(csv_file(tmp_path, K, converted), X, DENSITY), converted)


def test_faber_ziman_that_is_negative_at_small_k_is_named_too(tmp_path: Path) -> None:
    """A_aa(0) = 1 - 1/x_a + S_aa(0)/x_a² < 0 where like particles keep apart."""
    A = np.tile(percus_yevick(K), (3, 1))
    A[2, :3] = -2.0
    assert_says(message(csv_file(tmp_path, K, A)), "line 2: BB is -2", "mean square", "Faber–Ziman")


@pytest.mark.parametrize("n_species", [1, 2])
def test_s_minus_one_is_named(n_species: int, tmp_path: Path) -> None:
    S = percus_yevick(K) - 1 if n_species == 1 else labelled() - OWN
    path = csv_file(tmp_path, K, S, header="k,AA" if n_species == 1 else MIXTURE)
    text = message(path, (1.0,) if n_species == 1 else X)
    assert_says(text, "line 2: AA is -", "mean square", "S(k) - 1 or h(k)", "density x_a x_b h_ab(k)")


def test_limits_of_zero_without_a_negative_value(tmp_path: Path) -> None:
    text = message(csv_file(tmp_path, K, np.exp(-K), header="k,AA"), (1.0,))
    assert_says(text, "S_AA → 0;", "S_AA → 1 within 15 %", "S(k) - 1 or h(k)")


def test_swapped_columns_are_named(tmp_path: Path) -> None:
    AA, AB, BB = labelled()
    text = message(csv_file(tmp_path, K, BB, AB, AA))
    assert_says(text, "rename them BB,AB,AA, or give --composition 0.2,0.8")
    assert read_structure_factor(tmp_path / "S.csv", (0.2, 0.8)).n_species == 2
    assert_says(message(csv_file(tmp_path, K, BB, AA, AB)), "rename them BB,AA,AB")


def test_other_limits_are_said_with_what_was_expected(tmp_path: Path) -> None:
    text = message(csv_file(tmp_path, K, 0.5 * OWN + 0 * K))
    assert_says(
        text, "k = 29.9 to 39.8", "S_AA → 0.4, S_AB → 0, S_BB → 0.1;", "S_AA → 0.8, S_AB → 0, S_BB → 0.2 within"
    )
    assert "the range may be too short" in text
    assert_says(message(csv_file(tmp_path, K, 2 + 0 * K, header="k,AA"), (1.0,)), "S_AA → 2;")


def test_a_range_that_ends_in_the_peak_is_too_short(tmp_path: Path) -> None:
    k = np.linspace(0.2, 7.5, 40)
    assert_says(message(csv_file(tmp_path, k, percus_yevick(k), header="k,AA"), (1.0,)), "the range may be too short")


def test_fewer_than_five_points_at_the_end_say_nothing_of_the_limit(tmp_path: Path) -> None:
    k = np.append(np.linspace(0.2, 7.5, 40), 40.0)
    S = percus_yevick(k)
    assert_read(read_structure_factor(csv_file(tmp_path, k, S, header="k,AA")), S[np.newaxis], k)


# Units of length


@pytest.mark.parametrize(("unit", "factor"), [(10.0, "0.0895"), (0.1, "8.95"), (1 / 3.4, "3.04")])
def test_another_unit_of_length_is_named_with_the_factor(unit: float, factor: str, tmp_path: Path) -> None:
    """The peak of these spheres lies at 7.0, where 6.26 is usual: the factor is right to 11 %."""
    path = csv_file(tmp_path, unit * K, labelled())
    text = message(path, X, DENSITY)
    assert_says(text, f"at k = {unit * 7.0:.4g}", "same unit of length", "1/nm is 10 times", f"by about {factor}")
    read_structure_factor(path, X)  # without a density there is nothing to compare with
    read_structure_factor(path, X, DENSITY * unit**3)
    read_structure_factor(csv_file(tmp_path, float(factor) * unit * K, labelled()), X, DENSITY)


def test_a_compressible_or_demixing_sample_has_the_right_units(tmp_path: Path) -> None:
    """The global maximum lies at the lowest k and is no main peak."""
    S = percus_yevick(K) + 50 / (1 + (K / 0.3) ** 2) ** 2
    assert S.argmax() == 0
    read_structure_factor(csv_file(tmp_path, K, S, header="k,AA"), density=DENSITY)


def test_a_peak_in_the_first_twentieth_of_a_long_range_is_found(tmp_path: Path) -> None:
    k = np.arange(1, 2000) * 0.1
    read_structure_factor(csv_file(tmp_path, k, percus_yevick(k), header="k,AA"), density=DENSITY)
    text = message(csv_file(tmp_path, k, percus_yevick(k), header="k,AA"), (1.0,), 20 * DENSITY)
    assert_says(text, "main peak of the total S(k) is at k = 6.8;")


@pytest.mark.parametrize("density", [1e-3, 1e3])
def test_without_a_peak_there_is_no_complaint_about_units(density: float, tmp_path: Path) -> None:
    """A dilute fluid."""
    read_structure_factor(csv_file(tmp_path, K, percus_yevick(K, 0.05), header="k,AA"), density=density)


@pytest.mark.parametrize("density", [0.0, -1.0, float("nan")])
def test_a_density_is_positive(density: float, tmp_path: Path) -> None:
    assert_says(message(csv_file(tmp_path, K, labelled()), X, density), f"density is {density!r}")
