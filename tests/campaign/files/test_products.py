"""Products: whole, or found not to be."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from glassdask.campaign.files.products import (
    ProductRecord,
    damaged_files,
    describe_files,
    read_record,
    record_path,
    remove_product,
    whole_record,
    write_record,
)


@pytest.fixture
def product(tmp_path: Path) -> Path:
    """A folder with one whole product of the stage ``simulate``."""
    (tmp_path / "trajectory.gsd").write_bytes(bytes(range(256)) * 40)
    files = describe_files(tmp_path, ["trajectory.gsd"])
    write_record(tmp_path, ProductRecord("simulate", "abc", files, summary={"pressure": 9.8, "reason": "α"}))
    return tmp_path


def test_a_record_reads_back_as_it_was(product: Path) -> None:
    record = whole_record(product, "simulate")
    assert record is not None
    assert (record.stage, record.inputs, record.status) == ("simulate", "abc", "done")
    assert record.summary == {"pressure": 9.8, "reason": "α"}
    assert record.files["trajectory.gsd"]["bytes"] == 10240
    assert damaged_files(product, record) == []


def test_no_record_no_product(tmp_path: Path) -> None:
    (tmp_path / "trajectory.gsd").write_bytes(b"left by a killed worker")
    assert whole_record(tmp_path, "simulate") is None


@pytest.mark.parametrize(
    "damage",
    [Path.unlink, lambda path: path.write_bytes(b""), lambda path: path.write_bytes(path.read_bytes()[:-1])],
    ids=["deleted", "empty", "truncated"],
)
def test_a_file_that_lost_bytes_is_seen_at_once(product: Path, damage: Callable[[Path], object]) -> None:
    damage(product / "trajectory.gsd")
    assert whole_record(product, "simulate") is None


def test_a_flipped_bit_is_seen_by_the_checksum(product: Path) -> None:
    path = product / "trajectory.gsd"
    content = bytearray(path.read_bytes())
    content[5000] ^= 1
    path.write_bytes(content)
    record = whole_record(product, "simulate")
    assert record is not None
    assert damaged_files(product, record) == ["trajectory.gsd"]


def test_any_flipped_bit_of_the_record_makes_it_untrusted(product: Path) -> None:
    """A record is a product too: a changed digit in it would be a wrong number in every table."""
    path = record_path(product, "simulate")
    whole = path.read_bytes()
    for place in range(len(whole)):
        content = bytearray(whole)
        content[place] ^= 1 << (place % 7)
        path.write_bytes(content)
        assert read_record(product, "simulate") is None, f"byte {place}: {bytes(content[place - 9 : place + 9])!r}"


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"{}", b"\xff"])
def test_a_record_of_rubbish_counts_as_absent(product: Path, content: bytes) -> None:
    record_path(product, "simulate").write_bytes(content)
    assert whole_record(product, "simulate") is None


def test_a_removed_product_leaves_nothing(product: Path) -> None:
    remove_product(product, "simulate")
    assert list(product.iterdir()) == []
    remove_product(product, "simulate")
