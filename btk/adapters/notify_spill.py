"""The spill: what waits in a mailbox, on disk as JSON lines, so that neither a kill nor a power cut loses it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from hashlib import blake2b
from pathlib import Path

import msgspec

from btk.adapters.disk import DRAFT_SUFFIX, Disk, make_folder, save, unwritable
from btk.adapters.envelope import BadEnvelope
from btk.adapters.notify_mailbox import Kept, Outage
from btk.adapters.notify_repeats import Note
from btk.adapters.state_paths import read_whole
from btk.model.plain_words import one_line

SCHEMA = "btk.notify/1"
FOLDER = Path("notify")
_SUFFIX = ".jsonl"


class _Head(msgspec.Struct, frozen=True, kw_only=True):
    schema: str
    address: str
    dropped: int = 0
    outage: Outage | None = None


class Spill:
    """The file of one address; `address` is its written form, with references."""

    def __init__(self, folder: Path, address: str, shown: str, disk: Disk | None = None) -> None:
        self.path = folder / f"{blake2b(address.encode(), digest_size=8).hexdigest()}{_SUFFIX}"
        self._shown = shown
        self._disk = disk or Disk()

    def load(self) -> tuple[Kept, str | None]:
        """What another process left, and what could not be read of it, in words."""
        try:
            lines = read_whole(self.path).splitlines()
        except FileNotFoundError:
            return Kept(), None
        except (BadEnvelope, OSError) as error:
            return Kept(), f"{self.path} cannot be read ({one_line(error)}); what waited there is lost"
        head = _head(lines)
        notes = tuple(_notes(lines[1:]))
        lost = len(lines[1:]) - len(notes)
        problem = f"{self.path}: {lost} messages there cannot be read and are lost" if lost else None
        return Kept(notes=notes, dropped=head.dropped + lost, outage=head.outage), problem

    def store(self, kept: Kept) -> None:
        """Put this in place of what is there; no file when nothing waits. `DumpError` when the disk refuses."""
        if not (kept.notes or kept.dropped):
            self._remove()
            return
        make_folder(self._disk, self.path.parent)
        head = _Head(schema=SCHEMA, address=self._shown, dropped=kept.dropped, outage=kept.outage)
        lines = (msgspec.json.encode(line) + b"\n" for line in (head, *kept.notes))
        save(self._disk, self.path, lines)

    def _remove(self) -> None:
        try:
            self._disk.remove(self.path)
        except OSError as error:
            raise unwritable(self.path, error) from error


def sweep(folder: Path, wanted: Collection[Path]) -> list[str]:
    """Remove what belongs to no address any more, and unfinished writes; a line for each that had messages.

    Only for the one process that may write there.
    """
    lines = [_abandoned(path) for path in sorted(folder.glob(f"*{_SUFFIX}")) if path not in wanted]
    for draft in folder.glob(f".*{DRAFT_SUFFIX}"):
        draft.unlink(missing_ok=True)
    return lines


def _abandoned(path: Path) -> str:
    waiting = path.read_bytes().splitlines()
    path.unlink(missing_ok=True)
    address = _head(waiting).address or path.name
    return f"{len(waiting[1:])} messages for {address}, which notify.urls has no more, are dropped"


def _head(lines: list[bytes]) -> _Head:
    try:
        return msgspec.json.decode(lines[0], type=_Head)
    except (IndexError, msgspec.DecodeError, UnicodeDecodeError):  # the notes below it may be whole
        return _Head(schema=SCHEMA, address="")


def _notes(lines: list[bytes]) -> Iterator[Note]:
    for line in lines:
        try:
            yield msgspec.json.decode(line, type=Note)
        except (msgspec.DecodeError, UnicodeDecodeError):  # counted by what is missing
            continue
