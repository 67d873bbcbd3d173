"""Candles for the tests of the store: possible ones, different for every seed."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from btk.adapters.candle_merge import CandleRows
from btk.adapters.candle_reader import StoredCandles
from btk.adapters.candle_series import SeriesKey
from btk.adapters.candle_writer import CandleWriter, StoreSummary
from btk.model.bars import Bars
from btk.model.intervals import MINUTE_MS

SERIES = SeriesKey("binance", "BTCUSDT")
MARCH_MS = 1_677_628_800_000
APRIL_MS = 1_680_307_200_000
MAY_MS = 1_682_899_200_000
JUNE_MS = 1_685_577_600_000


def candles(from_ms: int, count: int, seed: int = 0) -> CandleRows:
    """`count` minutes from `from_ms`."""
    noise = np.random.default_rng(seed)
    opened = 100 + noise.random(count)
    close = 100 + noise.random(count)
    high = np.maximum(opened, close) + noise.random(count)
    low = np.minimum(opened, close) - noise.random(count)
    open_ms = from_ms + MINUTE_MS * np.arange(count, dtype=np.int64)
    return CandleRows(open_ms, np.array([opened, high, low, close, noise.random(count)]))


def part(rows: CandleRows, start: int, stop: int) -> CandleRows:
    """Some of the rows."""
    return CandleRows(rows.open_ms[start:stop], rows.table[:, start:stop])


def stored(root: Path, rows: CandleRows, *, overwrite: bool = False) -> StoreSummary:
    """Store them as the sample series."""
    with CandleWriter(root, SERIES) as writer:
        return writer.store(rows, overwrite=overwrite)


def source(root: Path) -> StoredCandles:
    """A reader of the sample series."""
    return StoredCandles(root, SERIES.exchange)


def same_bytes(bars: Bars, rows: CandleRows) -> bool:
    """Whether the bars are exactly these rows."""
    columns = (np.ascontiguousarray(column).tobytes() for column in bars.columns)
    return all(left == right.tobytes() for left, right in zip(columns, rows.table, strict=True))
