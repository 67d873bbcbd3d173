"""Plain minutes for the tests of the engines: each one tells its own place."""

from __future__ import annotations

from collections.abc import Collection

from btk.model.bars import Bars
from btk.model.intervals import MINUTE_MS
from tests.fakes.recorded_candles import RecordedCandles, minutes_of

TEN_MS = 1_704_189_600_000  # 2024-01-02T10:00Z


def after_ten(minute: int) -> int:
    """The moment `minute` minutes after ten; before it when negative."""
    return TEN_MS + minute * MINUTE_MS


def counted(first: int, last: int, gone: Collection[int] = ()) -> Bars:
    """The minutes that open `first` to `last` (excluded) minutes after ten: minute m opens at 1000 + m."""
    return minutes_of(
        after_ten(first),
        [
            None if minute in gone else (1000 + minute, 1002 + minute, 999 + minute, 1001 + minute, 2.0)
            for minute in range(first, last)
        ],
    )


def recorded(first: int, last: int, gone: Collection[int] = ()) -> RecordedCandles:
    """A source that holds them as BTC."""
    return RecordedCandles({"BTC": counted(first, last, gone)})
