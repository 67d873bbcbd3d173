"""A run's folder under `dump/runs`: what was asked, every event as it happens, and the result."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec
import orjson

from btk.adapters.disk import Disk, make_folder, save, unwritable
from btk.model.events import Event
from btk.model.names import SlotKey

BUFFER_EVENTS = 512
EVENT_SCHEMA = "btk.event/1"
EVENTS = "events.jsonl"


class RunFolder:
    """Writes `run.json`, `events.jsonl` and `result.json`; `DumpError` when the disk refuses.

    `again`: go on with a run that was left, or begin one of this name where none is. `last_seq` is the number of the
    event written last.
    """

    def __init__(self, runs: Path, run_id: str, again: bool = False) -> None:
        self.path = runs / run_id
        self.last_seq = 0
        self._disk = Disk()
        self._lines: list[bytes] = []
        make_folder(self._disk, self.path)
        events = self.events_path
        try:
            if again:
                self.last_seq = _whole_lines_only(events)
            fresh = 0 if again else os.O_EXCL
            owned = os.open(events, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | fresh, 0o600)
        except OSError as error:
            raise unwritable(events, error) from error
        self._events = os.fdopen(owned, "wb")

    @property
    def events_path(self) -> Path:
        """Where the events are written."""
        return self.path / EVENTS

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.flush()
        finally:
            with suppress(OSError):  # the flush has told what the disk refuses
                self._events.close()

    def describe(self, facts: dict[str, Any]) -> None:
        """Write `run.json`: what was asked, before anything happens."""
        save(self._disk, self.path / "run.json", [orjson.dumps(facts, option=orjson.OPT_INDENT_2)])

    def observe(self, key: SlotKey, event: Event) -> None:
        """Add an event; it is written with the ones around it."""
        self.last_seq += 1
        head = b'{"schema":"%s","seq":%d,"recorded_at_ms":%d,"exchange":"%s",' % (
            EVENT_SCHEMA.encode(),
            self.last_seq,
            time.time_ns() // 1_000_000,
            key.exchange.encode(),
        )
        self._lines.append(head + msgspec.json.encode(event)[1:])
        if len(self._lines) >= BUFFER_EVENTS:
            self.flush()

    def flush(self, durable: bool = False) -> None:
        """Hand what was added to the operating system (`durable`: to the device); `DumpError` when it refuses."""
        try:
            self._events.write(b"".join(line + b"\n" for line in self._lines))
            self._events.flush()
            if durable:
                os.fsync(self._events.fileno())
        except OSError as error:
            raise unwritable(self.events_path, error) from error
        self._lines.clear()

    def finish(self, document: dict[str, Any]) -> None:
        """Write the last events and `result.json`."""
        self.flush()
        save(self._disk, self.path / "result.json", [orjson.dumps(document)])


def _whole_lines_only(events: Path) -> int:
    """Cut off a line that a kill has torn; the number of the last whole one."""
    if not events.exists():
        return 0
    written = events.read_bytes()
    whole = written[: written.rfind(b"\n") + 1]
    if len(whole) < len(written):
        os.truncate(events, len(whole))
    last = whole.rstrip(b"\n").rpartition(b"\n")[2]
    return int(orjson.loads(last)["seq"]) if last else 0
