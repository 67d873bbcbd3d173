"""Holes shown flat: the last close before them, no volume, and the rest untouched."""

from __future__ import annotations

import numpy as np
import pytest

from btk.engines.filled import FilledSource, count_minutes
from btk.model.bars import Span
from btk.model.intervals import DAY_MS
from tests.engines.minutes import after_ten, recorded
from tests.fakes.recorded_candles import RecordedCandles, minutes_of


def read(first: int, last: int, gone=(), held=(-60, 60)):
    return FilledSource(recorded(*held, gone=gone)).read("BTC", Span(after_ten(first), after_ten(last)))


def test_a_hole_is_flat_at_the_last_close_with_no_volume():
    bars = read(0, 5, gone={2, 3})
    assert bars.close.tolist() == [1001, 1002, 1002, 1002, 1005]
    for column in (bars.open, bars.high, bars.low):
        assert column[2:4].tolist() == [1002, 1002]
    assert bars.volume.tolist() == [2, 2, 0, 0, 2]
    assert bars.high[4] == 1006


def test_a_hole_at_the_start_of_what_is_read_takes_the_close_before_it():
    assert read(0, 3, gone={-2, -1, 0, 1}).close.tolist() == [998, 998, 1003]


def test_a_block_without_any_candle_is_flat_too():
    assert read(0, 3, gone=set(range(-30, 10))).close.tolist() == [970] * 3


def test_the_same_minute_is_filled_the_same_whatever_is_read_around_it():
    gone = {*range(3, 9), 15, 16}
    whole = read(0, 30, gone).close.tolist()
    pieces = [value for first in range(0, 30, 5) for value in read(first, first + 5, gone).close.tolist()]
    assert pieces == whole


@pytest.mark.parametrize("days", [2, 30, 100, 400])
def test_the_last_close_is_found_far_back(days):
    source = RecordedCandles({"BTC": minutes_of(after_ten(0) - days * DAY_MS, [(7, 8, 6, 7.5, 1)])})
    bars = FilledSource(source).read("BTC", Span(after_ten(0), after_ten(3)))
    assert bars.close.tolist() == [7.5] * 3


def test_before_the_very_first_candle_the_first_open_is_shown():
    bars = read(-62, -58, held=(-60, 60))
    assert bars.close.tolist() == [940, 940, 941, 942]


def test_what_is_whole_is_handed_on_as_it_is():
    source = recorded(-60, 60)
    span = Span(after_ten(0), after_ten(5))
    assert np.shares_memory(FilledSource(source).read("BTC", span).close, source.read("BTC", span).close)


def test_it_still_says_what_its_source_is_missing():
    source = FilledSource(recorded(-60, 60, gone={2, 3, 7}))
    missing = source.missing("BTC", Span(after_ten(0), after_ten(10)))
    assert missing == (Span(after_ten(2), after_ten(4)), Span(after_ten(7), after_ten(8)))
    assert count_minutes(missing) == 3
    assert source.exchange == "test"
