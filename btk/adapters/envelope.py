"""The envelope of stored JSON: version, kind and checksum around the data, so that damage shows."""

from __future__ import annotations

from hashlib import blake2b
from typing import Any, TypeVar

import msgspec

VERSION = 1
T = TypeVar("T", bound=msgspec.Struct)


class BadEnvelope(ValueError):
    """What is wrong with the bytes, in two or three words."""


class Stamp(msgspec.Struct, frozen=True):
    """Which value this is and when it was written: the key it belongs to, its generation, wall-clock milliseconds."""

    key: str
    generation: int
    saved_at_ms: int


class _Envelope(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    version: int
    kind: str
    key: str = ""
    generation: int = 0
    saved_at_ms: int = 0
    checksum: str
    data: msgspec.Raw


def seal(kind: str, data: Any, stamp: Stamp | None = None) -> bytes:
    """The JSON bytes of `data` in its envelope; a stamp is part of the checksum."""
    raw = msgspec.json.encode(data)
    envelope = _Envelope(version=VERSION, kind=kind, checksum=checksum(raw), data=msgspec.Raw(raw))
    if stamp is not None:
        envelope = msgspec.structs.replace(
            envelope,
            key=stamp.key,
            generation=stamp.generation,
            saved_at_ms=stamp.saved_at_ms,
            checksum=checksum(_head(kind, stamp), raw),
        )
    return msgspec.json.encode(envelope)


def unseal(kind: str, sealed: bytes, to: type[T]) -> T:
    """The data back; `BadEnvelope` when they are not what was sealed."""
    try:
        envelope = _opened(kind, sealed)
        if envelope.checksum != checksum(bytes(envelope.data)):
            raise BadEnvelope("checksum")
        return msgspec.json.decode(envelope.data, type=to)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadEnvelope("not readable") from error


def unseal_stamped(kind: str, sealed: bytes) -> tuple[Stamp, Any]:
    """The stamp and the plain data back; `BadEnvelope` when they are not what was sealed."""
    try:
        envelope = _opened(kind, sealed)
        stamp = Stamp(envelope.key, envelope.generation, envelope.saved_at_ms)
        if envelope.checksum != checksum(_head(kind, stamp), bytes(envelope.data)):
            raise BadEnvelope("checksum")
        return stamp, msgspec.json.decode(envelope.data)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadEnvelope("not readable") from error


def checksum(*chunks: bytes | memoryview) -> str:
    """Hexadecimal BLAKE2b of the chunks, one after the other; 16 bytes of it."""
    digest = blake2b(digest_size=16)
    for chunk in chunks:
        digest.update(chunk)
    return digest.hexdigest()


def _opened(kind: str, sealed: bytes) -> _Envelope:
    envelope = msgspec.json.decode(sealed, type=_Envelope)
    if envelope.version != VERSION:
        raise BadEnvelope(f"version {envelope.version}, this btk reads {VERSION}")
    if envelope.kind != kind:
        raise BadEnvelope(f"holds {envelope.kind}, not {kind}")
    return envelope


def _head(kind: str, stamp: Stamp) -> bytes:
    return msgspec.json.encode((kind, stamp))
