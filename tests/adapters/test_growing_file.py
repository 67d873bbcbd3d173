"""A file that is only added to: repeated writes, another writer, a file thrown away."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from btk.adapters.disk import Chunk, Disk
from btk.adapters.growing_file import GrowingFile
from btk.model.errors import DumpError, Overtaken


class HalfDisk(Disk):
    """Writes half, then refuses, as long as `refuses`."""

    refuses = True

    def extend(self, path: Path, at: int, chunk: Chunk, durable: bool) -> None:
        super().extend(path, at, chunk[: len(chunk) // 2] if self.refuses else chunk, durable)
        if self.refuses:
            raise OSError(errno.EIO, "Input/output error")


def test_what_failed_is_repeated_in_its_place(tmp_path: Path) -> None:
    disk = HalfDisk()
    file = GrowingFile(tmp_path / "file", disk)
    with pytest.raises(DumpError, match="file cannot be written: Input/output error"):
        file.add(b"first", durable=True)
    disk.refuses = False
    file.add(b"first second", durable=False)
    file.add(b" third", durable=True)
    assert file.path.read_bytes() == b"first second third"


@pytest.mark.parametrize("theirs", [b"ours, and theirs", b"our"])
def test_nothing_is_written_over_what_another_has_written(tmp_path: Path, theirs: bytes) -> None:
    file = GrowingFile(tmp_path / "file", Disk())
    file.add(b"ours", durable=False)
    file.path.write_bytes(theirs)
    with pytest.raises(Overtaken, match="ends without acting"):
        file.add(b", and more", durable=False)
    assert file.path.read_bytes() == theirs


def test_a_file_that_was_thrown_away_begins_anew(tmp_path: Path) -> None:
    file = GrowingFile(tmp_path / "file", Disk())
    file.add(b"gone", durable=False)
    file.path.unlink()
    file.add(b"new", durable=False)
    assert file.path.read_bytes() == b"new"
