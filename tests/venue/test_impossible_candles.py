"""What a venue says every time and cannot be: it costs that minute, is never stored, and stops nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from btk.adapters.candle_reader import StoredCandles
from btk.adapters.candle_series import SeriesKey
from btk.adapters.candle_writer import CandleWriter
from btk.adapters.venue_feed import VenueFeed
from btk.model.bars import Span
from btk.model.errors import DataError, Transient
from btk.model.intervals import MINUTE_MS
from tests.adapters.candle_samples import candles
from tests.venue.faults import Altered
from tests.venue.server import VenueServer
from tests.venue.test_feed import with_feed
from tests.venue.warming import last_minutes, plan, warmed

BTC = SeriesKey("binance", "BTCUSDT")
SPAN = last_minutes(30_000)


def missing(cache: Path) -> tuple[Span, ...]:
    return StoredCandles(cache, "binance").missing("BTCUSDT", SPAN)


@pytest.mark.parametrize("row", [0, 3, 28_500])
def test_an_impossible_candle_costs_one_minute_of_a_warm(venue: VenueServer, cache: Path, row: int) -> None:
    bad_ms = SPAN.from_ms + row * MINUTE_MS
    venue.book.spoilt.add(bad_ms)
    outcome = warmed(plan(cache, SPAN))
    assert isinstance(outcome.error, DataError)
    assert "high 0 is below low" in str(outcome.error)
    assert "network" not in str(outcome.error)
    assert (outcome.series[0].new, outcome.series[0].empty, outcome.series[0].missing) == (29_999, 0, 1)
    assert missing(cache) == (Span(bad_ms, bad_ms + MINUTE_MS),)
    venue.book.spoilt.clear()
    assert warmed(plan(cache, SPAN)).error is None
    assert missing(cache) == ()


def test_a_true_candle_that_is_imported_ends_the_asking(venue: VenueServer, cache: Path) -> None:
    bad_ms = SPAN.from_ms + 500 * MINUTE_MS
    venue.book.spoilt.add(bad_ms)
    warmed(plan(cache, SPAN))
    with CandleWriter(cache, BTC) as writer:
        writer.store(candles(bad_ms, 1))
    again = warmed(plan(cache, SPAN))
    assert (again.error, again.requests) == (None, 0)


def test_silent_minutes_beside_an_impossible_one_are_empty_and_it_is_not(
    venue: VenueServer, cache: Path
) -> None:
    bad_ms = SPAN.from_ms + 500 * MINUTE_MS
    venue.book.spoilt.add(bad_ms)
    venue.book.silent.append((bad_ms + MINUTE_MS, bad_ms + 3 * MINUTE_MS))
    series = warmed(plan(cache, SPAN)).series[0]
    assert (series.empty, series.missing) == (2, 1)
    assert missing(cache) == (Span(bad_ms, bad_ms + MINUTE_MS),)


def test_a_venue_of_which_every_candle_is_impossible_is_not_asked_for_all_of_them(
    venue: VenueServer, cache: Path
) -> None:
    venue.faults.extend([Altered(lambda rows: [(row[0], "0", *row[2:]) for row in rows])] * 1000)
    series = warmed(plan(cache, SPAN)).series[0]
    assert (series.new, series.empty, series.missing, series.listed_ms) == (0, 0, 30_000, None)
    assert len(venue.asked) < 110


def test_a_running_run_decides_at_no_minute_that_was_impossible(venue: VenueServer, tmp_path: Path) -> None:
    end_ms = SPAN.to_ms
    venue.book.spoilt.add(end_ms - 2 * MINUTE_MS)

    async def scene(feed: VenueFeed) -> int:
        with pytest.raises(Transient, match="impossible candle"):
            await feed.fetch("BTCUSDT", end_ms - 10 * MINUTE_MS, end_ms)
        return feed.known_ms("BTCUSDT")

    assert with_feed(tmp_path, scene) <= end_ms - 2 * MINUTE_MS
