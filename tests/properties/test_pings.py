"""Minutes told to whoever asked: each of them once, at its tick and in its state; and nothing else is any different."""

from __future__ import annotations

import time

import msgspec
from hypothesis import given, settings

from btk.core.states import Closing, Idle, Open, Opening, Scheduled, State, plan_of
from btk.engines.backtest import Backtest
from btk.engines.drivers import StopSwitch
from btk.engines.ping import Ping
from btk.model.events import Event
from btk.model.names import SlotKey
from tests.properties.wild_run import JUMP, Wild, job_of, run, wild_worlds

EVERY = frozenset({Idle, Scheduled, Open, Closing})
Told = list[tuple[SlotKey, Event | Ping]]


def pinged(wild: Wild, states: frozenset[type[State]], block_minutes: int = JUMP) -> tuple[Told, object]:
    diaries: list[list[tuple[object, ...]]] = []
    job = msgspec.structs.replace(job_of(wild, diaries), block_minutes=block_minutes)
    told: Told = []
    engine = Backtest(job, lambda key, event: told.append((key, event)), time.perf_counter)
    engine.ping(states, lambda key, ping: told.append((key, ping)))
    outcome = engine.run(StopSwitch())
    return told, (outcome.records, outcome.equity, diaries)


def shown(key: SlotKey, told: Event | Ping) -> tuple[object, ...]:
    """What a listener is told of it; how far a position has been is counted when it is needed."""
    if not isinstance(told, Ping):
        return (key, told)
    holding = getattr(told.state, "holding", None)
    levels = holding and (holding.price_open, holding.take, holding.stop, holding.entries, holding.partials)
    return (key, told.tick_ms, told.price, told.kind, plan_of(told.state), levels)


@given(wild=wild_worlds())
@settings(max_examples=15, deadline=None)
def test_to_be_told_of_minutes_changes_nothing_else(wild):
    unheard = run(wild)
    told, figures = pinged(wild, EVERY)
    assert [item for item in told if not isinstance(item[1], Ping)] == unheard.events
    assert figures == (unheard.outcome.records, unheard.outcome.equity, unheard.diaries)


@given(wild=wild_worlds())
@settings(max_examples=15, deadline=None)
def test_the_minutes_told_of_are_those_of_a_replay_that_steps_through_each(wild):
    jumped, stepped = pinged(wild, EVERY)[0], pinged(wild, EVERY, block_minutes=1)[0]
    assert [shown(*item) for item in jumped] == [shown(*item) for item in stepped]


@given(wild=wild_worlds())
@settings(max_examples=15, deadline=None)
def test_each_minute_is_told_of_once_and_only_in_the_states_asked_for(wild):
    told, _ = pinged(wild, EVERY)
    ticks = [(key, ping.tick_ms) for key, ping in told if isinstance(ping, Ping)]
    assert len(ticks) == len(set(ticks))
    assert {type(ping.state) for _, ping in told if isinstance(ping, Ping)} <= EVERY - {Opening}
    asked = {(key, ping.tick_ms) for key, ping in told if isinstance(getattr(ping, "state", None), Open)}
    alone = pinged(wild, frozenset({Open}))[0]
    assert {(key, ping.tick_ms) for key, ping in alone if isinstance(ping, Ping)} == asked
