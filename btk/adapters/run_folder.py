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


class RunFolder:
    """Writes `run.json`, `events.jsonl` and `result.json`; `DumpError` when the disk refuses."""

    def __init__(self, runs: Path, run_id: str) -> None:
        self.path = runs / run_id
        self._disk = Disk()
        self._lines: list[bytes] = []
        self._seq = 0
        make_folder(self._disk, self.path)
        try:
            owned = os.open(self.path / "events.jsonl", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError as error:
            raise unwritable(self.path / "events.jsonl", error) from error
        self._events = os.fdopen(owned, "wb")

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
        self._seq += 1
        head = b'{"schema":"%s","seq":%d,"recorded_at_ms":%d,"exchange":"%s",' % (
            EVENT_SCHEMA.encode(),
            self._seq,
            time.time_ns() // 1_000_000,
            key.exchange.encode(),
        )
        self._lines.append(head + msgspec.json.encode(event)[1:])
        if len(self._lines) >= BUFFER_EVENTS:
            self.flush()

    def flush(self) -> None:
        """Hand what was added to the operating system; `DumpError` when the disk refuses."""
        try:
            self._events.write(b"".join(line + b"\n" for line in self._lines))
            self._events.flush()
        except OSError as error:
            raise unwritable(self.path / "events.jsonl", error) from error
        self._lines.clear()

    def finish(self, document: dict[str, Any]) -> None:
        """Write the last events and `result.json`."""
        self.flush()
        save(self._disk, self.path / "result.json", [orjson.dumps(document)])
