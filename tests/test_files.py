"""Checksums and ends of files."""

from __future__ import annotations

from pathlib import Path

from glassdask.files.checksum import bytes_sha256, file_sha256, json_sha256
from glassdask.files.reading import tail


def test_equal_numbers_give_equal_hashes_in_any_order() -> None:
    assert json_sha256({"a": 1.0, "b": 0.3}) == json_sha256({"b": 0.3, "a": 1.0})
    assert json_sha256({"a": 1.0}) != json_sha256({"a": 1.1})


def test_a_file_has_the_hash_of_its_bytes(tmp_path: Path) -> None:
    """The second is that of FIPS 180-2, appendix B.1."""
    (tmp_path / "file").write_bytes(b"abc")
    assert file_sha256(tmp_path / "file") == bytes_sha256(b"abc")
    assert bytes_sha256(b"abc").startswith("ba7816bf8f01cfea")


def test_the_end_of_a_file_is_read_even_where_it_begins_within_a_letter(tmp_path: Path) -> None:
    path = tmp_path / "log.txt"
    path.write_text("α" * 1000 + "end")
    assert tail(path, 4).endswith("end")
    assert tail(path, 10_000) == "α" * 1000 + "end"
    assert tail(tmp_path / "gone", 4) == ""
