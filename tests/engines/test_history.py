"""Windows of closed bars: deep enough, never before the history begins, read once a stretch."""

from __future__ import annotations

import pytest

from btk.engines.history import ReplayHistory
from btk.engines.past import Past
from btk.model.bars import Bars, Span
from btk.model.errors import InsufficientData
from tests.engines.minutes import after_ten, recorded
from tests.fakes.recorded_candles import RecordedCandles


class CountedReads:
    """A source that remembers what was read."""

    def __init__(self, source: RecordedCandles) -> None:
        self._source = source
        self.reads: list[Span] = []

    def read(self, symbol: str, span: Span) -> Bars:
        self.reads.append(span)
        return self._source.read(symbol, span)


def history(start: int = -120, ahead: int = 60) -> tuple[ReplayHistory, CountedReads]:
    candles = recorded(-300, 300)
    source = CountedReads(candles)
    made = ReplayHistory(source, Past(candles, "BTC", Span(after_ten(start), after_ten(0))))
    made.move_to(after_ten(ahead))
    return made, source


def test_a_window_holds_what_was_asked_for_up_to_the_end_of_the_stretch():
    made, _ = history()
    bars = made.window("5m", after_ten(-50), after_ten(3))
    assert bars.first_ms <= after_ten(-50)
    assert bars.end_ms == after_ten(60)
    row = (after_ten(-50) - bars.first_ms) // bars.step_ms
    assert (bars.open[row], bars.high[row], bars.close[row]) == (950, 956, 955)


def test_a_stretch_is_read_once_however_often_it_is_asked():
    made, source = history()
    for now in range(60):
        made.window("5m", after_ten(now - 30), after_ten(now))
    assert len(source.reads) == 1


def test_a_deeper_question_reads_again_and_the_next_stretch_begins_that_deep():
    made, source = history()
    made.window("1m", after_ten(-10), after_ten(0))
    made.window("1m", after_ten(-100), after_ten(0))
    assert [span.from_ms for span in source.reads] == [after_ten(-10), after_ten(-100)]
    made.move_to(after_ten(120))
    made.window("1m", after_ten(55), after_ten(61))
    assert source.reads[-1] == Span(after_ten(-39), after_ten(120))


def test_before_the_history_begins_there_is_no_window_and_the_error_says_where_it_begins():
    made, _ = history(start=-120)
    made.window("1m", after_ten(-120), after_ten(0))
    with pytest.raises(InsufficientData, match=r"BTC: 3 more bars of 5m .* begins at 2024-01-02 08:00 UTC"):
        made.window("5m", after_ten(-135), after_ten(0))


def test_a_window_never_reaches_back_before_the_history_even_where_the_source_does():
    made, source = history(start=-7)
    made.window("1m", after_ten(-7), after_ten(0))
    made.move_to(after_ten(120))
    made.window("5m", after_ten(-5), after_ten(61))
    assert min(span.from_ms for span in source.reads) == after_ten(-7)


@pytest.mark.parametrize("interval", ["3m", "15m", "1h"])
def test_windows_begin_on_the_grid_of_their_interval(interval):
    made, _ = history(start=-119)
    for now in (0, 7, 59):
        bars = made.window(interval, after_ten(0), after_ten(now))
        assert bars.first_ms % bars.step_ms == 0


def test_minutes_that_are_not_closed_make_no_bar():
    made, _ = history(ahead=7)
    assert made.window("5m", after_ten(-10), after_ten(7)).end_ms == after_ten(5)
