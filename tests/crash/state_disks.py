"""Disks that end a process in the middle of a file operation, refuse it, or forget what was never synced."""

from __future__ import annotations

import errno
import itertools
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
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

    def extend(self, path: Path, at: int, chunk: Chunk, durable: bool) -> None:
        super().extend(path, at, chunk, durable=False)

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

    def extend(self, path: Path, at: int, chunk: Chunk, durable: bool) -> None:
        self._begin()
        if self._is_over("within"):
            super().extend(path, at, chunk[: len(chunk) // 2], durable)
            raise Killed
        super().extend(path, at, chunk, durable)
        self._end()

    def cut(self, path: Path, length: int) -> None:
        self._begin()
        super().cut(path, length)
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

    def extend(self, path: Path, at: int, chunk: Chunk, durable: bool) -> None:
        refuses = self._step()
        super().extend(path, at, chunk[: len(chunk) // 2] if refuses else chunk, durable)
        self._answer(refuses)

    def cut(self, path: Path, length: int) -> None:
        self._answer(self._step())
        super().cut(path, length)

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


Loose = tuple[bytes, bytes]


def _kept(synced: bytes, written: bytes) -> dict[bytes, None]:
    """What may be left of a file's unsynced end: nothing, a part, a part that was never filled, everything."""
    torn = written[: (len(synced) + len(written)) // 2]
    return dict.fromkeys((synced, torn, torn.ljust(len(written), b"\0"), written))


class Moment(NamedTuple):
    """What is on the platter for certain, the changes of folders that may or may not be, and the ends of files that
    were not synced, when the power goes."""

    durable: dict[Path, bytes]
    pending: tuple[tuple[Path, Entry], ...]
    committed: int
    loose: dict[Path, Loose]

    def states(self) -> Iterator[dict[Path, bytes]]:
        """Every set of files that POSIX allows to be found afterwards: any of the pending changes may be lost."""
        assert len(self.pending) < MOST_PENDING, "folders are not synced"
        for kept in itertools.product((False, True), repeat=len(self.pending)):
            files = self._with([change for change, keep in zip(self.pending, kept, strict=True) if keep])
            yield from self._ends(files)

    def _ends(self, files: dict[Path, bytes]) -> Iterator[dict[Path, bytes]]:
        loose = [path for path in self.loose if path in files]
        yield {path: self.loose[path][0] if path in loose else content for path, content in files.items()}
        for path in loose:
            for end in list(_kept(*self.loose[path]))[1:]:
                yield {**files, **{other: self.loose[other][1] for other in loose}, path: end}

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
        self._loose: dict[Path, Loose] = {}

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

    def extend(self, path: Path, at: int, chunk: Chunk, durable: bool) -> None:
        if not path.exists():
            self._change(path, b"")
        synced = self._loose.get(path, (path.read_bytes() if path.exists() else b"", b""))[0]
        super().extend(path, at, chunk, durable)
        self._loose[path] = (synced, path.read_bytes())
        self._note(self._pending)
        if durable:
            whole = self._loose.pop(path)[1]
            self._pending = [
                (folder, (name, whole if folder / name == path else content))
                for folder, (name, content) in self._pending
            ]
            if path in self._durable:
                self._durable[path] = whole
            self._note(self._pending)

    def sync_folder(self, folder: Path) -> None:
        super().sync_folder(folder)
        synced = [change for change in self._pending if change[0] == folder]
        self._folders |= {path for path in folder.iterdir() if path.is_dir() and folder in self._folders}
        self._durable = Moment(self._durable, (), 0, {})._with(synced)
        self._pending = [change for change in self._pending if change[0] != folder]
        self._note(self._pending)

    def _change(self, path: Path, content: bytes | None) -> None:
        self._pending.append((path.parent, (path.name, content)))
        self._note(self._pending)

    def _note(self, pending: Sequence[tuple[Path, Entry]]) -> None:
        # A folder that its parent was not synced for may be lost with all that is in it.
        durable = {path: content for path, content in self._durable.items() if path.parent in self._folders}
        possible = tuple(change for change in pending if change[0] in self._folders)
        loose = {path: ends for path, ends in self._loose.items() if path.parent in self._folders}
        self.moments.append(Moment(durable, possible, self.committed, loose))


class YieldingDisk(QuickDisk):
    """Before its n-th operation its process sleeps, and another one does `meanwhile`."""

    def __init__(self, sleeps_at: int, meanwhile: Callable[[], None]) -> None:
        self.done = 0
        self._sleeps_at = sleeps_at
        self._meanwhile = meanwhile

    def write(self, path: Path, chunks: Iterable[Chunk]) -> None:
        self._step()
        super().write(path, chunks)

    def rename(self, source: Path, target: Path) -> None:
        self._step()
        super().rename(source, target)

    def extend(self, path: Path, at: int, chunk: Chunk, durable: bool) -> None:
        self._step()
        super().extend(path, at, chunk, durable)

    def _step(self) -> None:
        self.done += 1
        if self.done == self._sleeps_at:
            with ThreadPoolExecutor(1) as other:
                other.submit(self._meanwhile).result()
