"""`python -m tests.bench.state`: what a tick costs when all of 50 slots change and their state is kept in files."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from statistics import median
from threading import Lock

from btk.adapters.disk import Chunk, Disk
from btk.adapters.state_file import FileBackend
from btk.library.state_backends import StateBackends
from btk.library.state_store import Roster, StateStore
from btk.model.names import SlotKey
from tests.library.state_samples import PROFILE, change, owner

SLOTS = 50
TICKS = 12
KEYS = tuple(SlotKey(f"S{number:02d}USDT", "probe", "test") for number in range(SLOTS))
ROSTER = Roster(exchange="test", slots=KEYS, profiles={PROFILE: KEYS})


class TimedDisk(Disk):
    """Adds up what the device takes, over all threads, in seconds."""

    def __init__(self) -> None:
        self._alone = Lock()
        self.files = 0
        self.writing = 0.0
        self.folders = 0.0

    def write(self, path: Path, chunks: Iterable[Chunk]) -> None:
        started = time.perf_counter()
        super().write(path, chunks)
        with self._alone:
            self.files += 1
            self.writing += time.perf_counter() - started

    def sync_folder(self, folder: Path) -> None:
        started = time.perf_counter()
        super().sync_folder(folder)
        with self._alone:
            self.folders += time.perf_counter() - started


async def measure(dump: Path) -> None:
    """Print the median tick, and what of it is the device's."""
    disk = TimedDisk()
    backends = StateBackends("live", lambda entity, base: FileBackend(entity, dump / base, disk=disk))
    store = StateStore(backends, ROSTER, owner(os.getpid()))
    await store.load()
    rows = []
    for tick in range(1, TICKS + 1):
        next_change, before = change(tick, KEYS), (disk.files, disk.writing, disk.folders)
        started, cpu = time.perf_counter(), time.process_time()
        await store.commit(next_change)
        committed = time.perf_counter()
        await store.spread()
        ended, cpu = time.perf_counter(), time.process_time() - cpu
        device = [
            now - then for now, then in zip((disk.files, disk.writing, disk.folders), before, strict=True)
        ]
        rows.append((committed - started, ended - committed, cpu, *device))
    commit, files, cpu, written, writing, folders = (median(column) for column in zip(*rows[1:], strict=True))
    print(
        f"{SLOTS} slots, all changed: commit {commit * 1e3:.1f} ms, then {written:.0f} files in {files * 1e3:.0f} ms"
    )
    print(
        f"cpu {cpu * 1e3:.0f} ms; device, over all threads: files {writing * 1e3:.0f}, folders {folders * 1e3:.0f} ms"
    )
    started = time.perf_counter()
    await StateStore(backends, ROSTER, owner()).load()
    print(f"load of {SLOTS} slots: {(time.perf_counter() - started) * 1e3:.0f} ms")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(dir=sys.argv[1] if len(sys.argv) > 1 else None) as folder:
        asyncio.run(measure(Path(folder)))
