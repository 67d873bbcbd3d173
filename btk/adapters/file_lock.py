"""A lock between processes: held by the kernel for the life of its holder, and telling others who that is."""

from __future__ import annotations

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from btk.adapters.disk import unwritable
from btk.model.errors import AlreadyRunning


@contextmanager
def exclusive(path: Path, what: str) -> Iterator[None]:
    """Hold the lock file at `path` while the block runs; `AlreadyRunning`, naming the holder, if taken.

    The file stays behind: removing it would let two processes lock two files of one name.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise unwritable(path, error) from error
    try:
        _take(descriptor, what)
        yield
    finally:
        os.close(descriptor)


def _take(descriptor: int, what: str) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.pread(descriptor, 200, 0).decode(errors="replace").strip() or "another process"
        raise AlreadyRunning(f"{what}: {holder} is at work there; try again when it has ended") from None
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"process {os.getpid()} on {socket.gethostname()}\n".encode(), 0)
