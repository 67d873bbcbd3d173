"""The bus between runs and listeners: each listener has a thread of its own, so that none waits for another.

What is published is told to a listener one at a time, in order. A run in real time never waits: a listener that is
10 000 behind loses what comes until it has caught up, and an error says how much. A backtest waits instead, at that
bound and after each stretch of its minutes.
"""

from __future__ import annotations

import math
import sys
import threading
import time
from collections.abc import Callable

from btk.library.listener import Listener, Wish
from btk.model.told import ErrorTold, Told

ERRORS = "error"
Unsubscribe = Callable[[], None]


class EventBus:
    """Topics by name; anybody may publish, anybody may listen, from any thread."""

    def __init__(self) -> None:
        self._listeners: dict[str, tuple[Listener, ...]] = {}
        self._changing = threading.Lock()

    def subscribe(self, topic: str, wish: Wish) -> Unsubscribe:
        """Listen to a topic; what is answered ends it: no call begins once that has returned."""

        def leave(listener: Listener) -> None:
            with self._changing:
                left = tuple(one for one in self._listeners.get(topic, ()) if one is not listener)
                self._listeners = {**self._listeners, topic: left}

        listener = Listener(topic, wish, leave, self._report)
        with self._changing:
            self._listeners = {
                **self._listeners,
                topic: (*self._listeners.get(topic, ()), listener),
            }
        return listener.close

    def hears(self, topic: str) -> bool:
        """Whether anybody listens."""
        return bool(self._listeners.get(topic))

    def publish(self, topic: str, payload: Told, waits: bool = False) -> None:
        """Tell everybody who listens; with `waits` those who are far behind are waited for, else they lose it."""
        for listener in self._listeners.get(topic, ()):
            if listener.is_full and not waits:
                listener.lose(payload)
                continue
            if listener.is_full:
                listener.settle(math.inf)
            listener.put(payload)

    def settle(self, seconds: float | None = None) -> None:
        """Come back when everything published so far was heard, or after so long."""
        until = time.monotonic() + (math.inf if seconds is None else seconds)
        # Errors last: what others fail at becomes one.
        for _, listeners in sorted(self._listeners.items(), key=lambda item: item[0] == ERRORS):
            for listener in listeners:
                listener.settle(until)

    def _report(self, listener: Listener, payload: Told, message: str, waits: bool) -> None:
        where = f"listener {listener.name}"
        if listener.name == ERRORS:
            # Told as an error it would be told to itself, for ever.
            print(f"btk: {where}: {message}", file=sys.stderr)
        else:
            self.publish(ERRORS, error_at(payload, where, message), waits)


def error_at(payload: Told, where: str, message: str) -> ErrorTold:
    """An error of the run, the slot and the time of another payload."""
    shared = {name: getattr(payload, name) for name in Told.__struct_fields__}
    return ErrorTold(**shared, where=where, message=message)


BUS = EventBus()
"""The one bus of this process."""
