"""What venues and networks do wrong is tried again, waited for, or ended with in one line; nothing stored is harmed."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from btk.adapters.candle_series import SeriesKey
from btk.adapters.candle_warmer import pause_of
from btk.adapters.ccxt_client import LongPause
from btk.adapters.ccxt_venues import Venue
from btk.model.errors import Transient
from tests.venue import faults
from tests.venue.faults import Answer, Hang, Reset
from tests.venue.server import VenueServer
from tests.venue.warming import IMPATIENT, is_stored, last_minutes, plan, warmed

BTC = SeriesKey("binance", "BTCUSDT")
SPAN = last_minutes(900)


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(Answer(500, "oops"), id="500"),
        pytest.param(Answer(502, faults.HTML), id="502 HTML"),
        pytest.param(Answer(503, '{"code": -1001, "msg": "Internal error"}'), id="503 with a code"),
        pytest.param(Answer(403, faults.HTML), id="403 of a firewall"),
        pytest.param(Answer(200, faults.HTML), id="200 HTML"),
        pytest.param(Answer(200, ""), id="200 without a body"),
        pytest.param(Answer(200, "{}"), id="200 with an empty object"),
        pytest.param(Answer(200, "null"), id="200 null"),
        pytest.param(Answer(200, '[[1680000000000, "1.0'), id="200 torn JSON"),
        pytest.param(Answer(200, '{"surprise": 1}'), id="200 another object"),
        pytest.param(Reset(), id="reset"),
        pytest.param(Reset(torn=True), id="reset in the middle"),
    ],
)
def test_what_fails_once_is_asked_again(venue: VenueServer, cache: Path, fault: faults.Fault) -> None:
    venue.faults.append(fault)
    outcome = warmed(plan(cache, SPAN))
    assert outcome.error is None
    assert len(venue.asked) == 2
    assert is_stored(cache, venue.book, SPAN, series=BTC)


def test_who_does_not_answer_is_asked_again(venue: VenueServer, cache: Path) -> None:
    venue.faults.append(Hang())
    hasty = msgspec.structs.replace(IMPATIENT, timeout_seconds=1)
    outcome = warmed(plan(cache, SPAN)._replace(patience=hasty))
    assert outcome.error is None
    assert is_stored(cache, venue.book, SPAN, series=BTC)


def test_what_fails_every_time_ends_the_symbol_and_keeps_what_was_fetched(
    venue: VenueServer, cache: Path
) -> None:
    span = last_minutes(9500)
    sound = faults.Altered(lambda rows: rows)
    venue.faults.extend([*[sound] * 9, *[Answer(500, "oops")] * 4])
    outcome = warmed(plan(cache, span))
    assert isinstance(outcome.error, Transient)
    assert "500" in str(outcome.error)
    assert "(tried 4 times; are the network and the exchange up?)" in str(outcome.error)
    assert outcome.series[0].missing > 0
    before = outcome.series[0].new
    assert before >= 8000
    venue.asked.clear()
    assert warmed(plan(cache, span)).series[0].new == 9500 - before
    assert len(venue.asked) <= 2
    assert is_stored(cache, venue.book, span, series=BTC)


def test_an_error_that_a_venue_sends_with_status_200_is_no_empty_page(
    venue: VenueServer, cache: Path
) -> None:
    busy = Answer(200, '{"error": ["EService:Unavailable"]}')
    venue.faults.append(busy)
    outcome = warmed(plan(cache, last_minutes(100), venue=Venue("kraken", "spot")))
    assert outcome.error is None
    assert outcome.series[0].new == 100


def test_after_a_429_nothing_is_asked_before_its_time(venue: VenueServer, cache: Path) -> None:
    venue.faults.append(Answer(429, '{"code": -1003, "msg": "Too many"}', {"Retry-After": "0.3"}))
    pause, left = pause_of(cache, "binance"), []
    venue.on_candles = lambda count: left.append(pause.left_seconds())
    outcome = warmed(plan(cache, SPAN))
    assert outcome.error is None
    assert left == [0.0, 0.0]
    assert (cache / "binance" / ".pause").exists()
    assert is_stored(cache, venue.book, SPAN, series=BTC)


@pytest.mark.parametrize("status", [418, 429])
def test_a_ban_longer_than_our_patience_ends_the_command_and_the_next_one_asks_nothing(
    venue: VenueServer, cache: Path, status: int
) -> None:
    venue.faults.append(Answer(status, '{"code": -1003, "msg": "Banned"}', {"Retry-After": "3600"}))
    outcome = warmed(plan(cache, SPAN))
    assert isinstance(outcome.error, LongPause)
    assert "binance wants no request before" in str(outcome.error)
    assert len(venue.asked) == 1
    with pytest.raises(LongPause):
        warmed(plan(cache, SPAN))
    assert len(venue.asked) == 1


def test_a_418_without_a_time_is_a_pause_of_two_minutes(venue: VenueServer, cache: Path) -> None:
    venue.faults.append(Answer(418, "banned"))
    assert isinstance(warmed(plan(cache, SPAN)).error, LongPause)
    assert pause_of(cache, "binance").left_seconds() > 60


def test_a_pause_that_a_sibling_was_told_of_holds_here_too(venue: VenueServer, cache: Path) -> None:
    pause_of(cache, "binance").extend(3600)
    with pytest.raises(LongPause):
        warmed(plan(cache, SPAN))
    assert venue.asked == []
    assert warmed(plan(cache, SPAN, venue=Venue("bybit", "spot"))).error is None


def test_a_rate_limit_told_in_words_is_a_pause_too(venue: VenueServer, cache: Path) -> None:
    venue.faults.append(Answer(200, '{"retCode": 10006, "retMsg": "Too many visits!", "result": {}}'))
    waits: list[float] = []
    venue.on_candles = lambda count: waits.append(pause_of(cache, "bybit").left_seconds())
    assert warmed(plan(cache, SPAN, venue=Venue("bybit", "spot"))).error is None
    assert waits == [0.0, 0.0]
    assert (cache / "bybit" / ".pause").exists()
