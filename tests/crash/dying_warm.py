"""A warm that is killed at its n-th file operation: `dying_warm.py CACHE N MINUTES`."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.crash.dying_writer import DyingDisk
from tests.venue.warming import last_minutes, plan, warmed


def main(cache: str, fatal: str, minutes: str) -> None:
    """Fetch the last minutes of one symbol."""
    warmed(plan(Path(cache), last_minutes(int(minutes)))._replace(disk=DyingDisk(int(fatal))))


if __name__ == "__main__":
    main(*sys.argv[1:])
