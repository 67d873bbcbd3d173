"""Minutes as they close, from the real client: each once, the quiet ones flat, those that are not there yet waited for."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from btk.adapters.candle_reader import StoredCandles
from btk.adapters.candle_warmer import pause_of
from btk.adapters.ccxt_client import Patience, VenueClient
from btk.adapters.ccxt_venues import Venue
from btk.adapters.venue_feed import VenueFeed
from btk.model.bars import Span
from btk.model.errors import SettingsError, Transient
from btk.model.intervals import MINUTE_MS, floor_to
from tests.venue.faults import Answer
from tests.venue.server import NOW_MS, VenueServer

TICK_MS = floor_to(NOW_MS, MINUTE_MS)
QUICK = Patience(retries=0, retry_delay_seconds=0.01, at_venue_pace=False)


def with_feed(folder: Path, scene: Callable[[VenueFeed], Awaitable[Any]], symbol: str = "BTCUSDT") -> Any:
    """What a scene with an entered feed of the loopback Binance comes to."""

    async def played() -> Any:
        client = VenueClient(Venue("binance", "spot"), pause_of(folder, "binance"), QUICK)
        async with VenueFeed(client, StoredCandles(folder, "binance"), [symbol]) as feed:
            return await scene(feed)

    return asyncio.run(played())


def test_minutes_are_learnt_once_and_go_on_where_they_were(venue: VenueServer, tmp_path: Path) -> None:
    async def scene(feed: VenueFeed) -> None:
        await feed.fetch("BTCUSDT", TICK_MS - 300 * MINUTE_MS, TICK_MS)
        assert feed.known_ms("BTCUSDT") == TICK_MS
        venue.book.now_ms += 2 * MINUTE_MS
        await feed.exchange_ms()
        await feed.fetch("BTCUSDT", TICK_MS - 300 * MINUTE_MS, TICK_MS + 2 * MINUTE_MS)
        bars = feed.source.read("BTCUSDT", Span(TICK_MS - 300 * MINUTE_MS, TICK_MS + 2 * MINUTE_MS))
        assert not np.isnan(bars.close).any()

    with_feed(tmp_path, scene)
    assert len(venue.asked[0].opened) >= 300
    assert venue.asked[-1].query["startTime"] == str(TICK_MS)


def test_the_minute_that_is_not_there_yet_is_not_made_up(venue: VenueServer, tmp_path: Path) -> None:
    venue.book.silent.append((TICK_MS - MINUTE_MS, TICK_MS + MINUTE_MS))

    async def scene(feed: VenueFeed) -> int:
        await feed.fetch("BTCUSDT", TICK_MS - 10 * MINUTE_MS, TICK_MS)
        return feed.known_ms("BTCUSDT")

    assert with_feed(tmp_path, scene) == TICK_MS - MINUTE_MS


def test_a_minute_without_trades_is_flat_once_a_later_one_is_there(
    venue: VenueServer, tmp_path: Path
) -> None:
    venue.book.silent.append((TICK_MS - 3 * MINUTE_MS, TICK_MS - 2 * MINUTE_MS))

    async def scene(feed: VenueFeed) -> None:
        await feed.fetch("BTCUSDT", TICK_MS - 10 * MINUTE_MS, TICK_MS)
        bars = feed.source.read("BTCUSDT", Span(TICK_MS - 4 * MINUTE_MS, TICK_MS))
        assert bars.open[1] == bars.close[0] == bars.high[1]
        assert bars.volume[1] == 0.0
        assert feed.source.empty_minutes("BTCUSDT", Span(bars.first_ms, bars.end_ms)) == 1
        assert feed.source.empty_minutes("BTCUSDT", Span(bars.first_ms + 2 * MINUTE_MS, bars.end_ms)) == 0

    with_feed(tmp_path, scene)


def test_a_quiet_market_goes_on_a_minute_late(venue: VenueServer, tmp_path: Path) -> None:
    venue.book.silent.append((TICK_MS - MINUTE_MS, TICK_MS + 60 * MINUTE_MS))

    async def scene(feed: VenueFeed) -> int:
        await feed.fetch("BTCUSDT", TICK_MS - 10 * MINUTE_MS, TICK_MS)
        venue.book.now_ms += 5 * MINUTE_MS
        await feed.exchange_ms()
        await feed.fetch("BTCUSDT", TICK_MS - 10 * MINUTE_MS, TICK_MS + 5 * MINUTE_MS)
        return feed.known_ms("BTCUSDT")

    assert with_feed(tmp_path, scene) == TICK_MS + 4 * MINUTE_MS


def test_a_venue_that_does_not_answer_is_tried_again_at_the_next_tick(
    venue: VenueServer, tmp_path: Path
) -> None:
    async def scene(feed: VenueFeed) -> None:
        venue.faults.append(Answer(status=503, body="busy"))
        with pytest.raises(Transient):
            await feed.fetch("BTCUSDT", TICK_MS - 10 * MINUTE_MS, TICK_MS)
        await feed.fetch("BTCUSDT", TICK_MS - 10 * MINUTE_MS, TICK_MS)
        assert feed.known_ms("BTCUSDT") == TICK_MS

    with_feed(tmp_path, scene)


def test_a_symbol_that_is_not_there_is_named_before_anything_is_asked(
    venue: VenueServer, tmp_path: Path
) -> None:
    async def scene(feed: VenueFeed) -> None:
        raise AssertionError("never entered")

    with pytest.raises(SettingsError, match="BTCUSTD"):
        with_feed(tmp_path, scene, "BTCUSTD")
    assert venue.asked == []


def test_order_book_and_trades_are_what_the_venue_shows_now(venue: VenueServer, tmp_path: Path) -> None:
    async def scene(feed: VenueFeed) -> None:
        book, trades = await feed.order_book("BTCUSDT"), await feed.trades("BTCUSDT")
        assert (book.symbol, book.bids[0], book.asks) == ("BTCUSDT", (99.5, 2.0), ((100.5, 1.0),))
        assert [(trade.price, trade.quantity, trade.side) for trade in trades] == [
            (100.0, 0.5, "sell"),
            (101.0, 0.25, "buy"),
        ]

    with_feed(tmp_path, scene)
