"""A courier that is killed at its n-th file operation: `dying_notifier.py FOLDER N`; prints each note that it has kept."""

from __future__ import annotations

import itertools
import os
import signal
import sys
from collections.abc import Iterable
from pathlib import Path

from btk.adapters.disk import Chunk, Disk
from btk.adapters.notify_courier import Courier, Office
from btk.adapters.notify_mailbox import Mailbox, MailboxRules
from btk.adapters.notify_repeats import Note
from btk.adapters.notify_spill import Spill

NOTES = 6
ADDRESS = "json://localhost"
HOUR_MS = 3_600_000


class DyingDisk(Disk):
    """Counts file operations; in the middle of the fatal one it is over."""

    def __init__(self, fatal: int) -> None:
        self._left = fatal

    def _step(self) -> None:
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def write(self, path: Path, chunks: Iterable[Chunk]) -> None:
        """Half of the bytes are there when the kill comes."""
        whole = b"".join(bytes(chunk) for chunk in chunks)
        if self._left == 1:
            path.write_bytes(whole[: len(whole) // 2])
        self._step()
        super().write(path, (whole,))

    def rename(self, source: Path, target: Path) -> None:
        self._step()
        super().rename(source, target)

    def sync_folder(self, folder: Path) -> None:
        self._step()
        super().sync_folder(folder)

    def remove(self, path: Path) -> None:
        self._step()
        super().remove(path)


class FlappingFile:
    """Takes every other message, into a file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._turns = itertools.cycle((False, True))

    def send(self, title: str, body: str) -> str | None:
        """None when it was taken."""
        if not next(self._turns):
            return "not now"
        with self._path.open("a") as file:
            file.write(f"{body}\n")
        return None


def courier_in(folder: Path, disk: Disk, now_ms: Iterable[int]) -> Courier:
    """A courier whose clock shows the next of `now_ms` each time it is looked at."""
    clock = iter(now_ms)
    office = Office("btk", lambda line: None, lambda: next(clock))
    spill = Spill(folder / "notify", ADDRESS, ADDRESS, disk)
    return Courier(
        ADDRESS, FlappingFile(folder / "told.txt"), spill, Mailbox(MailboxRules(repeat_ms=0)), office
    )


def main(folder: str, fatal: str) -> None:
    """Put a note and make a step, again and again; an hour passes between two looks at the clock."""
    courier = courier_in(Path(folder), DyingDisk(int(fatal)), itertools.count(0, HOUR_MS))
    for number in range(NOTES):
        courier.put(Note(at_ms=number, text=f"<{number}>"))
        courier.step()
        print(f"<{number}>", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
