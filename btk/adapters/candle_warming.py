"""Warming one series: what nobody knows is fetched in batches of pages, each stored before the next is asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np

from btk.adapters.candle_listing import listed_ms, remember_listing
from btk.adapters.candle_merge import DIFFERENCES_SHOWN, CandleRows, Difference
from btk.adapters.candle_pages import inside, pages_of
from btk.adapters.candle_reader import StoredCandles
from btk.adapters.candle_series import SeriesKey, Watch
from btk.adapters.candle_stretch import Hole
from btk.adapters.candle_writer import CandleWriter
from btk.adapters.ccxt_candles import MarketCandles, Page
from btk.adapters.ccxt_client import REQUESTS_AT_ONCE
from btk.model.bars import COLUMNS, Span
from btk.model.dates import format_date
from btk.model.errors import BtkError, DataError

# A symbol's own batch fills all places, so that one symbol alone is as fast as the venue allows.
PAGES_A_BATCH = REQUESTS_AT_ONCE


class Warmed(msgspec.Struct, frozen=True, kw_only=True):
    """What warming did to a series within `from_ms` and `to_ms`.

    `missing` candles could not be had, `listed_ms` is set where the venue has nothing before it, `problem` says
    why it ended early. A closed candle that the venue changed counts as corrected.
    """

    exchange: str
    symbol: str
    interval: str
    from_ms: int
    to_ms: int
    new: int = 0
    empty: int = 0
    missing: int = 0
    corrected: int = 0
    corrections: tuple[Difference, ...] = ()
    set_aside: tuple[str, ...] = ()
    listed_ms: int | None = None
    problem: str | None = None


class Order(NamedTuple):
    """What to warm: with `refetch` what is stored is fetched too, and replaced where it differs."""

    series: SeriesKey
    span: Span
    refetch: bool = False


class SeriesWarming:
    """One order at work, between entering its writer and leaving it."""

    def __init__(self, root: Path, order: Order, writer: CandleWriter, watch: Watch) -> None:
        self.order = order
        self.error: BtkError | None = None
        self.writer = writer
        self._late: BtkError | None = None
        self._folder = order.series.folder(root)
        self._source = StoredCandles(root, order.series.exchange, order.series.interval)
        self._watch = watch
        self._tally = Warmed(
            **msgspec.structs.asdict(order.series), from_ms=order.span.from_ms, to_ms=order.span.to_ms
        )

    def prepare(self, closed_ms: int) -> bool:
        """Set damaged files aside, forget what is not closed yet; whether anything is left to fetch."""
        span = self.order.span
        self.order = self.order._replace(
            span=Span(span.from_ms, max(span.from_ms, min(span.to_ms, closed_ms)))
        )
        self._tally = msgspec.structs.replace(
            self._tally, set_aside=self.writer.repair(), to_ms=self.order.span.to_ms
        )
        return bool(self._wanted())

    async def run(self, market: MarketCandles) -> None:
        """Fetch and store; `error` is why it ended early, and what was fetched until then is kept."""
        try:
            if market.kept_ms is None and not self.order.refetch:
                await self._find_listing(market)
            spans = self._fetchable(market)
            pages = pages_of(spans, market.page_ms)
            total, done = _rows(spans, market.step_ms), 0
            while self.error is None and (batch := list(islice(pages, PAGES_A_BATCH))):
                self._watch(self.order.series, done, total)
                await self._fetch(market, batch, spans)
                done += sum(page.to_ms - page.from_ms for page in batch) // market.step_ms
            self._watch(self.order.series, total if self.error is None else done, total)
            self.error = self.error or self._late
        except BtkError as error:
            self.error = error

    def summary(self) -> Warmed:
        """What came of it."""
        span, symbol = self.order.span, self.order.series.symbol
        counts = self._source.counts(symbol, span)
        listed = listed_ms(self._folder)
        before = (
            min(max(0, (listed or 0) - span.from_ms), span.to_ms - span.from_ms) // self.order.series.step_ms
        )
        return msgspec.structs.replace(
            self._tally,
            empty=counts.empty,
            missing=max(0, counts.failed + counts.unknown - before),
            listed_ms=listed if before else None,
            problem=str(self.error) if self.error else None,
        )

    def _wanted(self) -> tuple[Span, ...]:
        span = self.order.span
        if self.order.refetch:
            return (span,) if span.from_ms < span.to_ms else ()
        return self._source.unknown(self.order.series.symbol, span)

    def _fetchable(self, market: MarketCandles) -> tuple[Span, ...]:
        wanted, kept_ms = self._wanted(), market.kept_ms or 0
        if wanted and wanted[0].from_ms < kept_ms and not self.order.refetch:
            series = self.order.series
            self._late = DataError(
                f"{series.exchange} keeps no {series.interval} candles before {format_date(kept_ms)}:"
                f" btk cache import FILE --symbol {series.symbol} brings older ones in"
            )
        return tuple(Span(max(part.from_ms, kept_ms), part.to_ms) for part in wanted if part.to_ms > kept_ms)

    async def _fetch(self, market: MarketCandles, batch: Sequence[Span], wanted: tuple[Span, ...]) -> None:
        answers = await asyncio.gather(*(_answer(market, page) for page in batch))
        pages = [answer for answer in answers if isinstance(answer, Page)]
        holes = [hole for page in pages for hole in market.believed_holes(page)]
        self._refuse(pages)
        if any(page.refusal for page in pages) and not any(len(page.rows.open_ms) for page in pages):
            # These are no single slips: whatever comes next would be as wrong.
            self.error = self._late
        for span, answer in zip(batch, answers, strict=True):
            if isinstance(answer, BtkError):
                holes.append(Hole(span, "failed"))
                self.error = self.error or answer
        await self._stored(_joined(pages, wanted), holes)

    def _refuse(self, pages: Sequence[Page]) -> None:
        refusals = [page.refusal for page in pages if page.refusal is not None]
        if refusals:
            series = self.order.series
            self._late = self._late or DataError(
                f"{series.exchange} {series.symbol}: {refusals[0]}; the possible ones are stored:"
                f" btk cache import FILE --exchange {series.exchange} --symbol {series.symbol} brings a true one in"
            )

    async def _stored(self, rows: CandleRows, holes: Sequence[Hole]) -> None:
        storing = asyncio.ensure_future(asyncio.to_thread(self._store, rows, holes))
        try:
            await asyncio.shield(storing)
        except asyncio.CancelledError:
            # A thread cannot be stopped, and the lock must not be given away while it writes.
            await asyncio.wait([storing])
            raise

    def _store(self, rows: CandleRows, holes: Sequence[Hole]) -> None:
        stored = self.writer.store(rows, holes=holes, overwrite=self.order.refetch)
        tally = self._tally
        self._tally = msgspec.structs.replace(
            tally,
            new=tally.new + stored.new,
            corrected=tally.corrected + stored.differing,
            corrections=(tally.corrections + stored.first_differences)[:DIFFERENCES_SHOWN],
        )

    async def _find_listing(self, market: MarketCandles) -> None:
        wanted = self._wanted()
        if not wanted or self._known_before(wanted[0].from_ms):
            return
        first = await market.page(next(pages_of(wanted, market.page_ms)))
        before = Span(first.span.from_ms - market.page_ms, first.span.from_ms)
        if first.first_ms != first.span.from_ms:
            earlier = await market.page(before)
            if not earlier.any:
                first = await self._listed_page(market, first)
                remember_listing(self._folder, first.first_ms or first.span.to_ms)
            else:
                # Not listed late but silent for a while: what came before is the price it is shown with.
                await self._keep(market, earlier, (before,))
        if first.any:
            await self._keep(market, first, wanted)

    async def _listed_page(self, market: MarketCandles, first: Page) -> Page:
        if first.any:
            return first
        span = Span(first.span.from_ms, self.order.span.to_ms)
        if first.next_ms is not None:
            start_ms = min(first.next_ms, span.to_ms)
            whole = Span(start_ms, min(start_ms + market.page_ms, span.to_ms))
            return await market.page(whole)
        return await market.first_page(span) or await market.page(Span(span.to_ms, span.to_ms))

    async def _keep(self, market: MarketCandles, page: Page, wanted: tuple[Span, ...]) -> None:
        self._refuse([page])
        first_ms = listed_ms(self._folder) or 0
        holes = [hole for hole in market.believed_holes(page) if hole.span.from_ms >= first_ms]
        await self._stored(_joined([page], wanted), holes)

    def _known_before(self, at_ms: int) -> bool:
        symbol = self.order.series.symbol
        extent = self._source.extent(symbol)
        if extent is None or extent.from_ms >= at_ms:
            return False
        return self._source.counts(symbol, Span(extent.from_ms, at_ms)).candles > 0


async def _answer(market: MarketCandles, span: Span) -> Page | BtkError:
    try:
        return await market.page(span)
    except BtkError as error:
        # The pages that came with it are kept, and the caller ends after them.
        return error


def _joined(pages: Sequence[Page], wanted: tuple[Span, ...]) -> CandleRows:
    open_ms = np.concatenate([np.empty(0, np.int64), *(page.rows.open_ms for page in pages)])
    table = np.concatenate([np.empty((len(COLUMNS), 0)), *(page.rows.table for page in pages)], axis=1)
    # A page may reach over candles that are stored: those are for `check --refetch` to judge.
    kept = inside(open_ms, wanted)
    return CandleRows(open_ms[kept], table[:, kept])


def _rows(spans: tuple[Span, ...], step_ms: int) -> int:
    return sum(span.to_ms - span.from_ms for span in spans) // step_ms
