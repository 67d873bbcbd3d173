"""`performance.jsonl` of a run in real time: how long each part of its last ticks took, a line for each tick."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import msgspec

from btk.adapters.disk import unwritable

NAME = "performance.jsonl"
KEPT_TICKS = 20_160
"""Two weeks; the file is cut when it has become twice as long."""


class TimesFile:
    """The file of one run, which has one writer; a line that a kill has torn is cut off."""

    def __init__(self, folder: Path, kept_ticks: int = KEPT_TICKS) -> None:
        self._path = folder / NAME
        self._kept = kept_ticks
        self._lines = self._whole_lines()

    def add(self, tick_ms: int, seconds: Mapping[str, float]) -> None:
        """A tick and its parts; `DumpError` when the disk refuses."""
        rounded = {part: round(spent, 6) for part, spent in seconds.items()}
        line = msgspec.json.encode({"tick_ms": tick_ms, "seconds": rounded}) + b"\n"
        try:
            self._write(self._path, line, os.O_APPEND)
            self._lines += 1
            if self._lines >= 2 * self._kept:
                self._cut()
        except OSError as error:
            raise unwritable(self._path, error) from error

    def _cut(self) -> None:
        last = self._path.read_bytes().splitlines(keepends=True)[-self._kept :]
        draft = self._path.with_name(f".{NAME}.tmp")
        self._write(draft, b"".join(last), os.O_TRUNC)
        draft.replace(self._path)
        self._lines = len(last)

    def _whole_lines(self) -> int:
        try:
            written = self._path.read_bytes()
            whole = written[: written.rfind(b"\n") + 1]
            if len(whole) < len(written):
                os.truncate(self._path, len(whole))
        except FileNotFoundError:
            return 0
        except OSError as error:
            raise unwritable(self._path, error) from error
        return whole.count(b"\n")

    @staticmethod
    def _write(path: Path, content: bytes, how: int) -> None:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | how, 0o600)
        with open(descriptor, "wb") as file:
            file.write(content)
