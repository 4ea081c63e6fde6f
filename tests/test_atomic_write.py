"""A file is whole or absent, whatever happens to its writer."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from glassdask.files.atomic_write import PARTIAL_MARK, atomic_write, remove_partial_files, write_text


@pytest.mark.parametrize("durable", [True, False])
def test_the_file_appears_at_the_end_of_the_block(tmp_path, durable):
    target = tmp_path / "cube.nc"
    target.write_text("old")
    with atomic_write(target, durable=durable) as temporary:
        temporary.write_text("new")
        assert target.read_text() == "old"
        assert temporary.suffix == ".nc"
        assert temporary.parent == tmp_path
    assert target.read_text() == "new"
    assert [path.name for path in tmp_path.iterdir()] == ["cube.nc"]


def test_an_error_leaves_the_old_file_and_no_temporary_one(tmp_path):
    target = tmp_path / "a.json"
    write_text(target, "old")
    with pytest.raises(UnicodeEncodeError), atomic_write(target) as temporary:
        temporary.write_text("half … and not the rest", encoding="ascii")
    assert target.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


def test_a_killed_writer_leaves_only_what_can_be_told_apart_and_removed(tmp_path):
    target = tmp_path / "a.json"
    write_text(target, "old")
    script = (
        "import os, signal, sys; from glassdask.files.atomic_write import atomic_write\n"
        "with atomic_write(sys.argv[1]) as temporary:\n"
        "    temporary.write_text('half'); os.kill(os.getpid(), signal.SIGKILL)"
    )
    status = subprocess.run([sys.executable, "-c", script, str(target)], check=False).returncode
    assert status == -signal.SIGKILL
    assert target.read_text() == "old"
    removed = remove_partial_files(tmp_path)
    assert len(removed) == 1
    assert PARTIAL_MARK in removed[0].name
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


def test_a_missing_folder_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        write_text(tmp_path / "nowhere" / "a.json", "{}")
