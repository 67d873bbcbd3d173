"""A candle source that holds what a test gives it: the door `CandleSource`, in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby

import numpy as np

from btk.model.bars import Bars, Span
from btk.model.intervals import MINUTE_MS, interval_ms

Row = Sequence[float] | None


class RecordedCandles:
    """Minutes by symbol, `own` bars by symbol and interval; NaN rows and everything outside are missing."""

    def __init__(
        self,
        minutes: Mapping[str, Bars],
        exchange: str = "test",
        own: Mapping[tuple[str, str], Bars] | None = None,
    ) -> None:
        self._minutes = dict(minutes)
        self._own = dict(own or {})
        self._exchange = exchange

    @property
    def exchange(self) -> str:
        return self._exchange

    def missing(self, symbol: str, span: Span) -> tuple[Span, ...]:
        gone = np.flatnonzero(np.isnan(self.read(symbol, span).close))
        runs = [
            [int(row) for _, row in run]
            for _, run in groupby(enumerate(gone), lambda pair: pair[1] - pair[0])
        ]
        return tuple(
            Span(span.from_ms + run[0] * MINUTE_MS, span.from_ms + (run[-1] + 1) * MINUTE_MS) for run in runs
        )

    def read(self, symbol: str, span: Span) -> Bars:
        return _shown(self._minutes[symbol], span, MINUTE_MS)

    def own_bars(self, symbol: str, interval: str, span: Span) -> Bars:
        step_ms = interval_ms(interval)
        return _shown(self._own.get((symbol, interval), Bars.empty(span.from_ms, step_ms)), span, step_ms)

    def empty_minutes(self, symbol: str, span: Span) -> int:
        return 0

    def digest(self, symbol: str, span: Span) -> str:
        return "recorded"

    def remedy(self, symbol: str, span: Span) -> str:
        return f"btk cache warm --symbols {symbol}"


def minutes_of(first_ms: int, rows: Sequence[Row]) -> Bars:
    """Minutes from rows of (open, high, low, close, volume); None is a missing one."""
    table = np.array([[np.nan] * 5 if row is None else list(row) for row in rows], dtype=np.float64).reshape(
        -1, 5
    )
    return Bars(first_ms, MINUTE_MS, (table[:, column].copy() for column in range(5)))


def _shown(held: Bars, span: Span, step_ms: int) -> Bars:
    if held.first_ms <= span.from_ms and span.to_ms <= held.end_ms:
        return held.between(span.from_ms, span.to_ms)
    columns = [column.copy() for column in Bars.unknown(span, step_ms).columns]
    first, last = max(span.from_ms, held.first_ms), min(span.to_ms, held.end_ms)
    if first < last:
        start = (first - span.from_ms) // step_ms
        for column, part in zip(columns, held.between(first, last).columns, strict=True):
            column[start : start + len(part)] = part
    return Bars(span.from_ms, step_ms, columns)
