"""A kill or a full disk at any file operation of a candle writer leaves the old candles or the new, never a mix."""

from __future__ import annotations

import errno
import itertools
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pytest

from btk.adapters.candle_reader import StoredCandles
from btk.adapters.candle_survey import check_series
from btk.adapters.candle_writer import CandleWriter
from btk.adapters.disk import Chunk, Disk
from btk.model.bars import Span
from btk.model.errors import DumpError
from btk.model.intervals import MINUTE_MS
from tests.crash.dying_writer import EDGES_MS, SERIES, edition

SPANS = [Span(edge - 10 * MINUTE_MS, edge + 10 * MINUTE_MS) for edge in EDGES_MS]
WHOLE = Span(SPANS[0].from_ms, SPANS[-1].to_ms)


def _editions(root: Path) -> set[float]:
    close = StoredCandles(root, "binance").read("BTCUSDT", WHOLE).close
    return set(close[~np.isnan(close)].tolist())


def _write(root: Path, number: int, disk: Disk | None = None) -> None:
    with CandleWriter(root, SERIES, disk=disk) as writer:
        writer.store(edition(number), overwrite=True)


def _killed_at(root: Path, operation: int) -> bool:
    script = Path(__file__).with_name("dying_writer.py")
    done = subprocess.run([sys.executable, script, root, str(operation)], check=False)
    assert done.returncode in (0, -signal.SIGKILL)
    return done.returncode != 0


def _every_kill(root: Path, prepare: Callable[[Path], None]) -> Iterable[Path]:
    operation, killed = 1, True
    while killed:
        here = root / str(operation)
        prepare(here)
        killed = _killed_at(here, operation)
        yield here
        shutil.rmtree(here)
        operation += 1
    assert operation > 12


def test_a_kill_at_any_operation_leaves_the_old_or_the_new(tmp_path: Path) -> None:
    seen = set()
    for root in _every_kill(tmp_path, lambda root: _write(root, 1)):
        editions = _editions(root)
        assert editions in ({1.0}, {2.0})
        seen |= editions
        _write(root, 2)
        assert _editions(root) == {2.0}
        assert check_series(root, SERIES).set_aside == ()
        names = sorted(path.name for path in SERIES.folder(root).iterdir())
        assert len(names) == 5, names
    assert seen == {1.0, 2.0}


def test_a_kill_during_the_first_store_leaves_nothing_or_all(tmp_path: Path) -> None:
    for root in _every_kill(tmp_path, lambda root: root.mkdir()):
        assert _editions(root) in (set(), {2.0})
        _write(root, 2)
        assert _editions(root) == {2.0}


class FailingDisk(Disk):
    """Its n-th write, rename or sync ends in an error of the operating system."""

    def __init__(self, fatal: int, number: int) -> None:
        self.left = fatal
        self._number = number

    def _step(self) -> None:
        self.left -= 1
        if self.left == 0:
            raise OSError(self._number, os.strerror(self._number))

    def write(self, path: Path, chunks: Iterable[Chunk]) -> None:
        if self.left == 1:
            path.write_bytes(b"half")
        self._step()
        super().write(path, chunks)

    def rename(self, source: Path, target: Path) -> None:
        self._step()
        super().rename(source, target)

    def sync_folder(self, folder: Path) -> None:
        self._step()
        super().sync_folder(folder)


@pytest.mark.parametrize("operation", range(1, 13))
def test_a_full_disk_is_one_clear_line_and_the_same_writer_can_go_on(tmp_path: Path, operation: int) -> None:
    _write(tmp_path, 1)
    disk = FailingDisk(operation, errno.ENOSPC)
    with CandleWriter(tmp_path, SERIES, disk=disk) as writer:
        with pytest.raises(DumpError, match="cannot be written: No space left on device"):
            writer.store(edition(2), overwrite=True)
        assert _editions(tmp_path) in ({1.0}, {2.0})
        assert not list(SERIES.folder(tmp_path).glob(".*.tmp"))
        writer.store(edition(2), overwrite=True)
    assert _editions(tmp_path) == {2.0}
    assert check_series(tmp_path, SERIES).ok is False  # the weeks between the sample minutes are holes
    assert check_series(tmp_path, SERIES).set_aside == ()


class RecordingDisk(Disk):
    """Remembers what was asked of it, in order."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []

    def write(self, path: Path, chunks: Iterable[Chunk]) -> None:
        self.asked.append(("write", _without_chance(path.name)))
        super().write(path, chunks)

    def rename(self, source: Path, target: Path) -> None:
        self.asked.append(("rename", target.name))
        super().rename(source, target)

    def sync_folder(self, folder: Path) -> None:
        self.asked.append(("sync", folder.name))
        super().sync_folder(folder)

    def remove(self, path: Path) -> None:
        self.asked.append(("remove", path.name))
        super().remove(path)


def test_the_index_comes_after_every_block_and_the_old_blocks_go_last(tmp_path: Path) -> None:
    _write(tmp_path, 1)
    disk = RecordingDisk()
    _write(tmp_path, 2, disk)
    blocks = [f"2023-0{month}.2.candles" for month in (3, 4, 5)]
    saves = [(*step,) for name in (*blocks, "index.json") for step in _save(name)]
    assert disk.asked[: len(saves)] == saves
    assert sorted(disk.asked[len(saves) :]) == [("remove", f"2023-0{month}.1.candles") for month in (3, 4, 5)]


def _without_chance(draft: str) -> str:
    name, _, suffix = draft.rpartition(".")
    return f"{name.rpartition('.')[0]}.{suffix}"


def _save(name: str) -> list[tuple[str, str]]:
    return [("write", f".{name}.tmp"), ("rename", name), ("sync", "1m")]


def test_a_reader_beside_a_writer_sees_one_edition_at_a_time(tmp_path: Path) -> None:
    _write(tmp_path, 0)
    enough = threading.Event()

    def rewrite() -> None:
        for number in itertools.count(1):
            _write(tmp_path, number)
            if enough.is_set():
                return

    writer = threading.Thread(target=rewrite)
    writer.start()
    seen: set[float] = set()
    while len(seen) < 20 and writer.is_alive():
        editions = _editions(tmp_path)
        assert len(editions) == 1
        seen |= editions
    enough.set()
    writer.join()
    assert len(seen) == 20
