"""The equity of a running run on disk: by symbol, profit and money in positions, a row for every minute that changed them.

Rows are three little-endian float64 (tick, profit, invested), only ever added to. Their end may be torn or newer
than what the state remembers: `cut` before going on.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from btk.adapters.disk import Disk, make_folder, unwritable
from btk.model.bars import Column, Span
from btk.model.intervals import MINUTE_MS

ROW = np.dtype([("tick_ms", "<f8"), ("profit", "<f8"), ("invested", "<f8")])
SUFFIX = ".f64"


class EquitySeries:
    """The series in one folder, with one writer; `DumpError` when the disk refuses."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._last: dict[str, tuple[float, float]] = {}
        self._rows: dict[str, list[tuple[float, float, float]]] = {}
        make_folder(Disk(), folder)

    def add(self, tick_ms: int, values: Mapping[str, tuple[float, float]]) -> None:
        """The profit and the money in positions of each symbol at a tick; kept until `flush`."""
        for symbol, value in values.items():
            if self._last.get(symbol, (0.0, 0.0)) != value:
                self._last[symbol] = value
                self._rows.setdefault(symbol, []).append((tick_ms, *value))

    def flush(self, durable: bool = False) -> None:
        """Write what was added; `durable`: to the device."""
        for symbol, rows in self._rows.items():
            path = self._path(symbol)
            try:
                descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)
                try:
                    os.write(descriptor, np.array(rows, ROW).tobytes())
                    if durable:
                        os.fsync(descriptor)
                finally:
                    os.close(descriptor)
            except OSError as error:
                raise unwritable(path, error) from error
        self._rows.clear()

    def cut(self, tick_ms: int) -> None:
        """Forget everything after a tick, and what was torn."""
        for path in self._paths():
            rows = _rows(path)
            kept = int(np.searchsorted(rows["tick_ms"], tick_ms, side="right"))
            os.truncate(path, kept * ROW.itemsize)
            if kept:
                self._last[path.name.removesuffix(SUFFIX)] = tuple(rows[kept - 1].tolist()[1:])

    def read(self, minutes: Span) -> dict[str, tuple[Column, Column]]:
        """By symbol, profit and money in positions at the close of every minute of a span."""
        ticks = np.arange(minutes.from_ms, minutes.to_ms, MINUTE_MS) + MINUTE_MS
        return {path.name.removesuffix(SUFFIX): _at(_rows(path), ticks) for path in self._paths()}

    @staticmethod
    def nothing(minutes: Span) -> tuple[Column, Column]:
        """The same of a symbol that has made no profit and holds nothing."""
        rows = (minutes.to_ms - minutes.from_ms) // MINUTE_MS
        return np.zeros(rows), np.zeros(rows)

    def _paths(self) -> list[Path]:
        return sorted(self._folder.glob(f"*{SUFFIX}"))

    def _path(self, symbol: str) -> Path:
        return self._folder / f"{symbol}{SUFFIX}"


def _rows(path: Path) -> NDArray[np.void]:
    stored = path.read_bytes()
    return np.frombuffer(stored[: len(stored) // ROW.itemsize * ROW.itemsize], ROW)


def _at(rows: NDArray[np.void], ticks: NDArray[np.int64]) -> tuple[Column, Column]:
    place = np.searchsorted(rows["tick_ms"], ticks, side="right") - 1
    known = place >= 0
    profit, invested = np.zeros(len(ticks)), np.zeros(len(ticks))
    profit[known], invested[known] = rows["profit"][place[known]], rows["invested"][place[known]]
    return profit, invested
