"""A lock between processes: held by the kernel for the life of its holder, and telling others who that is."""

from __future__ import annotations

import fcntl
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from btk.adapters.disk import unwritable
from btk.model.errors import AlreadyRunning, DumpError

LOOKS = 5
LOOK_SECONDS = 0.01


class Taken(AlreadyRunning):
    """The lock file at `path` is held: `what` it guards, and by whom."""

    def __init__(self, path: Path, what: str, holder: str) -> None:
        super().__init__(f"{what}: {holder} is at work there; try again when it has ended")
        self.path = path
        self.what = what
        self.holder = holder


@contextmanager
def exclusive(path: Path, what: str, command: str = "") -> Iterator[None]:
    """Hold the lock file at `path` while the block runs; `Taken`, naming the holder and its `command`, if another does.

    The file stays behind: removing it would let two processes lock two files of one name.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise unwritable(path, error) from error
    try:
        _take(descriptor, path, what)
        _sign(descriptor, command)
        yield
    finally:
        os.close(descriptor)


def wait_until_free(taken: Taken) -> None:
    """Come back when the holder has let go, or died; whoever is quickest may have it then."""
    descriptor = os.open(taken.path, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH)
    finally:
        os.close(descriptor)


def holder(path: Path) -> str | None:
    """Who holds the lock file at `path`, in the words it was signed with; None when nobody does."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise DumpError(f"{path} cannot be read: {error.strerror}; ask as the user who runs btk") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _signature(descriptor)
    finally:
        os.close(descriptor)
    return None


@contextmanager
def folder_alone(folder: Path) -> Iterator[None]:
    """Be the only process in a folder for a moment; `BlockingIOError` when another is there."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)


def _take(descriptor: int, path: Path, what: str) -> None:
    try:
        _try_for_a_moment(descriptor)
    except BlockingIOError:
        raise Taken(path, what, _signature(descriptor)) from None
    except OSError as error:
        raise DumpError(
            f"{path} cannot be locked: {error.strerror or error}; put it on a file system that has locks"
        ) from error


def _try_for_a_moment(descriptor: int) -> None:
    # Whoever asks for the holder has the lock for an instant; that must keep no run from starting.
    for _ in range(LOOKS):
        with suppress(BlockingIOError):
            return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        time.sleep(LOOK_SECONDS)
    return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _signature(descriptor: int) -> str:
    return os.pread(descriptor, 400, 0).decode(errors="replace").strip() or "another process"


def _sign(descriptor: int, command: str) -> None:
    started = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    words = [f"process {os.getpid()} on {socket.gethostname()}", f"started {started}", command]
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, ", ".join(filter(None, words)).encode(), 0)
