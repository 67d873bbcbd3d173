"""Commands dropped by other terminals: a file each, which only the owner of the run takes in and removes."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Literal

import msgspec

from btk.adapters.disk import Disk, make_folder, save, unwritable
from btk.adapters.host import ThisHost

Action = Literal["pause", "resume", "stop", "flatten"]
SUFFIX = ".json"


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody wants of the slots of these symbols and strategies (None: of all)."""

    version: Literal[1] = 1
    action: Action
    symbols: tuple[str, ...] | None = None
    strategies: tuple[str, ...] | None = None
    at_ms: int = 0


class CommandFiles:
    """The folder of one mode's commands. A file that cannot be read is set aside, its name ending in `.bad`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def drop(self, order: Order) -> str:
        """Leave an order for the owner; its id. `DumpError` when the disk refuses."""
        make_folder(Disk(), self.folder)
        at_ms = ThisHost().wall_ms()
        order_id = f"{at_ms}-{secrets.token_hex(4)}"
        dated = msgspec.structs.replace(order, at_ms=at_ms)
        save(Disk(), self.folder / f"{order_id}{SUFFIX}", [msgspec.json.encode(dated)])
        return order_id

    def waiting(self) -> dict[str, Order]:
        """The orders that are there, by id, the oldest first."""
        found = {}
        for path in sorted(self.folder.glob(f"[0-9]*{SUFFIX}")):
            try:
                found[path.stem] = msgspec.json.decode(path.read_bytes(), type=Order)
            except msgspec.DecodeError:
                path.replace(path.with_suffix(".bad"))
            except FileNotFoundError:
                continue
        return found

    def remove(self, order_id: str) -> None:
        """The order is carried out; what it did is saved."""
        path = self.folder / f"{order_id}{SUFFIX}"
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise unwritable(path, error) from error
