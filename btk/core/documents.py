"""Records as plain JSON documents and back; an unbounded lifetime is spelled out, since JSON knows no infinity."""

from __future__ import annotations

import math
from typing import Any, TypeVar

import msgspec

from btk.model.errors import InvalidInput

T = TypeVar("T")

INFINITY = "infinity"
UNBOUNDED = frozenset({"lifetime_ms", "lifetime_minutes"})


def to_document(record: object) -> Any:
    """The record as dicts, lists, text and numbers."""
    return _spelled(msgspec.to_builtins(record))


def from_document(document: Any, to: type[T]) -> T:
    """The record back; `InvalidInput` says where the document does not fit."""
    try:
        return msgspec.convert(_unspelled(document), to)
    except msgspec.ValidationError as error:
        raise InvalidInput(str(error)) from error


def _spelled(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: INFINITY if key in UNBOUNDED and item == math.inf else _spelled(item)
            for key, item in value.items()
        }
    return [_spelled(item) for item in value] if isinstance(value, list | tuple) else value


def _unspelled(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: math.inf if key in UNBOUNDED and item == INFINITY else _unspelled(item)
            for key, item in value.items()
        }
    return [_unspelled(item) for item in value] if isinstance(value, list) else value
