"""The feed: stretches of closed minutes for all symbols of a run, read from a source one block at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import msgspec
import numpy as np

from btk.core.candle_rules import first_fault, plainly_possible
from btk.core.model import ExecutionModel, Minutes
from btk.engines.held_candles import HeldCandles
from btk.model.bars import Bars, Span
from btk.model.dates import format_date
from btk.model.errors import DataError
from btk.model.intervals import MINUTE_MS
from btk.model.months import month_around
from btk.model.names import SlotKey
from btk.ports import CandleSource


class Stretch(msgspec.Struct, frozen=True):
    """The ticks `first_ms <= T <= last_ms` and, by symbol, the minutes that close at them.

    `slots` take part, all if None. Not `decides`: the minutes are over and nothing can be decided at them any more.
    Not `drawn`: the equity of these minutes has been drawn before.
    """

    first_ms: int
    last_ms: int
    minutes: Mapping[str, Minutes]
    slots: frozenset[SlotKey] | None = None
    decides: bool = True
    drawn: bool = True


class ReplayFeed:
    """Recorded candles, in blocks: memory stays flat however long the frame.

    A block is a calendar month, which the candle store can hand out without a copy, or `block_minutes`.
    """

    def __init__(
        self,
        source: CandleSource,
        symbols: Sequence[str],
        model: ExecutionModel,
        average_candles: int,
        block_minutes: int | None = None,
    ) -> None:
        self._source = source
        self._symbols = tuple(symbols)
        self._model = model
        self._window = average_candles
        self._block_minutes = block_minutes

    def stretches(self, first_ms: int, last_ms: int) -> Iterator[Stretch]:
        """The ticks from `first_ms` to `last_ms`, both included, in blocks."""
        start = first_ms
        while start <= last_ms:
            last = min(self._block_end_ms(start - MINUTE_MS), last_ms)
            yield Stretch(
                start, last, {symbol: self.minutes(symbol, start, last) for symbol in self._symbols}
            )
            start = last + MINUTE_MS

    def _block_end_ms(self, open_ms: int) -> int:
        if self._block_minutes is None:
            return month_around(open_ms).to_ms
        block_ms = self._block_minutes * MINUTE_MS
        return (open_ms // block_ms + 1) * block_ms

    def minutes(self, symbol: str, first_ms: int, last_ms: int) -> Minutes:
        """The candles of one symbol that close at the ticks `first_ms` to `last_ms`, checked, with their prices."""
        source = self._source
        if isinstance(source, HeldCandles):
            name = (symbol, self._model.name, self._window, first_ms, last_ms)
            return source.once(name, lambda: self._checked_minutes(symbol, first_ms, last_ms))
        return self._checked_minutes(symbol, first_ms, last_ms)

    def _checked_minutes(self, symbol: str, first_ms: int, last_ms: int) -> Minutes:
        before = self._window - 1 if self._model.averages else 0
        span = Span(first_ms - (before + 1) * MINUTE_MS, last_ms)
        bars = self._source.read(symbol, span)
        check_bars(symbol, bars)
        price = self._model.quotes(bars.columns, self._window)
        columns = (bars.open[before:], bars.high[before:], bars.low[before:], bars.close[before:])
        return Minutes(first_ms - MINUTE_MS, columns, price[before:])


def check_bars(symbol: str, bars: Bars) -> None:
    """`DataError` for the first candle that cannot be true; rows that are NaN as a whole are missing, not wrong."""
    if not len(bars) or plainly_possible(bars):
        return
    table = np.stack(bars.columns)
    held = np.flatnonzero(~np.isnan(table).all(axis=0))
    fault = first_fault(table[:, held]) if len(held) else None
    if fault is not None:
        at = format_date(bars.first_ms + int(held[fault.row]) * bars.step_ms)
        raise DataError(
            f"{symbol}: the candle of {at} cannot be true: {fault.words}; import or fetch it again"
        )
