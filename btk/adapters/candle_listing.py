"""Since when a venue has candles of a market: found out once, and remembered beside the series."""

from __future__ import annotations

from pathlib import Path

import msgspec

from btk.adapters.disk import Disk, save
from btk.adapters.envelope import BadEnvelope, seal, unseal
from btk.model.errors import DataError

_NAME = "listing.json"
_KIND = "candle_listing"


class _Listing(msgspec.Struct, frozen=True):
    first_ms: int


def listed_ms(folder: Path) -> int | None:
    """When the first candle opens that the venue has; None when nobody looked yet. A damaged note is no note."""
    try:
        return unseal(_KIND, (folder / _NAME).read_bytes(), _Listing).first_ms
    except (FileNotFoundError, BadEnvelope):
        return None
    except OSError as error:
        raise DataError(
            f"{folder / _NAME}: cannot be read ({error.strerror}); allow it, then run this again"
        ) from error


def remember_listing(folder: Path, first_ms: int) -> None:
    """Nothing before `first_ms` will be asked for again."""
    save(Disk(), folder / _NAME, (seal(_KIND, _Listing(first_ms)),))


def forget_listing(folder: Path) -> None:
    """Whoever asks next finds out anew."""
    Disk().remove(folder / _NAME)
