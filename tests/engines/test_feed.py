"""The feed hands out every minute once, in blocks, with its price, and none that cannot be true."""

from __future__ import annotations

import numpy as np
import pytest

from btk.core.candle_model import CANDLE
from btk.core.vwap_model import VWAP
from btk.engines.feed import ReplayFeed, check_bars
from btk.model.errors import DataError
from btk.model.intervals import MINUTE_MS
from tests.engines.minutes import after_ten, counted, recorded
from tests.fakes.recorded_candles import RecordedCandles, minutes_of


def feed(block_minutes: int | None = 7, model=CANDLE, window: int = 5) -> ReplayFeed:
    return ReplayFeed(recorded(-20, 120), ["BTC"], model, window, block_minutes)


@pytest.mark.parametrize("block", [1, 7, 60, 10_000, None])
@pytest.mark.parametrize("model", [CANDLE, VWAP], ids=["candle", "vwap"])
def test_every_tick_comes_once_with_the_candle_that_closed_at_it(block, model):
    ticks, opens, prices = [], [], []
    for stretch in feed(block, model).stretches(after_ten(0), after_ten(90)):
        minutes = stretch.minutes["BTC"]
        ticks += range(stretch.first_ms, stretch.last_ms + 1, MINUTE_MS)
        opens += minutes.open.tolist()
        prices += minutes.price.tolist()
        assert len(minutes) == (stretch.last_ms - stretch.first_ms) // MINUTE_MS + 1
        assert minutes.candle(0).tick_ms == stretch.first_ms
        assert minutes.tick_of(len(minutes) - 1) == stretch.last_ms
    assert ticks == [after_ten(minute) for minute in range(91)]
    assert opens == [999.0 + minute for minute in range(91)]
    (whole,) = feed(None, model).stretches(after_ten(0), after_ten(90))
    assert prices == whole.minutes["BTC"].price.tolist()


def test_blocks_end_with_the_month_when_nothing_else_is_said():
    january_ends = 1_706_745_600_000
    first = january_ends - 10 * MINUTE_MS
    minutes = minutes_of(first - 10 * MINUTE_MS, [(100, 101, 99, 100, 1.0)] * 40)
    stretches = ReplayFeed(RecordedCandles({"BTC": minutes}), ["BTC"], CANDLE, 5).stretches(
        first, january_ends + 5 * MINUTE_MS
    )
    assert [(s.first_ms, s.last_ms) for s in stretches] == [
        (first, january_ends),
        (january_ends + MINUTE_MS, january_ends + 5 * MINUTE_MS),
    ]


def test_the_candle_model_shows_closes_and_the_vwap_model_averages():
    (stretch,) = feed(None, CANDLE).stretches(after_ten(0), after_ten(0))
    assert stretch.minutes["BTC"].price.tolist() == [1000.0]
    (stretch,) = feed(None, VWAP).stretches(after_ten(0), after_ten(0))
    typical = [(1002 + m + 999 + m + 1001 + m) / 3 for m in range(-5, 0)]
    assert stretch.minutes["BTC"].price.tolist() == pytest.approx([sum(typical) / 5])


@pytest.mark.parametrize(
    ("candle", "words"),
    [
        ((100, 99, 101, 100, 1), "high"),
        ((100, 101, 99, 0, 1), "close"),
        ((100, 101, -1, 100, 1), "low"),
        ((0, 101, 99, 100, 1), "open"),
        ((100, 101, 99, 100, -1), "volume"),
        ((100, np.inf, 99, 100, 1), "high"),
        ((100, 101, 99, np.nan, 1), "close"),
        ((100, 101, 0.05, 100, 1), "low"),
    ],
)
def test_a_candle_that_cannot_be_true_is_named_with_its_time(candle, words):
    rows = [(100, 101, 99, 100, 1.0)] * 9
    with pytest.raises(DataError, match=r"BTC: the candle of 2024-01-02T10:04Z? .*cannot be true") as caught:
        check_bars("BTC", minutes_of(after_ten(0), [*rows[:4], candle, *rows[4:]]))
    assert words in str(caught.value)


def test_missing_minutes_are_not_wrong_and_open_and_close_may_lie_outside_high_and_low():
    check_bars("BTC", counted(0, 10, gone={3, 4}))
    check_bars("BTC", minutes_of(after_ten(0), [None, None]))
    check_bars("BTC", minutes_of(after_ten(0), [(100, 101, 99, 100, 1), (110, 101, 99, 90, 0)]))
    check_bars("BTC", minutes_of(after_ten(0), []))
