"""What a paper or live run says while it goes on: its first line, and one line for every event."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from btk.library.trading_run import Started
from btk.model.dates import format_date
from btk.model.events import ClosedEvent, Event
from btk.model.names import SlotKey
from btk.model.plain_words import one_line

_APART = {"at_ms", "tick_ms", "symbol", "strategy", "trade"}


def say(line: str) -> None:
    """One line on stderr."""
    print(one_line(line), file=sys.stderr, flush=True)


def say_started(started: Started, words: Sequence[str]) -> None:
    """The first line, what it goes on with, and what was damaged."""
    say(", ".join(words))
    if started.goes_on:
        say(f"goes on with run {started.run_id}, left at {format_date(started.reached_ms)}")
    else:
        say(f"run {started.run_id}")
    for note in started.notes:
        say(f"btk: {note}")


def say_event(seq: int, key: SlotKey, event: Event) -> None:
    """Time, number, what, where, and every figure by its name."""
    shown = {name: getattr(event, name) for name in event.__struct_fields__ if name not in _APART}
    if isinstance(event, ClosedEvent):
        shown |= {"price_close": event.trade.price_close}
    figures = " ".join(f"{name}={_word(value)}" for name, value in shown.items() if value not in ("", None))
    place = f"{event.symbol} {event.strategy} " if event.symbol else ""
    say(f"{format_date(event.at_ms)} #{seq} {event.__struct_config__.tag} {place}{figures}")


def _word(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.8g}"
    text = str(value)
    return repr(text) if " " in text else text
