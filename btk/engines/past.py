"""The past of a symbol, as far as a strategy may look back: made of minutes, or of the exchange's own bars.

Where an exchange keeps no minutes that old, bars that it made itself stand in. One bar is never made of both.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from btk.model.bars import Bars, Span
from btk.model.intervals import floor_to, interval_ms
from btk.ports import CandleSource


class Past:
    """The minutes `needed` before a frame, and what is there of them.

    `own` tells, by interval, from when to when bars are the exchange's own, as far as anybody asked.
    """

    def __init__(self, source: CandleSource, symbol: str, needed: Span) -> None:
        self.symbol = symbol
        self.own: dict[str, Span] = {}
        self._source = source
        self._needed = needed
        self._lost = source.missing(symbol, needed)
        self._begins: dict[str, int] = {}

    @property
    def minutes_ms(self) -> int:
        """Where the unbroken minutes begin: at `needed`, or after its last hole."""
        return self._lost[-1].to_ms if self._lost else self._needed.from_ms

    def begins_ms(self, interval: str) -> int:
        """Where the unbroken bars of an interval begin."""
        if interval not in self._begins:
            self._begins[interval] = self._found(interval)
        return self._begins[interval]

    def mended(self, interval: str, bars: Bars) -> Bars:
        """`bars` with those that touch a lost minute as the exchange made them; NaN where it has none."""
        parts = [part for part in self._parts(bars.step_ms) if _overlap(part, bars)]
        if not parts:
            return bars
        columns = [column.copy() for column in bars.columns]
        for part in parts:
            inner = Span(max(part.from_ms, bars.first_ms), min(part.to_ms, bars.end_ms))
            start, stop = ((at_ms - bars.first_ms) // bars.step_ms for at_ms in inner)
            own = self._source.own_bars(self.symbol, interval, inner)
            for column, theirs in zip(columns, own.columns, strict=True):
                column[start:stop] = theirs
        return Bars(bars.first_ms, bars.step_ms, columns)

    def _parts(self, step_ms: int) -> Iterator[Span]:
        for hole in self._lost:
            yield Span(floor_to(hole.from_ms, step_ms), -(-hole.to_ms // step_ms) * step_ms)

    def _found(self, interval: str) -> int:
        step_ms, begins_ms = interval_ms(interval), self._needed.from_ms
        parts = list(self._parts(step_ms))
        for hole, part in zip(self._lost, parts, strict=True):
            own = self._source.own_bars(self.symbol, interval, part)
            absent = np.flatnonzero(np.isnan(own.close))
            if len(absent):
                begins_ms = min(part.from_ms + (int(absent[-1]) + 1) * step_ms, hole.to_ms)
        if parts and begins_ms < self.minutes_ms:
            first_ms = -(-begins_ms // step_ms) * step_ms
            self.own[interval] = Span(max(parts[0].from_ms, first_ms), parts[-1].to_ms)
        return begins_ms


def own_bars_used(pasts: Iterable[Past]) -> dict[str, Span]:
    """By interval, from when to when bars were the exchange's own, as far as anybody asked."""
    used: dict[str, Span] = {}
    for past in pasts:
        for interval, span in past.own.items():
            known = used.get(interval, span)
            used[interval] = Span(min(known.from_ms, span.from_ms), max(known.to_ms, span.to_ms))
    return used


def _overlap(part: Span, bars: Bars) -> bool:
    return part.from_ms < bars.end_ms and part.to_ms > bars.first_ms
