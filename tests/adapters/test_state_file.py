"""The file backend: what its files look like, and that damage is never taken for "nothing is there"."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import resource
import stat
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from btk.adapters.disk import Chunk, Disk
from btk.adapters.file_lock import folder_alone
from btk.adapters.state_file import FileBackend
from btk.model.errors import DamagedState, DumpError, InvalidInput, Transient
from btk.ports import Stored

SLOT = "BTCUSDT_probe_test"


def _open(root: Path, **rest: Any) -> FileBackend:
    return FileBackend(SLOT, root / "signal", **rest)


def _write(backend: FileBackend, value: Any, expected: int | None = None) -> int:
    return asyncio.run(backend.write_value("BTCUSDT", value, expected_generation=expected))


def _read(backend: FileBackend) -> Stored | None:
    return asyncio.run(backend.read_value("BTCUSDT"))


def _file(root: Path) -> Path:
    return root / "signal" / SLOT / "BTCUSDT.json"


def test_a_file_is_a_private_envelope_and_the_generation_before_stays_beside_it(tmp_path: Path) -> None:
    backend = _open(tmp_path)
    _write(backend, {"id": "a"})
    _write(backend, {"id": "b"})
    path = _file(tmp_path)
    envelope = json.loads(path.read_bytes())
    assert list(envelope) == ["version", "kind", "key", "generation", "saved_at_ms", "checksum", "data"]
    assert (envelope["version"], envelope["kind"], envelope["generation"]) == (1, "signal", 2)
    assert envelope["data"] == {"id": "b"}
    assert json.loads(path.with_name("BTCUSDT.json.previous").read_bytes())["data"] == {"id": "a"}
    assert sorted(os.listdir(path.parent)) == ["BTCUSDT.json", "BTCUSDT.json.previous"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def _edit(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b'"b"', b'"c"'))


def _age(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b'"generation":2', b'"generation":9'))


def _swap(path: Path) -> None:
    asyncio.run(FileBackend("ETHUSDT_probe_test", path.parent.parent).write_value("BTCUSDT", 1))
    (path.parent.parent / "ETHUSDT_probe_test" / "BTCUSDT.json").replace(path)


def _link(path: Path) -> None:
    path.rename(path.with_name("elsewhere"))
    path.symlink_to("elsewhere")


def _fifo(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _grow(path: Path) -> None:
    os.truncate(path, 65 << 20)


@pytest.mark.parametrize("harm", [_cut, _edit, _age, _swap, _link, _fifo, _grow, _empty, Path.unlink])
def test_damage_is_told_with_the_file_and_the_value_before_it(tmp_path: Path, harm: Any) -> None:
    backend = _open(tmp_path)
    _write(backend, {"id": "a"})
    _write(backend, {"id": "b"})
    harm(_file(tmp_path))
    assert asyncio.run(backend.has_value("BTCUSDT"))
    for _ in range(2):
        with pytest.raises(DamagedState, match=r"BTCUSDT\.json cannot be trusted: ") as told:
            _read(backend)
        assert isinstance(told.value.previous, Stored)
        assert told.value.previous.value == {"id": "a"}
    with pytest.raises(DamagedState):
        _write(backend, "new", expected=2)


def test_a_damaged_file_is_set_aside_under_its_reason_when_a_good_one_takes_its_place(tmp_path: Path) -> None:
    backend = _open(tmp_path)
    for value in ("a", "b"):
        _write(backend, value)
    for number in (1, 2):
        _file(tmp_path).write_bytes(b"rubbish %d" % number)
        _write(backend, "good")
    stored = _read(backend)
    assert stored is not None
    assert stored.value == "good"
    set_aside = sorted(path.name for path in _file(tmp_path).parent.glob("*damaged*"))
    assert set_aside == ["BTCUSDT.json.damaged-not-readable", "BTCUSDT.json.damaged-not-readable-2"]
    assert (_file(tmp_path).parent / set_aside[1]).read_bytes() == b"rubbish 2"


def test_a_newer_version_is_not_guessed_at(tmp_path: Path) -> None:
    backend = _open(tmp_path)
    _write(backend, "a")
    path = _file(tmp_path)
    path.write_bytes(path.read_bytes().replace(b'"version":1', b'"version":2'))
    with pytest.raises(DamagedState, match="version 2, this btk reads 1"):
        _read(backend)


def test_names_that_differ_only_in_case_are_refused(tmp_path: Path) -> None:
    _write(_open(tmp_path), "a")
    with pytest.raises(InvalidInput, match="BTCUSDT_probe_test differs only in case"):
        asyncio.run(FileBackend(SLOT.lower(), tmp_path / "signal").write_value("BTCUSDT", 1))
    with pytest.raises(InvalidInput, match=r"BTCUSDT\.json differs only in case"):
        asyncio.run(_open(tmp_path).write_value("btcusdt", 1))


def test_old_drafts_are_swept_and_young_ones_and_strangers_stay(tmp_path: Path) -> None:
    backend = _open(tmp_path)
    _write(backend, "a")
    folder = _file(tmp_path).parent
    names = [".BTCUSDT.json.00ff.tmp", ".BTCUSDT.json.11ff.tmp", "notes.tmp", ".other.tmp"]
    for name in names:
        (folder / name).write_bytes(b"half")
    for old in (names[0], *names[2:]):
        os.utime(folder / old, (1, 1))
    asyncio.run(_open(tmp_path).wait_for_init())
    assert sorted(os.listdir(folder)) == sorted(["BTCUSDT.json", *names[1:]])


def test_reading_makes_no_folders(tmp_path: Path) -> None:
    backend = _open(tmp_path)
    asyncio.run(backend.wait_for_init())
    assert _read(backend) is None
    assert asyncio.run(backend.has_value("BTCUSDT")) is False
    assert not list(tmp_path.iterdir())


@contextmanager
def at_most_one_more_file(allowed: bool) -> Iterator[None]:
    """One file can be open meanwhile, or none."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    lowest = os.open(os.devnull, os.O_RDONLY)
    os.close(lowest)
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest + allowed, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_what_cannot_be_read_now_is_not_taken_for_damaged(tmp_path: Path) -> None:
    backend = _open(tmp_path)
    _write(backend, "a")
    words = r"BTCUSDT\.json cannot be read: Too many open files; nothing was changed: raise the limit of open files"
    with at_most_one_more_file(False), pytest.raises(DumpError, match=words):
        backend.read("BTCUSDT")
    for expected in (1, None):
        # The folder can be locked, and what is in it cannot be looked at.
        with at_most_one_more_file(True), pytest.raises(DumpError, match=words):
            backend.write("BTCUSDT", "b", expected)
    assert os.listdir(_file(tmp_path).parent) == ["BTCUSDT.json"]
    assert _write(backend, "b", expected=1) == 2


