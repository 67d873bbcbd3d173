"""A pause that a venue asked for: obeyed by every request of this process and of all that share the file."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable
from pathlib import Path

from btk.adapters.disk import Disk, make_folder, unwritable

_DIGITS = 20
# No venue bans for longer; a file that says so was written by a clock that was wrong.
_LONGEST_SECONDS = 3 * 86_400


def wall_ms() -> int:
    """The wall clock, UTC milliseconds: the only one that processes share."""
    return time.time_ns() // 1_000_000


class VenuePause:
    """Limits are counted per address, so one process that is told to wait tells the others."""

    def __init__(self, path: Path, now_ms: Callable[[], int] = wall_ms) -> None:
        self._path = path
        self._now_ms = now_ms

    def left_seconds(self) -> float:
        """How long nothing may be sent; 0 when there is no pause."""
        try:
            until_ms = _number(self._path.read_bytes())
        except FileNotFoundError:
            return 0.0
        except OSError as error:
            raise unwritable(self._path, error) from error
        left = (until_ms - self._now_ms()) / 1000
        return left if 0 < left <= _LONGEST_SECONDS else 0.0

    def extend(self, seconds: float) -> None:
        """No request for so long, counted from now; a longer pause that is on already stays."""
        until_ms = self._now_ms() + round(min(seconds, _LONGEST_SECONDS) * 1000)
        make_folder(Disk(), self._path.parent)
        try:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise unwritable(self._path, error) from error
        try:
            # Without the lock the shorter of two pauses told at once could be the one that is kept.
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            known_ms = _number(os.pread(descriptor, _DIGITS, 0))
            longest_ms = max(until_ms, min(known_ms, self._now_ms() + _LONGEST_SECONDS * 1000))
            os.pwrite(descriptor, str(longest_ms).zfill(_DIGITS).encode(), 0)
        except OSError as error:
            raise unwritable(self._path, error) from error
        finally:
            os.close(descriptor)


def _number(content: bytes) -> int:
    return int(content) if content.isdigit() else 0
