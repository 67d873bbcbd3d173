"""Real minutes: imported and read back equal to the byte."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path

import numpy as np
import pytest

from btk.adapters.candle_import import read_minutes
from btk.adapters.candle_reader import StoredCandles
from btk.adapters.candle_series import SeriesKey
from btk.adapters.candle_writer import CandleWriter

MARKET_DATA = Path(__file__).parents[3] / "shared" / "market-data"

pytestmark = pytest.mark.skipif(not MARKET_DATA.is_dir(), reason="../shared/market-data is not there")


@pytest.mark.parametrize(("symbol", "quiet_pct"), [("BTCUSDT", 2), ("BTCUSDC", 43)])
def test_three_weeks_of_real_minutes_are_read_back_equal_to_the_byte(
    tmp_path: Path, symbol: str, quiet_pct: int
) -> None:
    path = MARKET_DATA / f"{symbol}-1m-2023-03.csv.gz"
    found = read_minutes(path, now_ms=2_000_000_000_000)
    with CandleWriter(tmp_path, SeriesKey("binance", symbol)) as writer:
        assert writer.store(found.rows).new == 30_240
    reader = StoredCandles(tmp_path, "binance")
    assert reader.missing(symbol, found.span) == ()
    bars = reader.read(symbol, found.span)
    with gzip.open(path, "rt") as text:
        rows = list(csv.reader(text))[1:]
    expected = np.array([[float(cell) for cell in row[1:]] for row in rows]).T
    assert [int(row[0]) for row in rows] == list(range(*found.span, 60_000))
    assert all(left.tobytes() == right.tobytes() for left, right in zip(bars.columns, expected, strict=True))
    assert round((bars.volume == 0).mean() * 100) == quiet_pct