def test_a_state_without_a_thread_to_reach_it_is_tried_again(tmp_path: Path) -> None:
    with ThreadPoolExecutor(1) as threads:
        backend = _open(tmp_path, threads=threads)
        before = threading.stack_size(1 << 46)
        try:
            with pytest.raises(Transient, match="the state cannot be reached: can't start new thread"):
                _write(backend, "a")
        finally:
            threading.stack_size(before)
        assert _write(backend, "b") > 0


class RacingDisk(Disk):
    """Busy for the first so many renames."""

    def __init__(self, times: int) -> None:
        self.left = times

    def rename(self, source: Path, target: Path) -> None:
        self.left -= 1
        if self.left >= 0:
            raise OSError(errno.EBUSY, os.strerror(errno.EBUSY))
        super().rename(source, target)


def test_a_busy_file_system_is_tried_five_times_a_second_apart(tmp_path: Path) -> None:
    waited: list[float] = []
    disk = RacingDisk(4)
    backend = _open(tmp_path, disk=disk, wait=waited.append)
    assert _write(backend, "a") == 1
    assert waited == [1.0] * 4
    disk.left = 5
    with pytest.raises(Transient, match="is busy"):
        _write(backend, "b")
    assert waited == [1.0] * 8
    stored = _read(backend)
    assert stored is not None
    assert stored.value == "a"


def test_another_process_in_the_folder_is_waited_for(tmp_path: Path) -> None:
    waited: list[float] = []
    backend = _open(tmp_path, wait=waited.append)
    _write(backend, "a")
    with folder_alone(_file(tmp_path).parent), pytest.raises(Transient, match="is busy"):
        _write(backend, "b")
    assert waited == [1.0] * 4
    assert _write(backend, "b") == 2


class BrokenDisk(Disk):
    """Its writes end in an error, half of the bytes written."""

    def __init__(self, number: int) -> None:
        self._number = number

    def write(self, path: Path, chunks: Iterable[Chunk]) -> None:
        super().write(path, [b"".join(bytes(chunk) for chunk in chunks)[:20]])
        raise OSError(self._number, os.strerror(self._number))


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO, errno.EROFS, errno.EDQUOT, errno.EACCES])
def test_a_disk_that_refuses_is_one_clear_line_and_costs_nothing(tmp_path: Path, number: int) -> None:
    _write(_open(tmp_path), "a")
    with pytest.raises(DumpError, match=r"BTCUSDT\.json cannot be written: "):
        _write(_open(tmp_path, disk=BrokenDisk(number)), "b")
    stored = _read(_open(tmp_path))
    assert stored is not None
    assert (stored.value, stored.generation) == ("a", 1)
    assert os.listdir(_file(tmp_path).parent) == ["BTCUSDT.json"]


def test_a_folder_that_cannot_be_looked_into_is_one_clear_line(tmp_path: Path) -> None:
    _file(tmp_path).parent.parent.mkdir()
    _file(tmp_path).parent.write_text("in the way")
    with pytest.raises(DumpError, match=r"BTCUSDT\.json cannot be written: Not a directory"):
        _write(_open(tmp_path), "a")


WRITE_MUCH = """
import asyncio, resource, signal, sys
from btk.adapters.state_file import FileBackend
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))
asyncio.run(FileBackend("slot", sys.argv[1]).write_value("x", "a" * 100_000))
"""


def test_a_write_the_kernel_cuts_short_is_an_error_and_leaves_the_old_value(tmp_path: Path) -> None:
    backend = FileBackend("slot", tmp_path)
    asyncio.run(backend.write_value("x", "small"))
    done = subprocess.run(
        [sys.executable, "-c", WRITE_MUCH, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert "DumpError" in done.stderr
    assert "File too large" in done.stderr
    stored = asyncio.run(backend.read_value("x"))
    assert stored is not None
    assert stored.value == "small"
    assert sorted(os.listdir(tmp_path / "slot")) == ["x.json"]
