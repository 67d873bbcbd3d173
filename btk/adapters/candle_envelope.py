"""The envelope of the store's JSON: version, kind and checksum around the data, so that damage shows."""

from __future__ import annotations

from hashlib import blake2b
from typing import TypeVar

import msgspec

VERSION = 1
T = TypeVar("T", bound=msgspec.Struct)


class BadEnvelope(ValueError):
    """What is wrong with the bytes, in two or three words."""


class _Envelope(msgspec.Struct, frozen=True):
    version: int
    kind: str
    checksum: str
    data: msgspec.Raw


def seal(kind: str, data: msgspec.Struct) -> bytes:
    """The JSON bytes of `data` in its envelope."""
    raw = msgspec.json.encode(data)
    return msgspec.json.encode(_Envelope(VERSION, kind, checksum(raw), msgspec.Raw(raw)))


def unseal(kind: str, sealed: bytes, to: type[T]) -> T:
    """The data back; `BadEnvelope` when they are not what was sealed."""
    try:
        envelope = msgspec.json.decode(sealed, type=_Envelope)
        if envelope.version != VERSION:
            raise BadEnvelope(f"version {envelope.version}, this btk reads {VERSION}")
        if envelope.kind != kind:
            raise BadEnvelope(f"holds {envelope.kind}, not {kind}")
        if envelope.checksum != checksum(bytes(envelope.data)):
            raise BadEnvelope("checksum")
        return msgspec.json.decode(envelope.data, type=to)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadEnvelope("not readable") from error


def checksum(*chunks: bytes | memoryview) -> str:
    """Hexadecimal BLAKE2b of the chunks, one after the other; 16 bytes of it."""
    digest = blake2b(digest_size=16)
    for chunk in chunks:
        digest.update(chunk)
    return digest.hexdigest()
