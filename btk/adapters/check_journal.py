"""The orders of a broker check, on disk before they leave: whoever checks next ends what a kill has left."""

from __future__ import annotations

from pathlib import Path

import msgspec

from btk.adapters.disk import Disk, make_folder, save, unwritable
from btk.model.errors import DumpError
from btk.model.orders import OrderRequest

NAME = "broker-check.json"


class CheckJournal:
    """The file in the data folder `data`; `DumpError` when it cannot be read or written."""

    def __init__(self, data: Path) -> None:
        self._path = data / NAME

    def read(self) -> tuple[OrderRequest, ...]:
        """The orders of a check that did not come to its end; none where there is no such check."""
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=tuple[OrderRequest, ...])
        except FileNotFoundError:
            return ()
        except (OSError, msgspec.DecodeError) as error:
            raise DumpError(
                f"{self._path} cannot be read ({error}); look for open orders at the exchange, then remove it"
            ) from error

    def write(self, requests: tuple[OrderRequest, ...]) -> None:
        """These orders may be at the exchange."""
        make_folder(Disk(), self._path.parent)
        save(Disk(), self._path, [msgspec.json.encode(requests)])

    def clear(self) -> None:
        """None is."""
        try:
            self._path.unlink(missing_ok=True)
        except OSError as error:
            raise unwritable(self._path, error) from error
