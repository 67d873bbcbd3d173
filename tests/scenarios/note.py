"""Events as a trader would note them down."""

from __future__ import annotations

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
    TakeMovedEvent,
)
from tests.scenarios.mirror import Mirror


def note_of(event: Event, mirror: Mirror) -> str:
    """One short line, such as `opened long @100`."""

    def price(value: float) -> str:
        return f"{round(mirror.price(value), 6):g}"

    match event:
        case ScheduledEvent():
            return f"scheduled {mirror.side(event.position)} @{price(event.price_open)}"
        case OpenedEvent():
            return f"opened {mirror.side(event.position)} @{price(event.price_open)}"
        case ClosedEvent():
            return f"closed {event.close_reason} @{price(event.price)}{_marks(event)}"
        case CancelledEvent():
            return f"cancelled {event.reason}"
        case PartialClosedEvent():
            return f"closed {event.pct:g} % in {event.kind} @{price(event.price)}"
        case AveragedEvent():
            return f"bought {event.cost:g} more @{price(event.price)}"
        case StopMovedEvent():
            return f"stop {price(event.previous)} -> {price(event.price_stop_loss)}"
        case TakeMovedEvent():
            return f"target {price(event.previous)} -> {price(event.price_take_profit)}"
        case ProfitLevelEvent():
            return f"{event.level} % of the way to the target @{price(event.price)}"
        case LossLevelEvent():
            return f"{event.level} % of the way to the stop @{price(event.price)}"
        case BreakevenEvent():
            return f"break-even @{price(event.price)}"
        case RejectedEvent():
            return f"rejected x{event.count} {event.reason}: {event.detail}"
        case ErrorEvent():
            return f"error x{event.count} {event.where}: {event.message}"
        case _:
            return type(event).__struct_config__.tag


def _marks(event: ClosedEvent) -> str:
    marks = [name for name in ("ambiguous", "exact_touch") if getattr(event.trade, name)]
    return f" ({', '.join(marks).replace('_', ' ')})" if marks else ""
