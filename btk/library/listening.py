"""Listening from Python: `listen.signal(fn)`, `listen.signal_once(where, fn)`, a pair for each row of the table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from btk.library.event_bus import BUS, EventBus, Unsubscribe
from btk.library.listener import Wish
from btk.library.topics import TOPICS
from btk.model.plain_words import did_you_mean

ONCE = "_once"
Subscribe = Callable[..., Unsubscribe]


class Listen:
    """`listen.<topic>(fn)` calls `fn`, plain or async, with every payload of a topic; what it answers unsubscribes.

    `listen.<topic>_once(where, fn)` calls it with the first payload for which `where(payload)` holds, and no more.
    """

    def __init__(self, bus: EventBus = BUS) -> None:
        self._bus = bus

    def __getattr__(self, name: str) -> Subscribe:
        topic = name.removesuffix(ONCE)
        if topic not in TOPICS:
            hint = did_you_mean(topic, TOPICS) or f"; there are {', '.join(TOPICS)}"
            raise AttributeError(f"there is nothing called {name!r} to listen to{hint}")
        return self._once(topic) if name.endswith(ONCE) else self._every(topic)

    def __dir__(self) -> list[str]:
        return [name for topic in TOPICS for name in (topic, topic + ONCE)]

    def _every(self, topic: str) -> Subscribe:
        def every(fn: Callable[[Any], Any]) -> Unsubscribe:
            return self._bus.subscribe(topic, Wish(fn))

        return every

    def _once(self, topic: str) -> Subscribe:
        def once(where: Callable[[Any], bool], fn: Callable[[Any], Any]) -> Unsubscribe:
            return self._bus.subscribe(topic, Wish(fn, where, once=True))

        return once


listen = Listen()
