"""A writer of candles that is killed, or whose disk fails, at its n-th file operation: `dying_writer.py ROOT N HOW`."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from btk.adapters.candle_merge import CandleRows
from btk.adapters.candle_series import SeriesKey
from btk.adapters.candle_writer import CandleWriter
from btk.adapters.disk import Chunk, Disk
from btk.model.intervals import MINUTE_MS

SERIES = SeriesKey("binance", "BTCUSDT")
# Ten minutes before and after the first of April and of May: three months, three files.
EDGES_MS = (1_680_307_200_000, 1_682_899_200_000)


def edition(number: int) -> CandleRows:
    """Candles in which every price is `number`."""
    around = np.arange(-10, 10, dtype=np.int64) * MINUTE_MS
    open_ms = np.concatenate([edge + around for edge in EDGES_MS])
    return CandleRows(open_ms, np.full((5, len(open_ms)), float(number)))


class DyingDisk(Disk):
    """Counts file operations; in the middle of the fatal one it is over."""

    def __init__(self, fatal: int) -> None:
        self._left = fatal

    def _step(self) -> None:
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def write(self, path: Path, chunks: Iterable[Chunk]) -> None:
        """Half of the bytes are there when the kill comes."""
        whole = b"".join(bytes(chunk) for chunk in chunks)
        if self._left == 1:
            path.write_bytes(whole[: len(whole) // 2])
        self._step()
        super().write(path, (whole,))

    def rename(self, source: Path, target: Path) -> None:
        self._step()
        super().rename(source, target)

    def sync_folder(self, folder: Path) -> None:
        self._step()
        super().sync_folder(folder)

    def remove(self, path: Path) -> None:
        self._step()
        super().remove(path)


def main(root: str, fatal: str) -> None:
    """Replace whatever is stored by the second edition."""
    with CandleWriter(Path(root), SERIES, disk=DyingDisk(int(fatal))) as writer:
        writer.store(edition(2), overwrite=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
