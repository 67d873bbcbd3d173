"""A file that one writer only ever adds to: what failed is repeated in its place, and another writer is noticed."""

from __future__ import annotations

from pathlib import Path

from btk.adapters.disk import Disk, unwritable
from btk.model.errors import Overtaken


class GrowingFile:
    """`size` is how much of it holds; what lies beyond is half of a write that failed."""

    def __init__(self, path: Path, disk: Disk, size: int = 0) -> None:
        self.path = path
        self.size = size
        self._disk = disk
        self._end = size

    def add(self, added: bytes, durable: bool) -> None:
        """Write at the end (`durable`: to the device, with all before it). If it fails, repeat it with as much or more.

        `DumpError` when the disk refuses; `Overtaken` when somebody else has written.
        """
        try:
            self._check_alone()
            self._end = max(self._end, self.size + len(added))
            self._disk.extend(self.path, self.size, added, durable)
        except OSError as error:
            raise unwritable(self.path, error) from error
        self.size += len(added)

    def _check_alone(self) -> None:
        try:
            found = self.path.stat().st_size
        except FileNotFoundError:
            if not self.path.parent.exists():  # moved away or not mounted any more: it may come back
                raise
            # Thrown away while it was written: it begins anew.
            found = self.size = self._end = 0
        if not self.size <= found <= self._end:
            raise Overtaken(f"{self.path}: another process has written it; this one ends without acting")
