"""The file backend: one JSON file a value, replaced as a whole, with the generation before beside it."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable
from concurrent.futures import Executor
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from btk.adapters.disk import DRAFT_SUFFIX, Disk, make_folder, save, unreadable, unwritable
from btk.adapters.envelope import BadEnvelope, unseal_stamped
from btk.adapters.file_lock import folder_alone
from btk.adapters.state_blocking import THREADS, BlockingBackend
from btk.adapters.state_names import file_name, name_of
from btk.adapters.state_paths import PREVIOUS, aside, previous, read_whole, twin_in_case
from btk.adapters.state_values import check_generation, sealed_value, stored_value
from btk.model.errors import DamagedState, DumpError, InvalidInput, Transient
from btk.ports import Stored

SUFFIX = ".json"
ATTEMPTS = 5
ATTEMPT_SECONDS = 1.0
ABANDONED_SECONDS = 120
RACING = frozenset({errno.EAGAIN, errno.EBUSY, errno.EINTR, errno.ESTALE, errno.ETXTBSY})
NO_FILE = frozenset({errno.ELOOP, errno.ENXIO, errno.ENODEV})
"""What lies there is a link, a socket, a device. Every other error tells nothing of what is stored."""

T = TypeVar("T")


class FileBackend(BlockingBackend):
    """The values of one entity in `base_dir/entity_name/<id>.json`; what no file can be called is encoded.

    The last part of `base_dir` is the kind of state and stands in every file. `wait` takes seconds. Without `sweeps`
    what dead writers have left stays.
    """

    def __init__(
        self,
        entity_name: str,
        base_dir: str | Path,
        *,
        disk: Disk | None = None,
        wait: Callable[[float], None] = time.sleep,
        threads: Executor = THREADS,
        sweeps: bool = True,
    ) -> None:
        super().__init__(threads)
        self._sweeps = sweeps
        self._entity = entity_name
        self._base = Path(base_dir)
        self._folder = self._base / file_name(entity_name)
        self._kind = self._base.name
        self._disk = disk or Disk()
        self._wait = wait

    def prepare(self) -> None:
        """Remove the drafts of writers that were killed."""
        for draft in self._folder.glob(f".*{SUFFIX}.*{DRAFT_SUFFIX}") if self._sweeps else ():
            with suppress(OSError):  # a draft that stays is never read
                if time.time() - draft.lstat().st_mtime > ABANDONED_SECONDS:
                    self._disk.remove(draft)

    def read(self, entity_id: str) -> Stored | None:
        """The value of a file, or None where neither it nor an older one is."""
        path = self._path(entity_id)
        try:
            return self._patiently(path, lambda: self._look(path, entity_id))
        except BadEnvelope as damage:
            raise self._damaged(path, entity_id, damage) from damage

    def write(self, entity_id: str, value: Any, expected_generation: int | None) -> int:
        """Replace the file; the one before becomes the older one, or is set aside where it is damaged."""
        path = self._path(entity_id)
        if expected_generation and not self._folder.exists():
            # A folder made anew where one was moved away, or is not mounted any more, would be a second state.
            check_generation(str(path), 0, expected_generation)
        self._make_room(path)
        return self._patiently(path, lambda: self._replace(path, entity_id, value, expected_generation))

    def remove(self, entity_id: str) -> None:
        """Remove the file and the older one; what was set aside stays."""
        path = self._path(entity_id)
        try:
            for gone in (previous(path), path):
                self._disk.remove(gone)
            if self._folder.exists():
                self._disk.sync_folder(self._folder)
        except OSError as error:
            raise unwritable(path, error) from error

    def ids(self) -> list[str]:
        """Read from the names of the files, or from within where a name was cut."""
        try:
            names = {name.removesuffix(PREVIOUS) for name in os.listdir(self._folder)}
        except FileNotFoundError:
            return []
        files = [name for name in names if name.endswith(SUFFIX) and not name.startswith(".")]
        return [name_of(file.removesuffix(SUFFIX)) or self._id_within(file) for file in files]

    def _path(self, entity_id: str) -> Path:
        return self._folder / f"{file_name(entity_id)}{SUFFIX}"

    def _key(self, entity_id: str) -> str:
        return f"{self._entity}/{entity_id}"

    def _look(self, path: Path, entity_id: str) -> Stored | None:
        try:
            return self._value(path, entity_id)
        except FileNotFoundError:
            if os.path.lexists(previous(path)):
                raise BadEnvelope("missing, though the generation before it is there") from None
            return None
        except OSError as error:
            if error.errno in NO_FILE:
                raise BadEnvelope(error.strerror or str(error)) from error
            if error.errno in RACING:
                raise
            raise unreadable(path, error) from error

    def _value(self, path: Path, entity_id: str) -> Stored:
        return stored_value(self._kind, self._key(entity_id), entity_id, read_whole(path))

    def _damaged(self, path: Path, entity_id: str, damage: BadEnvelope) -> DamagedState:
        return DamagedState(f"{path} cannot be trusted: {damage}", self._older(path, entity_id))

    def _older(self, path: Path, entity_id: str) -> Stored | None:
        try:
            return self._value(previous(path), entity_id)
        except (OSError, BadEnvelope):  # the damage to tell is the newer one's
            return None

    def _replace(self, path: Path, entity_id: str, value: Any, expected: int | None) -> int:
        with folder_alone(self._folder):
            generation, keep_as = self._present(path, entity_id, expected)
            sealed = sealed_value(self._kind, self._key(entity_id), value, generation + 1)
            # The generation was checked: a race from here on must not check again what it may have written itself.
            self._patiently(path, lambda: save(self._disk, path, [sealed], keep_as))
        return generation + 1

    def _present(self, path: Path, entity_id: str, expected: int | None) -> tuple[int, Path | None]:
        try:
            stored = self._look(path, entity_id)
        except BadEnvelope as damage:
            if expected is not None:
                raise self._damaged(path, entity_id, damage) from damage
            older = self._older(path, entity_id)
            keep_as = aside(path, str(damage)) if os.path.lexists(path) else None
            return older.generation + 1 if older else 0, keep_as
        generation = stored.generation if stored else 0
        check_generation(str(path), generation, expected)
        return generation, previous(path) if stored else None

    def _make_room(self, path: Path) -> None:
        if os.path.lexists(path):
            return
        for folder, name in ((self._base, self._folder.name), (self._folder, path.name)):
            try:
                twin = twin_in_case(folder, name)
            except OSError as error:
                raise unwritable(path, error) from error
            if twin is not None:
                raise InvalidInput(f"{folder / name}: {twin} differs only in case; choose another name")
        make_folder(self._disk, self._folder)

    def _id_within(self, file: str) -> str:
        try:
            stamp, _ = unseal_stamped(self._kind, read_whole(self._folder / file))
        except (OSError, BadEnvelope):  # reading the value will say so
            return file.removesuffix(SUFFIX)
        return stamp.key.removeprefix(f"{self._entity}/")

    def _patiently(self, path: Path, work: Callable[[], T]) -> T:
        for attempt in range(ATTEMPTS):
            if attempt:
                self._wait(ATTEMPT_SECONDS)
            try:
                return work()
            except DumpError as error:
                if not _is_race(error.__cause__):
                    raise
                race = error.__cause__
            except OSError as error:
                if not _is_race(error):
                    raise unwritable(path, error) from error
                race = error
        raise Transient(f"{path} is busy: {race}; it will be tried again") from race


def _is_race(error: BaseException | None) -> bool:
    return isinstance(error, OSError) and error.errno in RACING
