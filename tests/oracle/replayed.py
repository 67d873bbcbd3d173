"""What our events say, in the same words as the recorded log."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby, pairwise

import msgspec

from btk.core import holding as holdings
from btk.core.holding import Holding, Plan
from btk.core.rules import Rules
from btk.model.events import (
    AveragedEvent,
    BreakevenEvent,
    CancelledEvent,
    ClosedEvent,
    ErrorEvent,
    Event,
    LossLevelEvent,
    OpenedEvent,
    PartialClosedEvent,
    ProfitLevelEvent,
    RejectedEvent,
    ScheduledEvent,
    StopMovedEvent,
    StoppedEvent,
    TakeMovedEvent,
)
from btk.model.intervals import MINUTE_MS, interval_ms
from btk.model.trade import Trade
from tests.oracle.replay import ON_NO_POSITION, Replay
from tests.oracle.rows import Extreme, Refused, Row, in_common_order
from tests.oracle.scenarios import Scenario
from tests.oracle.scripted import ActivePing, Done, Life, Ping, Scripted

Move = PartialClosedEvent | StopMovedEvent | TakeMovedEvent | AveragedEvent


def rows(events: Sequence[Event], rules: Rules) -> list[Row]:
    """Every event that changes or marks a signal; positions are rebuilt from the events alone."""
    return in_common_order(_Reader(rules).rows(events))


class _Reader:
    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._holding: Holding

    def rows(self, events: Sequence[Event]) -> Iterator[Row]:
        for _, group in groupby(events, lambda event: event.at_ms):
            together = list(group)
            for event in together:
                self._follow(event)
            for event in together:
                row = self._row(event)
                if row is not None:
                    yield row

    def _follow(self, event: Event) -> None:
        match event:
            case OpenedEvent():
                self._holding = holdings.opened(_plan(event), event.price_open, event.at_ms, self._rules)
            case PartialClosedEvent():
                self._holding = holdings.reduced(
                    self._holding, event.kind, event.pct, event.price, event.at_ms
                )
            case AveragedEvent():
                self._holding = holdings.averaged(self._holding, event.price, event.cost, event.at_ms)
            case StopMovedEvent():
                self._holding = msgspec.structs.replace(self._holding, stop=event.price_stop_loss)
            case TakeMovedEvent():
                self._holding = msgspec.structs.replace(self._holding, take=event.price_take_profit)
            case _:
                pass

    def _row(self, event: Event) -> Row | None:
        match event:
            case ScheduledEvent():
                return _scheduled(event)
            case OpenedEvent():
                return _opened(event)
            case CancelledEvent():
                return _cancelled(event)
            case ClosedEvent():
                return _closed(event)
            case ProfitLevelEvent():
                return Row(
                    event.at_ms, "partial_profit", event.id, {"level": event.level, "price": event.price}
                )
            case LossLevelEvent():
                return Row(
                    event.at_ms, "partial_loss", event.id, {"level": event.level, "price": event.price}
                )
            case BreakevenEvent():
                return Row(event.at_ms, "breakeven", event.id, {"price": event.price})
            case PartialClosedEvent():
                return self._move(event, f"partial-{event.kind}", event.pct)
            case AveragedEvent():
                return self._move(event, "average-buy", event.cost)
            case StopMovedEvent():
                return self._move(event, "breakeven" if event.cause == "breakeven" else "trailing-stop", None)
            case TakeMovedEvent():
                return self._move(event, "trailing-take", None)
            case _:
                return None

    def _move(self, event: Move, action: str, amount: float | None) -> Row:
        holding = self._holding
        pct = holdings.pnl_pct(holding, event.price, self._rules)
        values = {
            "action": action,
            "price": event.price,
            "amount": amount,
            "price_open": holding.price_open,
            "take": holding.take,
            "stop": holding.stop,
            "first_price": holding.entries[0].price,
            "entries": len(holding.entries),
            "partials": len(holding.partials),
            "pnl_pct": pct,
            "pnl_cost": pct / 100 * holding.invested,
            "invested": holding.invested,
        }
        return Row(event.at_ms, _KINDS[type(event)], event.id, values)


_KINDS: dict[type[Move], str] = {
    PartialClosedEvent: "partial_closed",
    StopMovedEvent: "stop_moved",
    TakeMovedEvent: "take_moved",
    AveragedEvent: "averaged",
}


def _plan(event: OpenedEvent) -> Plan:
    return Plan(
        id=event.id,
        position=event.position,
        side=1 if event.position == "long" else -1,
        price_open=event.price_open,
        price_take_profit=event.price_take_profit,
        price_stop_loss=event.price_stop_loss,
        lifetime_ms=event.lifetime_minutes * MINUTE_MS,
        cost=event.cost,
        note=event.note,
        created_ms=event.scheduled_at_ms,
        price=event.price_open,
    )


def _scheduled(event: ScheduledEvent) -> Row:
    values = {
        **_wish(event),
        "price": event.price,
        "created_ms": event.at_ms,
    }
    return Row(event.at_ms, "scheduled", event.id, values)


def _opened(event: OpenedEvent) -> Row:
    values = {
        **_wish(event),
        "price": event.price_open,
        "created_ms": event.scheduled_at_ms,
        "opened_at_ms": event.at_ms,
    }
    return Row(event.at_ms, "opened", event.id, values)


def _wish(event: ScheduledEvent | OpenedEvent) -> dict[str, object]:
    return {
        "position": event.position,
        "cost": event.cost,
        "price_open": event.price_open,
        "take": event.price_take_profit,
        "stop": event.price_stop_loss,
        "lifetime_minutes": event.lifetime_minutes,
    }


def _cancelled(event: CancelledEvent) -> Row:
    values = {
        "reason": event.reason,
        "price": event.price,
        "position": event.position,
        "price_open": event.price_open,
        "scheduled_at_ms": event.scheduled_at_ms,
    }
    return Row(event.at_ms, "cancelled", event.id, values)


def _closed(event: ClosedEvent) -> Row:
    trade = event.trade
    values = {
        "reason": event.close_reason,
        "price": event.price,
        "closed_at_ms": trade.closed_at_ms,
        "pnl_pct": event.pnl_pct,
        "pnl_cost": event.pnl_cost,
        "invested": trade.cost,
        "price_open": trade.price_open,
        "price_close": trade.price_close,
        "position": trade.position,
        "first_cost": trade.entries[0].cost,
        "first_price": trade.entries[0].price,
        "take": trade.price_take_profit,
        "stop": trade.price_stop_loss,
        "original_take": trade.original_price_take_profit,
        "original_stop": trade.original_price_stop_loss,
        "scheduled_at_ms": trade.scheduled_at_ms,
        "opened_at_ms": trade.opened_at_ms,
        "entries": len(trade.entries),
        "partials": len(trade.partials),
        "closed_pct": _closed_pct(trade),
        "best_pct": trade.peak_profit_pct,
        "worst_pct": trade.max_drawdown_pct,
    }
    return Row(event.at_ms, "closed", event.id, values)


def _closed_pct(trade: Trade) -> float:
    closed = 0.0
    for partial in trade.partials:
        closed += partial.pct / 100 * partial.cost_basis
    return closed / trade.cost * 100


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
        event.at_ms
        for event in run.events
        if isinstance(event, ErrorEvent) or _is_rejected(event, "invalid")
        for _ in range(_count(event))
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


def _count(event: Event) -> int:
    return event.count if isinstance(event, RejectedEvent | ErrorEvent) else 0
