"""A run's folder under `dump/runs`: what was asked, every event as it happens, and the result."""

from __future__ import annotations

import os
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec
import orjson

from btk.adapters.disk import Disk, make_folder, save
from btk.adapters.event_lines import EventLines
from btk.model.events import Event
from btk.model.names import SlotKey

BUFFER_EVENTS = 512
EVENT_SCHEMA = "btk.event/1"
EVENTS = "events.jsonl"


class RunFolder:
    """Writes `run.json`, `events.jsonl` and `result.json`; `DumpError` when the disk refuses.

    `known_seq`: go on with a run that was left after that event, or begin one of this name where none is. `last_seq`
    is the number of the event added last; `notes` are sentences about what was damaged.
    """

    def __init__(
        self, runs: Path, run_id: str, known_seq: int | None = None, disk: Disk | None = None
    ) -> None:
        self.path = runs / run_id
        self.last_seq = 0
        self.notes: tuple[str, ...] = ()
        self.disk = disk or Disk()
        self._lines: list[bytes] = []
        self._events = EventLines(self.events_path, self.disk)
        make_folder(self.disk, self.path)
        if known_seq is not None and os.path.lexists(self.events_path):
            self.last_seq, note = self._events.go_on(known_seq)
            self.notes = (note,) if note else ()
        else:
            self._events.create()

    @property
    def events_path(self) -> Path:
        """Where the events are written."""
        return self.path / EVENTS

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.flush()

    def describe(self, facts: dict[str, Any]) -> None:
        """Write `run.json`: what was asked, before anything happens."""
        save(self.disk, self.path / "run.json", [orjson.dumps(facts, option=orjson.OPT_INDENT_2)])

    def observe(self, key: SlotKey, event: Event, seq: int | None = None) -> None:
        """Add an event, the next one or the one of a number; it is written with the ones around it."""
        self.last_seq = self.last_seq + 1 if seq is None else seq
        head = b'{"schema":"%s","seq":%d,"recorded_at_ms":%d,"exchange":"%s",' % (
            EVENT_SCHEMA.encode(),
            self.last_seq,
            time.time_ns() // 1_000_000,
            key.exchange.encode(),
        )
        self._lines.append(head + msgspec.json.encode(event)[1:] + b"\n")
        if len(self._lines) >= BUFFER_EVENTS:
            self.flush()

    def flush(self, durable: bool = False) -> None:
        """Hand what was added to the operating system (`durable`: to the device).

        `DumpError` when it refuses; what was added is kept then, for the next call.
        """
        added = b"".join(self._lines)
        if added or durable:
            self._events.add(added, durable)
            self._lines.clear()

    def finish(self, document: dict[str, Any]) -> None:
        """Write the last events and `result.json`."""
        self.flush()
        save(self.disk, self.path / "result.json", [orjson.dumps(document)])
