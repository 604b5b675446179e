import hashlib
from pathlib import Path

import pytest

from optical.runtime.files import atomic_path, sha256


def test_a_whole_file_takes_its_name(tmp_path):
    with atomic_path(tmp_path / "folder" / "text.txt") as temporary:
        temporary.write_text("whole")
        assert temporary.suffix == ".txt"
        assert not (tmp_path / "folder" / "text.txt").exists()
    assert (tmp_path / "folder" / "text.txt").read_text() == "whole"


def test_a_failed_write_leaves_the_earlier_file_and_nothing_else(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text("earlier")

    def fail():
        with atomic_path(path) as temporary:
            temporary.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert [file.name for file in tmp_path.iterdir()] == ["text.txt"]
    assert path.read_text() == "earlier"


def test_a_folder_replaces_the_earlier_folder_whole(tmp_path):
    path = tmp_path / "folder"
    path.mkdir()
    (path / "old").touch()
    with atomic_path(path) as temporary:
        temporary.mkdir()
        (temporary / "new").touch()
    assert [file.name for file in path.iterdir()] == ["new"]
    assert [folder.name for folder in tmp_path.iterdir()] == ["folder"]


def test_a_failed_folder_leaves_the_earlier_folder(tmp_path):
    path = tmp_path / "folder"
    path.mkdir()
    (path / "old").touch()

    def fail():
        with atomic_path(path) as temporary:
            temporary.mkdir()
            (temporary / "new").touch()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert [file.name for file in path.iterdir()] == ["old"]
    assert [folder.name for folder in tmp_path.iterdir()] == ["folder"]


@pytest.mark.parametrize("name", [".0123abcd.text.txt", ".4567cdef..0123abcd.text.txt"])
@pytest.mark.parametrize("make", [Path.touch, Path.mkdir])
def test_what_a_killed_process_left_half_written_goes_with_the_next_write(tmp_path, make, name):
    left = tmp_path / name
    for other in ("text.txt", ".text.txt", ".0123abcd.other.txt", ".0123abcd.text.txt.part"):
        (tmp_path / other).touch()
    others = sorted(tmp_path.iterdir())
    make(left)
    with atomic_path(tmp_path / "text.txt") as temporary:
        temporary.touch()
        assert sorted(tmp_path.iterdir()) == sorted([*others, temporary])
    assert sorted(tmp_path.iterdir()) == others


def test_checksum_is_that_of_the_bytes(tmp_path):
    data = b"\x00\xff" * 300_000
    (tmp_path / "data").write_bytes(data)
    assert sha256(tmp_path / "data") == hashlib.sha256(data).hexdigest()
