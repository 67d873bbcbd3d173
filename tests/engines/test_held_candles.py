"""Candles held for a walk: the same as the source's, read once."""

from __future__ import annotations

import numpy as np
import pytest

from btk.engines.held_candles import HeldCandles
from btk.engines.indicator_columns import frame_bars
from btk.model.bars import Bars, Span
from btk.model.intervals import MINUTE_MS
from tests.fakes.recorded_candles import RecordedCandles, minutes_of

FIRST = 1_704_067_200_000
WHOLE = Span(FIRST, FIRST + 60 * MINUTE_MS)
INNER = Span(FIRST + 5 * MINUTE_MS, FIRST + 9 * MINUTE_MS)


class CountedCandles(RecordedCandles):
    """Counts how often it is asked."""

    reads = 0
    asked_missing = 0

    def read(self, symbol: str, span: Span) -> Bars:
        self.reads += 1
        return super().read(symbol, span)

    def missing(self, symbol: str, span: Span) -> tuple[Span, ...]:
        self.asked_missing += 1
        return super().missing(symbol, span)


@pytest.fixture
def source() -> CountedCandles:
    rows = [(10.0 + row, 12.0 + row, 9.0 + row, 11.0 + row, 1.0) for row in range(60)]
    return CountedCandles({"BTCUSDT": minutes_of(FIRST, rows)})


def same(left: Bars, right: Bars) -> bool:
    pairs = zip(left.columns, right.columns, strict=True)
    return left.first_ms == right.first_ms and all(np.array_equal(a, b, equal_nan=True) for a, b in pairs)


def test_what_is_held_is_read_once_and_shown_without_copies(source: CountedCandles) -> None:
    held = HeldCandles(source, {"BTCUSDT": WHOLE})
    first, again = held.read("BTCUSDT", INNER), held.read("BTCUSDT", INNER)
    assert source.reads == 1
    assert same(first, source.read("BTCUSDT", INNER))
    assert np.shares_memory(first.close, again.close)


def test_what_lies_outside_is_asked_of_the_source(source: CountedCandles) -> None:
    held = HeldCandles(source, {"BTCUSDT": INNER})
    assert same(held.read("BTCUSDT", WHOLE), source.read("BTCUSDT", WHOLE))


def test_holes_are_looked_for_once(source: CountedCandles) -> None:
    held = HeldCandles(source, {"BTCUSDT": WHOLE})
    beyond = Span(WHOLE.to_ms, WHOLE.to_ms + MINUTE_MS)
    assert held.missing("BTCUSDT", beyond) == held.missing("BTCUSDT", beyond) == (beyond,)
    assert source.asked_missing == 1


def test_bars_are_folded_once_for_all_variants(source: CountedCandles) -> None:
    held = HeldCandles(source, {"BTCUSDT": WHOLE})
    first, again = (frame_bars(held, "BTCUSDT", "15m", WHOLE) for _ in range(2))
    assert first is again
    assert same(first, frame_bars(source, "BTCUSDT", "15m", WHOLE))


def test_more_than_fits_is_left_with_the_source(source: CountedCandles) -> None:
    held = HeldCandles(source, {"BTCUSDT": WHOLE}, most_bytes=60 * 5 * 8 - 1)
    assert source.reads == 0
    assert same(held.read("BTCUSDT", INNER), source.read("BTCUSDT", INNER))
