"""A run that has followed a clock which was ahead, as if it had come no farther than a time that has really been."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from btk.core.commit import Change
from btk.core.documents import from_document, to_document
from btk.core.slot_record import SlotRecord
from btk.model.intervals import DAY_MS

TOLD = frozenset({"untold", "refusal", "error"})
"""What was said already stays as it is."""
T = TypeVar("T", bound=msgspec.Struct)


def change_set_back(change: Change, to_ms: int) -> Change:
    """A change of the tick `to_ms`: what happened after it happened then, and what was to come is as far away as before."""
    return _moved(change, change.tick_ms, to_ms)


def slot_set_back(record: SlotRecord, from_ms: int, to_ms: int) -> SlotRecord:
    """The same of the record of a slot in a run that had come to `from_ms`."""
    return _moved(record, from_ms, to_ms)


def _moved(record: T, from_ms: int, to_ms: int) -> T:
    def at(stamp_ms: float) -> float:
        if stamp_ms <= to_ms:
            return stamp_ms
        return to_ms if stamp_ms <= from_ms else stamp_ms - (from_ms - to_ms)

    def walk(value: Any, is_time: bool) -> Any:
        match value:
            case dict():
                return {
                    key: item if key in TOLD else walk(item, _is_time(key, is_time))
                    for key, item in value.items()
                }
            case list():
                return [walk(item, is_time) for item in value]
            case int() | float() if is_time:
                return at(value)
            case _:
                return value

    document = walk(to_document(record), is_time=False)
    wallet = document.get("wallet")
    if wallet and wallet["equity"]:
        wallet["equity"]["day"] = min(wallet["equity"]["day"], to_ms // DAY_MS)
    return from_document(document, type(record))


def _is_time(key: str, within_times: bool) -> bool:
    return within_times or key.endswith("_ms") or key == "fired"
