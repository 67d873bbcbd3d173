"""A run that is stopped on the way leaves a true beginning: what it told is what the whole run tells until then."""

from __future__ import annotations

import time
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from btk.core.holding import pnl_pct
from btk.core.states import Closing, Idle, Open
from btk.core.strategy import HOOKS
from btk.engines.backtest import Backtest
from btk.engines.drivers import StopSwitch
from btk.model.intervals import MINUTE_MS
from tests.properties.wild_run import JUMP, Wild, job_of, run, wild_worlds


def interrupted(wild: Wild, calls: int, block: int) -> tuple[Backtest, Any, list[Any]]:
    """A run whose switch is pressed in the `calls`th call of any strategy."""
    switch, left = StopSwitch(), [calls]
    events: list[Any] = []
    job = msgspec.structs.replace(job_of(wild, []), block_minutes=block)
    for seat in job.seats:
        _arm(type(seat.strategy), left, switch)
    engine = Backtest(job, lambda key, event: events.append((key, event)), time.perf_counter)
    return engine, engine.run(switch), events


def _arm(cls: type[Any], left: list[int], switch: StopSwitch) -> None:
    for name in ("get_signal", *HOOKS):
        if name in vars(cls):
            setattr(cls, name, _counted(vars(cls)[name], left, switch))


def _counted(method: Any, left: list[int], switch: StopSwitch) -> Any:
    def called(self: Any, *args: Any) -> Any:
        left[0] -= 1
        if left[0] == 0:
            switch.press()
        return method(self, *args)

    return called


@given(wild=wild_worlds(), calls=st.integers(1, 200), block=st.sampled_from((1, 97, JUMP)))
@settings(max_examples=60, deadline=None)
def test_what_was_told_before_the_end_is_what_the_whole_run_tells(wild, calls, block):
    engine, outcome, events = interrupted(wild, calls, block)
    if outcome.complete:
        return
    until = outcome.reached_ms
    whole = run(wild)
    assert [item for item in events if item[1].tick_ms < until] == [
        item for item in whole.events if item[1].tick_ms < until
    ]
    assert outcome.equity.minutes == (until - wild.frame.from_ms) // MINUTE_MS
    assert outcome.open_slots == tuple(slot.key for slot in engine.slots if not isinstance(slot.state, Idle))


@given(wild=wild_worlds(model="candle", symbols=1, strategies=1), calls=st.integers(1, 200))
@settings(max_examples=30, deadline=None)
def test_the_equity_of_a_stopped_run_holds_what_is_realised_and_what_is_open(wild, calls):
    engine, outcome, _ = interrupted(wild, calls, JUMP)
    (slot,) = engine.slots
    open_profit = 0.0
    if isinstance(slot.state, Open | Closing):
        holding = slot.state.holding
        price = slot.price_at(outcome.reached_ms)
        open_profit = pnl_pct(holding, price, slot.terms.rules) / 100 * holding.invested
    closed = sum(trade.pnl_cost for trade in outcome.records[slot.key].trades)
    assert outcome.equity.final == pytest.approx(wild.wallet + closed + open_profit)
