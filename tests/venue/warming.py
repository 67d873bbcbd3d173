"""Warming from the venue server, in one call, and what must be stored afterwards."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np

from btk.adapters.candle_reader import StoredCandles
from btk.adapters.candle_series import SeriesKey
from btk.adapters.candle_warmer import WarmingOutcome, WarmingPlan, warm
from btk.adapters.candle_warming import Order
from btk.adapters.ccxt_client import Patience
from btk.adapters.ccxt_venues import Venue
from btk.model.bars import Span
from btk.model.intervals import MINUTE_MS
from tests.venue.candle_book import CandleBook
from tests.venue.server import NOW_MS

SPOT = Venue("binance", "spot")
IMPATIENT = Patience(
    retry_delay_seconds=0.01, timeout_seconds=30, longest_pause_seconds=5, at_venue_pace=False
)
END_MS = NOW_MS // MINUTE_MS * MINUTE_MS


def last_minutes(count: int) -> Span:
    """So many closed minutes up to the venue's time."""
    return Span(END_MS - count * MINUTE_MS, END_MS)


def plan(
    root: Path,
    span: Span,
    *,
    venue: Venue = SPOT,
    symbols: tuple[str, ...] = ("BTCUSDT",),
    refetch: bool = False,
) -> WarmingPlan:
    """Warm these symbols, without patience."""
    orders = [Order(SeriesKey(venue.name, symbol), span, refetch) for symbol in symbols]
    return WarmingPlan(root, venue, orders, IMPATIENT, 1000)


def warmed(chosen: WarmingPlan) -> WarmingOutcome:
    """Do it."""
    return asyncio.run(warm(chosen, lambda series, done, total: None))


def is_stored(
    root: Path, book: CandleBook, span: Span, *, asked_as: str = "BTCUSDT", series: SeriesKey
) -> bool:
    """Whether exactly the venue's closed candles of the span are stored."""
    bars = StoredCandles(root, series.exchange, series.interval).read(series.symbol, span)
    rows = book.rows(asked_as, series.step_ms, span.from_ms, min(span.to_ms, END_MS), 10**9)
    expected = np.full((5, (span.to_ms - span.from_ms) // series.step_ms), np.nan)
    for row in rows:
        expected[:, (row[0] - span.from_ms) // series.step_ms] = [float(text) for text in row[1:]]
    return all(np.array_equal(*pair, equal_nan=True) for pair in zip(bars.columns, expected, strict=True))
