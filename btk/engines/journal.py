"""The journal: puts the events of a stretch in the order of time, however far the slots jumped, and hands them on."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from typing import Protocol, cast

from btk.engines.ping import Ping
from btk.model.events import Event
from btk.model.names import SlotKey


class Phase(IntEnum):
    """The order of things within one tick."""

    EXITS = 0
    ACTIVATIONS = 1
    HOOKS = 2
    DECISIONS = 3


class Observer(Protocol):
    """Told of every event, in order."""

    def __call__(self, key: SlotKey, event: Event) -> None:
        """One event of one slot."""


class PingObserver(Protocol):
    """Told of every ping that was asked for, in its place between the events."""

    def __call__(self, key: SlotKey, ping: Ping) -> None:
        """One minute of one slot."""


def unheard(key: SlotKey, ping: Ping) -> None:
    """Nobody asked."""


class Journal:
    """Collects events by tick, phase and slot; `flush` tells the observer all of them, and `on_ping` the pings."""

    def __init__(self, observer: Observer) -> None:
        self.on_ping: PingObserver = unheard
        self._observer = observer
        self._notes: list[tuple[int, int, int, int, SlotKey, Event | Ping]] = []

    def note(self, phase: Phase, order: int, key: SlotKey, event: Event | Ping) -> None:
        """Keep an event of the slot that is `order`th."""
        self.note_all(phase, order, key, (event,))

    def note_all(self, phase: Phase, order: int, key: SlotKey, events: Sequence[Event | Ping]) -> None:
        """Keep some of its events, in the order in which they came."""
        notes = self._notes
        for event in events:
            notes.append((event.tick_ms, phase, order, len(notes), key, event))

    def flush(self) -> None:
        """Everything noted so far is complete: tell it."""
        # The counter makes every note unique, so that keys and events are never compared.
        self._notes.sort()
        observer = self._observer
        for _, _, _, _, key, event in self._notes:
            if type(event) is Ping:
                self.on_ping(key, event)
            else:
                observer(key, cast(Event, event))
        self._notes.clear()
