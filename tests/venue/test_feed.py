"""Minutes as they close, from the real client: each once, the quiet ones flat, those that are not there yet waited for."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from btk.adapters.candle_reader import StoredCandles
from btk.adapters.candle_series import SeriesKey
from btk.adapters.candle_warmer import pause_of
from btk.adapters.candle_writer import CandleWriter
from btk.adapters.ccxt_client import Patience, VenueClient
from btk.adapters.ccxt_venues import Venue
from btk.adapters.venue_feed import VenueFeed
from btk.engines.past import Past
from btk.model.bars import Span
from btk.model.errors import SettingsError, Transient
from btk.model.intervals import MINUTE_MS, floor_to
from tests.adapters.candle_samples import candles
from tests.venue.candle_book import CandleBook
from tests.venue.faults import Answer
from tests.venue.server import NOW_MS, VenueServer

TICK_MS = floor_to(NOW_MS, MINUTE_MS)
HOUR_MS = 60 * MINUTE_MS
QUICK = Patience(retries=0, retry_delay_seconds=0.01, at_venue_pace=False)


def with_feed(
    folder: Path,
    scene: Callable[[VenueFeed], Awaitable[Any]],
    symbol: str = "BTCUSDT",
    exchange: str = "binance",
    intervals: tuple[str, ...] = (),
) -> Any:
    """What a scene with an entered feed of the loopback exchange comes to."""

    async def played() -> Any:
        client = VenueClient(Venue(exchange, "spot"), pause_of(folder, exchange), QUICK)
        async with VenueFeed(client, StoredCandles(folder, exchange), [symbol], intervals) as feed:
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


def test_minutes_that_begin_later_are_not_asked_for_yet(venue: VenueServer, tmp_path: Path) -> None:
    async def scene(feed: VenueFeed) -> int:
        await feed.fetch("BTCUSDT", TICK_MS, TICK_MS - MINUTE_MS)
        return feed.known_ms("BTCUSDT")

    assert with_feed(tmp_path, scene) == TICK_MS
    assert venue.asked == []


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


@pytest.mark.parametrize("oldest_ms", [0, TICK_MS + 3 * MINUTE_MS + 1])
def test_candles_that_are_late_are_not_taken_for_a_quiet_market(
    venue: VenueServer, tmp_path: Path, oldest_ms: int
) -> None:
    venue.book.silent.append((TICK_MS, TICK_MS + 60 * MINUTE_MS))

    async def scene(feed: VenueFeed) -> list[int]:
        await feed.fetch("BTCUSDT", TICK_MS - 10 * MINUTE_MS, TICK_MS)
        venue.book.now_ms += 5 * MINUTE_MS
        venue.book.traded_ms = (oldest_ms, TICK_MS + 3 * MINUTE_MS + 2)
        await feed.exchange_ms()
        known = []
        for _ in range(2):
            await feed.fetch("BTCUSDT", TICK_MS, TICK_MS + 5 * MINUTE_MS)
            known.append(feed.known_ms("BTCUSDT"))
            venue.book.silent.clear()
        return known

    # Where the oldest trade told is newer than the last candle, nobody knows what was traded between them.
    waited_ms = TICK_MS if oldest_ms else TICK_MS + 3 * MINUTE_MS
    assert with_feed(tmp_path, scene) == [waited_ms, TICK_MS + 5 * MINUTE_MS]


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


def _hours(book: CandleBook, span: Span) -> list[float]:
    return [float(row[1]) for row in book.rows("BTCUSDT", HOUR_MS, *span, 10**6)]


def test_where_minutes_are_forgotten_the_venues_own_bars_are_the_past(
    venue: VenueServer, tmp_path: Path
) -> None:
    warm_up = Span(floor_to(TICK_MS, HOUR_MS) - 100 * HOUR_MS, TICK_MS)

    async def scene(feed: VenueFeed) -> None:
        await feed.fetch("BTCUSDT", warm_up.from_ms, TICK_MS)
        [lost] = feed.source.missing("BTCUSDT", warm_up)
        assert lost == Span(warm_up.from_ms, TICK_MS - 719 * MINUTE_MS)
        past = Past(feed.source, "BTCUSDT", warm_up)
        assert past.begins_ms("1h") == warm_up.from_ms
        assert past.begins_ms("4h") <= warm_up.from_ms + 4 * HOUR_MS
        own = feed.source.own_bars("BTCUSDT", "1h", Span(warm_up.from_ms, past.own["1h"].to_ms))
        assert own.open.tolist() == _hours(venue.book, Span(own.first_ms, own.end_ms))
        asked = len(venue.asked)
        await feed.fetch("BTCUSDT", warm_up.from_ms, TICK_MS)
        assert len(venue.asked) == asked

    with_feed(tmp_path, scene, exchange="kraken", intervals=("1h",))
    assert {asked.query["interval"] for asked in venue.asked} == {"1", "60"}


def test_minutes_between_the_stored_ones_and_those_the_venue_still_has_are_lost_and_not_empty(
    venue: VenueServer, tmp_path: Path
) -> None:
    from_ms = TICK_MS - 3000 * MINUTE_MS
    with CandleWriter(tmp_path, SeriesKey("kraken", "BTCUSDT")) as writer:
        writer.store(candles(from_ms, 500))

    async def scene(feed: VenueFeed) -> None:
        await feed.fetch("BTCUSDT", from_ms, TICK_MS)
        assert feed.source.missing("BTCUSDT", Span(from_ms, TICK_MS)) == (
            Span(from_ms, TICK_MS - 719 * MINUTE_MS),
        )
        assert feed.source.empty_minutes("BTCUSDT", Span(from_ms, TICK_MS)) == 0

    with_feed(tmp_path, scene, exchange="kraken")


def test_minutes_that_were_slept_through_until_the_venue_forgot_them_are_lost_and_not_empty(
    venue: VenueServer, tmp_path: Path
) -> None:
    later_ms = TICK_MS + 1000 * MINUTE_MS

    async def scene(feed: VenueFeed) -> None:
        await feed.fetch("BTCUSDT", TICK_MS - 30 * MINUTE_MS, TICK_MS)
        venue.book.now_ms += 1000 * MINUTE_MS
        await feed.exchange_ms()
        await feed.fetch("BTCUSDT", TICK_MS - 30 * MINUTE_MS, later_ms)
        assert feed.known_ms("BTCUSDT") == later_ms
        [lost] = feed.source.missing("BTCUSDT", Span(TICK_MS, later_ms))
        assert lost == Span(TICK_MS, later_ms - 719 * MINUTE_MS)

    with_feed(tmp_path, scene, exchange="kraken")
