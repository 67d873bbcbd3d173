"""What our events say, in the same words as the recorded log."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

import msgspec

from btk.core import holding as holdings
from btk.core.holding import Holding, Plan
from btk.core.rules import Rules
from btk.model.events import (
    AveragedEvent,
    BreakevenEvent,
    CancelledEvent,
    ClosedEvent,
    Event,
    LossLevelEvent,
    OpenedEvent,
    PartialClosedEvent,
    ProfitLevelEvent,
    ScheduledEvent,
    StopMovedEvent,
    TakeMovedEvent,
)
from btk.model.intervals import MINUTE_MS
from btk.model.trade import Trade
from tests.oracle.rows import Row, in_common_order

Move = PartialClosedEvent | StopMovedEvent | TakeMovedEvent | AveragedEvent


def rows(events: Sequence[Event], rules: Rules) -> list[Row]:
    """Every event that changes or marks a signal; positions are rebuilt from the events alone."""
    return in_common_order(_Reader(rules).rows(events))


def positions_after(events: Sequence[Event], rules: Rules) -> Iterator[tuple[Event, Holding]]:
    """Every command's event with the position right after it, rebuilt from the events alone."""
    reader = _Reader(rules)
    for event in events:
        reader.follow(event)
        if isinstance(event, Move):
            yield event, reader.holding


class _Reader:
    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self.holding: Holding

    def rows(self, events: Sequence[Event]) -> Iterator[Row]:
        for _, group in groupby(events, lambda event: event.at_ms):
            together = list(group)
            for event in together:
                self.follow(event)
            for event in together:
                row = self._row(event)
                if row is not None:
                    yield row

    def follow(self, event: Event) -> None:
        match event:
            case OpenedEvent():
                self.holding = holdings.opened(_plan(event), event.price_open, event.at_ms, self._rules)
            case PartialClosedEvent():
                self.holding = holdings.reduced(self.holding, event.kind, event.pct, event.price, event.at_ms)
            case AveragedEvent():
                self.holding = holdings.averaged(self.holding, event.price, event.cost, event.at_ms)
            case StopMovedEvent():
                self.holding = msgspec.structs.replace(self.holding, stop=event.price_stop_loss)
            case TakeMovedEvent():
                self.holding = msgspec.structs.replace(self.holding, take=event.price_take_profit)
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
        holding = self.holding
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
        "note": event.note if event.reason == "user" else None,
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
        "note": trade.note if event.close_reason == "user" else None,
    }
    return Row(event.at_ms, "closed", event.id, values)


def _closed_pct(trade: Trade) -> float:
    closed = 0.0
    for partial in trade.partials:
        closed += partial.pct / 100 * partial.cost_basis
    return closed / trade.cost * 100
