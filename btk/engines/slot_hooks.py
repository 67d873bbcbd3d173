"""Which hook an event calls, and with what; made at the event, called when its turn in the tick comes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from btk.core.holding import Holding, Plan, opened
from btk.core.position import Position
from btk.core.rules import Rules
from btk.core.states import Closing, Idle, Open, Opening, Scheduled, State, holding_of
from btk.core.strategy import HOOKS, Strategy, overrides
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
ENDING_HOOKS = {"on_closed", "on_cancelled"}
MILESTONE_HOOKS = {"on_breakeven", "on_partial_profit", "on_partial_loss"}
SIGNAL_HOOKS = {"on_scheduled", "on_opened"} | ENDING_HOOKS | MILESTONE_HOOKS


class Change(NamedTuple):
    """From one state to another."""

    was: State
    state: State


class Hooks:
    """The hooks that a strategy has, and those that are `due`; `pinged` are states whose minutes others want to hear of."""

    __slots__ = ("_names", "_watched", "due", "hear_milestones", "heeded", "pinged")

    def __init__(self, strategy: Strategy) -> None:
        self._names = frozenset(name for name in HOOKS if overrides(strategy, name))
        self._watched: tuple[State, Hook] | None = None
        self.due: list[Hook] = []
        self.hear_milestones = not self._names.isdisjoint(MILESTONE_HOOKS)
        self.heeded = bool(self._names)
        self.pinged: frozenset[type[State]] = frozenset()

    def ping(self, states: frozenset[type[State]]) -> None:
        """Let others hear of every minute in these states."""
        self.pinged = states
        self.heeded = bool(self._names or states)

    def __contains__(self, name: str) -> bool:
        return name in self._names

    def watch(self, state: State) -> bool:
        """Whether anybody wants to hear of every minute in a state."""
        kind = type(state)
        return kind in self.pinged or WATCH_HOOKS.get(kind) in self._names

    def watching(self, state: State, view: View) -> Hook | None:
        """The once-a-minute hook of a state and what it is shown, or None where the strategy has none."""
        if WATCH_HOOKS[type(state)] not in self._names:
            return None
        if self._watched is None or self._watched[0] is not state:
            self._watched = (state, watch_hook_of(state, view))
        return self._watched[1]

    @property
    def end_is_due(self) -> bool:
        """Whether the strategy is still to hear that its signal is over."""
        return any(name in ENDING_HOOKS for name, _ in self.due)

    def remember(self, event: Event, change: Change, view: View, rules: Rules) -> None:
        """Have the hook of an event called when its turn comes, if there is one."""
        if not self._names:
            return
        hook = hook_of(event, change, view, rules)
        if hook is not None and hook[0] in self._names:
            self.due.append(hook)


def hook_of(event: Event, change: Change, view: View, rules: Rules) -> Hook | None:
    """The hook of an event that led from one state to another, or None."""
    was, state = change
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
    holding = holding_of(state)
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
