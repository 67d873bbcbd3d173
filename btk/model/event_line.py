"""An event as one line for terminals and logs: time, number, what, where, and every figure by its name."""

from __future__ import annotations

from btk.model.dates import format_date
from btk.model.events import ClosedEvent, Event
from btk.model.plain_words import one_line

_APART = {"at_ms", "tick_ms", "symbol", "strategy", "trade"}


def event_line(seq: int, event: Event) -> str:
    """`2024-01-01T10:00 #7 opened BTCUSDT sma_cross id=... price_open=42000`."""
    shown = {name: getattr(event, name) for name in event.__struct_fields__ if name not in _APART}
    if isinstance(event, ClosedEvent):
        shown |= {"price_close": event.trade.price_close}
    figures = " ".join(f"{name}={_word(value)}" for name, value in shown.items() if value not in ("", None))
    place = f"{event.symbol} {event.strategy} " if event.symbol else ""
    return one_line(f"{format_date(event.at_ms)} #{seq} {event.__struct_config__.tag} {place}{figures}")


def _word(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.8g}"
    text = str(value)
    return repr(text) if " " in text else text
