"""``glassdask verify``: exit codes, and repair that touches only what is damaged."""

from __future__ import annotations

import json
from pathlib import Path


def damage(file: Path, name: str = "observables.nc") -> None:
    path = file.with_suffix("") / "states" / "wca_rho1.2_T2.0_r0" / name
    content = bytearray(path.read_bytes())
    content[len(content) // 3] ^= 1
    path.write_bytes(content)


def test_a_whole_campaign(call, tiny_file: Path) -> None:
    answer = call("verify", tiny_file)
    assert (answer.code, answer.out) == (0, "16 products: 16 whole\n")
    assert call("verify", tiny_file.with_suffix("")).out == answer.out


def test_a_damaged_product_is_exit_code_1(call, tiny_copy: Path) -> None:
    damage(tiny_copy)
    answer = call("verify", tiny_copy)
    assert answer.code == 1
    assert "15 whole" in answer.out
    assert "1 damaged" in answer.out
    row = answer.out.splitlines()[1]
    assert row.split()[:3] == ["wca_rho1.2_T2.0_r0", "reduce", "damaged"]
    assert "observables.nc" in row
    assert "'glassdask verify --repair'" in answer.out
    assert call("verify", tiny_copy).code == 1, "looking changes nothing"


def test_repair_sends_back_what_is_damaged_and_nothing_else(call, tiny_copy: Path) -> None:
    damage(tiny_copy)
    answer = call("verify", tiny_copy, "--repair")
    assert answer.code == 0
    assert answer.err == "wca_rho1.2_T2.0_r0: reduce sent back\n"
    found = json.loads(call("verify", tiny_copy, "--json").out)
    assert found["counts"] == {"whole": 11, "absent": 4, "changed": 1}, (
        "theory, memory and other observables go with it, the cube shows a state that is gone"
    )
    assert json.loads(call("status", tiny_copy, "--json").out)["counts"]["waiting"] == 1


def test_verify_as_data(call, tiny_copy: Path) -> None:
    damage(tiny_copy, "trajectory.gsd")
    answer = call("verify", tiny_copy, "--json")
    assert answer.code == 1
    found = json.loads(answer.out)
    assert found["counts"] == {"whole": 15, "damaged": 1}
    assert [item["stage"] for item in found["products"] if item["verdict"] == "damaged"] == ["simulate"]


def test_products_of_another_file_are_shown_and_no_error(call, tiny_copy: Path) -> None:
    tiny_copy.write_text(tiny_copy.read_text().replace("seed = 7", "seed = 8"))
    answer = call("verify", tiny_copy)
    assert answer.code == 0
    assert "16 changed" in answer.out


def test_the_cube_and_its_figures_are_products_too(call, tiny_copy: Path) -> None:
    for name in ("observables.nc", "figures/scattering.png"):
        path = tiny_copy.with_suffix("") / name
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        path.write_bytes(content)
    answer = call("verify", tiny_copy)
    assert answer.code == 1
    assert answer.out.splitlines()[1].split() == (
        ["all", "collect", "damaged", "observables.nc", "differs,", "figures/scattering.png", "differs"]
    )
    assert call("verify", tiny_copy, "--repair").err == "all: collect sent back\n"
    assert not (tiny_copy.with_suffix("") / "observables.nc").exists()
    assert call("run", tiny_copy).code == 0
    assert call("verify", tiny_copy).out == "16 products: 16 whole\n"
