"""Nothing is known before its time, and nothing depends on what has no place in time: order, repetition, colour."""

from __future__ import annotations

from inspect import iscoroutinefunction
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from btk.model.intervals import MINUTE_MS
from tests.properties.random_market import changed_after
from tests.properties.wild_run import Ran, candles_of, job_of, run, wild_worlds


def known_at(ran: Ran, tick_ms: int) -> tuple[Any, ...]:
    """What had been told and seen by a tick."""
    events = [item for item in ran.events if item[1].tick_ms <= tick_ms]
    return (events, [[line for line in diary if line[0] <= tick_ms] for diary in ran.diaries])


@given(wild=wild_worlds(), minute=st.integers(1, 230), other=st.integers(0, 2**32 - 1))
@settings(max_examples=50, deadline=None)
def test_nothing_that_was_told_by_a_tick_depends_on_a_candle_that_closed_after_it(wild, minute, other):
    tick_ms = wild.frame.from_ms + minute * MINUTE_MS
    candles = candles_of(wild)
    changed = {
        symbol: changed_after(bars, tick_ms, other + at) for at, (symbol, bars) in enumerate(candles.items())
    }
    assert known_at(run(wild, candles=candles), tick_ms) == known_at(run(wild, candles=changed), tick_ms)


@given(wild=wild_worlds())
@settings(max_examples=20, deadline=None)
def test_events_are_told_in_the_order_in_which_they_were_known(wild):
    ticks = [event.tick_ms for _, event in run(wild).events]
    assert ticks == sorted(ticks)
    assert all(event.tick_ms - event.at_ms >= 0 for _, event in run(wild).events)


@given(wild=wild_worlds(symbols=3, strategies=2))
@settings(max_examples=20, deadline=None)
def test_the_order_of_the_seats_changes_nothing(wild):
    ran, turned = run(wild), run(wild, seats_reversed=True)
    assert (turned.events, turned.diaries, turned.figures) == (ran.events, ran.diaries, ran.figures)


@given(wild=wild_worlds())
@settings(max_examples=20, deadline=None)
def test_a_second_run_changes_nothing(wild):
    ran, again = run(wild), run(wild)
    assert (again.events, again.diaries, again.figures) == (ran.events, ran.diaries, ran.figures)


@given(wild=wild_worlds())
@settings(max_examples=20, deadline=None)
def test_a_strategy_may_be_async(wild):
    wild_async = msgspec.structs.replace(wild, asynchronous=True)
    assert all(iscoroutinefunction(seat.strategy.get_signal) for seat in job_of(wild_async, []).seats)
    plain, coloured = run(wild), run(wild_async)
    assert (coloured.events, coloured.diaries, coloured.figures) == (
        plain.events,
        plain.diaries,
        plain.figures,
    )
