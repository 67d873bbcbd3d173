"""The files around a state file: what was there before, what was set aside, and reading without surprises."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

from btk.adapters.envelope import BadEnvelope

PREVIOUS = ".previous"
LARGEST_BYTES = 64 << 20
LONGEST_REASON = 40


def previous(path: Path) -> Path:
    """Where the generation before is kept."""
    return path.with_name(f"{path.name}{PREVIOUS}")


def aside(path: Path, reason: str) -> Path:
    """A name that nobody has, for a damaged file that makes room; the reason is in it."""
    slug = re.sub(r"[^a-z0-9]+", "-", reason.lower())[:LONGEST_REASON].strip("-")
    name = f"{path.name}.damaged-{slug}"
    taken = sum(1 for _ in path.parent.glob(f"{name}*"))
    return path.with_name(f"{name}-{taken + 1}" if taken else name)


def twin_in_case(folder: Path, name: str) -> str | None:
    """A name in the folder that differs only in case, which some file systems would take for the same."""
    try:
        others = os.listdir(folder)
    except FileNotFoundError:
        return None
    return next((other for other in others if other != name and other.lower() == name.lower()), None)


def read_whole(path: Path) -> bytes:
    """The bytes of a regular file; `BadEnvelope` for what is none (a link, a folder, a pipe) or is absurdly large."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise BadEnvelope("no regular file")
        if found.st_size > LARGEST_BYTES:
            raise BadEnvelope("too large")
        with open(descriptor, "rb", closefd=False) as file:
            return file.read()
    finally:
        os.close(descriptor)
