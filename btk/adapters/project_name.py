"""What a project is called on a server that several may use: kept in its dump, so that it outlives containers and moves."""

from __future__ import annotations

import os
import secrets
import socket
from pathlib import Path

import msgspec

from btk.adapters.disk import Disk, make_folder, save, unreadable

FILE = "project.json"
VARIABLE = "BTK_REDIS_PROJECT"


class _Kept(msgspec.Struct, frozen=True):
    name: str
    dump: str


class ProjectName:
    """The name of the project whose state is kept under `dump`: that of `BTK_REDIS_PROJECT`, else one of its own.

    `DumpError` where its file cannot be read or written.
    """

    def __init__(self, dump: Path) -> None:
        self._dump = dump.resolve()

    @property
    def place(self) -> str:
        """Where this project is, in words."""
        return f"{self._dump} on {socket.gethostname()}"

    def known(self) -> str:
        """The name, "" while it has none; nothing is written."""
        given = os.environ.get(VARIABLE, "")
        kept = None if given else _kept(self._dump)
        if kept is None or self._is_copied(kept):
            return given
        return kept.name

    def made(self) -> str:
        """The name; one that is new, or that came here with its folder, is written down."""
        name = self.known() or secrets.token_hex(6)
        if not os.environ.get(VARIABLE) and _kept(self._dump) != (here := _Kept(name, str(self._dump))):
            make_folder(Disk(), self._dump)
            save(Disk(), self._dump / FILE, [msgspec.json.encode(here)])
        return name

    def _is_copied(self, kept: _Kept) -> bool:
        # A folder that was moved took its name along; where the one it was copied from still has it, it is that one's.
        before = Path(kept.dump)
        if before == self._dump:
            return False
        original = _kept(before)
        return original is not None and original.name == kept.name


def _kept(dump: Path) -> _Kept | None:
    path = dump / FILE
    try:
        return msgspec.json.decode(path.read_bytes(), type=_Kept)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise unreadable(path, error) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise unreadable(path, OSError(f"it holds no name ({error})")) from error
