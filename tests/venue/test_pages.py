"""Candles come page by page from real ccxt clients, whatever order, number or holes the venue's answers have."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from btk.adapters.candle_reader import StoredCandles
from btk.adapters.candle_series import SeriesKey
from btk.adapters.ccxt_venues import Venue
from btk.model.bars import Span
from btk.model.errors import DataError, SettingsError
from btk.model.intervals import MINUTE_MS
from tests.venue import faults
from tests.venue.server import VenueServer
from tests.venue.warming import END_MS, SPOT, is_stored, last_minutes, plan, warmed

BTC = SeriesKey("binance", "BTCUSDT")


class Reading(NamedTuple):
    """A market, its name at the venue, and how many rows the venue sends at once."""

    venue: Venue
    symbol: str
    asked_as: str
    page: int


READINGS = [
    Reading(Venue("binance", "spot"), "BTCUSDT", "BTCUSDT", 1000),
    Reading(Venue("binance", "swap"), "BTCUSDT.USDT", "BTCUSDT", 1000),
    Reading(Venue("bybit", "spot"), "BTCUSDT", "BTCUSDT", 1000),
    Reading(Venue("bybit", "swap"), "BTCUSDT.USDT", "BTCUSDT", 1000),
    Reading(Venue("okx", "spot"), "BTCUSDT", "BTC-USDT", 300),
    Reading(Venue("okx", "swap"), "BTCUSDT.USDT", "BTC-USDT-SWAP", 300),
    Reading(Venue("kraken", "spot"), "BTCUSDT", "BTCUSDT", 720),
]


@pytest.mark.parametrize(
    "reading", READINGS, ids=lambda reading: f"{reading.venue.name} {reading.venue.kind}"
)
def test_every_venue_is_read_in_its_own_pages_up_to_the_last_closed_minute(
    venue: VenueServer, cache: Path, reading: Reading
) -> None:
    minutes = 2 * reading.page + 100 if reading.venue.name != "kraken" else 600
    span = Span(last_minutes(minutes).from_ms, END_MS + 3 * MINUTE_MS)
    outcome = warmed(plan(cache, span, venue=reading.venue, symbols=(reading.symbol,)))
    assert outcome.error is None
    assert (outcome.series[0].new, outcome.series[0].missing) == (minutes, 0)
    assert len(venue.asked) == -(-minutes // reading.page)
    series = SeriesKey(reading.venue.name, reading.symbol)
    assert is_stored(cache, venue.book, span, asked_as=reading.asked_as, series=series)


def test_a_hundred_thousand_minutes_take_a_hundred_requests_and_then_none(
    venue: VenueServer, cache: Path
) -> None:
    span = last_minutes(100_000)
    assert warmed(plan(cache, span)).series[0].new == 100_000
    starts = [int(asked.query["startTime"]) for asked in venue.asked]
    assert sorted(starts) == list(range(span.from_ms, span.to_ms, 1000 * MINUTE_MS))
    assert is_stored(cache, venue.book, span, series=BTC)
    again = warmed(plan(cache, span))
    assert (again.requests, again.series[0].new, len(venue.asked)) == (0, 0, 100)


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(faults.FEWER, id="fewer than asked"),
        pytest.param(faults.LAST_ONES, id="only the last of those asked"),
        pytest.param(faults.SHUFFLED, id="out of order"),
        pytest.param(faults.DOUBLED, id="each twice"),
        pytest.param(faults.NONE, id="none, by mistake"),
        pytest.param(faults.IMPOSSIBLE, id="one impossible"),
    ],
)
@pytest.mark.parametrize("place", [0, 1])
def test_an_odd_answer_loses_nothing(
    venue: VenueServer, cache: Path, fault: faults.Fault, place: int
) -> None:
    sound = faults.Altered(lambda rows: rows)
    venue.faults.extend([*[sound] * place, fault])
    span = last_minutes(2500)
    outcome = warmed(plan(cache, span))
    assert outcome.error is None
    assert outcome.series[0].listed_ms is None
    assert is_stored(cache, venue.book, span, series=BTC)


def test_a_venue_that_sends_less_than_asked_every_time_is_asked_for_the_rest(
    venue: VenueServer, cache: Path
) -> None:
    venue.faults.extend([faults.FEWER] * 40)
    span = last_minutes(1500)
    warmed(plan(cache, span))
    assert is_stored(cache, venue.book, span, series=BTC)


@pytest.mark.parametrize("name", ["binance", "okx"])
def test_silence_of_the_venue_is_told_twice_stored_as_empty_and_never_asked_for_again(
    venue: VenueServer, cache: Path, name: str
) -> None:
    symbol = "BTC-USDT" if name == "okx" else "BTCUSDT"
    span = last_minutes(3000)
    hole = Span(span.from_ms + 700 * MINUTE_MS, span.from_ms + 1900 * MINUTE_MS)
    venue.book.silent.append(hole)
    chosen = plan(cache, span, venue=Venue(name, "spot"))
    first = warmed(chosen)
    assert (first.series[0].new, first.series[0].empty, first.series[0].missing) == (1800, 1200, 0)
    asked = len(venue.asked)
    assert warmed(chosen).requests == 0
    assert len(venue.asked) == asked
    shown = StoredCandles(cache, name).read("BTCUSDT", hole)
    before = venue.book.rows(symbol, MINUTE_MS, hole.from_ms - MINUTE_MS, hole.from_ms, 1)[0]
    assert set(shown.close.tolist()) == {float(before[4])}
    assert set(shown.volume.tolist()) == {0.0}


def test_a_silence_at_the_start_is_no_listing(venue: VenueServer, cache: Path) -> None:
    span = last_minutes(1500)
    venue.book.silent.append((span.from_ms - 60 * MINUTE_MS, span.from_ms + 60 * MINUTE_MS))
    series = warmed(plan(cache, span)).series[0]
    assert (series.listed_ms, series.empty, series.missing) == (None, 60, 0)
    assert not np.isnan(StoredCandles(cache, "binance").read("BTCUSDT", span).close).any()


def test_the_last_minutes_are_not_called_empty_before_the_venue_had_time_for_them(
    venue: VenueServer, cache: Path
) -> None:
    venue.book.silent.append((END_MS - 3 * MINUTE_MS, END_MS))
    series = warmed(plan(cache, last_minutes(500))).series[0]
    assert (series.new, series.empty, series.missing) == (497, 0, 3)
    venue.book.silent.clear()
    assert warmed(plan(cache, last_minutes(500))).series[0].new == 3


@pytest.mark.parametrize("name", ["binance", "okx", "bybit"])
def test_the_first_listed_minute_is_found_and_remembered(venue: VenueServer, cache: Path, name: str) -> None:
    venue.book.listed_ms = END_MS - 1234 * MINUTE_MS
    chosen = plan(cache, last_minutes(20_000), venue=Venue(name, "spot"))
    first = warmed(chosen)
    assert first.error is None
    assert (first.series[0].listed_ms, first.series[0].new) == (venue.book.listed_ms, 1234)
    assert warmed(chosen).requests == 0
    wish = Span(venue.book.listed_ms - MINUTE_MS, END_MS)
    assert "has none of BTCUSDT before that" in StoredCandles(cache, name).remedy("BTCUSDT", wish)


def test_what_a_venue_no_longer_keeps_is_said_and_not_called_empty(venue: VenueServer, cache: Path) -> None:
    outcome = warmed(plan(cache, last_minutes(1000), venue=Venue("kraken", "spot")))
    assert isinstance(outcome.error, DataError)
    assert "kraken keeps no 1m candles before" in str(outcome.error)
    assert (outcome.series[0].new, outcome.series[0].empty, outcome.series[0].missing) == (719, 0, 281)


def test_a_corrected_candle_is_left_alone_until_a_refetch_replaces_it_and_says_so(
    venue: VenueServer, cache: Path
) -> None:
    span = last_minutes(1500)
    warmed(plan(cache, span))
    changed = span.from_ms + 77 * MINUTE_MS
    venue.book.corrected.add(changed)
    assert warmed(plan(cache, span)).requests == 0
    venue.asked.clear()
    series = warmed(plan(cache, span, refetch=True)).series[0]
    assert len(venue.asked) == 2
    assert (series.new, series.corrected) == (0, 1)
    [difference] = series.corrections
    assert difference.open_ms == changed
    assert difference.offered[3] == difference.stored[3] + 1
    assert is_stored(cache, venue.book, span, series=BTC)


def test_a_damaged_file_is_set_aside_and_its_candles_are_fetched_again(
    venue: VenueServer, cache: Path
) -> None:
    span = last_minutes(1500)
    warmed(plan(cache, span))
    [block] = BTC.folder(cache).glob("*.candles")
    block.write_bytes(block.read_bytes()[:-1])
    series = warmed(plan(cache, span)).series[0]
    assert series.set_aside == (f"{block.name}.damaged-size",)
    assert is_stored(cache, venue.book, span, series=BTC)


def test_several_symbols_are_fetched_at_once_and_a_wrong_one_spoils_no_other(
    venue: VenueServer, cache: Path
) -> None:
    outcome = warmed(plan(cache, last_minutes(600), symbols=("BTCUSDT", "NOPEUSDT", "ETHUSDT")))
    assert isinstance(outcome.error, SettingsError)
    assert [series.new for series in outcome.series] == [600, 0, 600]
    assert {asked.symbol for asked in venue.asked} == {"BTCUSDT", "ETHUSDT"}


def test_an_unknown_exchange_is_refused_with_the_nearest_names(cache: Path) -> None:
    with pytest.raises(SettingsError, match="did you mean binance"):
        warmed(plan(cache, last_minutes(5), venue=SPOT._replace(name="binanse")))
