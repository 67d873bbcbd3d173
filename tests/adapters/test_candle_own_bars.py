"""Bars that the exchange made itself are read from their own series, each whole from one of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from btk.adapters.candle_merge import CandleRows
from btk.adapters.candle_reader import StoredCandles
from btk.adapters.candle_series import SeriesKey
from btk.adapters.candle_writer import CandleWriter
from btk.model.bars import Span
from btk.model.intervals import interval_ms
from tests.adapters.candle_samples import MARCH_MS

HOUR_MS = interval_ms("1h")


def store(root: Path, interval: str, rows: range, price: float) -> None:
    open_ms = MARCH_MS + interval_ms(interval) * np.array(rows, dtype=np.int64)
    table = np.tile(np.array([[price], [price + 3], [price - 3], [price + 1], [2.0]]), len(rows))
    with CandleWriter(root, SeriesKey("kraken", "BTCUSDT", interval)) as writer:
        writer.store(CandleRows(open_ms, table))


def own(root: Path, interval: str, hours: int) -> list[tuple[float, float, float, float, float]]:
    span = Span(MARCH_MS, MARCH_MS + hours * HOUR_MS)
    bars = StoredCandles(root, "kraken").own_bars("BTCUSDT", interval, span)
    return list(zip(*(column.tolist() for column in bars.columns), strict=True))


def test_a_series_of_the_interval_itself_is_shown_as_it_is(tmp_path: Path) -> None:
    store(tmp_path, "1h", range(1, 3), 100)
    absent, *there = own(tmp_path, "1h", 3)
    assert np.isnan(absent).all()
    assert there == [(100, 103, 97, 101, 2)] * 2


def test_a_longer_bar_is_made_of_a_shorter_series_when_all_its_parts_are_there(tmp_path: Path) -> None:
    store(tmp_path, "1h", range(1, 8), 100)
    first, second = own(tmp_path, "4h", 8)
    assert np.isnan(first).all()
    assert second == (100, 103, 97, 101, 8)


def test_the_longest_series_is_asked_first_and_a_shorter_one_helps_out_bar_by_bar(tmp_path: Path) -> None:
    store(tmp_path, "4h", range(1), 500)
    store(tmp_path, "1h", range(8), 100)
    assert [bar[0] for bar in own(tmp_path, "4h", 8)] == [500, 100]


def test_minutes_and_longer_series_are_no_own_bars(tmp_path: Path) -> None:
    store(tmp_path, "1m", range(120), 100)
    store(tmp_path, "4h", range(1), 100)
    assert np.isnan(own(tmp_path, "1h", 2)).all()
    assert np.isnan(own(tmp_path, "1m", 1)).all()
