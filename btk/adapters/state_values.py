"""Values of state backends as bytes: sealed and checked before they are written, checked again when they are read."""

from __future__ import annotations

import time
from typing import Any

from btk.adapters.envelope import BadEnvelope, Stamp, seal, unseal_stamped
from btk.model.errors import DumpError, InvalidInput, Overtaken
from btk.ports import Stored

GONE = "is gone since this process wrote it: put back what was moved away or is not mounted any more"


def sealed_value(kind: str, key: str, value: Any, generation: int) -> bytes:
    """The envelope of a value; `InvalidInput` when what would be read back is not what was given."""
    stamp = Stamp(key, generation, time.time_ns() // 1_000_000)
    try:
        sealed = seal(kind, value, stamp)
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidInput(f"{kind} {key}: {error}") from error
    if unseal_stamped(kind, sealed) != (stamp, value):
        raise InvalidInput(
            f"{kind} {key}: JSON cannot keep it (NaN, infinity, tuples, keys that are no text)"
        )
    return sealed


def stored_value(kind: str, key: str, entity_id: str, sealed: bytes) -> Stored:
    """The value of an envelope; `BadEnvelope` when it is damaged or another's."""
    stamp, value = unseal_stamped(kind, sealed)
    if stamp.key != key:
        raise BadEnvelope(f"belongs to {stamp.key!r:.80}")
    return Stored(id=entity_id, generation=stamp.generation, saved_at_ms=stamp.saved_at_ms, value=value)


def check_generation(what: str, stored: int, expected: int | None) -> None:
    """`Overtaken` unless the generation stored is the one expected, if one is; `DumpError` where nothing is any more."""
    if expected and not stored:
        raise DumpError(f"{what} {GONE}")
    if expected is not None and stored != expected:
        raise Overtaken(
            f"{what}: generation {stored} is stored where this process left {expected}; "
            "another process has taken over, or the store has lost a write"
        )
