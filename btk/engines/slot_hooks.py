"""Which hook an event calls, and with what; made at the event, called when its turn in the tick comes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from btk.core.holding import Holding, Plan, opened
from btk.core.position import Position
from btk.core.rules import Rules
from btk.core.states import Closing, Idle, Open, Opening, Scheduled, State
from btk.model.events import (
    BreakevenEvent,
    CancelledEvent,
    ClosedEvent,
    Event,
    LossLevelEvent,
    OpenedEvent,
    ProfitLevelEvent,
    ScheduledEvent,
)
from btk.model.intervals import MINUTE_MS
from btk.model.signal import Signal

Hook = tuple[str, tuple[Any, ...]]
View = Callable[[Holding], Position]

WATCH_HOOKS: Mapping[type[State], str] = {
    Idle: "on_idle",
    Scheduled: "on_waiting",
    Open: "on_active",
    Closing: "on_active",
}
MILESTONE_HOOKS = {"on_breakeven", "on_partial_profit", "on_partial_loss"}


def hook_of(event: Event, was: State, state: State, view: View, rules: Rules) -> Hook | None:
    """The hook of an event that led from `was` to `state`, or None."""
    match event:
        case OpenedEvent() if not isinstance(state, Open) and isinstance(was, Scheduled | Opening):
            # Closed again in the candle that opened it: the hook sees the position as it was filled.
            return ("on_opened", (view(opened(was.plan, event.price_open, event.at_ms, rules)),))
        case ClosedEvent():
            return ("on_closed", (event.trade,))
        case ScheduledEvent() if isinstance(state, Scheduled):
            return ("on_scheduled", (signal_of(state.plan),))
        case CancelledEvent() if isinstance(was, Scheduled | Opening):
            return ("on_cancelled", (signal_of(was.plan), event.reason))
    holding = state.holding if isinstance(state, Open | Closing) else None
    return None if holding is None else _position_hook(event, view(holding))


def watch_hook_of(state: State, view: View) -> Hook:
    """The once-a-minute hook of a state, and what it is shown."""
    shown: tuple[Any, ...] = ()
    if isinstance(state, Open | Closing):
        shown = (view(state.holding),)
    elif isinstance(state, Scheduled):
        shown = (signal_of(state.plan),)
    return (WATCH_HOOKS[type(state)], shown)


def signal_of(plan: Plan) -> Signal:
    """The signal a plan was made of, with its defaults filled in."""
    return Signal(
        plan.position,
        plan.price_take_profit,
        plan.price_stop_loss,
        price_open=plan.price_open,
        lifetime_minutes=plan.lifetime_ms / MINUTE_MS,
        cost=plan.cost,
        note=plan.note,
        id=plan.id,
    )


def _position_hook(event: Event, position: Position) -> Hook | None:
    match event:
        case OpenedEvent():
            return ("on_opened", (position,))
        case ProfitLevelEvent():
            return ("on_partial_profit", (position, event.level))
        case LossLevelEvent():
            return ("on_partial_loss", (position, event.level))
        case BreakevenEvent():
            return ("on_breakeven", (position,))
    return None
