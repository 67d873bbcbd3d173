"""The live path tells what a backtest tells, also when it is killed and recalled at any of its ticks."""

from __future__ import annotations

import time
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from btk.engines.backtest import Backtest, Job
from btk.engines.drivers import StopSwitch
from btk.model.events import Event
from btk.model.names import SlotKey
from tests.properties.wild_run import Wild, candles_of, job_of, wild_worlds
from tests.properties.wild_strategy import Diary
from tests.properties.wild_trading import Kill, traded


def never(minute: int) -> bool:
    return False


def always(minute: int) -> bool:
    return True


def assert_same(wild: Wild, kill: Kill) -> None:
    candles = candles_of(wild)
    events: list[tuple[SlotKey, Event]] = []
    diaries: list[Diary] = []
    job = job_of(wild, diaries, candles)
    outcome = Backtest(job, lambda key, event: events.append((key, event)), time.perf_counter).run(
        StopSwitch()
    )
    live_diaries: list[list[Diary]] = []

    def make() -> Job:
        live_diaries.append([])
        return job_of(wild, live_diaries[-1], candles)

    lived = traded(make, kill)
    assert lived.events == events
    assert _joined(live_diaries) == diaries
    assert lived.equity == {
        "all": outcome.equity,
        **{symbol: facts.equity for symbol, facts in outcome.symbols.items()},
    }


def _joined(processes: list[list[Diary]]) -> list[Diary]:
    return [[line for diary in diaries for line in diary] for diaries in zip(*processes, strict=True)]


@given(wild=wild_worlds(commands=0))
@settings(max_examples=30, deadline=None)
def test_the_live_path_tells_what_a_backtest_tells(wild):
    assert_same(wild, never)


@given(wild=wild_worlds(commands=0, minutes=90))
@settings(max_examples=30, deadline=None)
def test_killed_at_every_tick_it_tells_the_same(wild):
    assert_same(wild, always)


@given(wild=wild_worlds(commands=0), seed=st.integers(0, 2**32 - 1))
@settings(max_examples=25, deadline=None)
def test_killed_at_some_ticks_it_tells_the_same(wild, seed):
    dice = Random(seed)
    killed = {minute for minute in range(wild.minutes) if dice.random() < 0.03}
    assert_same(wild, killed.__contains__)


@given(wild=wild_worlds(commands=0, minutes=60, model="candle", asynchronous=True))
@settings(max_examples=8, deadline=None)
def test_strategies_that_are_async_tell_the_same(wild):
    assert_same(wild, always)
