"""The built-in `demo` exchange: candles that are computed, so that a first backtest needs no network."""

from __future__ import annotations

from hashlib import blake2b

import numpy as np

from btk.adapters.demo_market import DAY_MINUTES, Market, market_of, minutes_of
from btk.model.bars import COLUMNS, Bars, Column, Span
from btk.model.dates import format_date
from btk.model.intervals import DAY_MS, MINUTE_MS, floor_to, interval_ms
from btk.model.names import check_symbol_name

DEMO_FROM_MS = 1_577_836_800_000
# A change of the market's arithmetic is a change of its data: the digest must say so.
_EDITION = "demo/1"
_DAYS_AT_ONCE = 31


class DemoExchange:
    """Minutes of any symbol from 2020-01-01 up to `until_ms`; the same minute always has the same candle."""

    exchange = "demo"

    def __init__(self, until_ms: int) -> None:
        self._until_ms = max(DEMO_FROM_MS, floor_to(until_ms, MINUTE_MS))

    def go_on(self, until_ms: int) -> None:
        """More minutes have closed."""
        self._until_ms = max(self._until_ms, floor_to(until_ms, MINUTE_MS))

    def missing(self, symbol: str, span: Span) -> tuple[Span, ...]:
        """What lies before 2020 or is not closed yet."""
        check_symbol_name(symbol)
        before = Span(span.from_ms, min(span.to_ms, DEMO_FROM_MS))
        after = Span(max(span.from_ms, self._until_ms), span.to_ms)
        return tuple(part for part in (before, after) if part.from_ms < part.to_ms)

    def read(self, symbol: str, span: Span) -> Bars:
        """One row for every minute of `span`, computed now; NaN before 2020 and after `until_ms`."""
        market = market_of(check_symbol_name(symbol))
        columns = np.full((len(COLUMNS), (span.to_ms - span.from_ms) // MINUTE_MS), np.nan)
        held = self._held(span)
        day_ms = _DAYS_AT_ONCE * DAY_MS
        for from_ms in range(floor_to(held.from_ms, DAY_MS), held.to_ms, day_ms):
            part = Span(max(held.from_ms, from_ms), min(held.to_ms, from_ms + day_ms))
            start = (part.from_ms - span.from_ms) // MINUTE_MS
            rows = _rows(market, part)
            columns[:, start : start + len(rows[0])] = rows
        return Bars(span.from_ms, MINUTE_MS, columns)

    def own_bars(self, symbol: str, interval: str, span: Span) -> Bars:
        """None: all minutes are there."""
        return Bars.unknown(span, interval_ms(interval))

    def empty_minutes(self, symbol: str, span: Span) -> int:
        """None: something is traded in every minute."""
        return 0

    def digest(self, symbol: str, span: Span) -> str:
        """Named by symbol and time: the data follow from them."""
        held = self._held(span)
        words = (_EDITION, symbol, *span, *held)
        return blake2b(" ".join(map(str, words)).encode(), digest_size=16).hexdigest()

    def remedy(self, symbol: str, span: Span) -> str:
        """The frame that this exchange can serve: nothing can be fetched."""
        held = self._held(span)
        if held.from_ms >= held.to_ms:
            held = Span(DEMO_FROM_MS, self._until_ms)
        return f"btk backtest --symbols {symbol} --from {format_date(held.from_ms)} --to {format_date(held.to_ms)}"

    def _held(self, span: Span) -> Span:
        return Span(max(span.from_ms, DEMO_FROM_MS), min(span.to_ms, self._until_ms))


def _rows(market: Market, part: Span) -> list[Column]:
    first_day = (part.from_ms - DEMO_FROM_MS) // DAY_MS
    days = -(-(part.to_ms - DEMO_FROM_MS) // DAY_MS) - first_day
    start = (part.from_ms - DEMO_FROM_MS) // MINUTE_MS - first_day * DAY_MINUTES
    stop = start + (part.to_ms - part.from_ms) // MINUTE_MS
    return [column[start:stop] for column in minutes_of(market, first_day, days)]
