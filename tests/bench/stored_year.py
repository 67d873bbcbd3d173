"""The year in the candle store: one symbol, and nine shifted months for the portfolio."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from btk.adapters.candle_merge import CandleRows
from btk.adapters.candle_series import SeriesKey
from btk.adapters.candle_writer import CandleWriter
from btk.model.bars import Bars
from btk.model.intervals import MINUTE_MS
from tests.bench import year

PORTFOLIO_SYMBOLS = 9
PORTFOLIO_ROWS = 43_200


def store_year(cache: Path) -> None:
    """Write YEAR and S0 .. S8 of the exchange `bench`."""
    bars = year.year()
    _store(cache, "YEAR", bars)
    for number in range(PORTFOLIO_SYMBOLS):
        _store(
            cache, f"S{number}", year.shifted(bars, PORTFOLIO_ROWS * number, PORTFOLIO_ROWS + year.WARM_ROWS)
        )


def _store(cache: Path, symbol: str, bars: Bars) -> None:
    open_ms = bars.first_ms + np.arange(len(bars), dtype=np.int64) * MINUTE_MS
    with CandleWriter(cache, SeriesKey("bench", symbol)) as writer:
        writer.store(CandleRows(open_ms, np.stack(bars.columns)))
