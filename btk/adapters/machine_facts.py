"""The machine as it is: versions of what runs here, and the file system under a folder. Nothing is written."""

from __future__ import annotations

import fcntl
import os
import platform
import stat
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import NamedTuple

from btk.model.edition import EDITION

NEEDED = ("ccxt", "croniter", "msgspec", "numpy", "orjson", "pyyaml", "rich", "typer")
OPTIONAL = ("redis", "optuna", "distributed", "pyarrow", "apprise", "segno", "telethon")
MOUNTS = Path("/proc/mounts")


class FolderFacts(NamedTuple):
    """A folder, or the nearest one above it that is there (`folder`). `locks` says why locks do not work, "" if they do."""

    folder: Path
    owner: int
    mode: int
    is_writable: bool
    free_bytes: int
    free_files: int
    file_system: str
    locks: str

    @property
    def is_mine(self) -> bool:
        """Whether it is this user's, or this user may do everything."""
        return os.geteuid() in (0, self.owner)

    @property
    def is_everybodys(self) -> bool:
        """Whether everybody may write there."""
        return bool(self.mode & stat.S_IWOTH)


def versions() -> dict[str, str | None]:
    """By name: btk, Python, the system, and packages; None for what is not installed."""
    system = {"btk": EDITION, "python": platform.python_version(), "system": platform.platform()}
    return {**system, **_packages((*NEEDED, *OPTIONAL))}


def folder_facts(folder: Path) -> FolderFacts:
    """What there is to know of a folder; `OSError` when it cannot even be looked at."""
    there = next(path for path in (folder, *folder.parents) if path.exists())
    found, system = there.stat(), os.statvfs(there)
    return FolderFacts(
        folder=there,
        owner=found.st_uid,
        mode=stat.S_IMODE(found.st_mode),
        is_writable=os.access(there, os.W_OK | os.X_OK),
        free_bytes=system.f_bavail * system.f_frsize,
        free_files=system.f_favail,
        file_system=_file_system(there),
        locks=_locks(there),
    )


def _packages(names: Iterable[str]) -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    for name in names:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = None
    return found


def _locks(folder: Path) -> str:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        # Somebody has it: so there are locks.
        return ""
    except OSError as error:
        return error.strerror or str(error)
    finally:
        os.close(descriptor)
    return ""


def _file_system(folder: Path) -> str:
    try:
        mounts = [line.split() for line in MOUNTS.read_text().splitlines()]
    except OSError:  # only Linux tells it there
        return "unknown"
    resolved = folder.resolve()
    found = [
        (len(point), kind)
        for _, point, kind, *_ in mounts
        if resolved == Path(point) or Path(point) in resolved.parents
    ]
    return max(found, default=(0, "unknown"))[1]
