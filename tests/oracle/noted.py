"""What the strategy and the risk rules noted in a replay, in the same words as the recorded log."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise

from btk.model.events import (
    CancelledEvent,
    ErrorEvent,
    Event,
    OpenedEvent,
    RejectedEvent,
    ScheduledEvent,
    StoppedEvent,
)
from btk.model.intervals import MINUTE_MS, interval_ms
from tests.oracle.replay import ON_NO_POSITION, Replay
from tests.oracle.rows import Extreme, Refused
from tests.oracle.scenarios import Scenario
from tests.oracle.scripted import ActivePing, Done, Life, Ping, Scripted


def operations(run: Replay, script: Scripted) -> list[Done]:
    """The script's operations; what was given from outside is answered by a `rejected` event, or by none."""
    refused_ms = {event.tick_ms for event in run.events if _is_rejected(event, "command")}
    return [_answered(done, refused_ms) for done in script.done]


def _answered(done: Done, refused_ms: set[int]) -> Done:
    from_outside = done.op == "createSignal" or (done.accepted is None and done.op in _ANSWERED)
    return done._replace(accepted=done.at_ms + MINUTE_MS not in refused_ms) if from_outside else done


_ANSWERED = ON_NO_POSITION.keys() - {"closePending"}


def refusals(run: Replay) -> list[Refused]:
    """What risk rules refused; at an activation stamped, as the cancellation that follows, with the candle."""
    at_activation = {
        (event.tick_ms, event.id)
        for event in run.events
        if isinstance(event, CancelledEvent) and event.reason == "risk"
    }
    return [
        refused._replace(at_ms=refused.at_ms - MINUTE_MS)
        if (refused.at_ms, refused.id) in at_activation
        else refused
        for refused in run.refusals
    ]


def errors(run: Replay) -> list[int]:
    """When a question ended in an error: it raised, or its signal was invalid."""
    return [
        event.at_ms for event in run.events if isinstance(event, ErrorEvent) or _is_rejected(event, "invalid")
    ]


def idle_pings(scenario: Scenario, events: Sequence[Event], script: Scripted) -> list[Ping]:
    """The looks at an idle slot that stayed idle and was not stopped: the origin looks after that, we before it."""
    stopped_ms = min((event.at_ms for event in events if isinstance(event, StoppedEvent)), default=math.inf)
    begun_ms = {
        event.at_ms
        for event in events
        if isinstance(event, OpenedEvent | ScheduledEvent) and event.at_ms == event.tick_ms
    }
    step_ms = interval_ms(scenario.frame.interval)
    return [
        ping
        for ping in script.idle
        if ping.at_ms not in begun_ms
        and ping.at_ms <= scenario.last_tick_ms
        and ping.at_ms < stopped_ms
        and (ping.at_ms - scenario.first_tick_ms) % step_ms == 0
    ]


def extremes(lives: Sequence[Life], name: str) -> list[Extreme]:
    """`peak` or `fall` of every position, as its pings saw them."""
    return [_extreme(life, _PCT[name]) for life in lives]


def updates(lives: Sequence[Life], name: str) -> int:
    """How often a new best or worst was seen."""
    pct = _PCT[name]
    return sum(
        pct(after) != pct(before) for life in lives for before, after in pairwise([life.opening, *life.pings])
    )


def _extreme(life: Life, pct: Callable[[ActivePing], float]) -> Extreme:
    best = life.opening
    for ping in life.pings:
        best = ping if pct(ping) != pct(best) else best
    return Extreme(life.id, best.at_ms, best.price, pct(best))


_PCT: dict[str, Callable[[ActivePing], float]] = {
    "peak": lambda ping: ping.best_pct,
    "fall": lambda ping: ping.worst_pct,
}


def _is_rejected(event: Event, reason: str) -> bool:
    return isinstance(event, RejectedEvent) and event.reason == reason
