"""Commands dropped by other terminals: a file each, which only the owner of the run takes in and removes."""

from __future__ import annotations

import os
import re
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Literal

import msgspec

from btk.adapters.disk import Disk, make_folder, save, unwritable
from btk.adapters.host import ThisHost

Action = Literal["pause", "resume", "stop", "flatten"]
SUFFIX = ".json"
ORDER = re.compile(r"[0-9].*\.json", re.DOTALL)


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody wants of the slots of these symbols and strategies (None: of all)."""

    version: Literal[1] = 1
    action: Action
    symbols: tuple[str, ...] | None = None
    strategies: tuple[str, ...] | None = None
    at_ms: int = 0


class CommandFiles:
    """The commands for the run whose data folder is `data`. A file that cannot be read is set aside, named `.bad`."""

    def __init__(self, data: Path) -> None:
        self.folder = data / "command"

    def drop(self, order: Order) -> str:
        """Leave an order for the owner; its id. `DumpError` when the disk refuses."""
        make_folder(Disk(), self.folder)
        at_ms = ThisHost().wall_ms()
        order_id = f"{at_ms}-{secrets.token_hex(4)}"
        dated = msgspec.structs.replace(order, at_ms=at_ms)
        path = self.folder / f"{order_id}{SUFFIX}"
        save(Disk(), path, [msgspec.json.encode(dated)])
        _give_to_owner(path)
        return order_id

    def waiting(self) -> dict[str, Order]:
        """The orders that are there, by id, the oldest first; none where the folder cannot be looked into just now."""
        found = {}
        for path in self._files():
            try:
                found[path.stem] = msgspec.json.decode(path.read_bytes(), type=Order)
            except (msgspec.DecodeError, UnicodeDecodeError, PermissionError):
                with suppress(OSError):  # it stays, and is no order all the same
                    path.replace(path.with_suffix(".bad"))
            except OSError:  # gone meanwhile, or the disk does not answer: it is looked for again in a second
                continue
        return found

    def _files(self) -> list[Path]:
        try:
            names = os.listdir(self.folder)
        except (
            OSError
        ):  # it is not there yet, or the disk does not answer: it is looked into again in a second
            return []
        return [self.folder / name for name in sorted(names) if ORDER.fullmatch(name)]

    def remove(self, order_id: str) -> None:
        """The order is carried out; what it did is saved."""
        path = self.folder / f"{order_id}{SUFFIX}"
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise unwritable(path, error) from error

    def clear(self) -> None:
        """No order waits any more."""
        for order_id in self.waiting():
            self.remove(order_id)


def _give_to_owner(path: Path) -> None:
    """What root drops must be readable and removable for the user who runs btk."""
    owner = path.parent.parent.stat()
    if os.geteuid() == 0 and owner.st_uid != 0:
        for mine in (path, path.parent):
            os.chown(mine, owner.st_uid, owner.st_gid)
