"""Candles are kept warm at the times of a cron expression: the clock is the test's, the venue's requests are real."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from btk.adapters.candle_reader import StoredCandles
from btk.adapters.candle_series import SeriesKey
from btk.adapters.candle_writer import CandleWriter
from btk.adapters.settings import Loaded, load_settings
from btk.library.candle_schedule import keep_warm
from btk.model.bars import Span
from btk.model.errors import SettingsError
from btk.model.intervals import MINUTE_MS
from tests.venue import faults
from tests.venue.server import NOW_MS, VenueServer
from tests.venue.warming import END_MS

BTC, ETH = SeriesKey("binance", "BTCUSDT"), SeriesKey("binance", "ETHUSDT")


class Clock:
    """Goes by only while somebody sleeps, and the venue's with it; the last sleep is broken off by Ctrl-C."""

    def __init__(self, venue: VenueServer, sleeps: int) -> None:
        self._venue = venue
        self._left = sleeps
        self.oversleeps = timedelta()

    def now(self) -> datetime:
        return datetime.fromtimestamp(self._venue.book.now_ms / 1000, UTC)

    def sleep(self, seconds: float) -> None:
        if not self._left:
            raise KeyboardInterrupt
        self._left -= 1
        assert 0 < seconds <= 30
        self._venue.book.now_ms += round(seconds * 1000) + int(self.oversleeps.total_seconds() * 1000)
        self.oversleeps = timedelta()


def project(folder: Path, cron: str) -> Loaded:
    (folder / "config").mkdir()
    (folder / "config" / "btk.yaml").write_text(
        f"exchange: {{name: binance}}\ncache: {{schedule: '{cron}', retries: 0, retry_delay_seconds: 0.01}}\n"
    )
    return load_settings(folder, (), {}, ())


def last_hour(*series: SeriesKey) -> Callable[[datetime], Mapping[SeriesKey, Span]]:
    def spans(now: datetime) -> Mapping[SeriesKey, Span]:
        end_ms = int(now.timestamp()) * 1000 // MINUTE_MS * MINUTE_MS
        return dict.fromkeys(series, Span(end_ms - 60 * MINUTE_MS, end_ms))

    return spans


def said(loaded: Loaded, clock: Clock, *series: SeriesKey) -> list[str]:
    lines: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        keep_warm(loaded, last_hour(*series or (BTC,)), clock, lines.append)
    return lines


def test_each_time_that_is_due_what_is_missing_is_fetched(venue: VenueServer, tmp_path: Path) -> None:
    loaded = project(tmp_path, "*/10 * * * *")
    lines = said(loaded, Clock(venue, sleeps=59))
    assert lines == [
        "next at 2023-03-28T10:50Z",
        "60 new candles",
        "next at 2023-03-28T11:00Z",
        "10 new candles",
        "next at 2023-03-28T11:10Z",
        "10 new candles",
        "next at 2023-03-28T11:20Z",
    ]
    span = Span(END_MS - 50 * MINUTE_MS, END_MS + 30 * MINUTE_MS)
    assert StoredCandles(tmp_path / "dump/data/candle", "binance").missing("BTCUSDT", span) == ()


def test_times_that_were_slept_through_are_made_up_by_one(venue: VenueServer, tmp_path: Path) -> None:
    clock = Clock(venue, sleeps=1)
    clock.oversleeps = timedelta(hours=5, minutes=1)
    lines = said(project(tmp_path, "*/10 * * * *"), clock)
    assert lines == ["next at 2023-03-28T10:50Z", "60 new candles", "next at 2023-03-28T15:50Z"]


def test_an_exchange_that_fails_is_asked_again_the_next_time(venue: VenueServer, tmp_path: Path) -> None:
    venue.faults.append(faults.Answer(500, "oops"))
    lines = said(project(tmp_path, "*/10 * * * *"), Clock(venue, sleeps=39))
    assert lines[1].startswith("BTCUSDT: binance: ExchangeNotAvailable: ")
    assert lines[2:5] == ["0 new candles", "next at 2023-03-28T11:00Z", "60 new candles"]


def test_a_symbol_that_is_gone_does_not_stop_the_others(venue: VenueServer, tmp_path: Path) -> None:
    gone = SeriesKey("binance", "GONEUSDT")
    lines = said(project(tmp_path, "*/10 * * * *"), Clock(venue, sleeps=19), gone, ETH)
    assert lines[1].startswith("GONEUSDT: symbol GONEUSDT: binance has no such spot market")
    assert lines[2] == "60 new candles"


def test_candles_that_another_process_fetches_are_left_to_it(venue: VenueServer, tmp_path: Path) -> None:
    loaded = project(tmp_path, "*/10 * * * *")
    with CandleWriter(tmp_path / "dump/data/candle", BTC):
        lines = said(loaded, Clock(venue, sleeps=19))
    assert "is at work there" in lines[1]
    assert lines[2] == "next at 2023-03-28T11:00Z"
    assert venue.asked == []


def test_what_somebody_has_to_correct_ends_it(venue: VenueServer, tmp_path: Path) -> None:
    def broken(now: datetime) -> Mapping[SeriesKey, Span]:
        raise SettingsError("strategies/gone.py is not there")

    with pytest.raises(SettingsError, match="is not there"):
        keep_warm(project(tmp_path, "* * * * *"), broken, Clock(venue, sleeps=1), lambda words: None)
    assert venue.book.now_ms == NOW_MS + 30_000
