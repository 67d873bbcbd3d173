"""Events as a trader would note them down: one short line, such as `opened long @100`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from btk.model import events
from btk.model.events import Event
from tests.scenarios.mirror import Mirror

WORDS: dict[type[Event], Callable[[Any, Mirror], str]] = {
    events.ScheduledEvent: lambda e, m: f"scheduled {m.side(e.position)} @{m.shown(e.price_open)}",
    events.OpenedEvent: lambda e, m: f"opened {m.side(e.position)} @{m.shown(e.price_open)}",
    events.ClosedEvent: lambda e, m: f"closed {e.close_reason} @{m.shown(e.price)}{_marks(e)}",
    events.CancelledEvent: lambda e, m: f"cancelled {e.reason}",
    events.PartialClosedEvent: lambda e, m: f"closed {e.pct:g} % in {e.kind} @{m.shown(e.price)}",
    events.AveragedEvent: lambda e, m: f"bought {e.cost:g} more @{m.shown(e.price)}",
    events.StopMovedEvent: lambda e, m: f"stop {m.shown(e.previous)} -> {m.shown(e.price_stop_loss)}",
    events.TakeMovedEvent: lambda e, m: f"target {m.shown(e.previous)} -> {m.shown(e.price_take_profit)}",
    events.ProfitLevelEvent: lambda e, m: f"{e.level} % of the way to the target @{m.shown(e.price)}",
    events.LossLevelEvent: lambda e, m: f"{e.level} % of the way to the stop @{m.shown(e.price)}",
    events.BreakevenEvent: lambda e, m: f"break-even @{m.shown(e.price)}",
    events.RejectedEvent: lambda e, m: f"rejected x{e.count} {e.reason}: {e.detail}",
    events.ErrorEvent: lambda e, m: f"error x{e.count} {e.where}: {e.message}",
    events.PausedEvent: lambda e, m: "paused",
    events.ResumedEvent: lambda e, m: "resumed",
    events.StoppedEvent: lambda e, m: "stopped",
}


def note_of(event: Event, mirror: Mirror) -> str:
    """The line of an event, read in the mirror."""
    return WORDS[type(event)](event, mirror)


def _marks(event: events.ClosedEvent) -> str:
    marks = [name for name in ("ambiguous", "exact_touch") if getattr(event.trade, name)]
    return f" ({', '.join(marks).replace('_', ' ')})" if marks else ""
