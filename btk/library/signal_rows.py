"""Signals as they stand, followed through the events of a run: what a listener is shown beside what happened."""

from __future__ import annotations

import msgspec

from btk.core.holding import Holding, Plan
from btk.core.states import Closing, Open, State, plan_of
from btk.model.events import (
    AveragedEvent,
    CancelledEvent,
    ClosedEvent,
    Event,
    OpenedEvent,
    PartialClosedEvent,
    ScheduledEvent,
    StopMovedEvent,
    TakeMovedEvent,
)
from btk.model.intervals import MINUTE_MS
from btk.model.names import SlotKey
from btk.model.told import SignalRow


class SignalRows:
    """The signal of every slot that has one."""

    def __init__(self) -> None:
        self._rows: dict[SlotKey, SignalRow] = {}

    @property
    def open_positions(self) -> int:
        """How many positions are open."""
        return sum(row.opened_at_ms is not None for row in self._rows.values())

    def begin(self, key: SlotKey, state: State) -> None:
        """Go on with what a slot held when the run before was left."""
        row = row_of(state)
        if row is not None:
            self._rows[key] = row

    def of(self, key: SlotKey) -> SignalRow | None:
        """The signal of a slot."""
        return self._rows.get(key)

    def after(self, key: SlotKey, event: Event) -> SignalRow | None:
        """The signal that an event is about, as it is after it."""
        if isinstance(event, ClosedEvent | CancelledEvent):
            return self._rows.pop(key, None)
        row = _after(self._rows.get(key), event)
        if row is not None:
            self._rows[key] = row
        return row


def row_of(state: State) -> SignalRow | None:
    """The signal of a state."""
    if isinstance(state, Open | Closing):
        return _held(state.holding)
    plan = plan_of(state)
    return None if plan is None else _planned(plan)


def _after(row: SignalRow | None, event: Event) -> SignalRow | None:
    if isinstance(event, ScheduledEvent | OpenedEvent):
        return _begun(event)
    if row is None:
        return None
    replace = msgspec.structs.replace
    match event:
        case StopMovedEvent():
            return replace(row, price_stop_loss=event.price_stop_loss)
        case TakeMovedEvent():
            return replace(row, price_take_profit=event.price_take_profit)
        case AveragedEvent():
            return replace(
                row, price_open=event.price_open, entries=event.entries, cost=row.cost + event.cost
            )
        case PartialClosedEvent():
            return replace(row, partials=row.partials + 1)
    return row


def _begun(event: ScheduledEvent | OpenedEvent) -> SignalRow:
    opened = isinstance(event, OpenedEvent)
    return SignalRow(
        id=event.id,
        position=event.position,
        price_open=event.price_open,
        price_take_profit=event.price_take_profit,
        price_stop_loss=event.price_stop_loss,
        original_price_open=event.price_open,
        original_price_take_profit=event.price_take_profit,
        original_price_stop_loss=event.price_stop_loss,
        lifetime_minutes=event.lifetime_minutes,
        cost=event.cost,
        scheduled_at_ms=event.scheduled_at_ms if isinstance(event, OpenedEvent) else event.at_ms,
        opened_at_ms=event.at_ms if opened else None,
        entries=1 if opened else 0,
        partials=0,
        note=event.note,
    )


def _planned(plan: Plan) -> SignalRow:
    return SignalRow(
        id=plan.id,
        position=plan.position,
        price_open=plan.price_open,
        price_take_profit=plan.price_take_profit,
        price_stop_loss=plan.price_stop_loss,
        original_price_open=plan.price_open,
        original_price_take_profit=plan.price_take_profit,
        original_price_stop_loss=plan.price_stop_loss,
        lifetime_minutes=plan.lifetime_ms / MINUTE_MS,
        cost=plan.cost,
        scheduled_at_ms=plan.created_ms,
        opened_at_ms=None,
        entries=0,
        partials=0,
        note=plan.note,
    )


def _held(holding: Holding) -> SignalRow:
    return msgspec.structs.replace(
        _planned(holding.plan),
        price_open=holding.price_open,
        price_take_profit=holding.take,
        price_stop_loss=holding.stop,
        original_price_open=holding.entries[0].price,
        cost=holding.invested,
        opened_at_ms=holding.opened_ms,
        entries=len(holding.entries),
        partials=len(holding.partials),
    )
