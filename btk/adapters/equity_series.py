"""The equity of a running run on disk: by symbol, profit and money in positions, a row for every minute that changed them.

Rows are three little-endian float64 (tick, profit, invested), only ever added to. Their end may be torn or newer
than what the state remembers: `cut` before going on.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from btk.adapters.disk import Disk, make_folder, unwritable
from btk.adapters.growing_file import GrowingFile
from btk.model.bars import Column, Span
from btk.model.intervals import MINUTE_MS

ROW = np.dtype([("tick_ms", "<f8"), ("profit", "<f8"), ("invested", "<f8")])
SUFFIX = ".f64"


class EquitySeries:
    """The series in one folder, with one writer, who begins with `cut`; `DumpError` when the disk refuses, `Overtaken` when
    another process has written."""

    def __init__(self, folder: Path, disk: Disk | None = None) -> None:
        self._folder = folder
        self._disk = disk or Disk()
        self._last: dict[str, tuple[float, float]] = {}
        self._rows: dict[str, list[tuple[float, float, float]]] = {}
        self._files: dict[str, GrowingFile] = {}
        self._undurable: set[str] = set()
        self._unnamed = False
        make_folder(self._disk, folder)

    def add(self, tick_ms: int, values: Mapping[str, tuple[float, float]]) -> None:
        """The profit and the money in positions of each symbol at a tick; kept until `flush`."""
        for symbol, value in values.items():
            if self._last.get(symbol, (0.0, 0.0)) != value:
                self._last[symbol] = value
                self._rows.setdefault(symbol, []).append((tick_ms, *value))

    def flush(self, durable: bool = False) -> None:
        """Write what was added; `durable`: to the device, with all that was written before. Call it again if it fails."""
        for symbol in list(self._rows) + (sorted(self._undurable - self._rows.keys()) if durable else []):
            self._write(symbol, durable)
        if durable and self._unnamed:
            self._name_files()

    def cut(self, tick_ms: int) -> None:
        """Forget everything after a tick, and what was torn."""
        for path in self._paths():
            symbol, rows = path.name.removesuffix(SUFFIX), whole_rows(path)
            kept = int(np.searchsorted(rows["tick_ms"], tick_ms, side="right"))
            self._files[symbol] = GrowingFile(path, self._disk, kept * ROW.itemsize)
            try:
                self._disk.cut(path, kept * ROW.itemsize)
            except OSError as error:
                raise unwritable(path, error) from error
            if kept:
                self._last[symbol] = tuple(rows[kept - 1].tolist()[1:])

    def read(self, minutes: Span) -> dict[str, tuple[Column, Column]]:
        """By symbol, profit and money in positions at the close of every minute of a span."""
        ticks = np.arange(minutes.from_ms, minutes.to_ms, MINUTE_MS) + MINUTE_MS
        return {path.name.removesuffix(SUFFIX): _at(whole_rows(path), ticks) for path in self._paths()}

    @staticmethod
    def nothing(minutes: Span) -> tuple[Column, Column]:
        """The same of a symbol that has made no profit and holds nothing."""
        rows = (minutes.to_ms - minutes.from_ms) // MINUTE_MS
        return np.zeros(rows), np.zeros(rows)

    def _write(self, symbol: str, durable: bool) -> None:
        if symbol not in self._files:
            self._files[symbol] = GrowingFile(self._path(symbol), self._disk)
            self._unnamed = True
        self._files[symbol].add(np.array(self._rows.get(symbol, []), ROW).tobytes(), durable)
        self._rows.pop(symbol, None)
        if durable:
            self._undurable.discard(symbol)
        else:
            self._undurable.add(symbol)

    def _name_files(self) -> None:
        try:
            self._disk.sync_folder(self._folder)
        except OSError as error:
            raise unwritable(self._folder, error) from error
        self._unnamed = False

    def _paths(self) -> list[Path]:
        return sorted(self._folder.glob(f"*{SUFFIX}"))

    def _path(self, symbol: str) -> Path:
        return self._folder / f"{symbol}{SUFFIX}"


def whole_rows(path: Path) -> NDArray[np.void]:
    """The rows of a file up to the first that a kill or a power cut has torn."""
    stored = path.read_bytes()
    rows = np.frombuffer(stored[: len(stored) // ROW.itemsize * ROW.itemsize], ROW)
    ticks = rows["tick_ms"]
    follows = (ticks > np.concatenate(([0.0], ticks[:-1]))) & np.isfinite(rows["profit"])
    return rows if follows.all() else rows[: int(follows.argmin())]


def _at(rows: NDArray[np.void], ticks: NDArray[np.int64]) -> tuple[Column, Column]:
    place = np.searchsorted(rows["tick_ms"], ticks, side="right") - 1
    known = place >= 0
    profit, invested = np.zeros(len(ticks)), np.zeros(len(ticks))
    profit[known], invested[known] = rows["profit"][place[known]], rows["invested"][place[known]]
    return profit, invested
