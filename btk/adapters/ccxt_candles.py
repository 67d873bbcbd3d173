"""Candles of one market, fetched: pages that are complete or known to be empty, and the first minute there is."""

from __future__ import annotations

from itertools import count
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from btk.adapters.candle_merge import CandleRows
from btk.adapters.candle_stretch import CANDLE, FAILED, UNKNOWN, Hole, Stretch, blank_stretch, runs
from btk.adapters.ccxt_client import VenueClient
from btk.adapters.ccxt_rows import ImpossibleCandles
from btk.adapters.ccxt_venues import VenueMarket
from btk.adapters.venue_memory import kept_since_ms
from btk.model.bars import Span
from btk.model.intervals import MINUTE_MS, interval_ms

# A venue may be a little late with the candles of the last minutes: their absence says nothing yet.
LATENESS_MS = 10 * MINUTE_MS


class Page(NamedTuple):
    """What a venue has of a span, and where its next candle after it opens, if it said so.

    `refusal` is about candles that cannot be: their rows are failed ones.
    """

    span: Span
    step_ms: int
    stretch: Stretch
    next_ms: int | None = None
    refusal: ImpossibleCandles | None = None

    @property
    def any(self) -> bool:
        """Whether there is a candle in it at all."""
        return self.first_ms is not None

    @property
    def first_ms(self) -> int | None:
        """When its first candle opens, an impossible one too."""
        found = np.flatnonzero(self.stretch.states)
        return int(self.span.from_ms + found[0] * self.step_ms) if len(found) else None

    @property
    def rows(self) -> CandleRows:
        """Its candles."""
        found = np.flatnonzero(self.stretch.states == CANDLE)
        return CandleRows(self.span.from_ms + found * self.step_ms, self.stretch.table[:, found])


class MarketCandles:
    """The candles of one market in one interval, `page_ms` of them at a time."""

    def __init__(self, client: VenueClient, market: VenueMarket, interval: str, most_rows: int) -> None:
        self.step_ms = interval_ms(interval)
        self.page_ms = client.page_rows(most_rows) * self.step_ms
        self._client = client
        self._market = market
        self._interval = interval

    @property
    def closed_ms(self) -> int:
        """Where the candle begins that is not closed yet."""
        return self._client.now_ms // self.step_ms * self.step_ms

    @property
    def kept_ms(self) -> int | None:
        """The oldest candle that can still be had; None when the venue keeps all."""
        return kept_since_ms(self._client.venue.name, self._interval, self._client.now_ms)

    async def page(self, span: Span) -> Page:
        """Every row of a span of at most a page; what is absent is asked for until an answer brings nothing new.

        So an absence is believed only when it was told twice, and a venue that sends less than asked loses nothing.
        """
        known, next_ms, refusal = blank_stretch(span, self.step_ms), None, None
        for answers in count():
            absent = runs(known.states == UNKNOWN, span.from_ms, self.step_ms)
            if not absent:
                break
            try:
                rows = await self._asked(Span(absent[0].from_ms, absent[-1].to_ms))
            except ImpossibleCandles as told:
                rows, refusal = told.rows, refusal or told
                _give_up(known, told.refused_ms, span, self.step_ms)
            later = rows.open_ms[rows.open_ms >= span.to_ms]
            next_ms = int(later[0]) if len(later) else next_ms
            if not _placed(known, rows, span, self.step_ms) and answers:
                break
        return Page(span, self.step_ms, known, next_ms, refusal)

    async def first_page(self, span: Span) -> Page | None:
        """The page with the first candle of a span whose first page is empty; None when its last page is empty too.

        Bisection: before a market is listed there is nothing, afterwards hardly ever a page without a candle.
        """
        low, high = 0, (span.to_ms - span.from_ms - 1) // self.page_ms
        found = await self.page(self._numbered(span, high)) if high else None
        if found is None or not found.any:
            return None
        while high - low > 1:
            middle = (low + high) // 2
            page = await self.page(self._numbered(span, middle))
            low, high, found = (low, middle, page) if page.any else (middle, high, found)
        return found

    def believed_holes(self, page: Page) -> list[Hole]:
        """The rows that are empty at the venue, as far as that can be said already, and those that failed."""
        settled_ms = self._client.now_ms - LATENESS_MS
        absent = runs(page.stretch.states == UNKNOWN, page.span.from_ms, self.step_ms)
        failed = runs(page.stretch.states == FAILED, page.span.from_ms, self.step_ms)
        empty = [Hole(span, "empty") for span in absent if span.to_ms <= settled_ms]
        return empty + [Hole(span, "failed") for span in failed]

    def _numbered(self, span: Span, number: int) -> Span:
        from_ms = span.from_ms + number * self.page_ms
        return Span(from_ms, min(from_ms + self.page_ms, span.to_ms))

    async def _asked(self, span: Span) -> CandleRows:
        rows = (span.to_ms - span.from_ms) // self.step_ms
        return await self._client.candles(self._market, self._interval, span.from_ms, rows)


def _placed(known: Stretch, rows: CandleRows, span: Span, step_ms: int) -> bool:
    first, last = np.searchsorted(rows.open_ms, span)
    places = (rows.open_ms[first:last] - span.from_ms) // step_ms
    fresh = bool((known.states[places] == UNKNOWN).any())
    known.table[:, places] = rows.table[:, first:last]
    known.states[places] = CANDLE
    return fresh


def _give_up(known: Stretch, refused_ms: NDArray[np.int64], span: Span, step_ms: int) -> None:
    first, last = np.searchsorted(refused_ms, span)
    places = (refused_ms[first:last] - span.from_ms) // step_ms
    known.states[places[known.states[places] == UNKNOWN]] = FAILED
