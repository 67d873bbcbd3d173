"""Which series a run needs: minutes, and the venue's own bars only where its minutes are gone."""

from __future__ import annotations

from pathlib import Path

import pytest

from btk.adapters.candle_needs import Run, WarmUp, fetchable, needed_series
from btk.adapters.candle_reader import StoredCandles
from btk.adapters.candle_series import SeriesKey
from btk.adapters.candle_writer import CandleWriter
from btk.adapters.venue_memory import own_interval
from btk.model.bars import Span
from btk.model.intervals import MINUTE_MS
from tests.adapters.candle_samples import candles

HOUR_MS = 60 * MINUTE_MS
NOW_MS = 1_680_004_800_000 + 30_000  # 2023-03-28T12:00:30Z
KEPT_MS = NOW_MS - 30_000 - 709 * MINUTE_MS  # 719, without the ten that may be gone before they are asked for
MINUTES, HOURS = SeriesKey("kraken", "BTCUSDT"), SeriesKey("kraken", "BTCUSDT", "1h")


def ago(hours: float) -> int:
    return NOW_MS - 30_000 - round(hours * HOUR_MS)


def needs(root: Path, frame: Span, *warm_ups: WarmUp, exchange: str = "kraken") -> dict[SeriesKey, Span]:
    return needed_series(StoredCandles(root, exchange), "BTCUSDT", Run(frame, warm_ups, NOW_MS))


def warm_up(interval: str, from_hours: float, to_hours: float) -> WarmUp:
    return WarmUp(interval, Span(ago(from_hours), ago(to_hours)))


def test_a_venue_that_keeps_its_minutes_needs_nothing_else(tmp_path: Path) -> None:
    frame, long = Span(ago(6), ago(2)), warm_up("1h", 46, 6)
    assert needs(tmp_path, frame, long, exchange="binance") == {
        SeriesKey("binance", "BTCUSDT"): Span(ago(46), ago(2))
    }


def test_a_warm_up_that_is_kept_is_made_of_minutes(tmp_path: Path) -> None:
    assert needs(tmp_path, Span(ago(6), ago(2)), warm_up("1h", 10, 6)) == {MINUTES: Span(ago(10), ago(2))}


def test_what_is_gone_of_a_warm_up_is_needed_in_whole_bars_up_to_the_frame_so_that_longer_ones_can_be_made(
    tmp_path: Path,
) -> None:
    spans = needs(tmp_path, Span(ago(6), ago(2)), warm_up("1h", 46, 6))
    assert spans == {MINUTES: Span(KEPT_MS, ago(2)), HOURS: Span(ago(46), ago(2))}


def test_the_bars_in_which_the_frame_begins_are_needed_as_a_whole(tmp_path: Path) -> None:
    # 2023-03-28 00:30 to 11:30: a bar of 12 hours that begins at 00:00 is made of hours up to 12:00.
    spans = needs(tmp_path, Span(ago(11.5), ago(0.5)), warm_up("1h", 46, 11.5))
    assert spans == {MINUTES: Span(KEPT_MS, ago(0.5)), HOURS: Span(ago(46), ago(0))}


def test_a_bar_that_is_not_closed_is_not_needed(tmp_path: Path) -> None:
    days = SeriesKey("kraken", "BTCUSDT", "1d")
    spans = needs(tmp_path, Span(ago(6), ago(2)), warm_up("1d", 12 + 24 * 9, 6))
    assert spans[days] == Span(ago(12 + 24 * 9), ago(12))


def test_minutes_that_somebody_stored_in_time_need_no_bars(tmp_path: Path) -> None:
    with CandleWriter(tmp_path, MINUTES) as writer:
        writer.store(candles(ago(46), 40 * 60))
    assert set(needs(tmp_path, Span(ago(6), ago(2)), warm_up("1h", 46, 6))) == {MINUTES}


def test_two_strategies_of_one_interval_share_a_series(tmp_path: Path) -> None:
    spans = needs(tmp_path, Span(ago(6), ago(2)), warm_up("1h", 46, 6), warm_up("2h", 86, 6))
    assert spans[HOURS] == Span(ago(86), ago(2))


def test_what_the_venue_has_forgotten_is_not_worth_a_request(tmp_path: Path) -> None:
    source = StoredCandles(tmp_path, "kraken")
    assert not fetchable(source, "BTCUSDT", Span(ago(30), ago(20)), NOW_MS)
    assert fetchable(source, "BTCUSDT", Span(ago(30), ago(10)), NOW_MS)
    assert fetchable(StoredCandles(tmp_path, "binance"), "BTCUSDT", Span(ago(30), ago(20)), NOW_MS)


@pytest.mark.parametrize(
    ("interval", "own"),
    [("1m", None), ("3m", None), ("15m", "15m"), ("2h", "1h"), ("6h", "1h"), ("8h", "4h"), ("1d", "1d")],
)
def test_bars_are_made_of_the_longest_interval_that_the_venue_has(interval: str, own: str | None) -> None:
    assert own_interval("kraken", interval) == own
    assert own_interval("binance", interval) is None
