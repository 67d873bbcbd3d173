"""The disk: the file operations that must survive a kill or a power cut, behind a door that tests can break."""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from btk.model.errors import DumpError

Chunk = bytes | memoryview
DRAFT_SUFFIX = ".tmp"
NO_MORE_FILES = frozenset({errno.EMFILE, errno.ENFILE})


class Disk:
    """The real one: what it has done is on the platter when it returns, and its owner's alone."""

    file_mode = 0o600
    folder_mode = 0o700

    def write(self, path: Path, chunks: Iterable[Chunk]) -> None:
        """A new file of these bytes, flushed to the device; `FileExistsError` if the name is taken."""
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, self.file_mode)
        with open(descriptor, "wb") as file:
            for chunk in chunks:
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())

    def rename(self, source: Path, target: Path) -> None:
        """One step: whoever opens `target` finds the old file or the new one."""
        source.replace(target)

    def link(self, source: Path, target: Path) -> None:
        """`target` becomes a second name of `source`, whatever had that name before."""
        target.unlink(missing_ok=True)
        os.link(source, target, follow_symlinks=False)

    def sync_folder(self, folder: Path) -> None:
        """Without it a power cut may forget a rename whose file it kept."""
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def extend(self, path: Path, at: int, chunk: Chunk, durable: bool) -> None:
        """Put bytes at `at`, the end of the file as its only writer knows it; repeating what failed does no harm.

        The file is made where there is none; `durable`: it is flushed to the device.
        """
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW, self.file_mode)
        try:
            left = memoryview(chunk)
            while left:
                done = os.pwrite(descriptor, left, at)
                left, at = left[done:], at + done
            if durable:
                os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def cut(self, path: Path, length: int) -> None:
        """The file ends there."""
        os.truncate(path, length)

    def remove(self, path: Path) -> None:
        """The name is gone; whoever has the file open or mapped keeps it."""
        path.unlink(missing_ok=True)


class SharedDisk(Disk):
    """The same for what is made to be shown to others: as open as the user's umask says."""

    file_mode = 0o666
    folder_mode = 0o777


def save(disk: Disk, path: Path, chunks: Iterable[Chunk], keep_as: Path | None = None) -> None:
    """Put a whole new file at `path`: afterwards, or after a kill at any point, it is the old or the new.

    The old file stays as `keep_as`, if that is given. `DumpError` when the disk refuses; at `path` is the old file
    then, or the new one where only its folder could not be synced.
    """
    draft = path.with_name(f".{path.name}.{secrets.token_hex(6)}{DRAFT_SUFFIX}")
    try:
        disk.write(draft, chunks)
        if keep_as is not None:
            disk.link(path, keep_as)
        disk.rename(draft, path)
        disk.sync_folder(path.parent)
    except OSError as error:
        with suppress(OSError):  # a draft that stays is swept later; the first error is the one to tell
            draft.unlink(missing_ok=True)
        raise unwritable(path, error) from error


def make_folder(disk: Disk, folder: Path) -> None:
    """The folder and its parents, remembered by the device; `DumpError` when it cannot be made."""
    absent = [path for path in (folder, *folder.parents) if not path.exists()]
    try:
        for path in reversed(absent):
            path.mkdir(mode=disk.folder_mode, exist_ok=True)
            disk.sync_folder(path.parent)
    except OSError as error:
        raise unwritable(folder, error) from error


def unwritable(path: Path, error: OSError) -> DumpError:
    """The one line for a file or folder that the disk refused to write."""
    return DumpError(
        f"{path} cannot be written: {error.strerror or error}; {_remedy(error, 'free or allow it')}, then run this again"
    )


def unreadable(path: Path, error: OSError) -> DumpError:
    """The one line for a file that is there and does not tell what it holds."""
    return DumpError(
        f"{path} cannot be read: {error.strerror or error}; nothing was changed: {_remedy(error, 'see to the disk')},"
        " then run this again (if this file is lost for good, move it away: the one before it is used)"
    )


def _remedy(error: OSError, usual: str) -> str:
    return "raise the limit of open files (ulimit -n)" if error.errno in NO_MORE_FILES else usual
