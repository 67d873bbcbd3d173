"""The slot's record: everything a slot is, as one value; what is in it survives, what is not is gone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from btk.core.documents import from_document
from btk.core.notes import Notes
from btk.core.states import IDLE, State
from btk.model.errors import InvalidInput
from btk.model.events import (
    AlarmEvent,
    AveragedEvent,
    BreakevenEvent,
    CancelledEvent,
    ClosedEvent,
    ErrorEvent,
    LossLevelEvent,
    OpenedEvent,
    PartialClosedEvent,
    PausedEvent,
    ProfitLevelEvent,
    RejectedEvent,
    ResumedEvent,
    ScheduledEvent,
    StopMovedEvent,
    StoppedEvent,
    TakeMovedEvent,
)
from btk.model.intents import Intent
from btk.model.names import SlotKey
from btk.model.signal import Signal

VERSION = 1
NEVER_MS = -1

AnyEvent = (
    ScheduledEvent
    | OpenedEvent
    | ProfitLevelEvent
    | LossLevelEvent
    | BreakevenEvent
    | PartialClosedEvent
    | StopMovedEvent
    | TakeMovedEvent
    | AveragedEvent
    | ClosedEvent
    | CancelledEvent
    | RejectedEvent
    | ErrorEvent
    | PausedEvent
    | ResumedEvent
    | StoppedEvent
    | AlarmEvent
)

Migration = Callable[[dict[str, Any]], dict[str, Any]]
MIGRATIONS: Mapping[int, Migration] = {}
"""What makes a document of version n one of version n + 1."""


class NumberedEvent(msgspec.Struct, frozen=True):
    """An event with its place in the order of all events of a run; the first is 1."""

    seq: int
    event: AnyEvent


class CountedRefusal(msgspec.Struct, frozen=True, kw_only=True):
    """Equal refusals that are still being counted: the event so far, and what makes the next one equal."""

    event: RejectedEvent
    rule: str
    slot_ms: int


class CountedError(msgspec.Struct, frozen=True, kw_only=True):
    """An error that was told, and how often it came again since."""

    event: ErrorEvent
    repeats: int


class SlotRecord(msgspec.Struct, frozen=True, kw_only=True):
    """Times in milliseconds, -1 for never; money in quote currency.

    `epoch` and `commit` say which run wrote it last, and in which of its commits. `asked_slot_ms` is the interval slot
    asked last, `extremes_ms` and `milestones_ms` the minute up to which the position has been accounted for.
    `committed` is the money the slot holds, `realised_part` what partial closes of its position have realised.
    `untold` are events that observers may not have seen, `needs_attention` why no entries are made until a person
    has looked, `notes` what the strategy wants remembered.
    """

    version: int = VERSION
    symbol: str
    strategy: str
    exchange: str
    epoch: int = 0
    commit: int = 0
    state: State = IDLE
    last_candle_ms: int = NEVER_MS
    asked_slot_ms: int = NEVER_MS
    extremes_ms: int = NEVER_MS
    milestones_ms: int = NEVER_MS
    used_ids: tuple[str, ...] = ()
    paused: bool = False
    stopping: bool = False
    flattening: bool = False
    queued: Signal | None = None
    refusal: CountedRefusal | None = None
    error: CountedError | None = None
    committed: float = 0.0
    realised_part: float = 0.0
    intents: tuple[Intent, ...] = ()
    untold: tuple[NumberedEvent, ...] = ()
    needs_attention: str = ""
    notes: Notes = Notes()

    @property
    def key(self) -> SlotKey:
        """Whose record it is."""
        return SlotKey(self.symbol, self.strategy, self.exchange)

    @property
    def in_flight(self) -> tuple[Intent, ...]:
        """What the exchange has to be asked about before anything else."""
        return tuple(intent for intent in self.intents if intent.in_flight)


def slot_record(document: Any, migrations: Mapping[int, Migration] = MIGRATIONS) -> SlotRecord:
    """The record of a document of this or an older version; `InvalidInput` when it is none."""
    return from_document(migrated(document, migrations), SlotRecord)


def migrated(document: Any, migrations: Mapping[int, Migration] = MIGRATIONS, to: int = VERSION) -> Any:
    """The document as version `to` would have written it; `InvalidInput` for versions nobody can read."""
    if not isinstance(document, dict) or not isinstance(document.get("version"), int):
        raise InvalidInput("it has no version")
    while document["version"] != to:
        version = document["version"]
        if version not in migrations:
            raise InvalidInput(f"it has version {version}, this btk reads {to}; use the btk that wrote it")
        document = {**migrations[version](document), "version": version + 1}
    return document
