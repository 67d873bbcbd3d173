"""How far back a strategy can look, and which of its bars the exchange made itself: never half a bar of each."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pytest

from btk.core.resample import resample
from btk.engines.history import ReplayHistory
from btk.engines.past import Past
from btk.model.bars import Bars, Span
from btk.model.errors import InsufficientData
from btk.model.intervals import interval_ms
from tests.engines.minutes import after_ten, counted, recorded
from tests.fakes.recorded_candles import RecordedCandles

HOUR_BEFORE = Span(after_ten(-60), after_ten(0))


def own_bars(interval: str, first: int, last: int, absent: Collection[int] = ()) -> Bars:
    """The exchange's bars of an interval: each opens at 7000 and its number."""
    step_ms = interval_ms(interval)
    count = (after_ten(last) - after_ten(first)) // step_ms
    column = np.array([np.nan if row in absent else 7000.0 + row for row in range(count)])
    return Bars(after_ten(first), step_ms, [column] * 5)


def past_of(minutes: Bars, **own: Bars) -> Past:
    series = {("BTC", interval): bars for interval, bars in own.items()}
    return Past(RecordedCandles({"BTC": minutes}, own=series), "BTC", HOUR_BEFORE)


@pytest.mark.parametrize(
    ("gone", "begins"), [((), -60), ((-60,), -59), (range(-60, -20), -20), ((-50, -10), -9), ((-1,), 0)]
)
def test_without_own_bars_the_past_begins_after_the_last_hole(gone: Collection[int], begins: int) -> None:
    past = Past(recorded(-120, 60, gone=set(gone)), "BTC", HOUR_BEFORE)
    assert past.minutes_ms == past.begins_ms("5m") == after_ten(begins)
    assert past.own == {}


def test_own_bars_reach_back_where_the_minutes_are_gone() -> None:
    past = past_of(counted(-20, 60), **{"15m": own_bars("15m", -60, 0)})
    assert past.minutes_ms == after_ten(-20)
    assert past.begins_ms("15m") == after_ten(-60)
    assert past.own == {"15m": Span(after_ten(-60), after_ten(-15))}


def test_an_own_bar_that_is_absent_too_ends_the_past_behind_it() -> None:
    past = past_of(counted(-20, 60), **{"15m": own_bars("15m", -60, 0, absent=(1,))})
    assert past.begins_ms("15m") == after_ten(-30)
    assert past.own == {"15m": Span(after_ten(-30), after_ten(-15))}


def test_an_interval_without_own_bars_has_only_the_minutes() -> None:
    past = past_of(counted(-20, 60), **{"15m": own_bars("15m", -60, 0)})
    assert past.begins_ms("5m") == past.begins_ms("1m") == after_ten(-20)


def test_a_bar_is_made_of_minutes_where_all_of_them_are_there_and_else_is_the_exchanges() -> None:
    past = past_of(counted(-20, 60), **{"15m": own_bars("15m", -60, 0)})
    made = resample(counted(-60, 60, gone=range(-60, -20)), interval_ms("15m"))
    mended = past.mended("15m", made)
    # 9:30 to 9:45 has 5 of its 15 minutes: it is the exchange's own as a whole.
    assert mended.open.tolist() == [7000, 7001, 7002, 985, 1000, 1015, 1030, 1045]
    assert mended.volume.tolist()[2:4] == [7002, 30]


def test_bars_after_the_last_lost_minute_are_not_copied() -> None:
    past = past_of(counted(-20, 60), **{"15m": own_bars("15m", -60, 0)})
    bars = resample(counted(0, 60), interval_ms("15m"))
    assert past.mended("15m", bars) is bars


def test_windows_show_own_bars_and_refuse_what_nobody_has() -> None:
    candles = RecordedCandles({"BTC": counted(-20, 60)}, own={("BTC", "15m"): own_bars("15m", -60, 0)})
    history = ReplayHistory(candles, Past(candles, "BTC", HOUR_BEFORE))
    history.move_to(after_ten(30))
    assert history.window("15m", after_ten(-60), after_ten(7)).open[:4].tolist() == [7000, 7001, 7002, 985]
    with pytest.raises(InsufficientData, match="begins at 2024-01-02 09:40"):
        history.window("5m", after_ten(-25), after_ten(7))
