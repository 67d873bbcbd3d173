"""What a frame needs, what is missing of it, and when the first question may be asked."""

from __future__ import annotations

import numpy as np
import pytest

from btk.core.strategy import Strategy
from btk.engines.past import Past
from btk.engines.preflight import check_frame, describe, first_question_ms, needed_history
from btk.model.bars import Bars, Span
from btk.model.errors import DataError
from btk.model.intervals import MINUTE_MS
from btk.model.settings import Frame
from tests.engines.minutes import after_ten, counted, recorded
from tests.fakes.recorded_candles import RecordedCandles

AVERAGE = 5


def strategy_of(interval: str, warmup: int) -> Strategy:
    return type("Probe", (Strategy,), {"interval": interval, "warmup": warmup})()


def frame_from(minute: int, length: int = 60) -> Frame:
    return Frame(from_ms=after_ten(minute), to_ms=after_ten(minute + length))


@pytest.mark.parametrize(
    ("start", "interval", "warmup", "needed"),
    [
        (0, "1m", 0, -5),
        (0, "1m", 30, -30),
        (0, "15m", 4, -60),
        (7, "15m", 4, -60),
        (7, "1h", 0, 0),
        (7, "5m", 0, 2),
    ],
)
def test_the_warm_up_reaches_back_whole_bars_and_at_least_the_average_price(start, interval, warmup, needed):
    span = needed_history(frame_from(start), strategy_of(interval, warmup), AVERAGE)
    assert span == Span(after_ten(needed), after_ten(start))


@pytest.mark.parametrize(
    ("history", "start", "interval", "warmup", "first"),
    [
        (-60, 0, "15m", 4, 0),
        (-59, 0, "15m", 4, 15),
        (-5, 0, "1m", 0, 0),
        (-4, 0, "1m", 0, 1),
        (0, 0, "1m", 0, 5),
        (0, 0, "1m", 30, 30),
        (2, 2, "15m", 2, 45),
        (0, 0, "1h", 0, 5),
    ],
)
def test_the_first_question_waits_for_the_warm_up_and_the_average_price(
    history, start, interval, warmup, first
):
    frame, strategy = frame_from(start), strategy_of(interval, warmup)
    past = Past(recorded(history, start), "BTC", needed_history(frame, strategy, AVERAGE))
    assert first_question_ms(past, frame, strategy, AVERAGE) == after_ten(first)


def test_the_exchanges_own_bars_are_a_warm_up_but_no_average_price() -> None:
    frame, strategy = frame_from(0), strategy_of("15m", 4)
    own = Bars(after_ten(-60), 15 * MINUTE_MS, [np.full(4, 1.0)] * 5)
    source = RecordedCandles({"BTC": counted(-2, 60)}, own={("BTC", "15m"): own})
    past = Past(source, "BTC", needed_history(frame, strategy, AVERAGE))
    assert first_question_ms(past, frame, strategy, AVERAGE) == after_ten(3)


def test_a_whole_frame_passes():
    check_frame(recorded(0, 60), ["BTC"], frame_from(0))


def test_every_missing_range_of_every_symbol_is_named_with_what_would_fetch_it():
    source = RecordedCandles(
        {
            "AAA": recorded(0, 60, gone={5, 6, 30}).read("BTC", Span(after_ten(0), after_ten(60))),
            "BBB": recorded(0, 60).read("BTC", Span(after_ten(0), after_ten(60))),
            "CCC": recorded(0, 58).read("BTC", Span(after_ten(0), after_ten(58))),
        }
    )
    with pytest.raises(DataError) as caught:
        check_frame(source, ["AAA", "BBB", "CCC"], frame_from(0))
    words = str(caught.value)
    assert (
        "AAA: 3 minutes (2024-01-02T10:05 to 2024-01-02T10:07, 2024-01-02T10:30 to 2024-01-02T10:31)" in words
    )
    assert "CCC: 2 minutes (2024-01-02T10:58 to 2024-01-02T11:00)" in words
    assert "BBB" not in words
    assert "btk cache warm --symbols AAA" in words
    assert words.endswith("or go on with --gaps fill")
    assert caught.value.exit_code == 4


def test_many_ranges_are_counted_not_listed():
    holes = [Span(after_ten(minute), after_ten(minute + 1)) for minute in range(0, 40, 2)]
    assert describe(holes).startswith("20 minutes (")
    assert describe(holes).endswith(" and 15 more ranges)")
