"""A whole replay: where its history begins, holes, gaps that are filled, and what is left when it is stopped."""

from __future__ import annotations

import time
from collections.abc import Collection

import pytest

from btk.core.rules import Rules
from btk.core.strategy import Strategy
from btk.engines.backtest import Backtest, Job, Seat
from btk.engines.drivers import StopSwitch
from btk.engines.outcome import Outcome
from btk.model.errors import DataError
from btk.model.names import SlotKey
from btk.model.settings import Frame
from btk.model.signal import Signal
from tests.engines.minutes import after_ten, recorded

KEY = SlotKey("BTC", "probe", "test")


class Probe(Strategy):
    """Notes when it is asked and what it sees; does what its script says."""

    interval = "5m"
    warmup = 3

    def __init__(self, wishes: dict[int, Signal] | None = None) -> None:
        self.asked: list[int] = []
        self.seen: list[list[float]] = []
        self._wishes = wishes or {}

    def get_signal(self, market):
        minute = (market.now_ms - after_ten(0)) // 60_000
        self.asked.append(minute)
        self.seen.append(market.candles("5m", 3).close.tolist())
        return self._wishes.get(minute)


def backtest(
    strategy: Strategy, gone: Collection[int] = (), *, held=(-60, 61), fill_gaps: bool = False, switch=None
) -> Outcome:
    job = Job(
        seats=[Seat(KEY, strategy)],
        source=recorded(*held, gone=gone),
        frame=Frame(from_ms=after_ten(0), to_ms=after_ten(60)),
        model="candle",
        rules=Rules(),
        fill_gaps=fill_gaps,
    )
    return Backtest(job, lambda key, event: None, time.perf_counter).run(switch or StopSwitch())


def test_with_its_history_ready_the_first_question_is_at_the_start_of_the_frame():
    strategy = Probe()
    outcome = backtest(strategy)
    assert strategy.asked == list(range(0, 60, 5))
    assert strategy.seen[0] == [990, 995, 1000]
    assert outcome.complete
    assert outcome.symbols["BTC"].candles == 60


@pytest.mark.parametrize(("hole", "first"), [(-16, 0), (-15, 5), (-3, 15), (-1, 15)])
def test_a_hole_before_the_frame_makes_the_first_question_wait_for_the_warm_up(hole, first):
    strategy = Probe()
    outcome = backtest(strategy, gone={hole})
    assert strategy.asked[0] == first
    assert outcome.symbols["BTC"].warming_up_until_ms == after_ten(first)
    assert outcome.records[KEY].errors == []


def test_a_hole_in_the_frame_is_an_error_before_anything_runs():
    strategy = Probe()
    with pytest.raises(DataError, match="BTC: 2 minutes"):
        backtest(strategy, gone={30, 31})
    assert strategy.asked == []


def test_a_hole_that_is_filled_is_flat_and_counted():
    strategy = Probe()
    outcome = backtest(strategy, gone=range(20, 30), fill_gaps=True)
    assert outcome.symbols["BTC"].gaps == 10
    assert strategy.seen[6] == [1020, 1020, 1020]


def test_a_position_lives_through_a_filled_hole():
    strategy = Probe({15: Signal("long", 1100, 900, lifetime_minutes=10)})
    outcome = backtest(strategy, gone=range(20, 40), fill_gaps=True)
    (trade,) = outcome.records[KEY].trades
    assert (trade.close_reason, trade.price_close, trade.closed_at_ms) == (
        "time_expired",
        1020,
        after_ten(25),
    )


def test_a_stopped_run_is_marked_and_names_what_is_open():
    switch = StopSwitch()

    class Stopper(Probe):
        def on_active(self, market, position):
            if market.now_ms == after_ten(30):
                switch.press()

    outcome = backtest(Stopper({5: Signal("long", 1100, 900)}), switch=switch)
    assert (outcome.complete, outcome.open_slots, outcome.records[KEY].trades) == (False, (KEY,), [])
    assert after_ten(29) <= outcome.reached_ms <= after_ten(30)


def test_a_run_stopped_before_it_began_has_done_nothing():
    switch = StopSwitch()
    switch.press()
    strategy = Probe()
    outcome = backtest(strategy, switch=switch)
    assert not outcome.complete
    assert strategy.asked == []
    assert outcome.records[KEY].trades == []


def test_progress_moves_from_the_start_to_the_end_and_never_back():
    reached = []
    engines = []

    class Watcher(Probe):
        def on_active(self, market, position):
            reached.append(engines[0].reached_ms)

    strategy = Watcher({5: Signal("long", 1100, 900)})
    job = Job(
        seats=[Seat(KEY, strategy)],
        source=recorded(-60, 61),
        frame=Frame(from_ms=after_ten(0), to_ms=after_ten(60)),
        model="candle",
        rules=Rules(),
    )
    engines.append(Backtest(job, lambda key, event: None, time.perf_counter))
    engines[0].run(StopSwitch())
    assert reached == sorted(reached)
    assert after_ten(5) <= reached[0] <= after_ten(6)
    assert reached[-1] <= after_ten(60)
