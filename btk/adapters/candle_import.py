"""Candles of a file made ready for the store: in order, each minute once, closed, and possible."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

from btk.adapters.candle_csv import CsvRows
from btk.adapters.candle_files import read_rows
from btk.adapters.candle_merge import CandleRows
from btk.adapters.candle_stretch import runs
from btk.core.candle_rules import first_fault
from btk.model.bars import Span
from btk.model.dates import format_date
from btk.model.errors import DataError
from btk.model.intervals import MINUTE_MS


class FileCandles(NamedTuple):
    """The minutes of a file, and what had to be done to them.

    `repeated` rows said the same twice, `unordered` ones stood before their turn, `forming` ones were not closed.
    """

    rows: CandleRows
    repeated: int
    unordered: int
    forming: int

    @property
    def span(self) -> Span:
        """From the first minute's opening to the last one's close."""
        return Span(int(self.rows.open_ms[0]), int(self.rows.open_ms[-1]) + MINUTE_MS)

    @property
    def gaps(self) -> tuple[Span, ...]:
        """The minutes inside that the file has no row for."""
        span = self.span
        absent = np.ones((span.to_ms - span.from_ms) // MINUTE_MS, np.bool_)
        absent[(self.rows.open_ms - span.from_ms) // MINUTE_MS] = False
        return runs(absent, span.from_ms, MINUTE_MS)


def read_minutes(path: Path, now_ms: int) -> FileCandles:
    """One-minute candles of a file, or a folder of one series; `DataError` names file, line, time and value."""
    found = read_rows(path)
    _check_times(path, found, now_ms)
    unordered = int(np.count_nonzero(np.diff(found.open_ms) < 0))
    ordered = _taken(found, np.argsort(found.open_ms)) if unordered else found
    single = _without_repeats(path, ordered)
    _check_spacing(path, single)
    closed = _taken(single, np.flatnonzero(single.open_ms + MINUTE_MS <= now_ms))
    _check_candles(path, closed)
    return FileCandles(
        rows=CandleRows(closed.open_ms, closed.table),
        repeated=len(ordered.open_ms) - len(single.open_ms),
        unordered=unordered,
        forming=len(single.open_ms) - len(closed.open_ms),
    )


def _check_times(path: Path, rows: CsvRows, now_ms: int) -> None:
    for wrong, words in (
        (
            rows.open_ms % MINUTE_MS != 0,
            "is not a whole minute; expected opening times of one-minute candles",
        ),
        (rows.open_ms > now_ms, "lies in the future"),
    ):
        for row in np.flatnonzero(wrong)[:1].tolist():
            raise DataError(f"{path} line {rows.lines[row]}: {format_date(int(rows.open_ms[row]))} {words}")


def _without_repeats(path: Path, rows: CsvRows) -> CsvRows:
    steps = np.diff(rows.open_ms)
    again = np.flatnonzero(steps == 0)
    for row in again[(rows.table[:, again] != rows.table[:, again + 1]).any(axis=0)][:1].tolist():
        lines = sorted(rows.lines[row : row + 2].tolist())
        at = format_date(int(rows.open_ms[row]))
        raise DataError(
            f"{path} lines {lines[0]} and {lines[1]}: two different candles for {at}; keep the right one"
        )
    return _taken(rows, np.delete(np.arange(len(rows.open_ms)), again + 1)) if len(again) else rows


def _check_spacing(path: Path, rows: CsvRows) -> None:
    steps = np.diff(rows.open_ms)
    nearest_ms = int(steps.min()) if len(steps) else MINUTE_MS
    if nearest_ms != MINUTE_MS:
        raise DataError(
            f"{path}: its candles are {nearest_ms // MINUTE_MS} minutes apart;"
            " other intervals are made from one-minute candles"
        )


def _check_candles(path: Path, rows: CsvRows) -> None:
    if not len(rows.open_ms):
        raise DataError(f"{path}: holds no closed candle")
    fault = first_fault(rows.table)
    if fault:
        at = format_date(int(rows.open_ms[fault.row]))
        raise DataError(f"{path} line {rows.lines[fault.row]} ({at}): {fault.words}")


def _taken(rows: CsvRows, places: np.ndarray[tuple[int], np.dtype[np.intp]]) -> CsvRows:
    return CsvRows(rows.open_ms[places], rows.table[:, places], rows.lines[places])
