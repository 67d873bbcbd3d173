"""A source whose holes are shown flat: the last known close, no volume; for `--gaps fill`."""

from __future__ import annotations

import numpy as np

from btk.model.bars import Bars, Span
from btk.model.intervals import DAY_MS, MINUTE_MS
from btk.ports import CandleSource

SEARCH_DAYS = (1, 8, 64, 512)


class FilledSource:
    """Reads like its source, without NaN wherever a candle was ever known before (or, at the very start, after)."""

    def __init__(self, source: CandleSource) -> None:
        self._source = source

    @property
    def exchange(self) -> str:
        """The exchange's name."""
        return self._source.exchange

    def missing(self, symbol: str, span: Span) -> tuple[Span, ...]:
        """What the source itself does not hold."""
        return self._source.missing(symbol, span)

    def own_bars(self, symbol: str, interval: str, span: Span) -> Bars:
        """The source's own answer."""
        return self._source.own_bars(symbol, interval, span)

    def empty_minutes(self, symbol: str, span: Span) -> int:
        """The source's own count."""
        return self._source.empty_minutes(symbol, span)

    def digest(self, symbol: str, span: Span) -> str:
        """The source's own digest."""
        return self._source.digest(symbol, span)

    def remedy(self, symbol: str, span: Span) -> str:
        """The source's own remedy."""
        return self._source.remedy(symbol, span)

    def read(self, symbol: str, span: Span) -> Bars:
        """One row for every minute of `span`, holes flat."""
        bars = self._source.read(symbol, span)
        held = ~np.isnan(bars.close)
        if held.all():
            return bars
        rows = np.where(held, np.arange(len(bars)), -1)
        latest = np.maximum.accumulate(rows)
        known = self._close_before(symbol, span.from_ms) if latest[0] < 0 else np.nan
        close = np.where(latest >= 0, bars.close[np.maximum(latest, 0)], known)
        if np.isnan(known) and held.any():
            close = np.where(np.isnan(close), bars.open[int(held.argmax())], close)
        columns = [np.where(held, column, close) for column in bars.columns[:4]]
        # Where nothing was ever known there is nothing to show, no volume either.
        quiet = np.where(np.isnan(close), np.nan, 0.0)
        return Bars(bars.first_ms, bars.step_ms, (*columns, np.where(held, bars.volume, quiet)))

    def _close_before(self, symbol: str, at_ms: int) -> float:
        for days in SEARCH_DAYS:
            close = self._source.read(symbol, Span(at_ms - days * DAY_MS, at_ms)).close
            held = np.flatnonzero(~np.isnan(close))
            if len(held):
                return float(close[held[-1]])
        return float("nan")


def count_minutes(spans: tuple[Span, ...]) -> int:
    """How many minutes the spans hold."""
    return sum(span.to_ms - span.from_ms for span in spans) // MINUTE_MS
