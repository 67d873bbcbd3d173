"""Names of state as file names: any text in, one safe name out, and different texts never share a file."""

from __future__ import annotations

import re
from hashlib import blake2b
from urllib.parse import unquote

from btk.model.errors import InvalidInput

LONGEST = 180
KEPT_OF_LONG = 120
CUT = "~"
_PLAIN = re.compile(r"[A-Za-z0-9._-]")
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|\Z)", re.IGNORECASE)


def file_name(name: str) -> str:
    """Letters, digits and `._-` stay, the rest is percent-encoded; long names are cut and end in their hash."""
    try:
        raw = name.encode()
    except UnicodeEncodeError:
        raise InvalidInput(f"{name!r:.80} cannot be stored: it is no Unicode text") from None
    if not raw:
        raise InvalidInput("an empty name cannot be stored")
    encoded = "".join(chr(byte) if _PLAIN.match(chr(byte)) else f"%{byte:02X}" for byte in raw)
    if encoded[0] == "." or _RESERVED.match(encoded):
        encoded = f"%{ord(encoded[0]):02X}{encoded[1:]}"
    if encoded[-1] == ".":
        encoded = f"{encoded[:-1]}%2E"
    if len(encoded) <= LONGEST:
        return encoded
    return f"{encoded[:KEPT_OF_LONG]}{CUT}{blake2b(raw, digest_size=16).hexdigest()}"


def name_of(file_name: str) -> str | None:
    """The name a file name was made of, or None where it was cut."""
    return None if CUT in file_name else unquote(file_name)
