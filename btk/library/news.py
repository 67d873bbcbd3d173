"""News: what listeners are told of an event or a minute, one maker a kind of payload."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from btk.core.holding import pnl_pct
from btk.core.rules import Rules
from btk.core.states import Closing, Open
from btk.engines.ping import Ping
from btk.model.events import (
    AlarmEvent,
    AveragedEvent,
    CancelledEvent,
    ClosedEvent,
    ErrorEvent,
    Event,
    OpenedEvent,
    PartialClosedEvent,
    RejectedEvent,
    ScheduledEvent,
    StopMovedEvent,
    TakeMovedEvent,
)
from btk.model.told import (
    BreakevenTold,
    CommitTold,
    ErrorTold,
    MilestoneTold,
    OrderScheduleTold,
    PauseTold,
    PingTold,
    RiskTold,
    SignalRow,
    SignalTold,
    Told,
    ValidationTold,
    WishRow,
)

RAISED = ": raised "


class Scene(NamedTuple):
    """Whose news it is (the fields of `Told`), the signal it is about, and how many positions of the run are open."""

    whose: Mapping[str, Any]
    signal: SignalRow | None
    open_positions: int = 0


def news(kind: type[Told], event: Event, scene: Scene) -> Told | None:
    """What is told of an event in a payload of this kind; None where it is not of it."""
    return MAKERS[kind](event, scene)


def minute_news(
    kind: type[Told], ping: Ping, row: SignalRow | None, whose: Mapping[str, Any], rules: Rules
) -> Told:
    """What is told of a minute in a payload of this kind; `row` is the signal of its state."""
    price = ping.price
    if kind is PingTold:
        return PingTold(**whose, price=price, signal=row)
    if not isinstance(ping.state, Open | Closing) or row is None:
        return SignalTold(**whose, action=ping.kind, price=price, signal=row, id=row.id if row else "")
    return SignalTold(
        **whose,
        action="active",
        price=price,
        signal=row,
        id=row.id,
        pnl_pct=pnl_pct(ping.state.holding, price, rules),
        take_progress_pct=way(row, price, row.price_take_profit),
        stop_progress_pct=way(row, price, row.price_stop_loss),
    )


def way(row: SignalRow, price: float, level: float) -> float:
    """How far a price is on the way from the entry to a level, in percent; 0 where it has gone the other way."""
    whole = level - row.price_open
    return max(0.0, (price - row.price_open) / whole * 100) if whole else 0.0


def _signal(event: Any, scene: Scene) -> Told | None:
    whose, row = scene.whose, scene.signal
    match event:
        case ScheduledEvent():
            return SignalTold(**whose, action="scheduled", price=event.price, signal=row, id=event.id)
        case OpenedEvent():
            return SignalTold(**whose, action="opened", price=event.price_open, signal=row, id=event.id)
        case CancelledEvent():
            shared = {**whose, "action": "cancelled", "signal": row, "id": event.id}
            return SignalTold(**shared, price=event.price, cancel_reason=event.reason)
        case ClosedEvent():
            shared = {**whose, "action": "closed", "signal": row, "id": event.id, "pnl_pct": event.pnl_pct}
            return SignalTold(**shared, price=event.price, close_reason=event.close_reason, trade=event.trade)
    return None


def _order_schedule(event: Any, scene: Scene) -> Told:
    cancelled = isinstance(event, CancelledEvent)
    return OrderScheduleTold(
        **scene.whose,
        action="cancelled" if cancelled else "scheduled",
        price=event.price,
        id=event.id,
        signal=scene.signal,
        reason=event.reason if cancelled else None,
    )


def _milestone(event: Any, scene: Scene) -> Told | None:
    row = scene.signal
    if row is None:
        return None
    level = row.price_take_profit if event.__struct_config__.tag == "partial_profit" else row.price_stop_loss
    reached = way(row, event.price, level)
    return MilestoneTold(**scene.whose, price=event.price, signal=row, level=event.level, reached_pct=reached)


def _breakeven(event: Any, scene: Scene) -> Told | None:
    row = scene.signal
    return None if row is None else BreakevenTold(**scene.whose, price=event.price, signal=row)


def _commit(event: Any, scene: Scene) -> Told | None:
    row, whose = scene.signal, scene.whose
    if row is None:
        return None
    shared = {**whose, "action": event.__struct_config__.tag, "price": event.price, "signal": row}
    match event:
        case PartialClosedEvent():
            return CommitTold(**shared, pct=event.pct, cost=event.cost_basis, pnl_pct=event.pnl_pct)
        case AveragedEvent():
            return CommitTold(**shared, cost=event.cost)
        case StopMovedEvent() | TakeMovedEvent():
            return CommitTold(**shared, previous_price=event.previous)
    return None


def _pause(event: Any, scene: Scene) -> Told:
    return PauseTold(**scene.whose, action=event.__struct_config__.tag)


def _risk(event: Any, scene: Scene) -> Told | None:
    if event.reason not in ("risk", "cash", "sizing"):
        return None
    return RiskTold(
        **scene.whose,
        reason=event.reason,
        rejection_note=event.detail,
        signal=_wish(event),
        price=event.price,
        open_positions=scene.open_positions,
        count=event.count,
    )


def _validation(event: Any, scene: Scene) -> Told | None:
    raised = event.reason == "risk" and RAISED in f": {event.detail}"
    if event.reason not in ("invalid", "duplicate_id") and not raised:
        return None
    return ValidationTold(
        **scene.whose, reason=event.reason, message=event.detail, signal=_wish(event), price=event.price
    )


def _wish(event: RejectedEvent) -> WishRow:
    return WishRow(
        id=event.id,
        position=event.position,
        price_open=event.price_open,
        price_take_profit=event.price_take_profit,
        price_stop_loss=event.price_stop_loss,
        note=event.note,
    )


def _error(event: Any, scene: Scene) -> Told | None:
    if isinstance(event, ErrorEvent):
        return ErrorTold(**scene.whose, where=event.where, message=event.message, count=event.count)
    if isinstance(event, AlarmEvent) and not event.over:
        return ErrorTold(**scene.whose, where=event.subject, message=event.message)
    return None


MAKERS: Mapping[type[Told], Callable[[Any, Scene], Told | None]] = {
    SignalTold: _signal,
    OrderScheduleTold: _order_schedule,
    MilestoneTold: _milestone,
    BreakevenTold: _breakeven,
    CommitTold: _commit,
    PauseTold: _pause,
    RiskTold: _risk,
    ValidationTold: _validation,
    ErrorTold: _error,
}
