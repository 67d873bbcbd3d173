"""The lock on a run's state: one writer, for the life of its process, in a folder that nobody else can change."""

from __future__ import annotations

import os
import socket
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from btk.adapters.disk import Disk, make_folder, unwritable
from btk.adapters.file_lock import exclusive
from btk.model.errors import DumpError
from btk.model.records import Owner

LOCK_NAME = ".lock"


@contextmanager
def only_writer(folder: Path, command: str) -> Iterator[None]:
    """Hold `folder/.lock`; `AlreadyRunning` names who has it, `DumpError` says why the folder cannot be used."""
    make_folder(Disk(), folder)
    _check_private(folder)
    with exclusive(folder / LOCK_NAME, str(folder), command):
        yield


def this_process(command: str) -> Owner:
    """Who is asking."""
    return Owner(
        pid=os.getpid(),
        host=socket.gethostname(),
        started_at_ms=time.time_ns() // 1_000_000,
        command=command,
    )


def _check_private(folder: Path) -> None:
    try:
        found = folder.stat()
    except OSError as error:
        raise unwritable(folder, error) from error
    if found.st_mode & stat.S_IWOTH:
        raise DumpError(f"{folder} can be written by everybody on this machine; chmod o-w {folder}")
    if os.geteuid() not in (0, found.st_uid):
        raise DumpError(f"{folder} belongs to another user; run as that user, or choose another state.path")
