"""The minutes that a live run has learnt, in memory: as many as strategies look back on, and no more."""

from __future__ import annotations

from bisect import bisect_left

import numpy as np
from numpy.typing import NDArray

from btk.adapters.candle_merge import CandleRows
from btk.adapters.own_bars import made_of, own_series
from btk.model.bars import COLUMNS, Bars, Column, Span
from btk.model.intervals import DAY_MS, MINUTE_MS, interval_ms

KEPT_MS = 45 * DAY_MS
"""Older minutes are forgotten when they have become twice as many."""


class RecentMinutes:
    """A `CandleSource` that grows. A minute the exchange is known to have nothing for is flat, without volume."""

    def __init__(self, exchange: str, kept_ms: int = KEPT_MS) -> None:
        self.exchange = exchange
        self._kept_rows = kept_ms // MINUTE_MS
        self._series: dict[str, _Series] = {}
        self._own: dict[tuple[str, str], Bars] = {}

    def begin(self, symbol: str, from_ms: int) -> None:
        """The first minute that will be known of a symbol."""
        self._series.setdefault(symbol, _Series(from_ms))

    def begin_anew(self, symbol: str, from_ms: int) -> None:
        """Nothing before `from_ms` is known any more."""
        self._series[symbol] = _Series(from_ms)

    def known_ms(self, symbol: str) -> int:
        """The moment up to which the minutes of a symbol are known."""
        series = self._series.get(symbol)
        return 0 if series is None else series.end_ms

    def learn(self, symbol: str, rows: CandleRows, until_ms: int) -> None:
        """The candles of `[known_ms, until_ms)`; what is not among them is empty, before the first one it is unknown."""
        series = self._series[symbol]
        series.learn(rows, until_ms)
        series.forget(self._kept_rows)

    def missing(self, symbol: str, span: Span) -> tuple[Span, ...]:
        """What lies before the first minute or is not known yet."""
        series = self._series.get(symbol) or _Series(span.to_ms)
        before = Span(span.from_ms, min(span.to_ms, series.first_ms))
        after = Span(max(span.from_ms, series.end_ms), span.to_ms)
        return tuple(part for part in (before, after) if part.from_ms < part.to_ms)

    def read(self, symbol: str, span: Span) -> Bars:
        """One row for every minute of `span`; NaN for what is not known."""
        columns: NDArray[np.float64] = np.full(
            (len(COLUMNS), (span.to_ms - span.from_ms) // MINUTE_MS), np.nan
        )
        series = self._series.get(symbol)
        if series is not None:
            series.copy(span, columns)
        return Bars(span.from_ms, MINUTE_MS, columns)

    def learn_own(self, symbol: str, interval: str, bars: Bars) -> None:
        """Bars that the exchange made itself, for where it keeps no minutes that old."""
        self._own[symbol, interval] = bars

    def own_bars(self, symbol: str, interval: str, span: Span) -> Bars:
        """Bars as the exchange made them, of what was learnt; NaN elsewhere."""
        names = (name for name in own_series(interval) if (symbol, name) in self._own)
        parts = (_within(self._own[symbol, name], span) for name in names)
        return made_of(parts, span, interval_ms(interval))

    def empty_minutes(self, symbol: str, span: Span) -> int:
        """How many of the minutes that are still known its exchange had nothing for."""
        series = self._series.get(symbol)
        return 0 if series is None else series.empty_within(span)

    def digest(self, symbol: str, span: Span) -> str:
        """None: live candles have no name."""
        return ""

    def remedy(self, symbol: str, span: Span) -> str:
        """What to do about a hole."""
        return "the exchange is asked again at the next tick"


def _within(bars: Bars, span: Span) -> Bars:
    shown = np.stack(Bars.unknown(span, bars.step_ms).columns)
    from_ms, to_ms = max(span.from_ms, bars.first_ms), min(span.to_ms, bars.end_ms)
    if from_ms < to_ms:
        start, stop = ((at_ms - span.from_ms) // bars.step_ms for at_ms in (from_ms, to_ms))
        shown[:, start:stop] = bars.between(from_ms, to_ms).columns
    return Bars(span.from_ms, bars.step_ms, shown)


class _Series:
    def __init__(self, first_ms: int) -> None:
        self.first_ms = first_ms
        self._empty_ms: list[int] = []
        self._rows = 0
        self._table: Column = np.empty((len(COLUMNS), 1024))

    @property
    def end_ms(self) -> int:
        return self.first_ms + self._rows * MINUTE_MS

    def learn(self, rows: CandleRows, until_ms: int) -> None:
        if not self._rows:
            # Before its first candle a market was not listed, or its exchange keeps nothing that old.
            self.first_ms = int(rows.open_ms[0]) if len(rows.open_ms) else until_ms
        fresh = (rows.open_ms >= self.end_ms) & (rows.open_ms < until_ms)
        places = (rows.open_ms[fresh] - self.first_ms) // MINUTE_MS
        start, stop = self._rows, (until_ms - self.first_ms) // MINUTE_MS
        self._make_room(stop)
        table = self._table
        table[:, start:stop] = np.nan
        table[:, places] = rows.table[:, fresh]
        for row in np.flatnonzero(np.isnan(table[0, start:stop])) + start:
            table[:4, row], table[4, row] = table[3, row - 1], 0.0
            self._empty_ms.append(self.first_ms + int(row) * MINUTE_MS)
        self._rows = stop

    def empty_within(self, span: Span) -> int:
        return bisect_left(self._empty_ms, span.to_ms) - bisect_left(self._empty_ms, span.from_ms)

    def copy(self, span: Span, columns: NDArray[np.float64]) -> None:
        start = max(0, (span.from_ms - self.first_ms) // MINUTE_MS)
        stop = min(self._rows, (span.to_ms - self.first_ms) // MINUTE_MS)
        if start < stop:
            at = (self.first_ms - span.from_ms) // MINUTE_MS + start
            columns[:, at : at + stop - start] = self._table[:, start:stop]

    def forget(self, kept: int) -> None:
        if self._rows > 2 * kept:
            gone = self._rows - kept
            self._table = self._table[:, gone : self._rows].copy()
            self.first_ms += gone * MINUTE_MS
            self._rows = kept
            del self._empty_ms[: bisect_left(self._empty_ms, self.first_ms)]

    def _make_room(self, rows: int) -> None:
        if rows > self._table.shape[1]:
            grown: Column = np.empty((len(COLUMNS), max(rows, 2 * self._table.shape[1])))
            grown[:, : self._rows] = self._table[:, : self._rows]
            self._table = grown
