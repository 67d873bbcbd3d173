"""The file of a run's events: a line each, only ever added to by one writer, mended when the run is gone on with."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

import msgspec

from btk.adapters.disk import Disk, save, unwritable
from btk.adapters.growing_file import GrowingFile
from btk.core.slot_record import AnyEvent

DAMAGED = ".damaged"


class _Numbered(msgspec.Struct):
    seq: int


_EVENTS = msgspec.json.Decoder(AnyEvent)
_NUMBERS = msgspec.json.Decoder(_Numbered)


class Found(NamedTuple):
    """The number of the last event that is there, and a sentence about what was damaged, or ""."""

    last_seq: int
    note: str


class EventLines:
    """Begin with `create` or `go_on`; `DumpError` when the disk refuses, `Overtaken` when another process has written."""

    def __init__(self, path: Path, disk: Disk) -> None:
        self.path = path
        self._disk = disk
        self._file = GrowingFile(path, disk)

    def create(self) -> None:
        """A new file, never over another."""
        try:
            self._disk.write(self.path, [])
            self._disk.sync_folder(self.path.parent)
        except OSError as error:
            raise unwritable(self.path, error) from error

    def go_on(self, known_seq: int) -> Found:
        """Cut off what a kill or a power cut has torn.

        What is damaged before that, and events after the last one that the state knows, are set aside with their file.
        """
        try:
            written = self.path.read_bytes()
            lines = _up_to_the_last_whole_one(written.split(b"\n")[:-1])
            whole = [line for line in lines if 0 < _number(line) <= known_seq]
            content = b"".join(line + b"\n" for line in whole)
            if len(whole) < len(lines):
                self._set_aside(content)
            elif len(content) < len(written):
                self._disk.cut(self.path, len(content))
        except OSError as error:
            raise unwritable(self.path, error) from error
        self._file = GrowingFile(self.path, self._disk, len(content))
        return Found(_number(whole[-1]) if whole else 0, self._words(len(lines) - len(whole)))

    def add(self, lines: bytes, durable: bool) -> None:
        """Write whole lines (`durable`: to the device); repeat it with the same ones, and more, if it fails."""
        self._file.add(lines, durable)

    def _set_aside(self, whole: bytes) -> None:
        aside, number = self.path.with_name(f"{self.path.name}{DAMAGED}"), 1
        while os.path.lexists(aside):
            number += 1
            aside = self.path.with_name(f"{self.path.name}{DAMAGED}-{number}")
        save(self._disk, self.path, [whole], keep_as=aside)

    def _words(self, lost: int) -> str:
        if not lost:
            return ""
        return (
            f"{lost} lines of {self.path} could not be read, or tell what the state does not know;"
            " they are left out, the file is kept beside it"
        )


def whole_events(path: Path) -> tuple[int, int]:
    """How many lines there are, and how many of them can be read; `OSError`."""
    lines = path.read_bytes().split(b"\n")
    # What follows the last line's end is a line that was torn, or nothing.
    lines = lines if lines[-1] else lines[:-1]
    return len(lines), sum(_number(line) > 0 for line in lines)


def _up_to_the_last_whole_one(lines: list[bytes]) -> list[bytes]:
    count = len(lines)
    while count and not _number(lines[count - 1]):
        count -= 1
    return lines[:count]


def _number(line: bytes) -> int:
    """The number of an event, 0 for what is none."""
    try:
        _EVENTS.decode(line)
        return _NUMBERS.decode(line).seq
    except (msgspec.DecodeError, UnicodeDecodeError):
        return 0
