"""Disks that end a process in the middle of a file operation, refuse it, or forget what was never synced."""

from __future__ import annotations

import errno
import itertools
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from btk.adapters.disk import Chunk, Disk

When = Literal["before", "within", "after"]


class Killed(BaseException):
    """The process is over: nothing may handle this."""


class QuickDisk(Disk):
    """Does all but wait for the device, which no simulated crash depends on."""

    def write(self, path: Path, chunks: Iterable[Chunk]) -> None:
        with path.open("xb") as file:
            file.writelines(chunks)

    def sync_folder(self, folder: Path) -> None:
        assert folder.is_dir()


class DyingDisk(QuickDisk):
    """Ends the process before, within or after its n-th operation (from 1); then nothing is done any more."""

    def __init__(self, fatal: int, when: When = "before") -> None:
        self.done = 0
        self._fatal = fatal
        self._when = when

    def write(self, path: Path, chunks: Iterable[Chunk]) -> None:
        whole = b"".join(bytes(chunk) for chunk in chunks)
        self._begin()
        if self._is_over("within"):
            path.write_bytes(whole[: len(whole) // 2])
            raise Killed
        super().write(path, [whole])
        self._end()

    def rename(self, source: Path, target: Path) -> None:
        self._begin()
        super().rename(source, target)
        self._end()

    def link(self, source: Path, target: Path) -> None:
        self._begin()
        if self._is_over("within"):
            target.unlink(missing_ok=True)
            raise Killed
        super().link(source, target)
        self._end()

    def sync_folder(self, folder: Path) -> None:
        self._begin()
        super().sync_folder(folder)
        self._end()

    def remove(self, path: Path) -> None:
        self._begin()
        super().remove(path)
        self._end()

    def _begin(self) -> None:
        self.done += 1
        if self.done > self._fatal or self._is_over("before"):
            raise Killed

    def _end(self) -> None:
        if self._is_over("after") or self._is_over("within"):
            raise Killed

    def _is_over(self, when: When) -> bool:
        return self.done == self._fatal and self._when == when


class RefusingDisk(QuickDisk):
    """Answers its n-th operation (and with `for_good` all after it) with an error, after half of it was done."""

    def __init__(self, refused: int, number: int, for_good: bool) -> None:
        self.done = 0
        self._refused = refused
        self._number = number
        self._for_good = for_good

    def write(self, path: Path, chunks: Iterable[Chunk]) -> None:
        whole = b"".join(bytes(chunk) for chunk in chunks)
        refuses = self._step()
        super().write(path, [whole[: len(whole) // 2] if refuses else whole])
        self._answer(refuses)

    def rename(self, source: Path, target: Path) -> None:
        self._answer(self._step())
        super().rename(source, target)

    def link(self, source: Path, target: Path) -> None:
        self._answer(self._step())
        super().link(source, target)

    def sync_folder(self, folder: Path) -> None:
        self._answer(self._step())
        super().sync_folder(folder)

    def _step(self) -> bool:
        self.done += 1
        return self.done == self._refused or (self._for_good and self.done > self._refused)

    def _answer(self, refuses: bool) -> None:
        if refuses:
            raise OSError(self._number, os.strerror(self._number))


REFUSALS = (errno.ENOSPC, errno.EIO, errno.EROFS)

MOST_PENDING = 12

Entry = tuple[str, bytes | None]


class Moment(NamedTuple):
    """What is on the platter for certain, and the changes of folders that may or may not be, when the power goes."""

    durable: dict[Path, bytes]
    pending: tuple[tuple[Path, Entry], ...]
    committed: int

    def states(self) -> Iterator[dict[Path, bytes]]:
        """Every set of files that POSIX allows to be found afterwards: any of the pending changes may be lost."""
        assert len(self.pending) < MOST_PENDING, "folders are not synced"
        for kept in itertools.product((False, True), repeat=len(self.pending)):
            yield self._with([change for change, keep in zip(self.pending, kept, strict=True) if keep])

    def _with(self, kept: Sequence[tuple[Path, Entry]]) -> dict[Path, bytes]:
        files = dict(self.durable)
        for folder, (name, content) in kept:
            if content is None:
                files.pop(folder / name, None)
            else:
                files[folder / name] = content
        return files


class RememberingDisk(QuickDisk):
    """Notes after every step of every operation what a power cut would leave under `root`."""

    def __init__(self, root: Path) -> None:
        self.moments: list[Moment] = []
        self.committed = 0
        self._folders = {root}
        self._durable: dict[Path, bytes] = {}
        self._pending: list[tuple[Path, Entry]] = []

    def write(self, path: Path, chunks: Iterable[Chunk]) -> None:
        whole = b"".join(bytes(chunk) for chunk in chunks)
        for part in (b"", whole[: len(whole) // 2], whole):
            self._note([*self._pending, (path.parent, (path.name, part))])
        super().write(path, [whole])
        self._change(path, whole)

    def rename(self, source: Path, target: Path) -> None:
        content = source.read_bytes()
        super().rename(source, target)
        self._change(target, content)
        self._change(source, None)

    def link(self, source: Path, target: Path) -> None:
        super().link(source, target)
        self._change(target, None)
        self._change(target, source.read_bytes())

    def remove(self, path: Path) -> None:
        super().remove(path)
        self._change(path, None)

    def sync_folder(self, folder: Path) -> None:
        super().sync_folder(folder)
        synced = [change for change in self._pending if change[0] == folder]
        self._folders |= {path for path in folder.iterdir() if path.is_dir() and folder in self._folders}
        self._durable = Moment(self._durable, (), 0)._with(synced)
        self._pending = [change for change in self._pending if change[0] != folder]
        self._note(self._pending)

    def _change(self, path: Path, content: bytes | None) -> None:
        self._pending.append((path.parent, (path.name, content)))
        self._note(self._pending)

    def _note(self, pending: Sequence[tuple[Path, Entry]]) -> None:
        # A folder that its parent was not synced for may be lost with all that is in it.
        durable = {path: content for path, content in self._durable.items() if path.parent in self._folders}
        possible = tuple(change for change in pending if change[0] in self._folders)
        self.moments.append(Moment(durable, possible, self.committed))
